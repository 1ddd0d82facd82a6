//! What can be wrong with a text encoder or an autoencoder.

use crate::input::InputError;
use crate::model::ModelError;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Errors of text encoders and decoders.
#[derive(Debug, Error)]
pub enum TextError {
    /// A file of prompts or tokens cannot be used, or a part of the pipeline is missing.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A configuration or weights cannot be used.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// What candle or the tokenizer refuses.
    #[error("{file}: {message}", file = .file.display())]
    Library {
        /// The file or folder that it read.
        file: PathBuf,
        /// What it said.
        message: String,
    },
}

impl TextError {
    /// From what another library said of a file.
    pub(super) fn library<E: std::fmt::Display>(file: &Path) -> impl Fn(E) -> Self {
        move |error| Self::Library {
            file: file.to_owned(),
            message: error.to_string(),
        }
    }
}
