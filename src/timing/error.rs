//! What can go wrong between a netlist, a library and a delay.

use super::dynamic::PeState;
use super::liberty::LibertyError;
use crate::rtl::RtlError;
use crate::synth::SynthError;
use crate::tool::ToolError;
use std::path::PathBuf;
use thiserror::Error;

/// A netlist or library that cannot be timed.
#[derive(Debug, Error)]
pub enum TimingError {
    /// The library cannot be used, or lacks something.
    #[error(transparent)]
    Liberty(#[from] LibertyError),
    /// The netlist's file cannot be read.
    #[error("{file}: {source}", file = .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The netlist is not what it should be.
    #[error("netlist: {0}")]
    Netlist(String),
    /// The netlist and the library do not fit.
    #[error("instance {instance} of {cell}: {message}")]
    Instance {
        /// The instance.
        instance: String,
        /// Its cell.
        cell: String,
        /// What is wrong.
        message: String,
    },
    /// A configuration that has no PE of the kind.
    #[error("{0}")]
    Config(String),
    /// The netlist's gates compute something else than the arithmetic.
    #[error("the gate netlist computes another sum than activation * weight + psum for {0:?}")]
    Sums(PeState),
    /// The operands cannot be read.
    #[error(transparent)]
    Workload(#[from] crate::workload::WorkloadError),
    /// The RTL could not be generated.
    #[error(transparent)]
    Rtl(#[from] RtlError),
    /// The RTL could not be read for synthesis.
    #[error(transparent)]
    Synth(#[from] SynthError),
    /// Yosys is missing or failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
}
