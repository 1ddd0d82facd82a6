//! Technology tables: what voltage and frequency do to a PE.
//!
//! `drift characterize` measures a table on the generated PE's gate netlist;
//! this module reads and checks it.

mod error;
mod file;
mod table;

pub use error::TechError;
pub use table::{Delay, DelayPoint, Energy, Late, LibertyFile, Margins, Origin, SCHEMA, Table};

/// The tables that ship with the project: `(name, YAML text)`; the first is the default.
pub const SHIPPED: [(&str, &str); 1] = [(
    "sky130-ss-n40c",
    include_str!("../../configs/tech/sky130-ss-n40c.yaml"),
)];

#[cfg(test)]
mod tests;
