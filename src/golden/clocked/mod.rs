//! Models that are clocked: they show what every pin of a generated module
//! does in every cycle, so that hardware and model can run in lockstep.

mod accelerator;
mod dvfs;
mod engine;
mod error_monitor;
mod fifo;
mod recovery;
mod registers;
mod repacker;
mod sequencer;
mod signals;

pub use accelerator::{Accelerator, TopInputs, TopOutputs};
pub use dvfs::{Dvfs, DvfsInputs, DvfsOutputs};
pub use engine::{Engine, EngineInputs, EngineOutputs};
pub use error_monitor::{ErrorMonitor, ErrorMonitorInputs, ErrorMonitorOutputs};
pub use recovery::{Recovery, RecoveryInputs, RecoveryOutputs};
pub use registers::{Registers, RegistersInputs, RegistersOutputs};
pub use repacker::{Repacker, RepackerInputs, RepackerOutputs};
pub use sequencer::{Sequencer, SequencerInputs, SequencerOutputs};
pub(crate) use signals::signals;
pub use signals::{Signal, Signals};

/// A clocked module, be it generated RTL or a model of it.
pub trait Clocked {
    /// What drives its input pins.
    type Inputs: Signals;
    /// What its output pins show.
    type Outputs: Signals;

    /// Output pins in this cycle, given the registers and these inputs.
    fn outputs(&mut self, inputs: &Self::Inputs) -> Self::Outputs;

    /// The rising clock edge that ends this cycle.
    fn tick(&mut self, inputs: &Self::Inputs);
}
