//! The form of Yosys's JSON.

use super::{Instance, Net, Netlist};
use crate::timing::TimingError;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

#[derive(Deserialize)]
struct Design {
    modules: BTreeMap<String, Module>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    ports: BTreeMap<String, Port>,
    #[serde(default)]
    cells: BTreeMap<String, Cell>,
    #[serde(default)]
    netnames: BTreeMap<String, Name>,
}

#[derive(Deserialize)]
struct Port {
    direction: String,
    bits: Vec<Bit>,
}

#[derive(Deserialize)]
struct Cell {
    #[serde(rename = "type")]
    kind: String,
    connections: BTreeMap<String, Vec<Bit>>,
}

#[derive(Deserialize)]
struct Name {
    #[serde(default)]
    hide_name: u8,
    bits: Vec<Bit>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Bit {
    Net(u64),
    Constant(String),
}

pub(super) fn read(text: &str, top: &str) -> Result<Netlist, TimingError> {
    let wrong = |message: String| TimingError::Netlist(message);
    let mut design: Design =
        serde_json::from_str(text).map_err(|e| wrong(format!("not Yosys's JSON: {e}")))?;
    let module = design.modules.remove(top).ok_or_else(|| {
        let names: Vec<&str> = design.modules.keys().map(String::as_str).collect();
        wrong(format!("no module {top}; there is {}", names.join(", ")))
    })?;
    let mut nets = Nets::default();
    let mut instances = Vec::with_capacity(module.cells.len());
    for (name, cell) in module.cells {
        let mut pins = Vec::with_capacity(cell.connections.len());
        for (pin, bits) in cell.connections {
            match bits.as_slice() {
                // Yosys writes an open pin as no bits, or as one that is unknown.
                [] => {}
                [Bit::Constant(value)] if value == "x" || value == "z" => {}
                [bit] => pins.push((pin, nets.of(bit)?)),
                _ => {
                    return Err(TimingError::Instance {
                        message: format!(
                            "pin {pin} has {} bits; pins of library cells have one",
                            bits.len()
                        ),
                        instance: name,
                        cell: cell.kind,
                    });
                }
            }
        }
        instances.push(Instance {
            name,
            cell: cell.kind,
            pins,
        });
    }
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    for (name, port) in module.ports {
        let bits = nets.all(&port.bits)?;
        match port.direction.as_str() {
            "input" => inputs.push((name, bits)),
            "output" => outputs.push((name, bits)),
            other => {
                return Err(wrong(format!(
                    "port {name} is {other}; expected input or output"
                )));
            }
        }
    }
    let mut signals = Vec::new();
    for (name, named) in module.netnames {
        // Bits that nothing uses may be unknown; such a signal cannot be watched.
        if named.hide_name == 0
            && let Ok(bits) = nets.all(&named.bits)
        {
            signals.push((name, bits));
        }
    }
    Ok(Netlist {
        name: top.to_owned(),
        nets: nets.by_number.len() + 2,
        instances,
        inputs,
        outputs,
        signals,
    })
}

/// Nets in order of appearance; Yosys's own numbers may have gaps.
#[derive(Default)]
struct Nets {
    by_number: HashMap<u64, Net>,
}

impl Nets {
    fn of(&mut self, bit: &Bit) -> Result<Net, TimingError> {
        match bit {
            Bit::Net(number) => {
                let next = u32::try_from(self.by_number.len() + 2)
                    .map_err(|_| TimingError::Netlist("more than 2^32 nets".to_owned()))?;
                Ok(*self.by_number.entry(*number).or_insert(Net(next)))
            }
            Bit::Constant(value) if value == "0" => Ok(Net::ZERO),
            Bit::Constant(value) if value == "1" => Ok(Net::ONE),
            Bit::Constant(value) => Err(TimingError::Netlist(format!(
                "a bit has the value {value}; expected a net, 0 or 1"
            ))),
        }
    }

    fn all(&mut self, bits: &[Bit]) -> Result<Vec<Net>, TimingError> {
        bits.iter().map(|bit| self.of(bit)).collect()
    }
}
