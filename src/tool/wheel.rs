//! Pinned Python packages, installed into the cache directory.

use super::ToolError;
use super::cache::{cache_location, writable_cache};
use super::environment::Environment;
use super::process::{run, tail};
use super::python::{Python, pip};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// A package at a pinned version with pinned hashes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wheel {
    /// Name of the package.
    pub(crate) name: &'static str,
    /// Pinned version, as the requirements file has it.
    pub(crate) version: &'static str,
    /// The requirements file with its hashes.
    pub(crate) requirements: &'static str,
    /// A file that an intact installation has.
    pub(crate) witness: &'static str,
    /// What helps where the package cannot be installed.
    pub(crate) instead: &'static str,
    /// Whether the files differ from one Python version to the next.
    pub(crate) per_python: bool,
}

impl Wheel {
    /// Package and version, for messages.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// The directory that has the package, installed when it is not there.
    /// Any number of processes may call this at once.
    pub(crate) fn installed(&self, environment: &Environment) -> Result<PathBuf, ToolError> {
        let mut folder = format!("{}-{}", self.name, self.version);
        if self.per_python {
            folder = format!("{folder}-{}", Python::find(environment)?.tag());
        }
        // An installation in a cache that is read-only by now is good enough.
        let place = cache_location(environment)?.join("tools").join(&folder);
        if place.join(self.witness).is_file() {
            return Ok(place);
        }
        let tools = writable_cache(environment)?.join("tools");
        fs::create_dir_all(&tools).map_err(ToolError::file(&tools))?;
        let lock_path = tools.join(format!(".{folder}.lock"));
        let lock = File::create(&lock_path).map_err(ToolError::file(&lock_path))?;
        lock.lock().map_err(ToolError::file(&lock_path))?;
        if place.join(self.witness).is_file() {
            return Ok(place);
        }
        // Whatever lies there is a leftover of a process that died: the lock is ours.
        let partial = tools.join(format!(".{folder}.partial"));
        remove(&partial)?;
        remove(&place)?;
        let python = Python::find(environment)?;
        let outcome = self.install(&python, &partial).and_then(|()| {
            fs::rename(&partial, &place).map_err(ToolError::file(&place))?;
            Ok(place)
        });
        if outcome.is_err() {
            remove(&partial)?;
        }
        outcome
    }

    /// Lets pip install into `target`.
    fn install(&self, python: &Python, target: &Path) -> Result<(), ToolError> {
        let work = tempfile::tempdir().map_err(ToolError::file(std::env::temp_dir()))?;
        let list = work.path().join("requirements.txt");
        fs::write(&list, self.requirements).map_err(ToolError::file(&list))?;
        let mut command = pip(python, work.path(), &self.title())?;
        command
            .args(["install", "--quiet", "--no-input", "--no-deps"])
            .args(["--only-binary", ":all:", "--require-hashes", "--no-compile"])
            .arg("--requirement")
            .arg(&list)
            .arg("--target")
            .arg(target);
        let finished = run(&mut command)?;
        if !finished.success {
            return Err(ToolError::Install {
                package: self.title(),
                message: format!(
                    "pip says: {}\nwithout the package: {}",
                    tail(&finished.stderr, 8),
                    self.instead
                ),
            });
        }
        if !target.join(self.witness).is_file() {
            return Err(ToolError::Install {
                package: self.title(),
                message: format!("the package lacks {}", self.witness),
            });
        }
        Ok(())
    }
}

fn remove(directory: &Path) -> Result<(), ToolError> {
    match fs::remove_dir_all(directory) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(ToolError::file(directory)(e)),
        _ => Ok(()),
    }
}
