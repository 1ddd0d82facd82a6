//! Gate netlists as Yosys writes them (JSON), and the same bound to a library:
//! levelised, with functions and loads.

mod circuit;
mod json;

pub use circuit::{Circuit, Gate, State};

use super::TimingError;
use super::liberty::text_of;
use std::path::Path;

/// One wire of one bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Net(pub u32);

impl Net {
    /// The constant 0.
    pub const ZERO: Net = Net(0);
    /// The constant 1.
    pub const ONE: Net = Net(1);

    /// Its place in vectors with one entry a net.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A flat module of library cells; it does not know the library.
#[derive(Clone, Debug, PartialEq)]
pub struct Netlist {
    /// Name of the module.
    pub name: String,
    /// Nets, the two constants included.
    pub nets: usize,
    /// Cells.
    pub instances: Vec<Instance>,
    /// Input ports, with their bits, lowest first.
    pub inputs: Vec<(String, Vec<Net>)>,
    /// Output ports, likewise.
    pub outputs: Vec<(String, Vec<Net>)>,
    /// Every named signal of the source text that is left, ports included.
    pub signals: Vec<(String, Vec<Net>)>,
}

/// One cell of a netlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its own name.
    pub name: String,
    /// Its library cell.
    pub cell: String,
    /// Pins that are connected.
    pub pins: Vec<(String, Net)>,
}

impl Netlist {
    /// Reads Yosys's JSON, gzipped or not; `top` names the module.
    ///
    /// # Errors
    /// [`TimingError`] when the file cannot be read or is no flat gate netlist.
    pub fn read(file: &Path, top: &str) -> Result<Self, TimingError> {
        Self::parse(&text_of(file)?, top)
    }

    /// Reads the text of Yosys's JSON.
    ///
    /// # Errors
    /// [`TimingError::Netlist`] when it is no flat gate netlist.
    pub fn parse(text: &str, top: &str) -> Result<Self, TimingError> {
        json::read(text, top)
    }

    /// The bits of a named signal, lowest first.
    ///
    /// # Errors
    /// [`TimingError::Netlist`] when there is none of the name.
    pub fn signal(&self, name: &str) -> Result<&[Net], TimingError> {
        let found = self.signals.iter().find(|(known, _)| known == name);
        let (_, bits) = found.ok_or_else(|| {
            const SHOWN: usize = 20;
            let names = self.signals.iter().map(|(name, _)| name.as_str());
            let names: Vec<&str> = names.take(SHOWN).collect();
            let others = self.signals.len().saturating_sub(SHOWN);
            let (module, names) = (&self.name, names.join(", "));
            let more = if others > 0 {
                format!(" and {others} more")
            } else {
                String::new()
            };
            TimingError::Netlist(format!(
                "{module} has no signal {name}; it has {names}{more}"
            ))
        })?;
        Ok(bits)
    }
}

#[cfg(test)]
mod tests;
