//! Denoising steps on the whole accelerator: a sequence of layers, run for step
//! after step, with checkpoints and rollback, on RTL and clocked model in lockstep,
//! and everything they deliver compared with the timeless golden model.
//!
//! [`Plan`] says which GEMM is which layer of which step and where checkpoints
//! lie, [`Session`] runs it in front of a [`MemoryModel`], and [`repack`] measures
//! what recoveries cost in either layout of the checkpoints.

mod backing;
mod compare;
mod effect;
mod error;
mod plan;
pub mod repack;
mod report;
mod session;
mod surroundings;

pub use backing::{MemoryModel, Traffic};
pub use effect::{Deviation, Effect};
pub use error::{Divergence, SequenceError};
pub use plan::{Job, Layer, Limits, Plan};
pub use report::{RECORD_SCHEMA, Record, StepReport, TrafficRecord, energy_parts};
pub use session::{GemmReport, Hardware, Session, Settings};

#[cfg(test)]
mod tests;
