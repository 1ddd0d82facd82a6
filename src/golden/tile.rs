//! One output tile: exact psums, the deltas that faults add, syndromes, flags
//! and the correction mask.

use super::checksum;
use super::{os, ws};
use crate::config::{ArrayConfig, Dataflow};
use crate::fault::TileFaults;
use crate::tiling::{Tile, Tiling};
use ndarray::{Array2, ArrayView2, s};
use std::collections::BTreeMap;

/// What the hardware delivers for a tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileResult {
    /// Outputs, data rows × C int32, columns beyond N included.
    pub y: Array2<i32>,
    /// Flag of every data row.
    pub row_flags: Vec<bool>,
    /// Flag of every column.
    pub column_flags: Vec<bool>,
    /// What faults added to the exact result, by (row, column) of the extended
    /// tile: rows and columns beyond the data are the checksum digits.
    pub deltas: BTreeMap<(usize, usize), i32>,
}

impl TileResult {
    /// Correction mask: both the row and the column are flagged.
    pub fn mask(&self, row: usize, column: usize) -> bool {
        self.row_flags[row] && self.column_flags[column]
    }
}

/// Exact product of the extended operands: (rows × k)·(k × lanes).
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
fn product(x: &[i8], w: &[i8], y: &mut [i32], depth: usize, lanes: usize) {
    for (row, out) in x.chunks_exact(depth).zip(y.chunks_exact_mut(lanes)) {
        for (&a, weights) in row.iter().zip(w.chunks_exact(lanes)) {
            for (sum, &b) in out.iter_mut().zip(weights) {
                *sum = sum.wrapping_add(i32::from(a) * i32::from(b));
            }
        }
    }
}

/// The operands of a tile of X[M×K]·W[K×N] in standard layout: its rows of X, and its columns
/// of W padded to the array's, both with the digits of their sums where there are checksums.
pub fn extended(
    config: &ArrayConfig,
    tile: &Tile,
    x: ArrayView2<'_, i8>,
    w: ArrayView2<'_, i8>,
) -> (Array2<i8>, Array2<i8>) {
    let x = x.slice(s![tile.rows.clone(), ..]);
    let mut padded_w = Array2::zeros((w.nrows(), config.columns));
    padded_w
        .slice_mut(s![.., ..tile.columns.len()])
        .assign(&w.slice(s![.., tile.columns.clone()]));
    if config.checksum {
        (
            checksum::with_checksum_rows(x),
            checksum::with_checksum_columns(padded_w.view())
                .as_standard_layout()
                .to_owned(),
        )
    } else {
        (x.as_standard_layout().to_owned(), padded_w)
    }
}

/// Computes a tile of X[M×K]·W[K×N] with its faults. θ comes from the caller:
/// it is a run-time register.
pub fn tile(
    config: &ArrayConfig,
    tiling: &Tiling,
    tile: &Tile,
    x: ArrayView2<'_, i8>,
    w: ArrayView2<'_, i8>,
    faults: &TileFaults,
    threshold_bit: u32,
) -> TileResult {
    let rows = tile.rows.len();
    let (x, w) = extended(config, tile, x, w);
    let mut y = Array2::zeros((x.nrows(), config.lanes()));
    product(
        x.as_slice().expect("standard layout"),
        w.as_slice().expect("standard layout"),
        y.as_slice_mut().expect("standard layout"),
        x.ncols(),
        config.lanes(),
    );
    let deltas = fault_deltas(config, tiling, &x, &w, rows, faults);
    for (&at, &delta) in &deltas {
        y[at] = y[at].wrapping_add(delta);
    }

    let (row_flags, column_flags) = if config.checksum {
        let flags = |syndromes: Vec<i32>| -> Vec<bool> {
            syndromes
                .into_iter()
                .map(|e| checksum::exceeds(e, threshold_bit))
                .collect()
        };
        (
            flags(checksum::row_syndromes(y.view())),
            flags(checksum::column_syndromes(y.view())),
        )
    } else {
        (vec![false; rows], vec![false; config.columns])
    };
    TileResult {
        y: y.slice(s![..rows, ..config.columns]).to_owned(),
        row_flags,
        column_flags,
        deltas,
    }
}

/// What faults add to the exact result.
fn fault_deltas(
    config: &ArrayConfig,
    tiling: &Tiling,
    x: &Array2<i8>,
    w: &Array2<i8>,
    data_rows: usize,
    faults: &TileFaults,
) -> BTreeMap<(usize, usize), i32> {
    if faults.is_empty() {
        return BTreeMap::new();
    }
    let deltas = match config.dataflow {
        Dataflow::Ws => ws::fault_deltas(config, tiling, x, w, data_rows, faults),
        Dataflow::Os => os::fault_deltas(config, x.view(), w.view(), data_rows, faults),
    };
    let at_fault = deltas.indexed_iter().filter(|(_, delta)| **delta != 0);
    at_fault.map(|(at, &delta)| (at, delta)).collect()
}
