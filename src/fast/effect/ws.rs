//! Weight-stationary: sums run down the columns of a pass, activations travel
//! east, and an upset weight stays for the rest of the pass.

use super::merge;
use super::operands::Operands;
use super::registers::{Activation, flip};
use crate::config::ArrayConfig;
use crate::fault::{Fault, Register};
use crate::tiling::Tiling;
use std::collections::BTreeMap;
use std::ops::Range;

/// The deltas of transient faults (sorted), by row and column of the extended tile.
pub(super) fn deltas(
    config: &ArrayConfig,
    tiling: &Tiling,
    operands: &mut Operands<'_>,
    flips: &[Fault],
) -> Vec<(usize, usize, i32)> {
    let data_rows = operands.data_rows();
    let mut deltas = Vec::with_capacity(flips.len());
    for of_pass in flips.chunk_by(|a, b| a.pass == b.pass) {
        let mut pass = Pass {
            lanes: config.lanes(),
            depth: tiling.pass_depth(of_pass[0].pass as usize),
            operands: &mut *operands,
            weights: BTreeMap::new(),
            deltas: &mut deltas,
        };
        let upsets_weights = of_pass
            .iter()
            .any(|fault| fault.site.register == Register::Weight);
        if upsets_weights {
            pass.every_row(config, of_pass);
        } else {
            for of_row in of_pass.chunk_by(|a, b| a.row == b.row) {
                if let Some(row) = tile_row(config, data_rows, &of_row[0]) {
                    pass.row(row, of_row);
                }
            }
        }
    }
    merge(&mut deltas);
    deltas
}

/// The row of the extended tile that a fault names: the checksum rows are T and
/// T+1 whatever the tile's height. None beyond the tile.
fn tile_row(config: &ArrayConfig, data_rows: usize, fault: &Fault) -> Option<usize> {
    let row = fault.row as usize;
    if row < data_rows {
        return Some(row);
    }
    let digit = row.checked_sub(config.tile_rows)?;
    (digit < config.checksum_rows()).then_some(data_rows + digit)
}

/// One pass over a slice of K.
struct Pass<'a, 'b> {
    lanes: usize,
    /// The k of its PE rows; PE rows beyond it hold zeros.
    depth: Range<usize>,
    operands: &'a mut Operands<'b>,
    /// Weights that were upset, by column and PE row; only in passes with such faults.
    weights: BTreeMap<(usize, usize), i8>,
    deltas: &'a mut Vec<(usize, usize, i32)>,
}

impl Pass<'_, '_> {
    /// Row by row from the first fault on: those after an upset weight are touched.
    fn every_row(&mut self, config: &ArrayConfig, of_pass: &[Fault]) {
        let data_rows = self.operands.data_rows();
        let groups = of_pass.chunk_by(|a, b| a.row == b.row);
        let mut groups = groups
            .filter_map(|group| Some((tile_row(config, data_rows, &group[0])?, group)))
            .peekable();
        for row in 0..data_rows + config.checksum_rows() {
            let of_row = groups.next_if(|(at, _)| *at == row);
            if of_row.is_some() || !self.weights.is_empty() {
                self.row(row, of_row.map_or(&[], |(_, group)| group));
            }
        }
    }

    /// The faults of a row, and what earlier faults did to the weights it meets.
    fn row(&mut self, row: usize, faults: &[Fault]) {
        let is_psum = |fault: &Fault| fault.site.register == Register::Psum;
        if let [fault] = faults
            && self.weights.is_empty()
            && is_psum(fault)
        {
            let column = fault.site.pe_column as usize;
            let delta = self.flipped(row, column, fault, 0);
            self.deltas.push((row, column, delta));
            return;
        }
        let mut faults = faults.to_vec();
        faults.sort_by_key(|fault| (fault.site.pe_column, fault.site.pe_row));
        // Activations that were upset further west, by PE row.
        let mut travelling: BTreeMap<usize, Activation> = BTreeMap::new();
        let mut rest = faults.as_slice();
        for column in 0..self.lanes {
            let here = rest.partition_point(|fault| fault.site.pe_column as usize == column);
            let (here, later) = rest.split_at(here);
            rest = later;
            for fault in here {
                let pe_row = fault.site.pe_row as usize;
                match fault.site.register {
                    Register::Activation | Register::Valid => {
                        let arriving = Activation::new(self.activation(row, pe_row));
                        travelling.entry(pe_row).or_insert(arriving).pass(fault);
                    }
                    Register::Weight => {
                        let exact = self.weight(pe_row, column);
                        let weight = self.weights.entry((column, pe_row)).or_insert(exact);
                        *weight = flip(*weight, fault.xor);
                    }
                    Register::Psum => {}
                }
            }
            let mut psums = here.iter().filter(|fault| is_psum(fault)).peekable();
            let mut delta = 0i32;
            for (pe_row, change) in self.changes(row, column, &travelling) {
                while let Some(fault) = psums.next_if(|f| (f.site.pe_row as usize) < pe_row) {
                    delta = self.flipped(row, column, fault, delta);
                }
                delta = delta.wrapping_add(change);
            }
            for fault in psums {
                delta = self.flipped(row, column, fault, delta);
            }
            if delta != 0 {
                self.deltas.push((row, column, delta));
            }
        }
    }

    /// What differs in the products of a column, from north to south.
    fn changes(
        &self,
        row: usize,
        column: usize,
        travelling: &BTreeMap<usize, Activation>,
    ) -> Vec<(usize, i32)> {
        let weights = self.weights.range((column, 0)..(column + 1, 0));
        let mut pe_rows: Vec<usize> = travelling.keys().copied().collect();
        pe_rows.extend(weights.map(|(&(_, pe_row), _)| pe_row));
        pe_rows.sort_unstable();
        pe_rows.dedup();
        let change = |pe_row: usize| {
            let (x, w) = (self.activation(row, pe_row), self.weight(pe_row, column));
            let factor = travelling.get(&pe_row).map_or(x, |a| a.factor());
            let weight = self.weights.get(&(column, pe_row)).copied().unwrap_or(w);
            i32::from(factor) * i32::from(weight) - i32::from(x) * i32::from(w)
        };
        let changes = pe_rows.into_iter().map(|pe_row| (pe_row, change(pe_row)));
        changes.collect()
    }

    /// The delta of a partial sum below a PE whose psum flips.
    fn flipped(&mut self, row: usize, column: usize, fault: &Fault, delta: i32) -> i32 {
        let below = self.depth.start + fault.site.pe_row as usize + 1;
        let summed = self.depth.start..below.min(self.depth.end);
        let exact = self.operands.dot(row, column, summed);
        let sum = exact.wrapping_add(delta) ^ fault.xor as i32;
        sum.wrapping_sub(exact)
    }

    fn activation(&self, row: usize, pe_row: usize) -> i8 {
        let k = self.depth.start + pe_row;
        if k < self.depth.end {
            self.operands.activation(row, k)
        } else {
            0
        }
    }

    fn weight(&self, pe_row: usize, column: usize) -> i8 {
        let k = self.depth.start + pe_row;
        if k < self.depth.end {
            self.operands.weight(k, column)
        } else {
            0
        }
    }
}
