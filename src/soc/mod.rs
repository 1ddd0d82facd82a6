//! What surrounds the accelerator on its chip, as behaviour: the harness
//! drives the hardware and its model with the same of it.

mod regulator;

pub use regulator::{Misbehaviour, Regulator, Slew};
