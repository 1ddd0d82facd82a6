//! What faults do in an output-stationary array. Activations and valid bits
//! travel east, weights south, and what an upset did to a sum stays in it.

use super::upset::Upsets;
use crate::config::ArrayConfig;
use crate::fault::{Fault, Register, TileFaults};
use ndarray::{Array2, ArrayView1, ArrayView2};
use std::collections::BTreeMap;

/// The rows of an extended tile (data rows, then the checksum digits) by PE row:
/// PE rows beyond the tile's data rows compute with zeros, and are no rows of it.
struct Rows {
    data_rows: usize,
    first_checksum: usize,
}

impl Rows {
    fn of_pe_row(&self, pe_row: usize) -> Option<usize> {
        if pe_row < self.data_rows {
            Some(pe_row)
        } else {
            let digit = pe_row.checked_sub(self.first_checksum)?;
            Some(self.data_rows + digit)
        }
    }
}

/// An exact partial sum of one PE, continued from step to step.
#[derive(Clone, Copy, Default)]
struct Exact {
    steps: usize,
    sum: i32,
}

impl Exact {
    /// The sum after the first `steps` steps.
    fn after(&mut self, steps: usize, x: ArrayView1<'_, i8>, w: ArrayView1<'_, i8>) -> i32 {
        for k in self.steps..steps {
            let product = i32::from(x[k]) * i32::from(w[k]);
            self.sum = self.sum.wrapping_add(product);
        }
        self.steps = steps;
        self.sum
    }
}

/// What faults add to the exact sums, by row and column of the extended tile.
/// `x` (rows × K) and `w` (K × lanes) are the extended operands.
pub(super) fn fault_deltas(
    config: &ArrayConfig,
    x: ArrayView2<'_, i8>,
    w: ArrayView2<'_, i8>,
    data_rows: usize,
    faults: &TileFaults,
) -> Array2<i32> {
    let rows = Rows {
        data_rows,
        first_checksum: config.rows,
    };
    let mut deltas = Array2::<i32>::zeros((x.nrows(), w.ncols()));
    let mut exact = BTreeMap::new();
    for (k, flips) in steps(config, x.ncols(), faults) {
        let upsets = Upsets::new(flips, &faults.stuck);
        let products = products(config, &rows, k, x, w, &upsets);
        for ((row, column), change) in products {
            let delta = &mut deltas[[row, column]];
            *delta = delta.wrapping_add(change);
        }
        for upset in upsets.iter() {
            let column = upset.site.pe_column as usize;
            let row = rows.of_pe_row(upset.site.pe_row as usize);
            if let (Some(row), Register::Psum) = (row, upset.site.register) {
                let exact: &mut Exact = exact.entry((row, column)).or_default();
                let exact = exact.after(k + 1, x.row(row), w.column(column));
                let delta = &mut deltas[[row, column]];
                let sum = upset.of(exact.wrapping_add(*delta) as u32) as i32;
                *delta = sum.wrapping_sub(exact);
            }
        }
    }
    deltas
}

/// The steps k at which something is upset, with their transient faults: all
/// steps where there are permanent ones.
fn steps<'a>(
    config: &ArrayConfig,
    depth: usize,
    faults: &'a TileFaults,
) -> Vec<(usize, &'a [Fault])> {
    let step = |fault: &Fault| fault.pass as usize * config.rows + fault.row as usize;
    if faults.stuck.is_empty() {
        let groups = faults.flips.chunk_by(|a, b| step(a) == step(b));
        return groups.map(|flips| (step(&flips[0]), flips)).collect();
    }
    let mut rest = faults.flips.as_slice();
    (0..depth)
        .map(|k| {
            let (now, later) = rest.split_at(rest.partition_point(|fault| step(fault) == k));
            rest = later;
            (k, now)
        })
        .collect()
}

/// What the upsets of a step change in the products of the extended tile, where
/// they can.
fn products(
    config: &ArrayConfig,
    rows: &Rows,
    k: usize,
    x: ArrayView2<'_, i8>,
    w: ArrayView2<'_, i8>,
    upsets: &Upsets,
) -> Vec<((usize, usize), i32)> {
    let (pe_rows, lanes) = (config.pe_rows(), config.lanes());
    let operand = |pe_row: usize| rows.of_pe_row(pe_row).map_or(0, |row| x[[row, k]]);
    // What every PE of an upset row multiplies with, and of an upset column.
    let mut factors: BTreeMap<usize, Vec<i8>> = BTreeMap::new();
    let mut weights: BTreeMap<usize, Vec<i8>> = BTreeMap::new();
    for upset in upsets.iter() {
        let (r, c) = (upset.site.pe_row as usize, upset.site.pe_column as usize);
        match upset.site.register {
            Register::Activation | Register::Valid => {
                factors
                    .entry(r)
                    .or_insert_with(|| row_factors(r, operand(r), lanes, upsets));
            }
            Register::Weight => {
                weights
                    .entry(c)
                    .or_insert_with(|| column_weights(c, w[[k, c]], pe_rows, upsets));
            }
            Register::Psum => {}
        }
    }
    let mut changes = Vec::new();
    let mut change = |r: usize, c: usize| {
        let Some(row) = rows.of_pe_row(r) else { return };
        let factor = factors.get(&r).map_or_else(|| operand(r), |f| f[c]);
        let weight = weights.get(&c).map_or(w[[k, c]], |w| w[r]);
        let exact = i32::from(operand(r)) * i32::from(w[[k, c]]);
        let change = i32::from(factor) * i32::from(weight) - exact;
        if change != 0 {
            changes.push(((row, c), change));
        }
    };
    for &r in factors.keys() {
        (0..lanes).for_each(|c| change(r, c));
    }
    for &c in weights.keys() {
        // A PE that both reach was seen with its row.
        let others = (0..pe_rows).filter(|r| !factors.contains_key(r));
        others.for_each(|r| change(r, c));
    }
    changes
}

/// The activations of a PE row from west to east, as its multipliers see them:
/// zero where they are not valid.
fn row_factors(pe_row: usize, operand: i8, lanes: usize, upsets: &Upsets) -> Vec<i8> {
    let (mut activation, mut valid) = (operand, true);
    (0..lanes)
        .map(|c| {
            for upset in upsets.at(pe_row, c) {
                match upset.site.register {
                    Register::Activation => activation = upset.of_byte(activation),
                    Register::Valid => valid = upset.of(u32::from(valid)) == 1,
                    Register::Weight | Register::Psum => {}
                }
            }
            if valid { activation } else { 0 }
        })
        .collect()
}

/// The weights of a PE column from north to south.
fn column_weights(column: usize, operand: i8, pe_rows: usize, upsets: &Upsets) -> Vec<i8> {
    let mut weight = operand;
    (0..pe_rows)
        .map(|r| {
            for upset in upsets.at(r, column) {
                if upset.site.register == Register::Weight {
                    weight = upset.of_byte(weight);
                }
            }
            weight
        })
        .collect()
}
