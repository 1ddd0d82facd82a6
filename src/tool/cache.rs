//! Where installed programs and compiled models are kept.

use super::ToolError;
use super::environment::Environment;
use std::path::PathBuf;

/// The cache directory: `$DRIFT_CACHE_DIR`, else `$XDG_CACHE_HOME/drift`,
/// else `$HOME/.cache/drift`. It is created when it is not there.
///
/// # Errors
/// [`ToolError::Cache`] when it cannot be created or written,
/// [`ToolError::NoCache`] when no variable says where it should be.
pub fn cache_dir() -> Result<PathBuf, ToolError> {
    writable_cache(&Environment::process())
}

/// Where the cache directory would be, without touching the disk.
pub(crate) fn cache_location(environment: &Environment) -> Result<PathBuf, ToolError> {
    let under = |variable, rest: &str| environment.path(variable).map(|p| p.join(rest));
    let directory = environment
        .path("DRIFT_CACHE_DIR")
        .or_else(|| under("XDG_CACHE_HOME", "drift"))
        .or_else(|| under("HOME", ".cache/drift"))
        .ok_or(ToolError::NoCache)?;
    // A relative directory would move with every child's working directory.
    std::path::absolute(&directory).map_err(|source| ToolError::Cache { directory, source })
}

/// The cache directory, created, and proved writable.
pub(crate) fn writable_cache(environment: &Environment) -> Result<PathBuf, ToolError> {
    let directory = cache_location(environment)?;
    let probe = std::fs::create_dir_all(&directory).and_then(|()| {
        tempfile::Builder::new()
            .prefix(".probe")
            .tempfile_in(&directory)
    });
    match probe {
        Ok(_) => Ok(directory),
        Err(source) => Err(ToolError::Cache { directory, source }),
    }
}
