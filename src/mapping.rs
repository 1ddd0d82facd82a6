//! The bytes of a file of operands or weights, without reading them into memory.

use memmap2::Mmap;
use std::fs::File;
use std::io::{Error, ErrorKind};
use std::ops::Deref;
use std::path::Path;

/// The bytes of a file.
#[derive(Debug)]
pub(crate) enum Bytes {
    /// Part of the program.
    Embedded(&'static [u8]),
    /// A memory-mapped file.
    Mapped(Mmap),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Embedded(bytes) => bytes,
            Self::Mapped(map) => map,
        }
    }
}

/// Maps a regular file, so that only the pages in use occupy memory.
///
/// # Errors
/// What the operating system says, or that the path is no regular file.
pub(crate) fn map(path: &Path) -> Result<Bytes, Error> {
    // Asked before opening, which would wait for ever on a pipe without a writer.
    if !std::fs::metadata(path)?.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    let file = File::open(path)?;
    // SAFETY: the map is read-only and private, and only ever read as plain
    // bytes, for which every bit pattern is valid. What remains is the caveat of
    // every memory map: another process that truncates the file meanwhile ends
    // this one with SIGBUS, and one that writes to it changes the values.
    let map = unsafe { Mmap::map(&file)? };
    Ok(Bytes::Mapped(map))
}
