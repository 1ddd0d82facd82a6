//! Dynamic timing: what flip-flops capture from one operand pair to the next
//! when the clock is too fast.
//!
//! # The delay model
//! Between two clock edges a circuit goes from the settled state of the old
//! register values to that of the new ones. Registers change at the clock edge,
//! each output after its delay from the clock. A gate computes the complete sum
//! of its function (`cover`) over delayed literals; a literal (an input or
//! its complement) has the delays of static timing for the two edges of the output
//! that it makes, from that input, at static timing's transitions and loads.
//! These are transport delays: pulses pass, but the difference of a literal's two
//! delays shortens or lengthens them, and what becomes empty is gone. A
//! flip-flop captures what its data pin was one setup time before the clock
//! edge; setup is such a delay too, by the data's edge.
//!
//! So a captured bit is the value of the waveform at that moment, and it is wrong
//! where it is not the final one: a bit that happens to pass through its
//! final value is not an error, although it still changes later.
//!
//! No change can be later than static timing's arrival, since every delay is one
//! that static timing has added up.
//!
//! Time goes in whole steps of a share of T_crit. What the model leaves out: wires,
//! multiple inputs switching together, pulses too short for a gate's output, and
//! that a circuit that is clocked too fast may not have settled before.

mod characterize;
mod check;
mod column;
mod columns;
mod cover;
mod energy;
mod event;
mod late;
mod model;
mod operands;
mod parallel;
mod state;
mod sums;

pub use characterize::{PeTiming, RESOLUTION, choose_periods, trim};
pub use check::{Agreement, check};
pub use columns::{PassRows, RowCounts, count_columns};
pub use energy::energy_per_mac;
pub use event::{EventDriven, Pulses};
pub use late::{LateCounts, count_late};
pub use model::{Capture, DelayModel};
pub use operands::Operands;
pub(in crate::timing) use parallel::each_mask;
pub use parallel::{LANES, Lanes, Parallel, word_planes};
pub use state::{PeState, STATE_BITS, planes};

#[cfg(test)]
mod tests;
