//! Denoisers as the diffusers library saves them, and the engines that compute
//! their GEMMs.

mod engine;
mod float;
mod weight;

pub use engine::{EngineError, GemmEngine, GemmKind, GemmTag};
pub use float::FloatEngine;
pub use weight::Weight;
