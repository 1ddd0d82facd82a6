//! A schedule as a file: operating points of a technology for runs of any length and networks of
//! any depth.

use super::{Adaptive, Cell, Classes, MonitorSettings, Schedule};
use crate::config::{BLOCK_CLASSES, POINTS, TIMESTEP_CLASSES};
use crate::input::{self, InputError};
use crate::tech::{OperatingPoint, Table};
use crate::units::{Hertz, Volts};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of the file format.
const SCHEMA: &str = "drift-schedule/1";
/// What the paper's rule keeps nominal: its first steps, here a tenth of the run.
pub const EARLY: f64 = 0.1;
/// And its first blocks, here an eighth of the network.
pub const FIRST: f64 = 0.125;

/// A supply and a clock; what is not given is the technology's nominal one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setpoint {
    /// Supply in V.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voltage: Option<f64>,
    /// Clock in Hz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<f64>,
}

impl Setpoint {
    /// The first value that is not a number above 0, with its name.
    pub fn refused(&self) -> Option<(&'static str, f64)> {
        [("voltage", self.voltage), ("frequency", self.frequency)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .find(|(_, value)| !(value.is_finite() && *value > 0.0))
    }

    /// The operating point.
    pub fn of(&self, table: &Table) -> OperatingPoint {
        let nominal = table.nominal();
        OperatingPoint {
            voltage: self.voltage.map_or(nominal.voltage, Volts),
            frequency: self.frequency.map_or(nominal.frequency, Hertz),
        }
    }
}

/// Where classes 1, 2 and 3 begin, as shares of a run's steps and of a network's blocks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassShares {
    /// Of the steps, ascending.
    pub steps: [f64; TIMESTEP_CLASSES - 1],
    /// Of the blocks, ascending.
    pub blocks: [f64; BLOCK_CLASSES - 1],
}

impl ClassShares {
    /// Class 0 has the share `early` of the steps and `first` of the blocks; the others share the
    /// rest evenly.
    pub fn protecting(early: f64, first: f64) -> Self {
        let begin = |head: f64| move |c: usize| head + c as f64 * (1.0 - head) / 3.0;
        Self {
            steps: std::array::from_fn(begin(early)),
            blocks: std::array::from_fn(begin(first)),
        }
    }

    /// The classes of a run of `steps` steps and a network of `blocks` blocks.
    pub fn classes(&self, steps: usize, blocks: usize) -> Classes {
        // A share of 1/3 must not begin one later for its last binary digit.
        let begin = |share: f64, n: usize| (share * n as f64 - 1e-9).ceil().max(0.0) as usize;
        Classes {
            steps: self.steps.map(|share| begin(share, steps)),
            blocks: self.blocks.map(|share| begin(share, blocks)),
        }
    }
}

/// Operating points of a technology, and which class of steps and blocks runs at which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DvfsSchedule {
    /// `drift-schedule/1`.
    pub schema: String,
    /// What reports call it.
    pub name: String,
    /// Technology table.
    pub tech: String,
    /// Where the classes begin.
    pub classes: ClassShares,
    /// The points; 0 is nominal.
    pub points: Vec<Setpoint>,
    /// Point of every class: a row for each class of steps, a column for each class of blocks.
    pub schedule: Schedule,
    /// The adaptive mode: the schedule is the most aggressive that an image gets, and the error monitor moves
    /// it towards nominal and back, along the points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adaptive: Option<MonitorSettings>,
    /// The command that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

impl DvfsSchedule {
    /// Two points: nominal, and one for the cells that `schedule` gives point 1.
    pub fn two_points(
        name: &str,
        tech: &str,
        classes: ClassShares,
        point: Setpoint,
        schedule: Schedule,
    ) -> Self {
        Self::with_points(name, tech, classes, &[point], schedule)
    }

    /// Nominal and some points away from it.
    pub fn with_points(
        name: &str,
        tech: &str,
        classes: ClassShares,
        points: &[Setpoint],
        schedule: Schedule,
    ) -> Self {
        let points = [&[Setpoint::default()], points].concat();
        Self {
            schema: SCHEMA.to_owned(),
            name: name.to_owned(),
            tech: tech.to_owned(),
            classes,
            points,
            schedule,
            adaptive: None,
            origin: None,
        }
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
        let schedule: Self = input::from_yaml(text, origin)?;
        schedule.check(origin)?;
        Ok(schedule)
    }

    /// The file's text.
    pub fn to_yaml(&self) -> String {
        serde_yaml::to_string(self).expect("plain data")
    }

    fn check(&self, file: &Path) -> Result<(), InputError> {
        let fail = |key: &str, value: String, allowed: &str| {
            let allowed = format!("expected {allowed}");
            Err(InputError::value(file, key, value, allowed))
        };
        if self.schema != SCHEMA {
            return fail("schema", format!("{:?}", self.schema), SCHEMA);
        }
        if self.name.trim().is_empty() {
            return fail("name", format!("{:?}", self.name), "a name");
        }
        for (key, shares) in [
            ("classes.steps", &self.classes.steps),
            ("classes.blocks", &self.classes.blocks),
        ] {
            let within = shares.iter().all(|share| (0.0..=1.0).contains(share));
            if !within || shares.windows(2).any(|pair| pair[0] > pair[1]) {
                let allowed = "three shares in 0..=1, none below the one before";
                return fail(key, format!("{shares:?}"), allowed);
            }
        }
        if !(1..=POINTS).contains(&self.points.len()) {
            let found = format!("{} points", self.points.len());
            return fail("points", found, "1 to 8, the first nominal");
        }
        if self.points[0] != Setpoint::default() {
            return fail("points[0]", format!("{:?}", self.points[0]), "{}: nominal");
        }
        for (i, point) in self.points.iter().enumerate() {
            if let Some((name, value)) = point.refused() {
                let key = format!("points[{i}].{name}");
                return fail(&key, value.to_string(), "a number above 0");
            }
        }
        let beyond = Cell::all().find(|cell| self.point(*cell) >= self.points.len());
        if let Some(cell) = beyond {
            let key = format!("schedule[{}][{}]", cell.timestep, cell.block);
            let allowed = format!("0..={}, as there are points", self.points.len() - 1);
            return fail(&key, self.point(cell).to_string(), &allowed);
        }
        if let Some((key, value, allowed)) = self.adaptive.and_then(|monitor| monitor.refused()) {
            return fail(key, value.to_string(), &allowed);
        }
        Ok(())
    }

    fn point(&self, cell: Cell) -> usize {
        usize::from(self.schedule.of(cell))
    }

    /// The adaptive mode at the start of an image, where the schedule has it.
    pub fn monitored(&self) -> Option<Adaptive> {
        let monitor = self.adaptive?;
        let policy = Adaptive::new(self.schedule, monitor.limits());
        Some(policy.starting_at(monitor.start as u32))
    }

    /// The table of operating points.
    pub fn operating_points(&self, table: &Table) -> Vec<OperatingPoint> {
        self.points.iter().map(|point| point.of(table)).collect()
    }
}
