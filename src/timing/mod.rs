//! Timing of the generated hardware: from a Liberty library and a gate netlist
//! to the delay of every bit at every voltage.
//!
//! ```text
//! dynamic ─► sta ─► netlist ─► liberty        recipe: synthesises a PE, through synth and tool
//! ```
//!
//! Times are ns, capacitances pF, voltages V, leakage nW, energies pJ. There
//! are no wires, and the clock is ideal: what is missing is a margin that
//! belongs to the operating point.

pub mod dynamic;
pub mod liberty;
pub mod netlist;
pub mod opensta;
pub mod recipe;
pub mod sta;

#[cfg(test)]
mod damage;
mod error;

pub use error::TimingError;
