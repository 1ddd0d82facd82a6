//! Technology tables: what voltage and frequency do to a PE.
//!
//! `drift characterize` measures a table on the generated PE's gate netlist;
//! this module reads and checks it, and answers for any operating point: how
//! often a psum word is wrong, with which bits, and what a MAC costs. What the
//! nominal point keeps in reserve is in [`Margins`], and nowhere else.

mod alpha_power;
mod delay;
mod error;
mod errors;
mod file;
mod plots;
mod point;
mod scale;
mod table;

pub use alpha_power::{AlphaPower, FitError};
pub use error::TechError;
pub use errors::{RowTimingErrors, TimingErrors};
pub use plots::plots;
pub use point::{MacEnergy, OperatingPoint};
pub use scale::{Node, ScaleError};
pub use table::{
    Delay, DelayPoint, Energy, Late, LateCurve, LateWords, LibertyFile, Margins, Origin, SCHEMA,
    Table,
};

/// The tables that ship with the project: `(name, YAML text)`; the first is the default.
pub const SHIPPED: [(&str, &str); 2] = [
    (
        "sky130-ss-n40c",
        include_str!("../../configs/tech/sky130-ss-n40c.yaml"),
    ),
    (
        "scaled-14nm",
        include_str!("../../configs/tech/scaled-14nm.yaml"),
    ),
];

/// The table where none is named.
pub const DEFAULT: &str = SHIPPED[0].0;

#[cfg(test)]
mod point_tests;
#[cfg(test)]
mod tests;
