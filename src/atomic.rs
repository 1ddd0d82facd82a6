//! Files that appear complete or not at all: written to a temporary beside the
//! target, which is renamed when everything is in it.

use std::io;
use std::path::Path;
use tempfile::NamedTempFile;

/// A temporary in the folder of `target`, with the permissions of a new file.
///
/// # Errors
/// What the operating system says of the folder.
pub fn temporary_beside(target: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt;
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    tempfile::Builder::new()
        .prefix(".drift-")
        // The process's umask still applies.
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(folder)
}

/// Writes a whole file.
///
/// # Errors
/// What the operating system says; the target is untouched then.
pub fn write(target: &Path, content: &(impl AsRef<[u8]> + ?Sized)) -> io::Result<()> {
    let temporary = temporary_beside(target)?;
    std::fs::write(temporary.path(), content)?;
    temporary.persist(target).map_err(|e| e.error)?;
    Ok(())
}
