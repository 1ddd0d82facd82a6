//! Faults as data: what is upset, where and when; where faults come from; and
//! the file that makes a run repeatable.

mod flips;
mod list;
mod sampler;
mod space;
mod streams;
mod types;
mod word_errors;

pub use flips::TileFlips;
pub use list::{FaultError, FaultList, Header};
pub use sampler::{Known, Sampler, Targets};
pub use types::{Fault, Register, Site, StuckAt, TileFaults};
pub use word_errors::{RowErrors, WordErrors};

#[cfg(test)]
mod tests;
