//! The fast engine: exact int8 GEMMs at the speed of a tuned library, and what
//! faults do to them as sparse deltas. It agrees with [`crate::golden`] bit for
//! bit, and computes nothing dense again because of a fault.

mod accelerator;
mod blocks;
mod checkpoint;
mod effect;
mod kernel;
mod multiply;
mod packed;
pub mod rollback;

pub use accelerator::{Accelerator, Delivered, Fate, Request};
pub use blocks::{Cut, Delta, Product, Sums, hand_over};
pub use checkpoint::Checkpoint;
pub use effect::{TileEffect, counters, effects, output_deltas, syndrome_share};
pub use kernel::Isa;
pub use multiply::{multiply, multiply_into};
pub use packed::PackedWeights;

#[cfg(test)]
mod tests;
