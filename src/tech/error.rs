//! What can be wrong with a technology table, or with an operating point.

use crate::input::InputError;
use crate::units::{Hertz, Volts};
use std::path::PathBuf;
use thiserror::Error;

/// A technology table or operating point that cannot be used.
#[derive(Debug, Error)]
pub enum TechError {
    /// The table's file.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The file could not be written.
    #[error("{file}: cannot be written: {source}", file = .file.display())]
    Write {
        /// The table.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// No shipped table and no file of the name.
    #[error("technology {name:?}: no such file; give a table or one of {shipped}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The shipped tables.
        shipped: String,
    },
    /// A voltage that was not characterised.
    #[error("{voltage} is outside technology {table}; expected {low} to {high}")]
    Voltage {
        /// The table's name.
        table: String,
        /// The voltage asked for.
        voltage: Volts,
        /// The lowest characterised voltage.
        low: Volts,
        /// The highest characterised voltage.
        high: Volts,
    },
    /// A clock so fast that no error rate was measured for it.
    #[error(
        "{frequency} at {voltage} is outside technology {table}: its errors are measured down to {lowest_x} of the critical path; expected at most {highest}"
    )]
    Frequency {
        /// The table's name.
        table: String,
        /// The frequency asked for.
        frequency: Hertz,
        /// At this voltage.
        voltage: Volts,
        /// The lowest measured T/T_crit.
        lowest_x: f64,
        /// The highest frequency that the table can answer at the voltage.
        highest: Hertz,
    },
}
