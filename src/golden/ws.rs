//! What faults do in a weight-stationary array, pass by pass and row by row.

use super::pe_row::{dot, pass_row, touched_columns};
use super::upset::Upsets;
use crate::config::ArrayConfig;
use crate::fault::{Fault, TileFaults};
use crate::tiling::Tiling;
use ndarray::{Array2, s};

/// What faults add to the exact sums, by row and column of the extended tile.
/// Only the rows and columns that a fault can touch are sent through the PEs again.
pub(super) fn fault_deltas(
    config: &ArrayConfig,
    tiling: &Tiling,
    x: &Array2<i8>,
    w: &Array2<i8>,
    data_rows: usize,
    faults: &TileFaults,
) -> Array2<i32> {
    // Fault coordinates name the checksum rows T and T+1, whatever the tile's height.
    let fault_row = |row: usize| {
        if row < data_rows {
            row
        } else {
            config.tile_rows + row - data_rows
        }
    };
    let lanes = config.lanes();
    let mut deltas = Array2::<i32>::zeros((x.nrows(), lanes));
    for pass in 0..tiling.passes() {
        let of_pass = range_of(&faults.flips, |f| (f.pass as usize).cmp(&pass));
        if of_pass.is_empty() && faults.stuck.is_empty() {
            continue;
        }
        let depth = tiling.pass_depth(pass);
        // By column, as the psums run.
        let mut clean_weights = Array2::zeros((lanes, config.rows));
        clean_weights
            .slice_mut(s![.., ..depth.len()])
            .assign(&w.slice(s![depth.clone(), ..]).t());
        let mut weights = clean_weights.clone();
        // Columns whose weights were upset by an earlier row of this pass.
        let mut upset_columns = vec![false; lanes];
        let mut activations = vec![0; config.rows];
        for row in 0..x.nrows() {
            let of_row = range_of(of_pass, |f| (f.row as usize).cmp(&fault_row(row)));
            let upsets = Upsets::new(of_row, &faults.stuck);
            let mut wanted = touched_columns(&upsets, lanes);
            for (want, &upset) in wanted.iter_mut().zip(&upset_columns) {
                *want |= upset;
            }
            if !wanted.contains(&true) {
                continue;
            }
            for (activation, &value) in activations.iter_mut().zip(x.slice(s![row, depth.clone()]))
            {
                *activation = value;
            }
            let faulty = pass_row(&activations, &mut weights, &upsets, &wanted);
            for (c, _) in wanted.iter().enumerate().filter(|(_, want)| **want) {
                let clean_weights = clean_weights.row(c);
                let clean = dot(
                    &activations,
                    clean_weights.as_slice().expect("standard layout"),
                );
                let delta = &mut deltas[[row, c]];
                *delta = delta.wrapping_add(faulty[c].wrapping_sub(clean));
                upset_columns[c] = weights.row(c) != clean_weights;
            }
        }
    }
    deltas
}

/// The run of sorted faults for which `key` compares equal.
fn range_of(faults: &[Fault], key: impl Fn(&Fault) -> std::cmp::Ordering) -> &[Fault] {
    let start = faults.partition_point(|fault| key(fault).is_lt());
    let end = faults.partition_point(|fault| key(fault).is_le());
    &faults[start..end]
}
