//! The environment as a value, so that tests choose it instead of mutating
//! the process's own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Looks variables up; [`Environment::process`] is the real one.
pub(crate) struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<OsString>,
}

impl<'a> Environment<'a> {
    /// The process's environment.
    pub(crate) fn process() -> Environment<'static> {
        Environment {
            lookup: &|name| std::env::var_os(name),
        }
    }

    /// An environment that answers from a function.
    #[cfg(test)]
    pub(crate) fn from(lookup: &'a dyn Fn(&str) -> Option<OsString>) -> Self {
        Self { lookup }
    }

    /// A variable; an empty one counts as unset.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        (self.lookup)(name)
            .filter(|v| !v.is_empty())
            .map(PathBuf::from)
    }

    /// A variable as text; an empty one counts as unset.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.path(name).map(|v| v.to_string_lossy().into_owned())
    }

    /// The first executable file of that name on `PATH`, or the file itself
    /// when `name` has a directory part.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        if Path::new(name).components().count() > 1 {
            return Some(PathBuf::from(name)).filter(|p| is_executable(p));
        }
        let path = self.path("PATH")?;
        std::env::split_paths(&path)
            .map(|directory| directory.join(name))
            .find(|candidate| is_executable(candidate))
    }
}

/// Whether a file can be run.
pub(crate) fn is_executable(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        path.metadata()
            .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    path.is_file()
}

/// Which of several programs an environment variable asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Whatever is found first.
    Auto,
    /// Only a program on `PATH`.
    Path,
    /// Only the pinned package.
    Wheel,
    /// This file.
    File(PathBuf),
}

impl Choice {
    /// Reads a variable: unset or `auto`, `path`, `wheel`, or a file.
    pub(crate) fn read(environment: &Environment, variable: &str) -> Self {
        match environment.path(variable) {
            None => Self::Auto,
            Some(value) => match value.to_str() {
                Some("auto") => Self::Auto,
                Some("path") => Self::Path,
                Some("wheel") => Self::Wheel,
                _ => Self::File(value),
            },
        }
    }
}
