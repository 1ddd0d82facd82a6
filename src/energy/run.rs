//! A denoising run: GEMMs × steps under a schedule of operating points.

use super::{Cost, Machine, Parts};
use crate::baseline::{Hardware, Work, checkpoint_work, recompute_work, rollback_work};
use crate::config::ArrayConfig;
use crate::fault::Sampler;
use crate::forecast::{FullSteps, is_forecast};
use crate::golden::Layout;
use crate::model::GemmShape;
use crate::policy::{Cell, Classes, Schedule};
use crate::tech::{OperatingPoint, TechError};
use crate::tiling::Tiling;
use serde::Serialize;
use std::collections::BTreeMap;
use thiserror::Error;

/// Checkpoints and rollbacks without simulated faults.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Analytic {
    /// Steps from one checkpoint to the next.
    pub interval: usize,
    /// Share of the tiles that is rolled back, 0..=1, in cells away from nominal; with
    /// [`Run::errors`], those say.
    pub rollbacks: f64,
    /// Layout of the checkpoints.
    pub layout: Layout,
}

/// How often tiles are wrong, and what the protection does then.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Errors {
    /// Probability that a captured psum word is wrong, by point.
    pub word_wrong: Vec<f64>,
    /// Share of the tiles with wrong words that is rolled back.
    pub rolled_back: f64,
    /// Share of the tiles with wrong words that is recomputed.
    pub recomputed: f64,
}

impl Errors {
    /// Expected number of tiles of a GEMM with wrong words, at a point.
    fn tiles(&self, config: &ArrayConfig, shape: &GemmShape, point: u8) -> f64 {
        let wrong = self.word_wrong.get(usize::from(point)).copied();
        let tiling = Tiling::new(config, shape.m, shape.k, shape.n);
        let right = (1.0 - wrong.unwrap_or(0.0)).max(0.0).ln();
        let faulty = |tile| {
            let words = Sampler::psum_words(config, &tiling, &tile) as f64;
            -f64::exp_m1(words * right)
        };
        tiling.tiles().map(faulty).sum()
    }
}

/// A run to be costed.
#[derive(Clone, Debug)]
pub struct Run<'a> {
    /// What it runs on.
    pub machine: &'a Machine,
    /// GEMMs of one step; the rows of guidance are in them.
    pub shapes: &'a [GemmShape],
    /// Denoising steps.
    pub steps: usize,
    /// Classes of steps and blocks.
    pub classes: Classes,
    /// Points of the classes.
    pub schedule: Schedule,
    /// The table of points; the schedule's indices are into it.
    pub points: &'a [OperatingPoint],
    /// What the protection adds to the array.
    pub hardware: Hardware,
    /// DRIFT's checkpoints; none without.
    pub checkpoints: Option<Analytic>,
    /// Errors, of which some tiles are rolled back or recomputed; none without.
    pub errors: Option<Errors>,
    /// TaylorSeer's full steps; all are full without.
    pub full_steps: Option<FullSteps>,
}

/// Why a run cannot be costed.
#[derive(Debug, Error)]
pub enum RunError {
    /// The table of points is shorter than the schedule asks for.
    #[error("the schedule names point {point}; expected one of the {points} points of the table")]
    Point {
        /// The point.
        point: u8,
        /// Points there are.
        points: usize,
    },
    /// The technology table does not reach a point.
    #[error(transparent)]
    Tech(#[from] TechError),
}

/// What a run costs, for one image.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Everything.
    pub total: Cost,
    /// By kind of GEMM; without transitions between points.
    pub by_kind: BTreeMap<String, Cost>,
    /// Energy in pJ by timestep class and block class; without transitions.
    pub by_cell: Vec<f64>,
    /// Time in s by timestep class and block class; without transitions.
    pub seconds_by_cell: Vec<f64>,
    /// Changes of the operating point.
    pub transitions: u64,
    /// MACs of the outputs.
    pub macs: u64,
}

impl Report {
    /// Energy by part, in pJ.
    pub fn parts(&self) -> &Parts {
        &self.total.energy
    }

    /// A share of it, as part of a mean of runs of the same GEMMs.
    pub fn weighted(self, share: f64) -> Self {
        let scaled = |values: Vec<f64>| values.into_iter().map(|value| value * share).collect();
        let kinds = self.by_kind.into_iter();
        Self {
            total: self.total * share,
            by_kind: kinds.map(|(kind, cost)| (kind, cost * share)).collect(),
            by_cell: scaled(self.by_cell),
            seconds_by_cell: scaled(self.seconds_by_cell),
            ..self
        }
    }

    /// With another part of the mean.
    pub fn with(mut self, other: &Self) -> Self {
        let add = |sums: &mut [f64], more: &[f64]| {
            for (sum, more) in sums.iter_mut().zip(more) {
                *sum += more;
            }
        };
        self.total += other.total;
        for (kind, cost) in &other.by_kind {
            *self.by_kind.entry(kind.clone()).or_default() += *cost;
        }
        add(&mut self.by_cell, &other.by_cell);
        add(&mut self.seconds_by_cell, &other.seconds_by_cell);
        self
    }
}

impl Run<'_> {
    /// The same GEMMs on the plain array at its nominal point, all steps in full.
    pub fn plain(&self) -> Self {
        Self {
            schedule: Schedule::uniform(0),
            hardware: Hardware::Plain,
            checkpoints: None,
            errors: None,
            full_steps: None,
            ..self.clone()
        }
    }

    /// Sums up the run, GEMM by GEMM in the order of the forward pass.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn report(&self) -> Result<Report, RunError> {
        for cell in Cell::all() {
            self.point(self.schedule.of(cell))?;
        }
        let mut report = Report {
            total: Cost::default(),
            by_kind: BTreeMap::new(),
            by_cell: vec![0.0; Cell::all().count()],
            seconds_by_cell: vec![0.0; Cell::all().count()],
            transitions: 0,
            macs: 0,
        };
        let mut costs = BTreeMap::new();
        let mut checkpoints = BTreeMap::new();
        let seen_before = |index: usize| {
            let before = &self.shapes[..index];
            before
                .iter()
                .any(|shape| shape.layer == self.shapes[index].layer)
        };
        let first_of_layer: Vec<bool> = (0..self.shapes.len()).map(|i| !seen_before(i)).collect();
        let holds_weights = self.machine.holds_weights(self.shapes);
        let mut at: Option<OperatingPoint> = None;
        for step in 0..self.steps {
            let full = self.full_steps.is_none_or(|full| full.is_full(step));
            for (index, shape) in self.shapes.iter().enumerate() {
                if !full && is_forecast(&shape.layer) {
                    continue;
                }
                let cell = self.classes.cell(step, shape.block);
                let point = self.schedule.of(cell);
                // A forecast layer comes by in full steps only; one that runs twice in a step has
                // written its checkpoint the first time.
                let writes = first_of_layer[index]
                    && self
                        .checkpoints
                        .is_some_and(|c| self.writes(step, shape, c.interval));
                let resident = holds_weights && step > 0;
                let key = (index, point, writes, resident);
                let cost = match costs.get(&key) {
                    Some(cost) => *cost,
                    None => {
                        // Blocks have outputs of the same size, and counting their rows is slow.
                        let written = match self.checkpoints.filter(|_| writes) {
                            Some(analytic) => *checkpoints
                                .entry((shape.m, shape.n))
                                .or_insert_with(|| self.checkpoint(analytic.layout, shape)),
                            None => Work::default(),
                        };
                        let cost = self.cost(shape, point, written, resident)?;
                        costs.insert(key, cost);
                        cost
                    }
                };
                let point = self.point(point)?;
                if let Some(before) = at.replace(point)
                    && before != point
                {
                    report.total += self.machine.transition(before, point)?;
                    report.transitions += 1;
                }
                report.total += cost;
                *report.by_kind.entry(shape.kind.to_string()).or_default() += cost;
                report.by_cell[cell.index()] += cost.energy.total();
                report.seconds_by_cell[cell.index()] += cost.seconds;
                report.macs += shape.macs();
            }
        }
        Ok(report)
    }

    fn point(&self, point: u8) -> Result<OperatingPoint, RunError> {
        let found = self.points.get(usize::from(point)).copied();
        found.ok_or(RunError::Point {
            point,
            points: self.points.len(),
        })
    }

    /// Whether a layer writes its checkpoint in a step: in the first that it runs in, and in the
    /// first that is `interval` steps or more after the one before.
    fn writes(&self, step: usize, shape: &GemmShape, interval: usize) -> bool {
        let forecast = is_forecast(&shape.layer);
        let runs = |step| !forecast || self.full_steps.is_none_or(|full| full.is_full(step));
        let mut written: Option<usize> = None;
        for at in (0..=step).filter(|at| runs(*at)) {
            if written.is_none_or(|written| at - written >= interval) {
                written = Some(at);
            }
        }
        written == Some(step)
    }

    /// Work of writing a shape's checkpoint.
    fn checkpoint(&self, layout: Layout, shape: &GemmShape) -> Work {
        let (config, device) = (self.machine.config(), self.machine.device());
        checkpoint_work(config, device, layout, (shape.m, shape.n))
    }

    /// Cost of all GEMMs of a shape in one step, with the work of writing its checkpoint.
    fn cost(
        &self,
        shape: &GemmShape,
        point: u8,
        written: Work,
        resident: bool,
    ) -> Result<Cost, RunError> {
        let config = self.machine.config();
        let mut work = written;
        let faulty = match &self.errors {
            Some(errors) if point > 0 => Some(errors.tiles(config, shape, point)),
            Some(_) => Some(0.0),
            None => None,
        };
        if let Some(checkpoints) = &self.checkpoints {
            let (size, layout) = ((shape.m, shape.n), checkpoints.layout);
            let device = self.machine.device();
            let share = match (&self.errors, faulty) {
                (Some(errors), Some(faulty)) => {
                    let tiles = Tiling::new(config, shape.m, shape.k, shape.n).len() as f64;
                    errors.rolled_back * faulty / tiles
                }
                _ if point > 0 => checkpoints.rollbacks,
                _ => 0.0,
            };
            work += rollback_work(config, device, layout, size, share);
        }
        if let (Some(errors), Some(faulty)) = (&self.errors, faulty) {
            let all = Tiling::new(config, shape.m, shape.k, shape.n).len() as f64;
            let tiles = (errors.recomputed * faulty).min(all).round() as u64;
            let checksums = self.hardware == Hardware::Checksums;
            work += recompute_work(config, (shape.m, shape.k, shape.n), tiles, checksums);
        }
        let point = self.point(point)?;
        let mut traffic = self.machine.traffic(self.hardware, shape);
        if resident {
            traffic = traffic.resident();
        }
        let machine = self.machine;
        let one = machine.gemm_of(shape, &traffic, point, self.hardware, &work)?;
        Ok(one * shape.count as f64)
    }
}
