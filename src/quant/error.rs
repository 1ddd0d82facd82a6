//! What can be wrong with a calibration.

use std::path::PathBuf;
use thiserror::Error;

/// Errors of a calibration file.
#[derive(Debug, Error)]
pub enum QuantError {
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The calibration.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not a calibration.
    #[error("{path}: {message}")]
    Syntax {
        /// The calibration.
        path: PathBuf,
        /// What is wrong, with line and column.
        message: String,
    },
    /// The file is of another version.
    #[error("{path}: schema is {found:?}; expected {expected:?}")]
    Schema {
        /// The calibration.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What this program reads.
        expected: &'static str,
    },
    /// A magnitude is not usable.
    #[error("{path}: {layer}: magnitude {value} is not allowed; expected a positive finite number")]
    Magnitude {
        /// The calibration.
        path: PathBuf,
        /// The layer.
        layer: String,
        /// What it says.
        value: f32,
    },
    /// The file belongs to another model.
    #[error(
        "{path}: made for the model {found}, not for {expected}; make it again with `drift calibrate`"
    )]
    Model {
        /// The calibration.
        path: PathBuf,
        /// Hash in the file.
        found: String,
        /// Hash of the model at hand.
        expected: String,
    },
}
