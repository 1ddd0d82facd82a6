//! Schedules of operating points.

use super::{Cell, Policy};
use crate::config::{BLOCK_CLASSES, TIMESTEP_CLASSES};
use serde::{Deserialize, Serialize};

/// A point for every cell, as indices into the table of points; 0 is nominal. It is
/// [`crate::config::RunDefaults::schedule`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Schedule(pub [[u8; BLOCK_CLASSES]; TIMESTEP_CLASSES]);

impl Schedule {
    /// The same point everywhere: the ablation without resilience-aware schedule.
    pub fn uniform(point: u8) -> Self {
        Self([[point; BLOCK_CLASSES]; TIMESTEP_CLASSES])
    }

    /// The paper's rule (arXiv 2604.09073): early steps, embeddings and first blocks at the
    /// nominal point, everything else at `point`. [`super::Classes::protecting`] says how many.
    pub fn paper(point: u8) -> Self {
        let mut schedule = Self::uniform(0);
        for cell in Cell::all().filter(|cell| cell.timestep > 0 && cell.block > 0) {
            schedule.set(cell, point);
        }
        schedule
    }

    /// `point` in one cell, nominal in all others: for the characterisation of that cell.
    pub fn only(cell: Cell, point: u8) -> Self {
        let mut schedule = Self::uniform(0);
        schedule.set(cell, point);
        schedule
    }

    /// The point of a cell.
    pub fn of(&self, cell: Cell) -> u8 {
        self.0[usize::from(cell.timestep)][usize::from(cell.block)]
    }

    /// Sets the point of a cell.
    pub fn set(&mut self, cell: Cell, point: u8) {
        self.0[usize::from(cell.timestep)][usize::from(cell.block)] = point;
    }
}

impl Policy for Schedule {
    fn point(&self, cell: Cell) -> u8 {
        self.of(cell)
    }

    fn observe(&mut self, _flagged_lines: u32) {}
}
