//! The fast engine: exact int8 GEMMs at the speed of a tuned library, and what
//! faults do to them as sparse deltas. It agrees with [`crate::golden`] bit for
//! bit, and computes nothing dense again because of a fault.

mod accelerator;
mod checkpoint;
mod effect;
mod kernel;
mod packed;
mod product;

pub use accelerator::{Accelerator, Delivered, Fate, Request};
pub use checkpoint::Checkpoint;
pub use effect::{TileEffect, counters, effects};
pub use kernel::Isa;
pub use packed::PackedWeights;
pub use product::{multiply, multiply_into};

#[cfg(test)]
mod tests;
