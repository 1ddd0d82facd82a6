//! What can be wrong with a model or what it is given.

use super::EngineError;
use std::path::PathBuf;
use thiserror::Error;

/// A model that cannot be read or run. Every message names the file, the key or
/// tensor, what was found there, and what is allowed.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The text names neither a built-in model nor a folder.
    #[error("model {text:?} is not allowed; expected {allowed} or a folder with config.json")]
    Name {
        /// The text as given.
        text: String,
        /// The built-in names.
        allowed: String,
    },
    /// A file could not be read.
    #[error("{file}: cannot be read: {source}", file = .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A file is truncated, or not of the kind its name says.
    #[error("{file}: {message}; expected a complete {kind} file", file = .file.display())]
    Format {
        /// The file.
        file: PathBuf,
        /// The kind of file its name says.
        kind: &'static str,
        /// What does not fit.
        message: String,
    },
    /// An option of a configuration is missing or cannot be used.
    #[error("{file}: {key}: {value} is not allowed; expected {allowed}", file = .file.display())]
    Option {
        /// The file.
        file: PathBuf,
        /// The option's key.
        key: String,
        /// The value found, `nothing` if the key is missing.
        value: String,
        /// What would be allowed.
        allowed: String,
    },
    /// A tensor is missing, or its type, shape or values cannot be used.
    #[error("{file}: {tensor}: {found} is not allowed; expected {allowed}", file = .file.display())]
    Tensor {
        /// The file or folder.
        file: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// What was found.
        found: String,
        /// What would be allowed.
        allowed: String,
    },
    /// An input of the forward pass does not fit the model.
    #[error("{input}: {found} is not allowed; expected {allowed}")]
    Input {
        /// Which input.
        input: &'static str,
        /// What was found.
        found: String,
        /// What would be allowed.
        allowed: String,
    },
    /// The engine did not compute a GEMM.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl ModelError {
    /// An input that does not fit.
    pub(super) fn input(input: &'static str, found: String, allowed: String) -> Self {
        Self::Input {
            input,
            found,
            allowed,
        }
    }
}
