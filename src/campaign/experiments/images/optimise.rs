//! A schedule from the records of a characterisation: cells in which one class of steps and blocks
//! runs at one point, and all others at nominal.

use super::cost::{Accelerator, CostError, CostedModel, Setup};
use super::{Cell, CellRecords};
use crate::campaign::CampaignError;
use crate::energy::Report;
use crate::policy::{
    self, Choice, DvfsSchedule, Loss, OptimiseError, Schedule, Sensitivity, Setpoint, optimise,
};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Confidence of the intervals whose upper ends count.
const CONFIDENCE: f64 = 0.95;

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

/// A cell of a characterisation.
struct Characterised<'a> {
    class: policy::Cell,
    point: Setpoint,
    records: &'a CellRecords,
}

/// Energy of a class in J.
fn energy(run: &Report, class: policy::Cell) -> f64 {
    run.by_cell[class.index()] * 1e-12
}

/// The only class that a schedule has away from nominal.
fn only(schedule: &DvfsSchedule) -> Option<policy::Cell> {
    let mut away = policy::Cell::all().filter(|cell| schedule.schedule.of(*cell) > 0);
    let first = away.next()?;
    away.next().is_none().then_some(first)
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
    let refused = |found: String, expected: &str| PolicyError::Characterisation {
        file: file.to_owned(),
        found,
        expected: expected.to_owned(),
    };
    let (_, all) = CellRecords::read(file)?;
    let found: Vec<Characterised<'_>> = all
        .iter()
        .filter(|records| keep(&records.cell))
        .filter_map(|records| {
            let fixed = |schedule: &&DvfsSchedule| schedule.adaptive.is_none();
            let schedule = records.cell.schedule.as_ref().filter(fixed)?;
            let class = only(schedule)?;
            let point = schedule.points[usize::from(schedule.schedule.of(class))];
            Some(Characterised {
                class,
                point,
                records,
            })
        })
        .collect();
    let expected = "records of policies {rule: only, cell: [...]}";
    let Some(first) = found.first() else {
        return Err(refused(
            "no cell with one class away from nominal".to_owned(),
            expected,
        ));
    };
    // Everything but class and point must be the same.
    let setting = |records: &CellRecords| Cell {
        schedule: None,
        faults: first.records.cell.faults.clone(),
        place: first.records.cell.place.clone(),
        ..records.cell.clone()
    };
    let parts = |c: &Characterised<'_>| {
        let schedule = c.records.cell.schedule.as_ref();
        schedule.map(|schedule| (schedule.tech.clone(), schedule.classes))
    };
    if let Some(other) = found.iter().find(|other| {
        setting(other.records) != setting(first.records) || parts(other) != parts(first)
    }) {
        let (a, b) = (&first.records.cell, &other.records.cell);
        let found = format!(
            "cells of several settings, such as protection {} and {}, interval {} and {}, {} and {} \
             steps",
            a.protection, b.protection, a.interval, b.interval, a.steps, b.steps
        );
        return Err(refused(found, "one; --protection chooses"));
    }
    let mut points: Vec<Setpoint> = Vec::new();
    for characterised in &found {
        if !points.contains(&characterised.point) {
            points.push(characterised.point);
        }
    }
    if points.len() >= crate::config::POINTS {
        let found = format!("{} operating points", points.len());
        return Err(refused(
            found,
            "7 at most: the hardware's table has 8 with nominal",
        ));
    }
    let mut cells = Vec::new();
    let mut nominal = 0.0;
    for class in policy::Cell::all() {
        let mut sensitivity = Sensitivity {
            cell: class,
            loss: vec![Loss::default()],
            energy: Vec::new(),
        };
        for point in &points {
            let at = |c: &&Characterised<'_>| c.class == class && c.point == *point;
            let Some(characterised) = found.iter().find(at) else {
                let found = format!(
                    "no records of class {},{} at {point:?}",
                    class.timestep, class.block
                );
                return Err(refused(found, "every class at every point"));
            };
            let records = characterised.records;
            let estimate = records.lpips(CONFIDENCE);
            let (mean, upper) = estimate.map_or((0.0, 0.0), |estimate| {
                let interval = estimate.interval.unwrap_or([estimate.value; 2]);
                (estimate.value, interval[1])
            });
            sensitivity.loss.push(Loss {
                mean,
                half_width: match counted {
                    Counted::Upper => upper - mean,
                    Counted::Mean => 0.0,
                },
            });
            let setup = Setup::new(records, model, accelerator)?;
            let (run, recovery) = setup.costs(records)?;
            let (of_class, of_recovery) = match objective {
                Objective::Energy => (energy(&run, class), recovery.joules()),
                Objective::Time => (run.seconds_by_cell[class.index()], recovery.seconds),
            };
            if sensitivity.energy.is_empty() {
                let run = setup.at_nominal().report()?;
                let one = match objective {
                    Objective::Energy => energy(&run, class),
                    Objective::Time => run.seconds_by_cell[class.index()],
                };
                nominal += one;
                sensitivity.energy.push(one);
            }
            sensitivity.energy.push(of_class + of_recovery);
        }
        cells.push(sensitivity);
    }
    let choice = optimise(&cells, bound)?;
    let named = first
        .records
        .cell
        .schedule
        .as_ref()
        .expect("only cells with one");
    Ok(Optimised {
        schedule: DvfsSchedule {
            name: format!("optimised, {bound}"),
            ..used(&choice, &points, named)
        },
        loss: choice.loss,
        amount: choice.energy,
        nominal,
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
