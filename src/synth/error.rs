//! What can go wrong when RTL is checked or synthesised.

use crate::tool::ToolError;
use std::path::PathBuf;
use thiserror::Error;

/// A directory of RTL that cannot be checked or synthesised.
#[derive(Debug, Error)]
pub enum SynthError {
    /// The filelist is missing, empty or names files that are not there.
    #[error("{path}: {message}", path = .path.display())]
    Filelist {
        /// The filelist.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A name that no SystemVerilog module can have.
    #[error("{name} is not the name of a module")]
    Top {
        /// The name.
        name: String,
    },
    /// A program is missing or failed.
    #[error(transparent)]
    Tool(#[from] ToolError),
    /// A tool's result could not be understood.
    #[error("the result of {tool} cannot be read: {message}")]
    Result {
        /// The tool.
        tool: String,
        /// What is wrong with it.
        message: String,
    },
    /// The design needs a cell that the library has not.
    #[error("library {library} has no usable cell for {cell}, which {module} needs")]
    Unmapped {
        /// Name of the library.
        library: String,
        /// What was not mapped, as Yosys calls it.
        cell: String,
        /// A module that has it.
        module: String,
    },
    /// A cell that is used has no area.
    #[error("cell {cell} of library {library} is used and has no area")]
    NoArea {
        /// Name of the library.
        library: String,
        /// Name of the cell.
        cell: String,
    },
    /// A temporary file could not be written or read.
    #[error("a temporary file: {0}")]
    Scratch(#[from] std::io::Error),
}
