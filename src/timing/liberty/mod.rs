//! Reader of Liberty libraries with nonlinear-delay tables (NLDM): the subset
//! that timing, function, area and energy of a gate netlist need. Nothing here
//! depends on a particular library.
//!
//! Everything is converted to ns, pF, V, nW and pJ. A library that has things
//! beyond the subset can be read; a cell that has them is refused, with the
//! reason, when it is used.

mod build;
mod cell;
mod corner;
mod edge;
mod error;
mod function;
mod lexer;
mod pins;
mod syntax;
mod table;
mod units;

pub use cell::{Cause, Cell, DelayArc, Direction, FlipFlop, InternalPower, Pin, SetupArc};
pub use corner::Corner;
pub use edge::{Edge, PerEdge, Sense};
pub use error::{LibertyError, Mistake};
pub use function::Function;
pub use table::{Axis, Quantity, Table};

use flate2::read::MultiGzDecoder;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// A library at one operating condition.
#[derive(Clone, Debug)]
pub struct Library {
    /// Its name.
    pub name: String,
    /// Supply voltage in V.
    pub voltage: f64,
    /// Temperature in °C, where the library says it.
    pub temperature: Option<f64>,
    cells: BTreeMap<String, Cell>,
}

impl Library {
    /// Reads the files of a [`Corner`].
    ///
    /// # Errors
    /// [`LibertyError`] names the file, line and cell.
    pub fn read(files: &Path) -> Result<Self, LibertyError> {
        Corner::read(files)?.library()
    }

    /// Reads the text of a library.
    ///
    /// # Errors
    /// [`Mistake`] names the line and the cell.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        build::library(&syntax::parse(text)?)
    }

    /// All cells by name, also those that are not supported.
    pub fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.cells.values()
    }

    /// A cell that is to be used.
    ///
    /// # Errors
    /// [`LibertyError::NoCell`] or [`LibertyError::Unsupported`].
    pub fn cell(&self, name: &str) -> Result<&Cell, LibertyError> {
        let Some(cell) = self.cells.get(name) else {
            return Err(LibertyError::NoCell {
                library: self.name.clone(),
                cell: name.to_owned(),
            });
        };
        match &cell.unsupported {
            None => Ok(cell),
            Some(reason) => Err(LibertyError::Unsupported {
                library: self.name.clone(),
                cell: name.to_owned(),
                reason: reason.clone(),
            }),
        }
    }
}

/// The text of a Liberty file, unpacked. Bytes that are not UTF-8, which old
/// libraries have in comments, become replacement characters.
///
/// # Errors
/// [`LibertyError::Read`].
pub fn text_of(file: &Path) -> Result<String, LibertyError> {
    let failed = |source| LibertyError::Read {
        file: file.to_owned(),
        source,
    };
    let mut bytes = std::fs::read(file).map_err(failed)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        let mut decoder = MultiGzDecoder::new(bytes.as_slice());
        decoder.read_to_end(&mut unpacked).map_err(failed)?;
        bytes = unpacked;
    }
    Ok(String::from_utf8(bytes)
        .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned()))
}

#[cfg(test)]
mod tests;
