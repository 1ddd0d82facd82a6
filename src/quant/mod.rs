//! W8A8: f32 operands to int8 and int32 results back, symmetric, zero point 0
//! (design.md §9). Weights have a scale per output channel, activations one per
//! tensor or per token, taken from the values at hand (dynamic) or from a
//! calibration (static).

mod activations;
mod calibration;
mod error;
mod rows;
mod weights;

pub use activations::{Quantised, Scales, magnitude};
pub use calibration::{CALIBRATION_SCHEMA, Calibration, Observer};
pub use error::QuantError;
pub use rows::Rows;
pub use weights::QuantisedWeights;

/// Largest magnitude of an int8 operand: −128 is left out, so that the range is symmetric.
pub const LEVELS: f32 = 127.0;

#[cfg(test)]
mod tests;
