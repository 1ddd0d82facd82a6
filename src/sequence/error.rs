//! What can go wrong with a sequence of steps.

use crate::cosim::CosimError;
use crate::dram::TraceError;
use crate::workload::WorkloadError;
use std::fmt;
use thiserror::Error;

/// A sequence that cannot be run. What the hardware does wrong is a [`Divergence`].
#[derive(Debug, Error)]
pub enum SequenceError {
    /// No layer has the name or number that was asked for.
    #[error(
        "layer {wanted:?}: {workload} has no such layer; expected 0..={last} or a name such as {example:?}"
    )]
    NoSuchLayer {
        /// The text as given.
        wanted: String,
        /// Name of the workload.
        workload: String,
        /// Largest number of a layer.
        last: usize,
        /// A layer that exists.
        example: String,
    },
    /// More layers than the hardware can keep checkpoints of.
    #[error(
        "{workload}: {layers} layers in a step; the accelerator keeps the checkpoints of {allowed} at most"
    )]
    TooManyLayers {
        /// Name of the workload.
        workload: String,
        /// How many there are.
        layers: usize,
        /// How many there may be.
        allowed: usize,
    },
    /// A step that the step register cannot hold.
    #[error("{workload}: step {step} is not allowed; expected 0..=65535")]
    Step {
        /// Name of the workload.
        workload: String,
        /// The step.
        step: u32,
    },
    /// A layer has another output in another step: its checkpoint would not fit.
    #[error("{name}: outputs {found} are not allowed; expected {expected} as in the step before")]
    Shape {
        /// The GEMM.
        name: String,
        /// Its M×N.
        found: String,
        /// M×N of the layer in the step before.
        expected: String,
    },
    /// The checkpoints do not fit the memory.
    #[error(
        "layer {layer}: the checkpoints up to it take {bytes} bytes; the memory has {capacity}"
    )]
    Memory {
        /// The layer that does not fit.
        layer: String,
        /// Bytes up to its end.
        bytes: u64,
        /// Bytes that there are.
        capacity: u64,
    },
    /// Permanent faults cannot be put into the whole accelerator.
    #[error("stuck-at faults are not supported here; expected transient faults only")]
    Stuck,
    /// Operands cannot be read.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    /// The RTL cannot be built or traced.
    #[error(transparent)]
    Cosim(#[from] CosimError),
    /// The request trace cannot be written.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// Hardware and golden model disagree.
    #[error("{0}")]
    Divergence(Box<Divergence>),
}

/// The first place at which the hardware does not do what the golden model says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The GEMM that was running or had just ended, as `{step}.{layer}`.
    pub gemm: String,
    /// What differs, with both values.
    pub what: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GEMM {}: {}", self.gemm, self.what)
    }
}

impl From<Divergence> for SequenceError {
    fn from(divergence: Divergence) -> Self {
        SequenceError::Divergence(Box::new(divergence))
    }
}
