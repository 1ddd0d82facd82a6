//! Which operating point a GEMM runs at: a point for every class of timesteps and of blocks.
//!
//! The hardware's table has 8 points and a schedule of 4 × 4 classes (design.md §7), point 0 being
//! nominal. A [`Schedule`] is the paper's rule, a uniform one, or the result of [`optimise`] from a
//! table of measured losses; [`Adaptive`] moves it by what the error monitor counts. [`ladder`]
//! makes the tables: undervolting at a fixed frequency, or overclocking at a fixed voltage. A
//! [`DvfsSchedule`] is both as a file, with classes as shares, so that it fits other runs and networks.

mod adaptive;
mod classes;
mod dvfs;
pub mod ladder;
mod optimise;
mod schedule;

pub use adaptive::{Adaptive, MonitorSettings};
pub use classes::{Cell, Classes};
pub use dvfs::{ClassShares, DvfsSchedule, EARLY, FIRST, Setpoint};
pub use optimise::{Choice, Loss, OptimiseError, Sensitivity, optimise};
pub use schedule::Schedule;

/// Chooses operating points while a run goes on.
pub trait Policy {
    /// The point for GEMMs of a cell, as an index into the table of points.
    fn point(&self, cell: Cell) -> u8;

    /// A tile is finished, with so many flagged lines.
    fn observe(&mut self, flagged_lines: u32);
}

#[cfg(test)]
mod tests;
