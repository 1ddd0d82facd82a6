//! A schedule from the records of a characterisation: cells in which one class of steps and blocks
//! runs at one point, and all others at nominal.

use super::cost::{Accelerator, CostError, Setup};
use super::costed_model::CostedModel;
use super::{Cell, CellRecords};
use crate::campaign::CampaignError;
use crate::campaign::statistics::CONFIDENCE;
use crate::config::POINTS;
use crate::energy::{Cost, Report};
use crate::policy::{
    self, Choice, DvfsSchedule, Loss, OptimiseError, Schedule, Sensitivity, Setpoint, optimise,
};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// What a schedule is to have least of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// Energy.
    Energy,
    /// Time.
    Time,
}

/// How losses are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// Upper ends of their 95% intervals.
    Upper,
    /// Means.
    Mean,
}

/// Why there is no schedule.
#[derive(Debug, Error)]
pub enum PolicyError {
    /// The records cannot be read.
    #[error(transparent)]
    Records(#[from] CampaignError),
    /// They are not those of one characterisation.
    #[error("{file}: {found}; expected {expected}", file = .file.display())]
    Characterisation {
        /// The file.
        file: PathBuf,
        /// What was found.
        found: String,
        /// What would be allowed.
        expected: String,
    },
    /// A cell cannot be costed.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// The optimiser's refusal.
    #[error(transparent)]
    Optimise(#[from] OptimiseError),
}

/// A schedule and what it is expected to cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimised {
    /// The schedule; unused points are left out.
    pub schedule: DvfsSchedule,
    /// Sum of the losses of its classes.
    pub loss: f64,
    /// J, or s, of an image, transitions left out.
    pub amount: f64,
    /// The same with all classes nominal.
    pub nominal: f64,
}

impl Objective {
    /// What a class of a run takes, in J or s.
    fn of_class(self, run: &Report, class: policy::Cell) -> f64 {
        match self {
            Self::Energy => run.by_cell[class.index()] * 1e-12,
            Self::Time => run.seconds_by_cell[class.index()],
        }
    }

    /// What a cost is, in J or s.
    fn of(self, cost: &Cost) -> f64 {
        match self {
            Self::Energy => cost.joules(),
            Self::Time => cost.seconds,
        }
    }
}

impl Counted {
    /// The loss of a cell.
    fn loss(self, records: &CellRecords) -> Loss {
        let Some(estimate) = records.lpips(CONFIDENCE) else {
            return Loss::default();
        };
        let mean = estimate.value;
        let [_, upper] = estimate.interval.unwrap_or([mean; 2]);
        Loss {
            mean,
            half_width: match self {
                Self::Upper => upper - mean,
                Self::Mean => 0.0,
            },
        }
    }
}

/// A cell of a characterisation.
struct Characterised<'a> {
    class: policy::Cell,
    point: Setpoint,
    schedule: &'a DvfsSchedule,
    records: &'a CellRecords,
}

impl<'a> Characterised<'a> {
    /// `None` for a cell with more than one class away from nominal, or none, and for an adaptive one.
    fn of(records: &'a CellRecords) -> Option<Self> {
        let fixed = |schedule: &&DvfsSchedule| schedule.adaptive.is_none();
        let schedule = records.cell.schedule.as_ref().filter(fixed)?;
        let mut away = policy::Cell::all().filter(|class| schedule.schedule.of(*class) > 0);
        let class = away.next()?;
        away.next().is_none().then(|| Self {
            class,
            point: schedule.points[usize::from(schedule.schedule.of(class))],
            schedule,
            records,
        })
    }

    /// Whether everything but class and point is the same.
    fn is_like(&self, other: &Self) -> bool {
        let setting = |one: &Self| Cell {
            schedule: None,
            faults: self.records.cell.faults.clone(),
            place: self.records.cell.place.clone(),
            ..one.records.cell.clone()
        };
        setting(self) == setting(other)
            && self.schedule.tech == other.schedule.tech
            && self.schedule.classes == other.schedule.classes
    }
}

/// The cells of a characterisation, of one setting, and their points.
struct Characterisation<'a> {
    file: &'a Path,
    cells: Vec<Characterised<'a>>,
    points: Vec<Setpoint>,
}

impl<'a> Characterisation<'a> {
    fn of(
        file: &'a Path,
        records: impl Iterator<Item = &'a CellRecords>,
    ) -> Result<Self, PolicyError> {
        let cells: Vec<Characterised<'_>> = records.filter_map(Characterised::of).collect();
        let Some(first) = cells.first() else {
            let found = "no cell with one class away from nominal".to_owned();
            let expected = "records of policies {rule: only, cell: [...]}";
            return Err(refused(file, found, expected));
        };
        if let Some(other) = cells.iter().find(|other| !first.is_like(other)) {
            let (a, b) = (&first.records.cell, &other.records.cell);
            let found = format!(
                "cells of several settings, such as protection {} and {}, interval {} and {}, {} and {} \
                 steps",
                a.protection, b.protection, a.interval, b.interval, a.steps, b.steps
            );
            return Err(refused(file, found, "one; --protection chooses"));
        }
        let mut points: Vec<Setpoint> = Vec::new();
        for cell in &cells {
            if !points.contains(&cell.point) {
                points.push(cell.point);
            }
        }
        if points.len() >= POINTS {
            let found = format!("{} operating points", points.len());
            let expected = "7 at most: the hardware's table has 8 with nominal";
            return Err(refused(file, found, expected));
        }
        Ok(Self {
            file,
            cells,
            points,
        })
    }

    /// The records of a class at a point.
    fn records(&self, class: policy::Cell, point: Setpoint) -> Result<&CellRecords, PolicyError> {
        let at = |cell: &&Characterised<'_>| cell.class == class && cell.point == point;
        let found = self.cells.iter().find(at).ok_or_else(|| {
            let found = format!(
                "no records of class {},{} at {point:?}",
                class.timestep, class.block
            );
            refused(self.file, found, "every class at every point")
        })?;
        Ok(found.records)
    }
}

fn refused(file: &Path, found: String, expected: &str) -> PolicyError {
    PolicyError::Characterisation {
        file: file.to_owned(),
        found,
        expected: expected.to_owned(),
    }
}

/// Finds the schedule with the least energy or time whose classes' losses sum up to `bound` at most.
/// Of the records, those of cells that `keep` accepts are looked at. Energies are
/// those of the model on the accelerator, losses always those of the embedded model.
///
/// # Errors
/// [`PolicyError`].
pub fn schedule(
    file: &Path,
    keep: impl Fn(&Cell) -> bool,
    (model, accelerator): (&CostedModel, &Accelerator),
    (objective, counted, bound): (Objective, Counted, f64),
) -> Result<Optimised, PolicyError> {
    let (_, all) = CellRecords::read(file)?;
    let kept = all.iter().filter(|records| keep(&records.cell));
    let characterisation = Characterisation::of(file, kept)?;
    let mut cells = Vec::new();
    for class in policy::Cell::all() {
        let mut loss = vec![Loss::default()];
        let mut energy = Vec::new();
        for point in &characterisation.points {
            let records = characterisation.records(class, *point)?;
            loss.push(counted.loss(records));
            let setup = Setup::new(records, model, accelerator)?;
            let (run, recovery) = setup.costs(records)?;
            if energy.is_empty() {
                let nominal = setup.at_nominal().report()?;
                energy.push(objective.of_class(&nominal, class));
            }
            energy.push(objective.of_class(&run, class) + objective.of(&recovery));
        }
        cells.push(Sensitivity {
            cell: class,
            loss,
            energy,
        });
    }
    let choice = optimise(&cells, bound)?;
    Ok(Optimised {
        schedule: DvfsSchedule {
            name: format!("optimised, {bound}"),
            ..used(
                &choice,
                &characterisation.points,
                characterisation.cells[0].schedule,
            )
        },
        loss: choice.loss,
        amount: choice.energy,
        nominal: cells.iter().map(|cell| cell.energy[0]).sum(),
    })
}

/// The schedule of a choice with the points that it uses, in their order.
fn used(choice: &Choice, points: &[Setpoint], like: &DvfsSchedule) -> DvfsSchedule {
    let mut table = vec![Setpoint::default()];
    let mut index = vec![0u8; points.len() + 1];
    for (at, point) in points.iter().enumerate() {
        let number = at as u8 + 1;
        if policy::Cell::all().any(|cell| choice.schedule.of(cell) == number) {
            index[at + 1] = table.len() as u8;
            table.push(*point);
        }
    }
    let mut schedule = Schedule::default();
    for cell in policy::Cell::all() {
        schedule.set(cell, index[usize::from(choice.schedule.of(cell))]);
    }
    DvfsSchedule {
        points: table,
        schedule,
        ..like.clone()
    }
}
