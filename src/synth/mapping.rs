//! Mapping to the cells of a library: the committed recipe, which the timed PE
//! and the area of whole arrays share.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use tempfile::NamedTempFile;

/// What ABC does. Its own recipe ends in ripple chains, twice as slow; this
/// one maps for delay, then buffers and sizes, without wires as in the timing: ABC stops at a
/// library that names wire-load models which it does not know.
const ABC: &str = "+strash;ifraig;scorr;dc2;dch,-f;map,-B,0.9;topo;buffer,-N,8;upsize;dnsize";

/// A cell as synthesis sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LibraryCell {
    /// Area in the library's unit, mostly µm²; above 0, at most
    /// [`LibraryCell::LARGEST`], for cells that are used.
    pub area: f64,
    /// Whether it keeps a bit from one clock edge to the next.
    pub flip_flop: bool,
    /// Whether it may be used.
    pub usable: bool,
}

impl LibraryCell {
    /// No standard cell is larger; a sum over the largest array stays in range.
    pub const LARGEST: f64 = 1e5;
}

/// The cells of a Liberty library.
#[derive(Debug)]
pub struct CellLibrary {
    /// Its name.
    pub name: String,
    pub(super) cells: BTreeMap<String, LibraryCell>,
    /// The Liberty texts, unpacked, for Yosys.
    files: Vec<NamedTempFile>,
}

impl CellLibrary {
    /// A library of `cells`; `texts` are its whole Liberty files, of which ABC needs three kinds
    /// of gates in the first.
    ///
    /// # Errors
    /// When the temporary files that Yosys reads cannot be written.
    pub fn new<'t>(
        name: &str,
        texts: impl Iterator<Item = &'t str>,
        cells: BTreeMap<String, LibraryCell>,
    ) -> io::Result<Self> {
        let write = |text: &str| {
            let mut file = tempfile::Builder::new().suffix(".lib").tempfile()?;
            file.write_all(text.as_bytes())?;
            Ok(file)
        };
        Ok(Self {
            name: name.to_owned(),
            cells,
            files: texts.map(write).collect::<io::Result<_>>()?,
        })
    }

    /// The unpacked Liberty files, which go when the library is dropped.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.iter().map(NamedTempFile::path)
    }

    /// The commands that make the cells known. They stand before synthesis;
    /// `files` are the Liberty files as Yosys finds them.
    pub(crate) fn read(files: &[String]) -> String {
        let read = |file: &String| format!("read_liberty -lib -ignore_miss_func {file}\n");
        files.iter().map(read).collect()
    }

    /// The commands that map flip-flops and gates, the latter with buffers and
    /// sizes. They stand after synthesis to generic gates.
    pub(crate) fn map(&self, files: &[String]) -> String {
        let mut avoid = String::new();
        for (name, _) in self.cells.iter().filter(|(_, cell)| !cell.usable) {
            let _ = write!(avoid, " -dont_use {name}");
        }
        let liberty: String = files.iter().map(|f| format!(" -liberty {f}")).collect();
        format!(
            "\
dfflibmap{liberty}{avoid}
abc{liberty}{avoid} -script {ABC}
setundef -zero
"
        )
    }
}
