//! What can be wrong with a technology table, or with an operating point.

use crate::units::{Hertz, Volts};
use std::path::PathBuf;
use thiserror::Error;

/// A technology table or operating point that cannot be used.
#[derive(Debug, Error)]
pub enum TechError {
    /// The file could not be read.
    #[error("{file}: cannot be read: {source}", file = .file.display())]
    Read {
        /// The table.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file could not be written.
    #[error("{file}: cannot be written: {source}", file = .file.display())]
    Write {
        /// The table.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The text is not YAML, or a key is unknown, missing or of another type.
    #[error("{file}: {message}", file = .file.display())]
    Syntax {
        /// The table.
        file: PathBuf,
        /// The parser's message, with line and column where it knows them.
        message: String,
    },
    /// A value lies outside what is allowed.
    #[error("{file}: {key}: {value} is not allowed; {allowed}", file = .file.display())]
    Value {
        /// The table.
        file: PathBuf,
        /// The offending key, with the place in its list.
        key: String,
        /// The value found.
        value: String,
        /// What would be allowed.
        allowed: String,
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
