//! Values of some signals, one per clock cycle.

use super::WavesError;
use crate::cosim::{CosimError, vcd_to_fst};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::ops::Range;
use std::path::Path;
use vcd::{Command, IdCode, Scope, ScopeItem, TimescaleUnit, Value, VarType};

/// Nanoseconds of a clock cycle in the files that are written.
const PERIOD: u64 = 10;

/// The signals of a part of a simulation, sampled in every cycle just before
/// the clock edge that ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Instances from the top module down, and the signal.
    paths: Vec<Vec<String>>,
    /// Of every signal, the value in every cycle: bits, most significant first.
    values: Vec<Vec<Vec<bool>>>,
}

impl Recording {
    /// Samples the signals `paths`, instances and name with points between
    /// them, of a VCD file at those of its times at which `clock` is low.
    ///
    /// # Errors
    /// [`WavesError`] when the file cannot be read or has no such signal.
    pub fn from_vcd(vcd: &Path, clock: &str, paths: &[&str]) -> Result<Self, WavesError> {
        let failed = |message: String| CosimError::Wave {
            path: vcd.to_owned(),
            message,
        };
        let unreadable = |error: std::io::Error| failed(error.to_string());
        let mut parser = vcd::Parser::new(BufReader::new(File::open(vcd).map_err(unreadable)?));
        let header = parser.parse_header().map_err(unreadable)?;
        let split = |path: &str| -> Vec<String> { path.split('.').map(str::to_owned).collect() };
        let find = |path: &str| {
            let found = find(&header.items, &split(path));
            found.ok_or_else(|| failed(format!("there is no signal {path}")))
        };
        let (clock, _) = find(clock)?;
        let signals: Vec<(IdCode, usize)> = paths
            .iter()
            .map(|path| find(path))
            .collect::<Result<_, _>>()?;

        let mut now: HashMap<IdCode, Vec<bool>> = HashMap::new();
        let mut values = vec![Vec::new(); signals.len()];
        let mut sample = |now: &HashMap<IdCode, Vec<bool>>| {
            if now.get(&clock).is_some_and(|level| !level[0]) {
                for ((code, width), values) in signals.iter().zip(&mut values) {
                    let bits = now.get(code).map_or(&[][..], Vec::as_slice);
                    // A VCD leaves out leading zeros.
                    let mut all = vec![false; width.saturating_sub(bits.len())];
                    all.extend(bits);
                    values.push(all);
                }
            }
        };
        for command in parser {
            match command.map_err(unreadable)? {
                Command::Timestamp(_) => sample(&now),
                Command::ChangeScalar(code, value) => {
                    now.insert(code, vec![value == Value::V1]);
                }
                Command::ChangeVector(code, vector) => {
                    now.insert(
                        code,
                        vector.iter().map(|value| value == Value::V1).collect(),
                    );
                }
                _ => {}
            }
        }
        sample(&now);
        Ok(Self {
            paths: paths.iter().map(|path| split(path)).collect(),
            values,
        })
    }

    /// Without the outermost scope, which is the simulator's.
    pub(super) fn below_top(mut self) -> Self {
        for path in &mut self.paths {
            path.remove(0);
        }
        self
    }

    /// Number of cycles.
    pub fn cycles(&self) -> usize {
        self.values.first().map_or(0, Vec::len)
    }

    /// Only the cycles of a range.
    pub fn window(mut self, cycles: Range<usize>) -> Self {
        for values in &mut self.values {
            values.truncate(cycles.end);
            values.drain(..cycles.start.min(values.len()));
        }
        self
    }

    /// `width` bits of the signal whose name ends with `name`, from bit `low`
    /// on, in every cycle.
    ///
    /// # Panics
    /// When the signal was not recorded, or has fewer bits.
    pub fn bits(&self, name: &str, low: usize, width: usize) -> Vec<u64> {
        let wanted: Vec<&str> = name.split('.').collect();
        let ends = |path: &Vec<String>| {
            path.len() >= wanted.len()
                && path[path.len() - wanted.len()..]
                    .iter()
                    .zip(&wanted)
                    .all(|(a, b)| a == b)
        };
        let signal = self.paths.iter().position(ends);
        let signal = signal.unwrap_or_else(|| panic!("{name} was not recorded"));
        let number = |bits: &Vec<bool>| {
            let end = bits.len() - low;
            let wanted = &bits[end - width..end];
            wanted.iter().fold(0, |sum, bit| sum << 1 | u64::from(*bit))
        };
        self.values[signal].iter().map(number).collect()
    }

    /// Writes the signals and their clock as an FST file.
    ///
    /// # Errors
    /// [`WavesError`] when it cannot be written.
    pub fn write_fst(&self, fst: &Path) -> Result<(), WavesError> {
        let scratch = tempfile::NamedTempFile::new()?;
        self.write_vcd(scratch.path())?;
        Ok(vcd_to_fst(scratch.path(), fst)?)
    }

    fn write_vcd(&self, file: &Path) -> std::io::Result<()> {
        let mut writer = vcd::Writer::new(BufWriter::new(File::create(file)?));
        writer.timescale(1, TimescaleUnit::PS)?;
        let top = self.paths.first().map_or("top", |path| path[0].as_str());
        writer.add_module(top)?;
        let clock = writer.add_wire(1, "clk_i")?;
        writer.upscope()?;
        let mut codes = Vec::new();
        for (path, values) in self.paths.iter().zip(&self.values) {
            let (name, scopes) = path.split_last().expect("a path has a name");
            for scope in scopes {
                writer.add_module(scope)?;
            }
            let width = values.first().map_or(1, Vec::len) as u32;
            codes.push(writer.add_var(VarType::Wire, width, name, None)?);
            for _ in scopes {
                writer.upscope()?;
            }
        }
        writer.enddefinitions()?;
        for cycle in 0..self.cycles() {
            // A rising edge begins a cycle.
            let start = cycle as u64 * PERIOD * 1000;
            writer.timestamp(start)?;
            writer.change_scalar(clock, Value::V1)?;
            for (code, values) in codes.iter().zip(&self.values) {
                if cycle == 0 || values[cycle] != values[cycle - 1] {
                    let bits = values[cycle].iter().map(|&bit| Value::from(bit));
                    writer.change_vector(*code, bits)?;
                }
            }
            writer.timestamp(start + PERIOD * 500)?;
            writer.change_scalar(clock, Value::V0)?;
        }
        writer.timestamp(self.cycles() as u64 * PERIOD * 1000)
    }
}

/// Code and width of a signal below the scopes of `items`.
fn find(items: &[ScopeItem], path: &[String]) -> Option<(IdCode, usize)> {
    let (first, rest) = path.split_first()?;
    items.iter().find_map(|item| match item {
        ScopeItem::Scope(Scope {
            identifier, items, ..
        }) if identifier == first => find(items, rest),
        ScopeItem::Var(var) if rest.is_empty() && var.reference == *first => {
            Some((var.code, var.size as usize))
        }
        _ => None,
    })
}
