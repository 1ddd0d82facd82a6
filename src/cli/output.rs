//! Files that commands write: whole, or not at all.

use anyhow::{Context, Result};
use drift::atomic;
use serde::Serialize;
use std::path::Path;

/// Writes a file.
pub fn write(file: &Path, content: impl AsRef<[u8]>) -> Result<()> {
    atomic::write(file, content).with_context(|| format!("{}: cannot be written", file.display()))
}

/// Writes a record as JSON.
pub fn record(file: &Path, record: &impl Serialize) -> Result<()> {
    write(file, serde_json::to_string_pretty(record)? + "\n")
}
