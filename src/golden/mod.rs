//! The golden model: what the hardware must compute, written for reading.
//! Outputs, syndromes, flags, masks and counters follow from arithmetic, the
//! cycle count from a recurrence; the generated RTL is its only judge.

pub mod accelerator;
mod address;
pub mod checkpoint;
mod checksum;
pub mod clocked;
mod gemm;
pub mod monitor;
mod os;
mod outcome;
mod pe_row;
mod schedule;
mod tile;
mod upset;
mod ws;

pub use address::{AddressMap, Layout};
pub use checkpoint::Checkpoint;
pub use checksum::{digits, exceeds};
pub use gemm::{Counters, GemmResult, gemm};
pub use outcome::{FaultCounts, classify};
pub use schedule::{Schedule, schedule};
pub use tile::{TileResult, extended, tile};

#[cfg(test)]
mod clocked_os_tests;
#[cfg(test)]
mod clocked_tests;
#[cfg(test)]
mod tests;
