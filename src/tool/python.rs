//! Python and pip.

use super::ToolError;
use super::environment::Environment;
use super::process::run;
use std::path::{Path, PathBuf};
use std::process::Command;

const REMEDY: &str = "install Python 3.10 or newer with pip (Debian, Ubuntu: python3 and python3-pip or \
python3-venv; Fedora: python3 and python3-pip), or set DRIFT_PYTHON";

/// A Python interpreter.
#[derive(Clone, Debug)]
pub(crate) struct Python {
    pub(super) binary: PathBuf,
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
