//! The constants of `configs/energy.yaml`, each with its source.

use super::EnergyError;
use crate::input::{self, InputError};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of the file format.
const SCHEMA: &str = "drift-energy/1";
/// The constants that ship with the project.
const SHIPPED: &str = include_str!("../../configs/energy.yaml");

/// A number and where it comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// The number, in the unit that the key names.
    pub value: f64,
    /// No publication was seen that says so.
    pub assumed: bool,
    /// The publication, or why the number was chosen.
    pub source: String,
}

/// Energy of an on-chip memory at one node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// Feature size in nm.
    pub nm: f64,
    /// Energy of reading or writing a byte, in pJ.
    pub pj_per_byte: f64,
    /// No publication was seen that says so.
    pub assumed: bool,
    /// The publication.
    pub source: String,
}

/// The DRAM behind an accelerator.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemorySystem {
    /// What it is called.
    pub name: String,
    /// Device of each channel: a shipped name or a YAML file.
    pub device: String,
    /// Channels, each a device.
    pub channels: u32,
    /// Energy of the I/O in pJ per bit.
    pub io_pj_per_bit: Constant,
    /// Share of the peak bandwidth that is had, 0..=1.
    pub efficiency: Constant,
}

/// Area of what protections have and the generated RTL has not, in NAND2 equivalents as
/// [`crate::synth`] counts generic cells, or as what the key says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AreaConstants {
    /// Shadow latch, comparator and restoring multiplexer of a Razor flip-flop.
    pub razor_nand2_per_psum_bit: Constant,
    /// Multiplexer that passes the corrected psum on in place of the next PE's.
    pub te_drop_nand2_per_psum_bit: Constant,
    /// DMR's comparison of two sums, with the tree that joins its bits.
    pub compare_nand2_per_column: Constant,
    /// Banks of sums that DMR needs for the first copy.
    pub copy_banks: Constant,
    /// ApproxABFT's adder, register and limit of the matrix sum.
    pub matrix_sum_nand2: Constant,
    /// ReaLM's circuits for count and magnitude, over the area of the plain array.
    pub statistics_share: Constant,
}

/// Feature size of technology tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Technology {
    /// Part of the table's name.
    pub technology: String,
    /// Feature size in nm.
    pub nm: f64,
}

/// All constants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constants {
    /// `drift-energy/1`.
    pub schema: String,
    /// Feature sizes of technology tables.
    pub nodes: Vec<Technology>,
    /// Buffer of operands and outputs, by falling or rising feature size.
    pub buffer: Vec<Memory>,
    /// Accumulators.
    pub accumulator: Vec<Memory>,
    /// DRAM to choose from; the first is the default.
    pub memories: Vec<MemorySystem>,
    /// Capacity of the buffer in MiB.
    pub buffer_mib: Constant,
    /// Leakage of the buffer in mW per MiB.
    pub buffer_leakage_mw_per_mib: Constant,
    /// Share of the energy that reaches the array, 0..=1.
    pub regulator_efficiency: Constant,
    /// Time of a voltage transition in ns per V.
    pub regulator_ns_per_volt: Constant,
    /// Capacitance of the array's supply in nF.
    pub domain_capacitance_nf: Constant,
    /// Power of the checksum logic over that of the array.
    pub checksum_logic_share: Constant,
    /// Power of Razor flip-flops over that of the array.
    pub razor_share: Constant,
    /// Area of what was not synthesised.
    pub area: AreaConstants,
}

impl Constants {
    /// Those that ship with the project.
    ///
    /// # Panics
    /// Never: a test reads them.
    pub fn shipped() -> Self {
        Self::from_yaml(SHIPPED, Path::new("configs/energy.yaml"))
            .expect("the shipped file is valid")
    }

    /// Reads and checks a YAML file.
    ///
    /// # Errors
    /// [`InputError`] names the file, the key, the value and what is allowed.
    pub fn from_file(file: &Path) -> Result<Self, InputError> {
        Self::from_yaml(&input::read(file)?, file)
    }

    /// Checks YAML text; `origin` names it in error messages.
    ///
    /// # Errors
    /// [`InputError::Syntax`] or [`InputError::Value`].
    pub fn from_yaml(text: &str, origin: &Path) -> Result<Self, InputError> {
        let constants: Self = input::from_yaml(text, origin)?;
        constants.check(origin)?;
        Ok(constants)
    }

    fn check(&self, origin: &Path) -> Result<(), InputError> {
        let fail = |key: String, value: String, allowed: &str| {
            Err(InputError::value(origin, key, value, allowed))
        };
        if self.schema != SCHEMA {
            let found = format!("{:?}", self.schema);
            return fail("schema".to_owned(), found, "expected \"drift-energy/1\"");
        }
        for (key, constant, share) in self.all() {
            let value = constant.value;
            if !(value.is_finite() && value >= 0.0) {
                let allowed = "expected a finite number of at least 0";
                return fail(key, value.to_string(), allowed);
            }
            if share && !(value > 0.0 && value <= 1.0) {
                let allowed = "expected a share above 0 and up to 1";
                return fail(key, value.to_string(), allowed);
            }
            if constant.source.trim().is_empty() {
                return fail(
                    format!("{key}.source"),
                    "\"\"".to_owned(),
                    "expected a source",
                );
            }
        }
        if self.memories.is_empty() {
            let allowed = "expected a memory at least";
            return fail("memories".to_owned(), "an empty list".to_owned(), allowed);
        }
        for (i, memory) in self.memories.iter().enumerate() {
            if memory.channels == 0 {
                let key = format!("memories.{}.channels", memory.name);
                return fail(key, "0".to_owned(), "expected 1 at least");
            }
            if self.memories[..i]
                .iter()
                .any(|other| other.name == memory.name)
            {
                let key = format!("memories[{i}].name");
                return fail(key, memory.name.clone(), "expected each name once");
            }
        }
        for (key, memories) in [("buffer", &self.buffer), ("accumulator", &self.accumulator)] {
            if memories.is_empty() {
                let allowed = "expected a node at least";
                return fail(key.to_owned(), "an empty list".to_owned(), allowed);
            }
            for (i, memory) in memories.iter().enumerate() {
                for (name, value) in [("nm", memory.nm), ("pj_per_byte", memory.pj_per_byte)] {
                    if !(value.is_finite() && value > 0.0) {
                        let key = format!("{key}[{i}].{name}");
                        return fail(key, value.to_string(), "expected a number above 0");
                    }
                }
                if memories[..i].iter().any(|other| other.nm == memory.nm) {
                    let key = format!("{key}[{i}].nm");
                    return fail(key, memory.nm.to_string(), "expected each node once");
                }
            }
        }
        for (i, node) in self.nodes.iter().enumerate() {
            if !(node.nm.is_finite() && node.nm > 0.0) {
                let key = format!("nodes[{i}].nm");
                return fail(key, node.nm.to_string(), "expected a number above 0");
            }
        }
        Ok(())
    }

    /// Key, constant, and whether it is a share, in the order of the file; for reports, too.
    pub fn all(&self) -> Vec<(String, &Constant, bool)> {
        let of = |memory: &'_ MemorySystem, key: &str| format!("memories.{}.{key}", memory.name);
        let io = |memory| (of(memory, "io_pj_per_bit"), &memory.io_pj_per_bit, false);
        let share = |memory| (of(memory, "efficiency"), &memory.efficiency, true);
        let memories = self.memories.iter().flat_map(|m| [io(m), share(m)]);
        let others = [
            ("buffer_mib", &self.buffer_mib, false),
            (
                "buffer_leakage_mw_per_mib",
                &self.buffer_leakage_mw_per_mib,
                false,
            ),
            ("regulator_efficiency", &self.regulator_efficiency, true),
            ("regulator_ns_per_volt", &self.regulator_ns_per_volt, false),
            ("domain_capacitance_nf", &self.domain_capacitance_nf, false),
            ("checksum_logic_share", &self.checksum_logic_share, false),
            ("razor_share", &self.razor_share, false),
        ];
        let others = others.map(|(key, constant, share)| (key.to_owned(), constant, share));
        let area = [
            (
                "razor_nand2_per_psum_bit",
                &self.area.razor_nand2_per_psum_bit,
            ),
            (
                "te_drop_nand2_per_psum_bit",
                &self.area.te_drop_nand2_per_psum_bit,
            ),
            (
                "compare_nand2_per_column",
                &self.area.compare_nand2_per_column,
            ),
            ("copy_banks", &self.area.copy_banks),
            ("matrix_sum_nand2", &self.area.matrix_sum_nand2),
            ("statistics_share", &self.area.statistics_share),
        ];
        let area = area.map(|(key, constant)| (format!("area.{key}"), constant, false));
        memories.chain(others).chain(area).collect()
    }

    /// The memory of that name.
    ///
    /// # Errors
    /// [`EnergyError::Memory`].
    pub fn memory(&self, name: &str) -> Result<&MemorySystem, EnergyError> {
        let found = self.memories.iter().find(|memory| memory.name == name);
        found.ok_or_else(|| {
            let known: Vec<&str> = self.memories.iter().map(|m| m.name.as_str()).collect();
            EnergyError::Memory {
                name: name.to_owned(),
                known: known.join(", "),
            }
        })
    }

    /// Feature size that a technology table stands for, in nm.
    ///
    /// # Errors
    /// [`EnergyError::Node`] when no entry's text is in the name.
    pub fn node(&self, technology: &str) -> Result<f64, EnergyError> {
        let found = self
            .nodes
            .iter()
            .find(|node| technology.contains(&node.technology));
        found.map(|node| node.nm).ok_or_else(|| {
            let known: Vec<&str> = self.nodes.iter().map(|n| n.technology.as_str()).collect();
            EnergyError::Node {
                technology: technology.to_owned(),
                known: known.join(", "),
            }
        })
    }
}

/// Energy per byte at a node: a power law of the feature size through the two entries nearest to
/// it, or the only one.
pub(super) fn pj_per_byte(memories: &[Memory], nm: f64) -> f64 {
    let mut by_distance: Vec<&Memory> = memories.iter().collect();
    let distance = |memory: &Memory| (memory.nm / nm).ln().abs();
    by_distance.sort_by(|a, b| distance(a).total_cmp(&distance(b)));
    let nearest = by_distance[0];
    match by_distance.get(1) {
        Some(other) => {
            let exponent =
                (nearest.pj_per_byte / other.pj_per_byte).ln() / (nearest.nm / other.nm).ln();
            nearest.pj_per_byte * (nm / nearest.nm).powf(exponent)
        }
        None => nearest.pj_per_byte,
    }
}
