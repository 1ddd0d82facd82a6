//! Energy and time of the images of a cell.
//!
//! The GEMMs of a step, each at the operating point that the cell's schedule gives its class, with
//! the hardware of its protection and the checkpoints that are due; and what the protection did when
//! tiles were wrong.
//!
//! - The embedded model on the array that it was run on: as counted in the records.
//! - Another model, or another array, under the same schedule: as many wrong tiles as the technology
//!   table lets expect, of which the same shares as in the records are rolled back and recomputed.
//!   Of that model no quality was measured.
//! - In the adaptive mode, the points that the records' tiles ran at: a mean of the run at each of them,
//!   weighted by the array's cycles there, and the changes that were counted. Of another model or array,
//!   whose tiles have other flags, nothing is known.

use super::costed_model::CostedModel;
use super::{Cell, CellRecords, Faults};
use crate::baseline::{DriftSettings, Hardware, ProtectionKind};
use crate::config::ArrayConfig;
use crate::dram::Device;
use crate::energy::{
    Analytic, Constants, Cost, EnergyError, Errors, Held, Machine, Parts, Report, Run, RunError,
};
use crate::forecast::{Forecast, FullSteps};
use crate::golden::Layout;
use crate::infer::{EMBEDDED, Selector};
use crate::input::InputError;
use crate::model::{GemmShape, ModelError};
use crate::policy::{self, ClassShares, Classes, DvfsSchedule, Schedule, Setpoint};
use crate::tech::{self, OperatingPoint, Table, TechError};
use serde::Serialize;
use thiserror::Error;

/// What a cell cannot be costed for.
#[derive(Debug, Error)]
pub enum CostError {
    /// A bit error rate says nothing of voltage and frequency.
    #[error(
        "faults at a bit error rate of {ber} have no operating point; expected a policy, a voltage or a frequency"
    )]
    NoPoint {
        /// The rate.
        ber: f64,
    },
    /// Faults in a place that no schedule describes.
    #[error("place {name:?} is not allowed; expected faults everywhere, or a policy")]
    Place {
        /// Its name.
        name: String,
    },
    /// TaylorSeer on a network whose blocks are not forecast.
    #[error("TaylorSeer {forecast} on {model} is not allowed; expected a DiT or PixArt model")]
    Forecast {
        /// As the cell has it.
        forecast: Forecast,
        /// The model.
        model: String,
    },
    /// The adaptive mode elsewhere than where its flags were counted.
    #[error(
        "the adaptive policy on {model} is not allowed; expected {EMBEDDED} on the array of the records, whose flags moved it"
    )]
    Adaptive {
        /// The model.
        model: String,
    },
    /// The accelerator's configuration.
    #[error(transparent)]
    Config(#[from] InputError),
    /// Constants or memory.
    #[error(transparent)]
    Energy(#[from] EnergyError),
    /// The technology.
    #[error(transparent)]
    Tech(#[from] TechError),
    /// The run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The model.
    #[error(transparent)]
    Model(#[from] ModelError),
}

/// What images are costed on.
#[derive(Clone, Debug)]
pub struct Accelerator {
    /// Array; the cell's own if left out.
    pub config: Option<ArrayConfig>,
    /// DRAM, by its name in the constants.
    pub memory: String,
    /// Constants.
    pub constants: Constants,
    /// Feature size of the on-chip memories in nm; that of the technology table if left out.
    pub nm: Option<f64>,
}

impl Accelerator {
    /// The cell's own array, with a memory of the shipped constants.
    pub fn with_memory(memory: &str) -> Self {
        Self {
            config: None,
            memory: memory.to_owned(),
            constants: Constants::shipped(),
            nm: None,
        }
    }

    fn machine(&self, own: &ArrayConfig, tech: &str) -> Result<Machine, CostError> {
        let config = self.config.as_ref().unwrap_or(own);
        let table = Table::load(tech)?;
        let machine = Machine::new(config, &table, &self.memory, &self.constants, self.nm)?;
        Ok(machine)
    }
}

/// Cost of one image of a cell, beside that of the plain array at its nominal point with all steps
/// in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellCost {
    /// The run, with the protection's hardware and checkpoints.
    pub run: Report,
    /// What recovery took on top, where it is not in `run`.
    pub recovery: Cost,
    /// The plain array at its nominal point.
    pub nominal: Report,
}

impl CellCost {
    /// All of it.
    pub fn total(&self) -> Cost {
        let mut total = self.run.total;
        total += self.recovery;
        total
    }

    /// Energy by part, in pJ.
    pub fn parts(&self) -> Parts {
        self.total().energy
    }

    /// Share of the nominal energy that is saved; below 0 where it takes more.
    pub fn energy_saved(&self) -> f64 {
        1.0 - self.total().joules() / self.nominal.total.joules()
    }

    /// How much faster than nominal.
    pub fn speedup(&self) -> f64 {
        self.nominal.total.seconds / self.total().seconds
    }
}

/// The schedule of a cell: its own, or its point everywhere.
fn schedule(cell: &Cell) -> Result<DvfsSchedule, CostError> {
    if let Some(schedule) = &cell.schedule {
        return Ok(schedule.clone());
    }
    let uniform = |tech: &str, point, index| {
        let classes = ClassShares::protecting(policy::EARLY, policy::FIRST);
        let schedule = Schedule::uniform(index);
        DvfsSchedule::two_points("uniform", tech, classes, point, schedule)
    };
    match &cell.faults {
        Faults::Uniform { ber, .. } if *ber == 0.0 => {
            Ok(uniform(tech::DEFAULT, Setpoint::default(), 0))
        }
        Faults::Uniform { ber, .. } => Err(CostError::NoPoint { ber: *ber }),
        Faults::Timing { .. } if cell.place.any != [Selector::default()] => Err(CostError::Place {
            name: cell.place.name.clone(),
        }),
        Faults::Timing {
            voltage,
            frequency,
            tech,
        } => {
            let point = Setpoint {
                voltage: *voltage,
                frequency: *frequency,
            };
            Ok(uniform(tech, point, 1))
        }
    }
}

/// What a protection adds to the array.
fn hardware(kind: ProtectionKind, device: &Device) -> Hardware {
    kind.build(DriftSettings::default(), device).hardware()
}

/// Costs an image of a cell. The records say what its protection did.
///
/// # Errors
/// [`CostError`].
pub fn cost(
    records: &CellRecords,
    model: &CostedModel,
    accelerator: &Accelerator,
) -> Result<CellCost, CostError> {
    let setup = Setup::new(records, model, accelerator)?;
    let (run, recovery) = setup.costs(records)?;
    Ok(CellCost {
        run,
        recovery,
        nominal: setup.run().plain().report()?,
    })
}

/// What a cell's cost follows from.
pub(super) struct Setup {
    machine: Machine,
    shapes: Vec<GemmShape>,
    points: Vec<OperatingPoint>,
    steps: usize,
    classes: Classes,
    schedule: Schedule,
    hardware: Hardware,
    checkpoints: Option<Analytic>,
    errors: Option<Errors>,
    full_steps: Option<FullSteps>,
    /// Of an image on average, in the adaptive mode.
    adaptive: Option<Adaptive>,
}

/// Point 0 is nominal.
const NOMINAL: u8 = 0;

/// Where the error monitor had the array.
struct Adaptive {
    /// Share of the cycles at each point.
    shares: Vec<f64>,
    /// Changes per image: from, to, how often.
    changes: Vec<(u8, u8, f64)>,
}

impl Adaptive {
    fn of(records: &CellRecords) -> Option<Self> {
        let used = records.points()?;
        let images = records.images.len() as f64;
        let change = |&(from, to, times): &(u8, u8, u64)| (from, to, times as f64 / images);
        Some(Self {
            shares: used.shares(),
            changes: used.changes.iter().map(change).collect(),
        })
    }
}

impl Setup {
    pub fn new(
        records: &CellRecords,
        model: &CostedModel,
        accelerator: &Accelerator,
    ) -> Result<Self, CostError> {
        let cell = &records.cell;
        let own = ArrayConfig::load(&cell.config)?;
        if let Some(forecast) = cell.taylorseer.filter(|_| !model.takes_forecast) {
            return Err(CostError::Forecast {
                forecast,
                model: model.name.clone(),
            });
        }
        let schedule = schedule(cell)?;
        let machine = accelerator.machine(&own, &schedule.tech)?;
        let shapes = model.shapes.iter().cloned();
        let shapes = match cell.guidance {
            1.0 => shapes.collect(),
            _ => shapes.map(GemmShape::guided).collect(),
        };
        let points = schedule.operating_points(machine.table());
        let counted = model.name == EMBEDDED && *machine.config() == own;
        if schedule.adaptive.is_some() && !counted {
            return Err(CostError::Adaptive {
                model: model.name.clone(),
            });
        }
        let errors = if counted {
            None
        } else {
            let work = records.work();
            let share = |tiles: u64| tiles as f64 / (work.faulty_tiles as f64).max(1.0);
            // One row of a pass is its first.
            let first = 1.0 / machine.config().pass_rows() as f64;
            let wrong = |point| Ok(machine.table().errors(point)?.mean(first).word_wrong);
            let word_wrong = points.iter().copied().map(wrong);
            Some(Errors {
                word_wrong: word_wrong.collect::<Result<_, TechError>>()?,
                rolled_back: share(work.rollbacks),
                recomputed: share(work.recomputed_tiles),
            })
        };
        let layout = match cell.protection {
            ProtectionKind::DriftRowMajor => Layout::RowMajor,
            _ => Layout::Tile,
        };
        Ok(Self {
            shapes,
            points,
            steps: cell.steps,
            classes: schedule.classes.classes(cell.steps, model.blocks),
            schedule: schedule.schedule,
            hardware: hardware(cell.protection, machine.device()),
            checkpoints: cell.protection.rolls_back().then_some(Analytic {
                interval: cell.interval as usize,
                rollbacks: 0.0,
                layout,
            }),
            errors,
            full_steps: cell.taylorseer.map(|forecast| forecast.full_steps()),
            machine,
            adaptive: Adaptive::of(records),
        })
    }

    /// The same with all classes at nominal.
    pub fn at_nominal(self) -> Self {
        Self {
            schedule: Schedule::uniform(NOMINAL),
            adaptive: None,
            ..self
        }
    }

    fn run(&self) -> Run<'_> {
        Run {
            machine: &self.machine,
            shapes: &self.shapes,
            steps: self.steps,
            classes: self.classes,
            schedule: self.schedule,
            points: &self.points,
            hardware: self.hardware,
            checkpoints: self.checkpoints,
            errors: self.errors.clone(),
            full_steps: self.full_steps,
        }
    }

    /// Without recovery.
    pub fn report(&self) -> Result<Report, CostError> {
        match &self.adaptive {
            None => Ok(self.run().report()?),
            Some(adaptive) => self.moved(adaptive),
        }
    }

    /// The mean over the points that tiles ran at, with the changes between them.
    fn moved(&self, adaptive: &Adaptive) -> Result<Report, CostError> {
        let mut mean: Option<Report> = None;
        let shares = adaptive.shares.iter().enumerate();
        for (point, share) in shares.filter(|(_, share)| **share > 0.0) {
            let at = Run {
                schedule: Schedule::uniform(point as u8),
                ..self.run()
            };
            let part = at.report()?.weighted(*share);
            mean = Some(match mean {
                None => part,
                Some(sum) => sum.with(&part),
            });
        }
        let mut mean = match mean {
            Some(mean) => mean,
            None => self.run().report()?,
        };
        let mut changes = 0.0;
        for &(from, to, times) in &adaptive.changes {
            let [from, to] = [from, to].map(|point| self.points[usize::from(point)]);
            mean.total += self.machine.transition(from, to)? * times;
            changes += times;
        }
        mean.transitions = f64::round(changes) as u64;
        Ok(mean)
    }

    /// The operands that every GEMM still has on chip at its end.
    fn held(&self) -> Held {
        let held = |shape: &GemmShape| self.machine.held(shape);
        Held {
            x: self.shapes.iter().all(|shape| held(shape).x),
            w: self.shapes.iter().all(|shape| held(shape).w),
        }
    }

    /// The run, and what recovery took on top.
    pub fn costs(&self, records: &CellRecords) -> Result<(Report, Cost), CostError> {
        // The most aggressive point, from which a visit to nominal costs most.
        let furthest = self.points.last().copied();
        let furthest = furthest.unwrap_or(self.machine.nominal());
        let counted = self.errors.is_none() && !records.images.is_empty();
        let recovery = if counted {
            let work = records.work();
            let all = self
                .machine
                .recovery(furthest, self.hardware, self.held(), &work)?;
            all * (1.0 / records.images.len() as f64)
        } else {
            Cost::default()
        };
        Ok((self.report()?, recovery))
    }
}
