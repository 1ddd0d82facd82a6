//! What can go wrong between the generator and a finished simulation.

use crate::rtl::RtlError;
use crate::tool::ToolError;
use std::path::PathBuf;
use thiserror::Error;

/// A model that cannot be built, loaded or run.
#[derive(Debug, Error)]
pub enum CosimError {
    /// An external program is missing or cannot be installed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// The RTL could not be generated.
    #[error(transparent)]
    Rtl(#[from] RtlError),
    /// A file of the model cache cannot be written or read.
    #[error("{path}: {source}; set DRIFT_CACHE_DIR to a writable folder", path = .path.display())]
    Cache {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// Verilator or the C++ compiler failed.
    #[error("{program} failed ({status}) while building the model:\n{output}")]
    Build {
        /// The program.
        program: String,
        /// Its exit status.
        status: String,
        /// The end of what it printed.
        output: String,
    },
    /// The shared object is not what this program expects.
    #[error("{path}: {message}; remove it and run again", path = .path.display())]
    Load {
        /// The shared object.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The hardware broke the protocol of its streams, or hangs.
    #[error("the RTL misbehaved after {rows} result rows: {message}")]
    Protocol {
        /// Result rows received before.
        rows: u64,
        /// What happened.
        message: String,
    },
    /// A waveform could not be written.
    #[error("{path}: waveform: {message}", path = .path.display())]
    Wave {
        /// The waveform file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}
