//! Output-stationary: sums stay in their PEs, activations travel east and
//! weights south, one k per step.

use super::operands::Operands;
use super::registers::{Activation, flip};
use crate::config::ArrayConfig;
use crate::fault::{Fault, Register};
use std::collections::BTreeMap;

/// An output that differs from the exact one.
#[derive(Clone, Copy, Default)]
struct Output {
    delta: i32,
    /// The exact sum of the first `steps` products.
    exact: i32,
    steps: usize,
}

/// The deltas of transient faults (sorted), by row and column of the extended tile.
pub(super) fn deltas(
    config: &ArrayConfig,
    operands: &mut Operands<'_>,
    flips: &[Fault],
) -> Vec<(usize, usize, i32)> {
    let step = |fault: &Fault| fault.pass as usize * config.rows + fault.row as usize;
    let mut outputs: BTreeMap<(usize, usize), Output> = BTreeMap::new();
    for faults in flips.chunk_by(|a, b| step(a) == step(b)) {
        let k = step(&faults[0]);
        let array = Array {
            config,
            data_rows: operands.data_rows(),
        };
        if faults.iter().any(|f| f.site.register != Register::Psum) {
            for (at, change) in array.changes(operands, k, faults) {
                let output = outputs.entry(at).or_default();
                output.delta = output.delta.wrapping_add(change);
            }
        }
        for fault in faults.iter().filter(|f| f.site.register == Register::Psum) {
            let Some(row) = array.tile_row(fault.site.pe_row as usize) else {
                continue;
            };
            let column = fault.site.pe_column as usize;
            let output = outputs.entry((row, column)).or_default();
            let more = operands.dot(row, column, output.steps..k + 1);
            output.exact = output.exact.wrapping_add(more);
            output.steps = k + 1;
            let sum = output.exact.wrapping_add(output.delta) ^ fault.xor as i32;
            output.delta = sum.wrapping_sub(output.exact);
        }
    }
    let wrong = outputs.into_iter().filter(|(_, output)| output.delta != 0);
    wrong
        .map(|((row, column), output)| (row, column, output.delta))
        .collect()
}

/// The PEs of a tile.
struct Array<'a> {
    config: &'a ArrayConfig,
    data_rows: usize,
}

impl Array<'_> {
    /// The row of the extended tile that a row of PEs computes; none between the
    /// data rows and the checksum digits, which come after R rows.
    fn tile_row(&self, pe_row: usize) -> Option<usize> {
        if pe_row < self.data_rows {
            return Some(pe_row);
        }
        let digit = pe_row.checked_sub(self.config.rows)?;
        Some(self.data_rows + digit)
    }

    /// What the upset operands of a step change in its products.
    fn changes(
        &self,
        operands: &Operands<'_>,
        k: usize,
        faults: &[Fault],
    ) -> Vec<((usize, usize), i32)> {
        let mut rows: BTreeMap<usize, Vec<&Fault>> = BTreeMap::new();
        let mut columns: BTreeMap<usize, Vec<&Fault>> = BTreeMap::new();
        for fault in faults {
            let (row, column) = (fault.site.pe_row as usize, fault.site.pe_column as usize);
            match fault.site.register {
                Register::Activation | Register::Valid => rows.entry(row).or_default().push(fault),
                // Sorted by PE row already.
                Register::Weight => columns.entry(column).or_default().push(fault),
                Register::Psum => {}
            }
        }
        let mut changes = Vec::new();
        let mut upset_weights: BTreeMap<usize, Vec<i8>> = BTreeMap::new();
        for (column, faults) in columns {
            let exact = operands.weight(k, column);
            let mut weight = exact;
            let mut faults = faults.into_iter().peekable();
            let mut travelled = Vec::with_capacity(self.config.pe_rows());
            for pe_row in 0..self.config.pe_rows() {
                while let Some(fault) = faults.next_if(|f| f.site.pe_row as usize == pe_row) {
                    weight = flip(weight, fault.xor);
                }
                travelled.push(weight);
                let Some(row) = self.tile_row(pe_row) else {
                    continue;
                };
                if weight != exact && !rows.contains_key(&pe_row) {
                    let x = i32::from(operands.activation(row, k));
                    let change = x * (i32::from(weight) - i32::from(exact));
                    changes.push(((row, column), change));
                }
            }
            upset_weights.insert(column, travelled);
        }
        for (pe_row, mut faults) in rows {
            let Some(row) = self.tile_row(pe_row) else {
                continue;
            };
            faults.sort_by_key(|fault| fault.site.pe_column);
            let x = operands.activation(row, k);
            let mut activation = Activation::new(x);
            let mut faults = faults.into_iter().peekable();
            for column in 0..self.config.lanes() {
                while let Some(fault) = faults.next_if(|f| f.site.pe_column as usize == column) {
                    activation.pass(fault);
                }
                let exact = i32::from(operands.weight(k, column));
                let weight = upset_weights
                    .get(&column)
                    .map_or(exact, |weights| i32::from(weights[pe_row]));
                let change = i32::from(activation.factor()) * weight - i32::from(x) * exact;
                changes.push(((row, column), change));
            }
        }
        changes
    }
}
