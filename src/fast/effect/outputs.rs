//! What faults add to the outputs alone: without syndromes and flags, the
//! checksum lanes and the padding need not be looked at.

use super::operands::Operands;
use super::{os, ws};
use crate::config::{ArrayConfig, Dataflow};
use crate::fast::PackedWeights;
use crate::fast::blocks::Delta;
use crate::fault::{Fault, Register, TileFlips};
use crate::tiling::{Tile, Tiling};
use ndarray::ArrayView2;

/// What the transient faults of a GEMM X[M×K]·W add to its outputs: what
/// [`effects`](super::effects) finds in the data rows and columns of the tiles. An
/// output may come several times; rows of X are contiguous.
///
/// # Panics
/// When X and W do not fit the tiling, or rows of X are not contiguous.
pub fn output_deltas(
    config: &ArrayConfig,
    tiling: &Tiling,
    x: ArrayView2<'_, i8>,
    w: &PackedWeights,
    flips: &TileFlips,
) -> Vec<Delta> {
    assert_eq!((x.ncols(), w.depth()), (tiling.k(), tiling.k()));
    let mut deltas = Vec::with_capacity(flips.len());
    let mut sums = Columns::default();
    for (index, flips) in flips.iter() {
        let tile = tiling.tile(index);
        let psums = flips.iter().all(|f| f.site.register == Register::Psum);
        if psums && config.dataflow == Dataflow::Ws {
            sums.upset(tiling, &tile, x, w, flips, &mut deltas);
            continue;
        }
        let mut operands = Operands::new(config, &tile, x, w);
        let all = match config.dataflow {
            Dataflow::Ws => ws::deltas(config, tiling, &mut operands, flips),
            Dataflow::Os => os::deltas(config, &mut operands, flips),
        };
        let (rows, columns) = (tile.rows.len(), tile.columns.len());
        let outputs = all.into_iter().filter(|at| at.0 < rows && at.1 < columns);
        deltas.extend(outputs.map(|(row, column, value)| delta(&tile, row, column, value)));
    }
    deltas
}

fn delta(tile: &Tile, row: usize, column: usize, value: i32) -> Delta {
    Delta {
        row: (tile.rows.start + row) as u32,
        column: (tile.columns.start + column) as u32,
        value,
    }
}

/// What the partial sums of a row carry on their way down; kept from row to row to save
/// its allocation, and zero between them.
#[derive(Default)]
struct Columns(Vec<i32>);

impl Columns {
    /// Upset psums of a weight-stationary tile: every row of every pass is on its own.
    fn upset(
        &mut self,
        tiling: &Tiling,
        tile: &Tile,
        x: ArrayView2<'_, i8>,
        w: &PackedWeights,
        flips: &[Fault],
        deltas: &mut Vec<Delta>,
    ) {
        let columns = tile.columns.len();
        self.0.resize(columns.max(self.0.len()), 0);
        for of_row in flips.chunk_by(|a, b| (a.pass, a.row) == (b.pass, b.row)) {
            let row = of_row[0].row as usize;
            if row >= tile.rows.len() {
                continue;
            }
            let depth = tiling.pass_depth(of_row[0].pass as usize);
            let activations = x.row(tile.rows.start + row);
            let activations = activations.to_slice().expect("rows are contiguous");
            // From north to south: a sum that was upset is upset again further down.
            for fault in of_row {
                let column = fault.site.pe_column as usize;
                if column >= columns {
                    continue;
                }
                let end = depth.end.min(depth.start + fault.site.pe_row as usize + 1);
                let column_of_w = tile.columns.start + column;
                let exact = w.dot_of_row(activations, depth.start..end, column_of_w);
                let carried = &mut self.0[column];
                let upset = exact.wrapping_add(*carried) ^ fault.xor as i32;
                *carried = upset.wrapping_sub(exact);
            }
            for fault in of_row {
                let column = fault.site.pe_column as usize;
                if column < columns {
                    let value = std::mem::take(&mut self.0[column]);
                    if value != 0 {
                        deltas.push(delta(tile, row, column, value));
                    }
                }
            }
        }
    }
}
