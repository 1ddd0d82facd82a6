//! What can be wrong with a folder of results.

use crate::campaign::CampaignError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A report that cannot be made.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A file could not be read or written.
    #[error("{file}: {source}", file = .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file of the folder is not what its name promises.
    #[error("{file}: {message}", file = .file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// What is wrong, and what is allowed.
        message: String,
    },
    /// There is nothing to report.
    #[error(
        "{folder}: no results; expected comparison.json, *.section.json or records (*.jsonl)",
        folder = .folder.display()
    )]
    Empty {
        /// The folder.
        folder: PathBuf,
    },
    /// Records that cannot be used.
    #[error(transparent)]
    Records(#[from] CampaignError),
    /// The template failed.
    #[error("HTML: {0}")]
    Html(#[from] askama::Error),
}

impl ReportError {
    /// Turns an error of the operating system into one that names its file.
    pub(super) fn io(file: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let file = file.into();
        move |source| Self::Io { file, source }
    }
}
