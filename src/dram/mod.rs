//! The memory behind the accelerator's AXI port: one DRAM channel with its
//! controller, as data ([`Device`]) and as a model ([`Memory`]).
//!
//! The controller keeps rows open and serves bursts strictly in order, one
//! command per DRAM clock. What a request gets depends on the requests before it
//! alone, never on those after it, and on nothing random: the RTL harness and the
//! golden model each own a [`Memory`], and get the same answers.
//!
//! # Addresses
//! A byte address is, from its most significant bits down, row : bank : bank
//! group : column. The row's bytes are therefore contiguous, and the DRAM row
//! after it lies in the next bank group. It is the mapping `RoBaRaCoCh` of
//! Ramulator 2 and `rochrababgco` of DRAMsim3. Addresses wrap at the capacity.
//!
//! # What is left out
//! Power-down and self-refresh, latency of controller and PHY, the power of I/O
//! and termination, write acknowledgements before the data are written,
//! and reordering. The accelerator's clock keeps one ratio to the DRAM's.

mod activations;
mod address;
mod bank;
mod channel;
mod clock;
mod command;
mod counts;
mod device;
mod energy;
mod error;
mod memory;
mod raw;
mod timing;
mod trace;

pub use activations::activations;
pub use address::{Bursts, Location};
pub use clock::ClockRatio;
pub use command::{Command, CommandKind, Observer};
pub use counts::{BankCounts, Counts};
pub use device::Device;
pub use energy::{Energy, Power};
pub use error::TraceError;
pub use memory::{Access, Completion, Memory};
pub use timing::Timing;
pub use trace::{TraceFormat, TraceWriter};

/// The devices that ship with the project: `(name, YAML text)`. The first is the default.
pub const SHIPPED: [(&str, &str); 3] = [
    (
        "ddr4-3200-x16",
        include_str!("../../configs/dram/ddr4-3200-x16.yaml"),
    ),
    (
        "ddr4-3200-x64",
        include_str!("../../configs/dram/ddr4-3200-x64.yaml"),
    ),
    (
        "hbm2-2000-x128",
        include_str!("../../configs/dram/hbm2-2000-x128.yaml"),
    ),
];

#[cfg(test)]
mod tests;
