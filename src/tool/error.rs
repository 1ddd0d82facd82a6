//! What can go wrong with an external program.

use std::path::PathBuf;
use thiserror::Error;

/// A program that is missing, does not start, fails, or cannot be installed.
/// Every message says what to do about it where there is something to do.
#[derive(Debug, Error)]
pub enum ToolError {
    /// The cache directory cannot be made or written.
    #[error("the cache directory {directory} cannot be used: {source}; set DRIFT_CACHE_DIR to a writable directory",
        directory = .directory.display())]
    Cache {
        /// The directory that was tried.
        directory: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// No variable says where a cache could be.
    #[error("no place for the cache directory: set DRIFT_CACHE_DIR, XDG_CACHE_HOME or HOME")]
    NoCache,
    /// An environment variable has a value that means nothing.
    #[error("{variable}={value} is not usable: {allowed}")]
    Choice {
        /// The variable.
        variable: &'static str,
        /// Its value.
        value: String,
        /// What would be accepted, or what is wrong with the value.
        allowed: String,
    },
    /// A program is not there.
    #[error("{program} was not found: {remedy}")]
    Missing {
        /// The program.
        program: String,
        /// What to install or set.
        remedy: String,
    },
    /// The program's support files are not where they should be.
    #[error("{binary}: its support files (include/verilated.h) were not found; set VERILATOR_ROOT to the directory that has them",
        binary = .binary.display())]
    Root {
        /// The Verilator binary.
        binary: PathBuf,
    },
    /// The program could not be started.
    #[error("{program} cannot be started: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The program ran and reported failure.
    #[error("{program} failed ({status}): {message}")]
    Failed {
        /// The program.
        program: String,
        /// Its exit status.
        status: String,
        /// The end of what it printed.
        message: String,
    },
    /// A pinned package could not be installed.
    #[error("{package} cannot be installed: {message}")]
    Install {
        /// Package and version.
        package: String,
        /// What the installer said, or what it needs.
        message: String,
    },
    /// A file could not be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}

impl ToolError {
    /// Wraps an operating-system error with the path it is about.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
