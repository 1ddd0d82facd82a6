//! What can be wrong with a Liberty file.

use std::fmt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A Liberty file that cannot be used.
#[derive(Debug, Error)]
pub enum LibertyError {
    /// The file cannot be read or unpacked.
    #[error("{file}: {source}", file = .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the operating system, or the unpacker, said.
        source: std::io::Error,
    },
    /// The text is not what it should be.
    #[error("{file}:{mistake}", file = .file.display())]
    Content {
        /// The file.
        file: PathBuf,
        /// What is wrong, and where.
        mistake: Mistake,
    },
    /// Files that are not of one library at one condition.
    #[error("{file}: {message}", file = .file.display())]
    Corner {
        /// The file that does not fit those before it.
        file: PathBuf,
        /// Why.
        message: String,
    },
    /// A cell that is needed is not in the library.
    #[error("library {library} has no cell {cell}")]
    NoCell {
        /// Name of the library.
        library: String,
        /// Name of the cell.
        cell: String,
    },
    /// A kind of cell without which nothing can be synthesised.
    #[error("{file}: library {library} has no {what} that can be used", file = .file.display())]
    Lacks {
        /// The file.
        file: PathBuf,
        /// Name of the library.
        library: String,
        /// The kind of cell.
        what: &'static str,
    },
    /// The area of a cell is impossible.
    #[error("{file}: cell {cell}: area {area} is out of range; expected 0..=100000", file = .file.display())]
    Area {
        /// The file.
        file: PathBuf,
        /// Name of the cell.
        cell: String,
        /// Its area.
        area: f64,
    },
    /// A cell that is needed has something that is not supported.
    #[error("cell {cell} of library {library} is not supported: {reason}")]
    Unsupported {
        /// Name of the library.
        library: String,
        /// Name of the cell.
        cell: String,
        /// What it has, and what would be accepted.
        reason: String,
    },
}

/// Something wrong at a place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Line, from 1.
    pub line: u32,
    /// The cell it is in.
    pub cell: Option<String>,
    /// What is wrong, and what is allowed.
    pub message: String,
}

impl Mistake {
    pub(super) fn new(line: u32, message: impl Into<String>) -> Self {
        Self {
            line,
            cell: None,
            message: message.into(),
        }
    }

    /// The same, in a cell.
    pub(super) fn in_cell(mut self, cell: &str) -> Self {
        self.cell = Some(cell.to_owned());
        self
    }

    /// The same, in a file.
    pub fn in_file(self, file: &Path) -> LibertyError {
        LibertyError::Content {
            file: file.to_owned(),
            mistake: self,
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.line)?;
        if let Some(cell) = &self.cell {
            write!(f, "cell {cell}: ")?;
        }
        f.write_str(&self.message)
    }
}
