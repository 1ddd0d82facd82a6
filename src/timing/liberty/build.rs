//! From the syntax of a library to its cells.

use super::cell::{Cell, Direction, FlipFlop, Pin};
use super::error::Mistake;
use super::function::Function;
use super::pins::PinReader;
use super::syntax::{Group, abridged};
use super::table::Templates;
use super::units::Units;
use super::{Library, pins};
use std::collections::BTreeMap;

pub(super) fn library(group: &Group<'_>) -> Result<Library, Mistake> {
    let name = group.name().unwrap_or("unnamed").to_owned();
    let units = Units::of(group)?;
    let condition = conditions(group);
    let value = |nominal: &str, of_condition: &str| -> Result<Option<f64>, Mistake> {
        let from_condition = condition.map_or(Ok(None), |c| c.number(of_condition));
        Ok(group.number(nominal)?.or(from_condition?))
    };
    let voltage = value("nom_voltage", "voltage")?.map(|v| v * units.voltage);
    let voltage = voltage.filter(|v| *v > 0.0).ok_or_else(|| {
        let message = "the library has no supply voltage: expected nom_voltage, or voltage in operating_conditions, \
                       above 0";
        Mistake::new(group.line, message)
    })?;
    let templates = Templates::of(group);
    let reader = PinReader {
        units,
        templates: &templates,
        default_input: group.number("default_input_pin_cap")?.unwrap_or(0.0),
    };
    let mut cells = BTreeMap::new();
    for cell in group.all("cell") {
        let Some(name) = cell.name() else {
            return Err(Mistake::new(cell.line, "a cell without a name"));
        };
        let built = read_cell(name, cell, &reader).map_err(|mistake| mistake.in_cell(name))?;
        if cells.insert(name.to_owned(), built).is_some() {
            return Err(Mistake::new(cell.line, "the second cell of this name").in_cell(name));
        }
    }
    if cells.is_empty() {
        return Err(Mistake::new(group.line, "the library has no cells"));
    }
    Ok(Library {
        name,
        voltage,
        temperature: value("nom_temperature", "temperature")?,
        cells,
    })
}

/// The operating conditions that the library says are its own, or the first.
fn conditions<'b, 'a>(library: &'b Group<'a>) -> Option<&'b Group<'a>> {
    let default = library.value("default_operating_conditions");
    let named = library
        .all("operating_conditions")
        .find(|c| c.name() == default);
    named.or(library.first("operating_conditions"))
}

/// Attributes, of a cell or one of its pins, of cells with a special purpose.
const SPECIAL: [&str; 6] = [
    "dont_use",
    "is_level_shifter",
    "is_isolation_cell",
    "always_on",
    "is_macro_cell",
    "retention_cell",
];

fn read_cell(name: &str, group: &Group<'_>, reader: &PinReader<'_, '_>) -> Result<Cell, Mistake> {
    let mut unsupported = beyond(group);
    let leakage_unit = reader.units.leakage;
    let grounds = grounds(group);
    let mut leakage = group.number("cell_leakage_power")?;
    let mut leakage_states = Vec::new();
    let mut in_other_states = None;
    for state in group.all("leakage_power") {
        let Some(factor) = leakage_unit else { break };
        // What leaves through the ground has come in through the supply.
        let Some(value) = state
            .number("value")?
            .filter(|_| !pins::of_ground(state, &grounds))
        else {
            continue;
        };
        match pins::when(state)? {
            Some(when) => leakage_states.push((when, value * factor)),
            None => *in_other_states.get_or_insert(0.0) += value,
        }
    }
    if leakage_states.is_empty() {
        leakage = leakage.or(in_other_states);
    }
    let flip_flop = match group.first("ff") {
        Some(ff) => Some(read_flip_flop(ff)?),
        None => None,
    };
    let mut read = Vec::new();
    for pin in group.all("pin") {
        for name in pin.arguments.iter().flat_map(|names| names.split(',')) {
            match reader.pin(name.trim(), pin, &grounds)? {
                Ok(pin) => read.extend(pin),
                Err(reason) => unsupported = unsupported.or(Some(reason)),
            }
        }
    }
    let silent = silent_output(&read);
    if let (Some(pin), None) = (silent, &unsupported) {
        unsupported = Some(format!("its output {pin} has no function"));
    }
    if let (Some(stranger), None) = (stranger(&read, flip_flop.as_ref()), &unsupported) {
        unsupported = Some(format!(
            "a function names {stranger}, which is no input of it"
        ));
    }
    let marked = |g: &Group<'_>| {
        SPECIAL.iter().any(|name| g.is_true(name))
            || g.value("clock_gating_integrated_cell").is_some()
    };
    let special = marked(group)
        || group.all("pin").any(marked)
        || silent.is_some()
        || !read.iter().any(|pin| pin.direction == Direction::Output);
    Ok(Cell {
        name: name.to_owned(),
        area: group.number("area")?.unwrap_or(0.0),
        leakage: leakage.zip(leakage_unit).map(|(value, by)| value * by),
        leakage_states,
        pins: read,
        flip_flop,
        special,
        unsupported,
    })
}

/// The ground pins of a cell.
fn grounds<'a>(cell: &Group<'a>) -> Vec<&'a str> {
    let ground = |pin: &&Group<'_>| pin.value("pg_type").is_some_and(|t| t.ends_with("ground"));
    let pins = cell.all("pg_pin").filter(ground);
    pins.filter_map(|pin| pin.name()).collect()
}

/// What a cell has that is not supported.
fn beyond(cell: &Group<'_>) -> Option<String> {
    let reason = |kind: &str| {
        Some(match kind {
            "latch" | "latch_bank" => {
                "it is a latch; state may only be in edge-triggered flip-flops (ff)"
            }
            "statetable" => {
                "its state is a table (statetable); expected an edge-triggered flip-flop (ff)"
            }
            "ff_bank" => "it is a bank of flip-flops (ff_bank); expected one (ff)",
            "bus" | "bundle" => "it has a bus or bundle; expected single pins",
            _ => return None,
        })
    };
    let found = cell.groups.iter().find_map(|group| reason(group.kind));
    found.map(str::to_owned)
}

/// An output that nothing says the value of.
fn silent_output(pins: &[Pin]) -> Option<&str> {
    let silent = |pin: &&Pin| pin.direction == Direction::Output && pin.function.is_none();
    pins.iter().find(silent).map(|pin| pin.name.as_str())
}

/// A name in a function that is neither an input nor the state.
fn stranger<'p>(pins: &'p [Pin], flip_flop: Option<&'p FlipFlop>) -> Option<&'p str> {
    let functions = pins.iter().filter_map(|pin| pin.function.as_ref());
    let state = flip_flop
        .iter()
        .flat_map(|ff| [&ff.clock, &ff.next].into_iter().chain(&ff.forced));
    let mut names = functions.chain(state).flat_map(|f| f.inputs());
    let known = |name: &str| {
        let input = |pin: &Pin| pin.direction == Direction::Input && pin.name == name;
        pins.iter().any(input) || flip_flop.is_some_and(|ff| ff.state.iter().any(|s| s == name))
    };
    names.find(|name| !known(name)).map(String::as_str)
}

fn read_flip_flop(group: &Group<'_>) -> Result<FlipFlop, Mistake> {
    let required = |name: &str| -> Result<Function, Mistake> {
        pins::function(group, name)?.ok_or_else(|| {
            let message = format!("the flip-flop has no {name}");
            Mistake::new(group.line, message)
        })
    };
    let forced = ["clear", "preset"].map(|name| pins::function(group, name));
    let forced: Vec<Option<Function>> = forced.into_iter().collect::<Result<_, _>>()?;
    let [state, complement] = group.arguments.as_slice() else {
        let found = abridged(&group.arguments.join(", "));
        let message = format!("a flip-flop names its state and the complement, not {found}");
        return Err(Mistake::new(group.line, message));
    };
    Ok(FlipFlop {
        state: [(*state).to_owned(), (*complement).to_owned()],
        clock: required("clocked_on")?,
        next: required("next_state")?,
        forced: forced.into_iter().flatten().collect(),
    })
}
