//! What can go wrong while a rollback is recorded.

use crate::cosim::{AcceleratorError, CosimError};
use thiserror::Error;

/// A rollback that could not be recorded.
#[derive(Debug, Error)]
pub enum WavesError {
    /// The model could not be built, or a waveform not be read or written.
    #[error(transparent)]
    Cosim(#[from] CosimError),
    /// The run ended early.
    #[error(transparent)]
    Run(#[from] AcceleratorError),
    /// A temporary file could not be written.
    #[error("a temporary file: {0}")]
    Scratch(#[from] std::io::Error),
    /// The recorded run shows something else than one rollback.
    #[error("the recorded run {0}")]
    Unexpected(String),
}
