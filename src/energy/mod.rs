//! Energy and latency of GEMMs on the accelerator.
//!
//! A [`Machine`] is an array, a technology table, a [`MemorySystem`] and the [`Constants`] of
//! `configs/energy.yaml`. It says what a GEMM costs at an operating point, what a protection's
//! [`crate::baseline::Work`] costs on top, and what a change of the point costs; a [`Run`] sums
//! that over a denoising run.
//!
//! # What is counted
//! - Cycles: [`crate::golden::schedule`], both dataflows; streams that never stall.
//! - Array: switching of every MAC on operands, clock and leakage of every PE in every cycle.
//!   Checksum columns and rows, and their logic, apart. All of it through the regulator.
//! - On-chip memories: see [`traffic`].
//! - DRAM: bytes and rows by [`traffic`], energy by [`crate::dram`]'s model of the data sheet's
//!   currents and a constant for I/O; standby and refresh for all of the time.
//! - A GEMM takes as long as its cycles or as its DRAM traffic, whichever is longer: double
//!   buffering hides the other.
//!
//! Left out: the vector unit (normalisation, softmax, quantisation), the host, and the controllers.

mod area;
mod constants;
mod cost;
mod error;
mod machine;
mod run;
mod shapes;
pub mod traffic;

pub use area::{AreaOverhead, area_overhead};
pub use constants::{AreaConstants, Constant, Constants, Memory, MemorySystem, Technology};
pub use cost::{Cost, Parts};
pub use error::EnergyError;
pub use machine::Machine;
pub use run::{Analytic, Errors, Report, Run, RunError};
pub use shapes::shapes_from_csv;
pub use traffic::Held;

#[cfg(test)]
mod tests;
