//! What can go wrong with a request trace.

use std::path::PathBuf;
use thiserror::Error;

/// A request trace that cannot be written.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The file or its folder refuses.
    #[error("{file}: cannot be written: {source}", file = .file.display())]
    Write {
        /// The trace file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// No such format.
    #[error("trace format {text:?} is not allowed; expected {allowed}")]
    Format {
        /// The text as given.
        text: String,
        /// The names that exist.
        allowed: String,
    },
}
