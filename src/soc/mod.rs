//! What stands around the accelerator in a system, as behavioural models that
//! drive its pins.

mod memory;

pub use memory::{Backpressure, MasterPins, Memory, MemoryPort, SlavePins};
