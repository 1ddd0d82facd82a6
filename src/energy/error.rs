//! What can be wrong with the inputs of an energy estimate.

use std::path::PathBuf;
use thiserror::Error;

/// An input that cannot be used.
#[derive(Debug, Error)]
pub enum EnergyError {
    /// A file could not be read.
    #[error("{file}: cannot be read: {source}", file = .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A text is not what the file should be.
    #[error("{file}: {message}", file = .file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// The parser's message.
        message: String,
    },
    /// A value lies outside what is allowed.
    #[error("{file}: {key}: {value} is not allowed; {allowed}", file = .file.display())]
    Value {
        /// The file.
        file: PathBuf,
        /// The offending key.
        key: String,
        /// The value found.
        value: String,
        /// What would be allowed.
        allowed: String,
    },
    /// A field of a shape list cannot be used.
    #[error("{file}:{line}: {field}: {value} is not allowed; {allowed}", file = .file.display())]
    Field {
        /// The file.
        file: PathBuf,
        /// Line number, from 1.
        line: u64,
        /// The offending column.
        field: &'static str,
        /// The value found.
        value: String,
        /// What would be allowed.
        allowed: String,
    },
    /// No memory has that name.
    #[error("memory {name} is not allowed; expected one of {known}")]
    Memory {
        /// The name.
        name: String,
        /// What the constants name.
        known: String,
    },
    /// The device of a memory cannot be read.
    #[error(transparent)]
    Device(#[from] crate::config::ConfigError),
    /// No feature size is known for a technology table.
    #[error(
        "technology {technology}: its feature size is not known; expected one of {known} in its name, or --node"
    )]
    Node {
        /// The table's name.
        technology: String,
        /// What the constants name.
        known: String,
    },
}
