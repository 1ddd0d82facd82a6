//! The schedule of least energy under a quality bound.
//!
//! The loss of a schedule is taken to be the sum of its cells' losses, each measured with only that
//! cell away from nominal. Nothing guarantees that; a run with the found schedule has to confirm
//! its quality. The bound is kept by the upper ends of the confidence intervals.
//!
//! It is a multiple-choice knapsack, solved exactly: cell by cell, every combination of points that
//! none beats in both loss and energy is kept.

use super::{Cell, Schedule};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Combinations that are kept at most from cell to cell.
const MOST: usize = 1 << 20;

/// A quality loss with its confidence interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Loss {
    /// Mean.
    pub mean: f64,
    /// Half the width of the confidence interval.
    pub half_width: f64,
}

impl Loss {
    /// Upper end of the confidence interval. Noise does not pay for other cells: at least 0.
    pub fn upper(&self) -> f64 {
        (self.mean + self.half_width).max(0.0)
    }
}

/// What every point costs in a cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sensitivity {
    /// The cell.
    pub cell: Cell,
    /// Quality loss by point.
    pub loss: Vec<Loss>,
    /// Energy by point, in J or any other unit that all cells share.
    pub energy: Vec<f64>,
}

/// A schedule and what it is expected to cost.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The schedule; cells that were not given are nominal.
    pub schedule: Schedule,
    /// Sum of the energies of the given cells.
    pub energy: f64,
    /// Sum of the upper ends of their losses.
    pub loss: f64,
}

/// A table that no schedule can be made from.
#[derive(Debug, Error, PartialEq)]
pub enum OptimiseError {
    /// Lists of other lengths than each other, empty, or longer than the hardware's table.
    #[error(
        "cell ({}, {}): {losses} losses and {energies} energies; expected as many of both, 1 to 8",
        .cell.timestep, .cell.block
    )]
    Points {
        /// The cell.
        cell: Cell,
        /// Losses there are.
        losses: usize,
        /// Energies there are.
        energies: usize,
    },
    /// A number that is none.
    #[error("cell ({}, {}): point {point}: {value} is not allowed; expected finite numbers", .cell.timestep, .cell.block)]
    Value {
        /// The cell.
        cell: Cell,
        /// The point.
        point: usize,
        /// The value found.
        value: f64,
    },
    /// A cell that is given twice.
    #[error("cell ({}, {}) is given twice; expected once", .cell.timestep, .cell.block)]
    Twice {
        /// The cell.
        cell: Cell,
    },
    /// Not even the gentlest points keep the bound.
    #[error("no schedule keeps the loss within {bound}; expected {least} at least")]
    Bound {
        /// The bound.
        bound: f64,
        /// The smallest loss that can be had.
        least: f64,
    },
    /// Too many combinations, none of which beats another.
    #[error(
        "more than {MOST} combinations of points that none beats; expected fewer points or cells"
    )]
    TooMany,
}

/// A combination of points for the cells so far; `before` is its place in the list before.
struct Partial {
    loss: f64,
    energy: f64,
    point: u8,
    before: usize,
}

/// Finds the schedule of least energy whose loss is at most `bound`.
///
/// # Errors
/// [`OptimiseError`].
pub fn optimise(cells: &[Sensitivity], bound: f64) -> Result<Choice, OptimiseError> {
    check(cells)?;
    let least = |cell: &Sensitivity| cell.loss.iter().map(Loss::upper).fold(f64::MAX, f64::min);
    // What the cells from each on need at least.
    let mut needed = vec![0.0; cells.len() + 1];
    for (i, cell) in cells.iter().enumerate().rev() {
        needed[i] = needed[i + 1] + least(cell);
    }
    // Sums in other orders may differ in their last digits.
    let slack = 1e-12 * bound.abs().max(needed[0]);
    if needed[0] > bound + slack {
        return Err(OptimiseError::Bound {
            bound,
            least: needed[0],
        });
    }
    let mut lists = vec![vec![Partial {
        loss: 0.0,
        energy: 0.0,
        point: 0,
        before: 0,
    }]];
    for (i, cell) in cells.iter().enumerate() {
        let room = bound + slack - needed[i + 1];
        lists.push(extend(&lists[i], cell, room)?);
    }
    // Sorted by loss, energy falls: the last is the cheapest.
    let last = lists.last().expect("one more than cells");
    let mut at = last.len() - 1;
    let (energy, loss) = (last[at].energy, last[at].loss);
    let mut schedule = Schedule::default();
    for (i, cell) in cells.iter().enumerate().rev() {
        let partial = &lists[i + 1][at];
        schedule.set(cell.cell, partial.point);
        at = partial.before;
    }
    Ok(Choice {
        schedule,
        energy,
        loss,
    })
}

/// The combinations with one cell more that fit into `room` and that none beats.
fn extend(
    before: &[Partial],
    cell: &Sensitivity,
    room: f64,
) -> Result<Vec<Partial>, OptimiseError> {
    let mut all: Vec<Partial> = Vec::new();
    for (index, partial) in before.iter().enumerate() {
        for (point, (loss, energy)) in cell.loss.iter().zip(&cell.energy).enumerate() {
            let loss = partial.loss + loss.upper();
            if loss <= room {
                all.push(Partial {
                    loss,
                    energy: partial.energy + energy,
                    point: point as u8,
                    before: index,
                });
            }
        }
    }
    all.sort_by(|a, b| {
        a.loss
            .total_cmp(&b.loss)
            .then(a.energy.total_cmp(&b.energy))
    });
    let mut best = f64::INFINITY;
    all.retain(|partial| {
        let better = partial.energy < best;
        best = best.min(partial.energy);
        better
    });
    if all.len() > MOST {
        return Err(OptimiseError::TooMany);
    }
    Ok(all)
}

fn check(cells: &[Sensitivity]) -> Result<(), OptimiseError> {
    for (i, sensitivity) in cells.iter().enumerate() {
        let cell = sensitivity.cell;
        let (losses, energies) = (sensitivity.loss.len(), sensitivity.energy.len());
        if losses != energies || !(1..=crate::config::POINTS).contains(&losses) {
            return Err(OptimiseError::Points {
                cell,
                losses,
                energies,
            });
        }
        let losses = sensitivity
            .loss
            .iter()
            .map(|loss| loss.mean + loss.half_width);
        for (place, value) in losses.chain(sensitivity.energy.iter().copied()).enumerate() {
            if !value.is_finite() {
                let point = place % energies;
                return Err(OptimiseError::Value { cell, point, value });
            }
        }
        if cells[..i].iter().any(|other| other.cell == cell) {
            return Err(OptimiseError::Twice { cell });
        }
    }
    Ok(())
}
