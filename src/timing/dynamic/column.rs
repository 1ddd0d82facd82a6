//! One column of PEs in some passes of an output tile.

use super::state::PeState;
use crate::config::ArrayConfig;
use crate::golden::digits;
use crate::tiling::Tiling;
use crate::workload::Gemm;
use std::ops::Range;

/// The operands of a column: pass by pass the weights are swapped, then the tile's rows of
/// activations follow each other, and the two checksum rows.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Rows of a pass.
    pub(super) lines: usize,
    pub(super) passes: usize,
    pub(super) pe_rows: usize,
    /// `[pass · lines + line][pe_row]`.
    activations: Vec<i8>,
    /// `[pass][pe_row]`.
    weights: Vec<i8>,
}

/// Where an operand of a column stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operand {
    /// Of this row of the pass.
    Activation(usize),
    /// For the whole pass.
    Weight,
}

impl Column {
    /// Operands of some passes of `lines` rows on `pe_rows` PEs: the function is called with k,
    /// counted over all PE rows of all passes from 0.
    pub(super) fn from_fn(
        passes: Range<usize>,
        [lines, pe_rows]: [usize; 2],
        mut of: impl FnMut(usize, Operand) -> i8,
    ) -> Self {
        let mut activations = Vec::with_capacity(passes.len() * lines * pe_rows);
        let mut weights = Vec::with_capacity(passes.len() * pe_rows);
        for pass in passes.clone() {
            let depth = pass * pe_rows..(pass + 1) * pe_rows;
            weights.extend(depth.clone().map(|k| of(k, Operand::Weight)));
            for line in 0..lines {
                activations.extend(depth.clone().map(|k| of(k, Operand::Activation(line))));
            }
        }
        Self {
            lines,
            passes: passes.len(),
            pe_rows,
            activations,
            weights,
        }
    }

    /// Column `lane` of the array in some passes of tile `tile` of a GEMM. Right of a
    /// narrow tile's columns and below the last k there is padding; the checksum lanes come last.
    pub(super) fn of_tile(
        gemm: &Gemm,
        tiling: &Tiling,
        tile: usize,
        passes: Range<usize>,
        lane: usize,
        config: &ArrayConfig,
    ) -> Self {
        let tile = tiling.tile(tile);
        let (x, w) = (gemm.x(), gemm.w());
        let rows = tile.rows.len();
        let digit = |sum: i32, low: bool| {
            let (high_digit, low_digit) = digits(sum);
            if low { low_digit } else { high_digit }
        };
        let weight = |k: usize| {
            if let Some(checksum_lane) = lane.checked_sub(config.columns) {
                let sum = tile.columns.clone().map(|n| i32::from(w[[k, n]])).sum();
                return digit(sum, checksum_lane == 1);
            }
            let column = tile.columns.start + lane;
            if tile.columns.contains(&column) {
                w[[k, column]]
            } else {
                0
            }
        };
        let activation = |line: usize, k: usize| {
            if let Some(checksum_row) = line.checked_sub(rows) {
                let sum = tile.rows.clone().map(|m| i32::from(x[[m, k]])).sum();
                return digit(sum, checksum_row == 1);
            }
            x[[tile.rows.start + line, k]]
        };
        let lines = rows + config.checksum_rows();
        Self::from_fn(passes, [lines, config.rows], |k, operand| match operand {
            _ if k >= tiling.k() => 0,
            Operand::Weight => weight(k),
            Operand::Activation(line) => activation(line, k),
        })
    }

    /// The registers that PE `pe_row` computes a word from; `at` is pass · lines + line.
    pub(super) fn state(&self, at: usize, pe_row: usize, psum_above: i32) -> PeState {
        PeState {
            activation: self.activations[at * self.pe_rows + pe_row],
            weight: self.weights[at / self.lines * self.pe_rows + pe_row],
            valid: true,
            psum_above,
        }
    }

    /// The states of one PE with right partial sums from above, cycle by cycle; the first
    /// one is that of an idle PE.
    pub(super) fn stream(&self, pe_row: usize) -> Vec<PeState> {
        let mut states = vec![PeState::default()];
        states.extend((0..self.passes * self.lines).map(|at| {
            let above = (0..pe_row).fold(0, |sum, row| self.state(at, row, sum).sum());
            self.state(at, pe_row, above)
        }));
        states
    }
}
