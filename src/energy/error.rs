//! What can be wrong with the inputs of an energy estimate.

use crate::input::InputError;
use std::path::PathBuf;
use thiserror::Error;

/// An input that cannot be used.
#[derive(Debug, Error)]
pub enum EnergyError {
    /// A file: constants, the device of a memory, or a shape list.
    #[error(transparent)]
    Input(#[from] InputError),
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
