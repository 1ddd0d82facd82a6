//! Input files: reading them, and what can be wrong with one, in the same words for all.

use serde::de::DeserializeOwned;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// An input file that cannot be used. Every message names the file and the
/// key or line, the value found, and what is allowed.
#[derive(Debug, Error)]
pub enum InputError {
    /// The file could not be read.
    #[error("{file}: cannot be read: {source}", file = .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The text is not what the file should be: not YAML, say, or a key is unknown, missing or
    /// of another type.
    #[error("{file}: {message}", file = .file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// The parser's message, with line and column where it knows them.
        message: String,
    },
    /// A value lies outside what is allowed.
    #[error("{file}: {key}: {value} is not allowed; {allowed}", file = .file.display())]
    Value {
        /// The file.
        file: PathBuf,
        /// The offending key, with the place in its list.
        key: String,
        /// The value found.
        value: String,
        /// What would be allowed.
        allowed: String,
    },
}

impl InputError {
    pub(crate) fn syntax(file: &Path, message: impl ToString) -> Self {
        Self::Syntax {
            file: file.to_owned(),
            message: message.to_string(),
        }
    }

    pub(crate) fn value(
        file: &Path,
        key: impl Into<String>,
        value: impl ToString,
        allowed: impl Into<String>,
    ) -> Self {
        Self::Value {
            file: file.to_owned(),
            key: key.into(),
            value: value.to_string(),
            allowed: allowed.into(),
        }
    }
}

/// The text of a file.
pub(crate) fn read(file: &Path) -> Result<String, InputError> {
    fs::read_to_string(file).map_err(|source| InputError::Read {
        file: file.to_owned(),
        source,
    })
}

/// A value from YAML text; `origin` names it in error messages.
pub(crate) fn from_yaml<T: DeserializeOwned>(text: &str, origin: &Path) -> Result<T, InputError> {
    serde_yaml::from_str(text).map_err(|error| InputError::syntax(origin, error))
}
