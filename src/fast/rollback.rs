//! Rollback of tiles (design.md §5): what becomes of one by its flags, the elements that
//! come from elsewhere, and when and how checkpoints are written. Columns beyond N are no
//! outputs, but faults reach them and checkpoints hold them.

use super::checkpoint::Checkpoint;
use crate::config::{ArrayConfig, REPEAT_DEPTH};
use crate::tiling::{Tile, Tiling};
use ndarray::{ArrayView2, ArrayViewMut2, s};
use std::collections::HashMap;

/// What becomes of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is flagged.
    Clean,
    /// It stays as it is.
    Keep,
    /// It should be recomputed, but too many tiles wait for that already, and stays.
    Overflow,
    /// Its masked elements are replaced.
    RollBack,
    /// It is void, and recomputed at the end of the GEMM.
    Recompute,
}

/// Which tiles are recomputed instead of kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recompute {
    /// Masked tiles without a checkpoint.
    pub missing: bool,
    /// Tiles with flags in one direction only.
    pub unlocated: bool,
}

impl Recompute {
    /// What becomes of a tile with these flagged rows and columns. `valid` says whether its
    /// layer has a checkpoint, `repeats` how many tiles of the GEMM are recomputed already.
    pub fn verdict(self, flags: [&[usize]; 2], valid: bool, repeats: usize) -> Verdict {
        let wanted = match flags.map(|lines| !lines.is_empty()) {
            [false, false] => return Verdict::Clean,
            [true, true] if valid => return Verdict::RollBack,
            [true, true] => self.missing,
            _ => self.unlocated,
        };
        match wanted {
            false => Verdict::Keep,
            true if repeats < REPEAT_DEPTH => Verdict::Recompute,
            true => Verdict::Overflow,
        }
    }
}

/// Elements of a tile by row and column.
pub type Elements = Vec<(usize, usize, i32)>;

/// What faults put into the columns of a tile beyond N: the deltas there, as the exact elements are zero.
pub fn beyond(config: &ArrayConfig, tile: &Tile, deltas: &[(usize, usize, i32)]) -> Elements {
    let columns = tile.columns.len()..config.columns;
    let within = |&(row, column, _): &(usize, usize, i32)| {
        row < tile.rows.len() && columns.contains(&column)
    };
    deltas.iter().copied().filter(within).collect()
}

/// Replaces the masked elements of a tile of the outputs `y`, M×N; `beyond` has those beyond N.
/// Flagged rows and columns are ascending.
pub fn replace(
    tile: &Tile,
    [rows, columns]: [&[usize]; 2],
    y: &mut ArrayViewMut2<'_, i32>,
    beyond: &mut Elements,
    with: impl Fn(usize, usize) -> i32,
) {
    let flagged = |lines: &[usize], line: &usize| lines.binary_search(line).is_ok();
    beyond.retain(|(row, column, _)| !(flagged(rows, row) && flagged(columns, column)));
    for &row in rows {
        for &column in columns {
            let value = with(row, column);
            if column < tile.columns.len() {
                y[[tile.rows.start + row, tile.columns.start + column]] = value;
            } else {
                beyond.push((row, column, value));
            }
        }
    }
}

/// Whether a layer's checkpoint is written in a step: `written` is that of the last one. Steps
/// are numbers of 16 bits.
pub fn is_due(step: u32, written: Option<u32>, interval: u32) -> bool {
    let age = written.map(|written| step.wrapping_sub(written) & 0xffff);
    age.is_none_or(|age| age >= interval)
}

/// Encodes all tiles of the outputs `y`, M×N, into `checkpoints`; `beyond` has what is beyond N,
/// by tile.
pub fn encode(
    config: &ArrayConfig,
    tiling: &Tiling,
    y: ArrayView2<'_, i32>,
    beyond: &HashMap<usize, Elements>,
    checkpoints: &mut Vec<Checkpoint>,
) {
    checkpoints.resize_with(tiling.len(), Checkpoint::default);
    for (tile, checkpoint) in tiling.tiles().zip(checkpoints) {
        let outputs = y.slice(s![tile.rows, tile.columns]);
        let beyond = beyond.get(&tile.index).map_or(&[][..], Vec::as_slice);
        checkpoint.encode(outputs, config.columns, beyond);
    }
}
