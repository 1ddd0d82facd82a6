//! What can be wrong with a configuration file.

use std::path::PathBuf;
use thiserror::Error;

/// A configuration that cannot be used. Every message names the file and the
/// key or line, the value found, and what is allowed.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{file}: cannot be read: {source}", file = .file.display())]
    Read {
        /// The configuration file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The text is not YAML, or a key is unknown, missing or of another type.
    #[error("{file}: {message}", file = .file.display())]
    Syntax {
        /// The configuration file.
        file: PathBuf,
        /// The parser's message, with line and column where it knows them.
        message: String,
    },
    /// A value lies outside what is allowed.
    #[error("{file}: {key}: {value} is not allowed; {allowed}", file = .file.display())]
    Value {
        /// The configuration file.
        file: PathBuf,
        /// The offending key.
        key: &'static str,
        /// The value found.
        value: String,
        /// What would be allowed.
        allowed: String,
    },
}
