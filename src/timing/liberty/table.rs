//! Lookup tables of the nonlinear delay model (NLDM).

use super::error::Mistake;
use super::syntax::{Complex, Group, number};
use std::collections::HashMap;

/// What an axis of a table stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Transition time at the arc's input, in ns.
    InputSlew,
    /// Capacitance at the arc's output, in pF.
    Load,
    /// Transition time of the related pin (the clock) of a constraint, in ns.
    RelatedSlew,
    /// Transition time of the constrained pin (the data) of a constraint, in ns.
    ConstrainedSlew,
}

impl Quantity {
    fn read(name: &str) -> Option<Self> {
        Some(match name {
            "input_net_transition" | "input_transition_time" => Self::InputSlew,
            "total_output_net_capacitance" => Self::Load,
            "related_pin_transition" => Self::RelatedSlew,
            "constrained_pin_transition" => Self::ConstrainedSlew,
            _ => return None,
        })
    }
}

/// One axis: at least one point, ascending.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What it stands for.
    pub quantity: Quantity,
    /// Its points, in ns or pF.
    pub points: Vec<f64>,
}

impl Axis {
    /// The interval to use for `at` and the place in it: 0 at its start, 1 at
    /// its end, beyond them outside the axis, which extrapolates linearly.
    fn place(&self, at: f64) -> (usize, f64) {
        let last = self.points.len().saturating_sub(2);
        let above = self.points.partition_point(|point| *point <= at);
        let start = above.saturating_sub(1).min(last);
        match self.points.get(start..start + 2) {
            Some(&[low, high]) => (start, (at - low) / (high - low)),
            _ => (0, 0.0),
        }
    }
}

/// A table of up to two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    axes: Vec<Axis>,
    /// The last axis runs fastest.
    values: Vec<f64>,
}

impl Table {
    /// The axes, outer first.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The values, the last axis running fastest.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The value at a point: bilinear between the table's points, and with the
    /// slope of the outermost interval beyond them, as sign-off tools do.
    /// An axis of one point does not matter.
    pub fn at(&self, point: impl Fn(Quantity) -> f64) -> f64 {
        let place = |axis: &Axis| axis.place(point(axis.quantity));
        let value = |index: usize| self.values.get(index).copied().unwrap_or(0.0);
        let mix = |low: f64, high: f64, share: f64| low + (high - low) * share;
        match self.axes.as_slice() {
            [] => value(0),
            [axis] => {
                let (at, share) = place(axis);
                mix(value(at), value(neighbour(axis, at)), share)
            }
            [outer, inner, ..] => {
                let ((row, row_share), (column, share)) = (place(outer), place(inner));
                let (width, next) = (inner.points.len(), neighbour(inner, column));
                let line = |row: usize| {
                    let start = row * width;
                    mix(value(start + column), value(start + next), share)
                };
                mix(line(row), line(neighbour(outer, row)), row_share)
            }
        }
    }
}

/// The point after `at`; an axis of one point has none.
fn neighbour(axis: &Axis, at: usize) -> usize {
    (at + 1).min(axis.points.len() - 1)
}

/// Why a table cannot be had.
pub(super) enum TableFault {
    /// The file is wrong.
    Mistake(Mistake),
    /// It has something that is not supported.
    Unsupported(String),
}

impl From<Mistake> for TableFault {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake(mistake)
    }
}

/// The axes that tables may share.
pub(super) struct Templates<'t, 'a> {
    by_name: HashMap<&'a str, &'t Group<'a>>,
}

/// What the numbers of a table are multiplied with.
#[derive(Clone, Copy)]
pub(super) struct Factors {
    /// Values.
    pub(super) value: f64,
    /// Axes of time.
    pub(super) time: f64,
    /// Axes of capacitance.
    pub(super) capacitance: f64,
}

impl<'t, 'a> Templates<'t, 'a> {
    pub(super) fn of(library: &'t Group<'a>) -> Self {
        let kinds = ["lu_table_template", "power_lut_template"];
        let templates = library.groups.iter().filter(|g| kinds.contains(&g.kind));
        Self {
            by_name: templates.filter_map(|t| Some((t.name()?, t))).collect(),
        }
    }

    /// Reads a table group such as `cell_rise (template) { ... }`.
    pub(super) fn table(&self, group: &Group<'a>, by: Factors) -> Result<Table, TableFault> {
        let name = group.name().unwrap_or("scalar");
        let template = self.by_name.get(name).copied();
        if template.is_none() && name != "scalar" {
            let message = format!("the table's template {name} is not in the library");
            return Err(Mistake::new(group.line, message).into());
        }
        let mut axes = Vec::new();
        for number in 1..=3 {
            let variable = template.and_then(|t| t.value(&format!("variable_{number}")));
            let Some(variable) = variable else { break };
            if number == 3 {
                let reason = format!("its {} table has three axes, of at most two", group.kind);
                return Err(TableFault::Unsupported(reason));
            }
            let quantity = Quantity::read(variable).ok_or_else(|| {
                TableFault::Unsupported(format!(
                    "its {} table has the axis {variable}; known are input_net_transition, input_transition_time, \
                     total_output_net_capacitance, related_pin_transition and constrained_pin_transition",
                    group.kind
                ))
            })?;
            let index = format!("index_{number}");
            let list = group.list(&index).or(template.and_then(|t| t.list(&index)));
            let Some(list) = list else {
                let message = format!("the {} table has no {index}", group.kind);
                return Err(Mistake::new(group.line, message).into());
            };
            let factor = match quantity {
                Quantity::Load => by.capacitance,
                _ => by.time,
            };
            axes.push(axis(quantity, list, factor)?);
        }
        let Some(list) = group.list("values") else {
            let message = format!("the {} table has no values", group.kind);
            return Err(Mistake::new(group.line, message).into());
        };
        let values = numbers(list, by.value)?;
        let expected: usize = axes.iter().map(|axis: &Axis| axis.points.len()).product();
        if values.len() != expected {
            let message = format!(
                "the {} table has {} values; its axes allow {expected}",
                group.kind,
                values.len()
            );
            return Err(Mistake::new(list.line, message).into());
        }
        Ok(Table { axes, values })
    }
}

fn axis(quantity: Quantity, list: &Complex<'_>, factor: f64) -> Result<Axis, Mistake> {
    let points = numbers(list, factor)?;
    if points.is_empty() || points.windows(2).any(|pair| pair[0] >= pair[1]) {
        let message = format!("{} is not usable: expected ascending numbers", list.name);
        return Err(Mistake::new(list.line, message));
    }
    Ok(Axis { quantity, points })
}

/// The numbers of `values ("1, 2", "3, 4")`.
fn numbers(list: &Complex<'_>, factor: f64) -> Result<Vec<f64>, Mistake> {
    let separator = |c: char| c == ',' || c == '\\' || c.is_whitespace();
    let words = list.values.iter().flat_map(|text| text.split(separator));
    words
        .filter(|word| !word.is_empty())
        .map(|word| Ok(number(word).map_err(|m| Mistake::new(list.line, m))? * factor))
        .collect()
}
