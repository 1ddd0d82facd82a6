//! Why a proof could not be attempted.

use crate::rtl::RtlError;
use crate::tool::ToolError;
use std::path::PathBuf;
use thiserror::Error;

/// A proof that could not be attempted: nothing is known about its assertions.
#[derive(Debug, Error)]
pub enum FormalError {
    /// The RTL could not be generated or written.
    #[error(transparent)]
    Rtl(#[from] RtlError),
    /// A program is missing or cannot be installed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// SymbiYosys, Yosys or a solver stopped with an error.
    #[error("proof {proof}: SymbiYosys stopped: {message}; see {log}", log = .log.display())]
    Stopped {
        /// Name of the proof.
        proof: &'static str,
        /// The errors that were printed.
        message: String,
        /// Everything that was printed.
        log: PathBuf,
    },
    /// A file of a proof could not be written.
    #[error("{path}: cannot be written: {source}; choose a writable folder with --out", path = .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
}
