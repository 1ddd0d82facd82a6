//! Pins of a cell with their arcs.

use super::cell::{Cause, DelayArc, Direction, InternalPower, Pin, SetupArc};
use super::edge::{Edge, PerEdge, Sense};
use super::error::Mistake;
use super::function::Function;
use super::syntax::{Group, abridged};
use super::table::{Factors, Table, TableFault, Templates};
use super::units::Units;

/// Reads pins; a result within a result is the reason why the cell cannot be used.
pub(super) struct PinReader<'t, 'a> {
    pub(super) units: Units,
    pub(super) templates: &'t Templates<'t, 'a>,
    /// Capacitance of inputs that say none, in the library's unit.
    pub(super) default_input: f64,
}

type OrReason<T> = Result<T, String>;

/// A Boolean attribute of a group.
pub(super) fn function(group: &Group<'_>, name: &str) -> Result<Option<Function>, Mistake> {
    let read = |s: super::syntax::Simple<'_>| {
        Function::parse(s.value).map_err(|message| Mistake::new(s.line, message))
    };
    group.attribute(name).map(read).transpose()
}

/// The condition of a group; an empty one is none.
pub(super) fn when(group: &Group<'_>) -> Result<Option<Function>, Mistake> {
    match group.value("when").map(str::trim) {
        None | Some("") => Ok(None),
        Some(_) => function(group, "when"),
    }
}

/// Whether a group is about what flows through a ground pin.
pub(super) fn of_ground(group: &Group<'_>, grounds: &[&str]) -> bool {
    let pin = group.value("related_pg_pin").map(str::trim);
    pin.is_some_and(|pin| grounds.contains(&pin))
}

/// What a timing group is about.
enum Kind {
    Combinational(PerEdge<bool>),
    Clocked(Edge),
    Setup(Edge),
    /// Hold, recovery, pulse widths, asynchronous set and reset: they do not
    /// move the arrival of data.
    Other,
}

fn kind(timing: &Group<'_>) -> OrReason<Kind> {
    Ok(
        match timing.value("timing_type").unwrap_or("combinational") {
            "combinational" => Kind::Combinational([true, true]),
            "combinational_rise" => Kind::Combinational([true, false]),
            "combinational_fall" => Kind::Combinational([false, true]),
            "rising_edge" => Kind::Clocked(Edge::Rise),
            "falling_edge" => Kind::Clocked(Edge::Fall),
            "setup_rising" => Kind::Setup(Edge::Rise),
            "setup_falling" => Kind::Setup(Edge::Fall),
            other if other.starts_with("three_state") => {
                return Err(
                    "it has a three-state output; expected outputs that always drive".to_owned(),
                );
            }
            _ => Kind::Other,
        },
    )
}

impl<'a> PinReader<'_, 'a> {
    /// A pin of a `pin (name) { ... }` group; `None` for internal pins. Energy is that which
    /// the supply gives: what is said of the cell's `grounds` is the same once more.
    pub(super) fn pin(
        &self,
        name: &str,
        group: &Group<'a>,
        grounds: &[&str],
    ) -> Result<OrReason<Option<Pin>>, Mistake> {
        let direction = match group.value("direction").unwrap_or("input") {
            "input" => Direction::Input,
            "output" => Direction::Output,
            "internal" => return Ok(Ok(None)),
            "inout" => {
                let reason = format!("its pin {name} is inout; expected input or output");
                return Ok(Err(reason));
            }
            other => {
                let other = abridged(other);
                let message = format!(
                    "direction {other} of pin {name} is not usable: expected input, output, inout or internal"
                );
                return Err(Mistake::new(group.line, message));
            }
        };
        if group.value("three_state").is_some() {
            return Ok(Err(format!(
                "its pin {name} has three states; expected outputs that always drive"
            )));
        }
        let mut pin = Pin {
            name: name.to_owned(),
            direction,
            capacitance: self.capacitance(direction, group)?,
            function: function(group, "function")?,
            delays: Vec::new(),
            setups: Vec::new(),
            powers: Vec::new(),
        };
        for timing in group.all("timing") {
            if let Err(reason) = self.timing(&mut pin, timing)? {
                return Ok(Err(reason));
            }
        }
        for power in group.all("internal_power") {
            if of_ground(power, grounds) {
                continue;
            }
            if let Err(reason) = self.power(&mut pin, power)? {
                return Ok(Err(reason));
            }
        }
        Ok(Ok(Some(pin)))
    }

    fn capacitance(
        &self,
        direction: Direction,
        group: &Group<'_>,
    ) -> Result<PerEdge<f64>, Mistake> {
        let default = match direction {
            Direction::Input => self.default_input,
            Direction::Output => 0.0,
        };
        let both = group.number("capacitance")?.unwrap_or(default);
        let mut edges = [both; 2];
        for (value, name) in edges
            .iter_mut()
            .zip(["rise_capacitance", "fall_capacitance"])
        {
            *value = group.number(name)?.unwrap_or(both) * self.units.capacitance;
            if *value < 0.0 {
                let message = "a capacitance is negative; expected 0 or more";
                return Err(Mistake::new(group.line, message));
            }
        }
        Ok(edges)
    }

    fn timing(&self, pin: &mut Pin, group: &Group<'a>) -> Result<OrReason<()>, Mistake> {
        let kind = match kind(group) {
            Ok(kind) => kind,
            Err(reason) => return Ok(Err(reason)),
        };
        if matches!(kind, Kind::Other) {
            return Ok(Ok(()));
        }
        let Some(related) = group.value("related_pin") else {
            return Ok(Err(format!(
                "a timing group of its pin {} has no related_pin",
                pin.name
            )));
        };
        let condition = when(group)?;
        let time = self.units.time;
        let tables = |names: PerEdge<&str>| self.per_edge(group, names, time);
        let setup = match tables(["rise_constraint", "fall_constraint"])? {
            Ok(tables) => tables,
            Err(reason) => return Ok(Err(reason)),
        };
        let (mut delay, mut transition) = match (
            tables(["cell_rise", "cell_fall"])?,
            tables(["rise_transition", "fall_transition"])?,
        ) {
            (Ok(delay), Ok(transition)) => (delay, transition),
            (Err(reason), _) | (_, Err(reason)) => return Ok(Err(reason)),
        };
        if let Kind::Combinational(edges) = kind {
            for (edge, there) in edges.into_iter().enumerate() {
                if !there {
                    (delay[edge], transition[edge]) = (None, None);
                }
            }
        }
        let empty = match kind {
            Kind::Setup(_) => setup.iter().all(Option::is_none),
            _ => {
                delay.iter().all(Option::is_none)
                    || (0..2).any(|edge| delay[edge].is_some() != transition[edge].is_some())
            }
        };
        if empty {
            return Ok(Err(missing(pin, group)));
        }
        for from in related
            .split([' ', ',', '\t'])
            .filter(|name| !name.is_empty())
        {
            let cause = match kind {
                Kind::Setup(edge) => {
                    pin.setups.push(SetupArc {
                        clock: from.to_owned(),
                        edge,
                        when: condition.clone(),
                        setup: setup.clone(),
                    });
                    continue;
                }
                Kind::Clocked(edge) => Cause::Clock(edge),
                _ => Cause::Input(sense(group, pin, from)?),
            };
            pin.delays.push(DelayArc {
                from: from.to_owned(),
                cause,
                when: condition.clone(),
                delay: delay.clone(),
                transition: transition.clone(),
            });
        }
        Ok(Ok(()))
    }

    fn power(&self, pin: &mut Pin, group: &Group<'a>) -> Result<OrReason<()>, Mistake> {
        let energy = self.units.energy();
        let mut tables = match self.per_edge(group, ["rise_power", "fall_power"], energy)? {
            Ok(tables) => tables,
            Err(reason) => return Ok(Err(reason)),
        };
        if tables.iter().all(Option::is_none) {
            // `power` stands for both edges.
            tables = match self.per_edge(group, ["power", "power"], energy)? {
                Ok(tables) => tables,
                Err(reason) => return Ok(Err(reason)),
            };
        }
        let condition = when(group)?;
        let related = group.value("related_pin").unwrap_or_default();
        let mut from: Vec<_> = related
            .split_whitespace()
            .map(|n| Some(n.to_owned()))
            .collect();
        if from.is_empty() {
            from.push(None);
        }
        pin.powers
            .extend(from.into_iter().map(|from| InternalPower {
                from,
                when: condition.clone(),
                energy: tables.clone(),
            }));
        Ok(Ok(()))
    }

    /// The tables of a group, where they are there.
    fn per_edge(
        &self,
        group: &Group<'a>,
        names: PerEdge<&str>,
        value: f64,
    ) -> Result<OrReason<PerEdge<Option<Table>>>, Mistake> {
        let factors = Factors {
            value,
            time: self.units.time,
            capacitance: self.units.capacitance,
        };
        let mut tables = [None, None];
        for (table, name) in tables.iter_mut().zip(names) {
            let Some(found) = group.first(name) else {
                continue;
            };
            match self.templates.table(found, factors) {
                Ok(read) => *table = Some(read),
                Err(TableFault::Mistake(mistake)) => return Err(mistake),
                Err(TableFault::Unsupported(reason)) => return Ok(Err(reason)),
            }
        }
        Ok(Ok(tables))
    }
}

/// Why a timing group without usable tables is refused.
fn missing(pin: &Pin, group: &Group<'_>) -> String {
    let current = ["output_current_rise", "output_current_fall"];
    let has = if current.iter().any(|name| group.first(name).is_some()) {
        "only current-source tables (CCS)"
    } else {
        "not all of its tables"
    };
    format!(
        "a timing group of its pin {} has {has}; expected cell_rise with rise_transition, cell_fall with \
         fall_transition, or rise_constraint and fall_constraint (NLDM)",
        pin.name
    )
}

/// The sense that the group says, else the one that the function has.
fn sense(group: &Group<'_>, pin: &Pin, from: &str) -> Result<Sense, Mistake> {
    match group.attribute("timing_sense") {
        Some(s) => match s.value {
            "positive_unate" => Ok(Sense::Positive),
            "negative_unate" => Ok(Sense::Negative),
            "non_unate" => Ok(Sense::Both),
            other => {
                let other = abridged(other);
                let message = format!(
                    "timing_sense {other} is not usable: expected positive_unate, negative_unate or non_unate"
                );
                Err(Mistake::new(s.line, message))
            }
        },
        None => Ok(pin.function.as_ref().map_or(Sense::Both, |f| f.sense(from))),
    }
}
