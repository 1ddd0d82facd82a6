//! Syndromes of a tile from what faults added to it: the exact part of every syndrome is zero.

use crate::config::ArrayConfig;
use crate::fast::syndrome_share;
use crate::golden;
use std::collections::BTreeMap;

/// The syndromes of a tile that are not zero, by line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Syndromes {
    /// Of data rows, ascending.
    pub rows: Vec<(usize, i32)>,
    /// Of data columns, ascending.
    pub columns: Vec<(usize, i32)>,
}

/// The lines of a tile whose syndromes reach a threshold, ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Data rows.
    pub rows: Vec<usize>,
    /// Data columns.
    pub columns: Vec<usize>,
}

impl Syndromes {
    /// Syndromes of a tile with `data_rows` rows; `deltas` as in
    /// [`FaultyTile`](super::FaultyTile).
    pub fn of(config: &ArrayConfig, data_rows: usize, deltas: &[(usize, usize, i32)]) -> Self {
        let mut rows = BTreeMap::new();
        let mut columns = BTreeMap::new();
        for &(row, column, delta) in deltas {
            // Where checksum rows and checksum columns cross, nothing reads.
            if row < data_rows {
                add(
                    &mut rows,
                    row,
                    syndrome_share(delta, column, config.columns),
                );
            }
            if column < config.columns {
                add(&mut columns, column, syndrome_share(delta, row, data_rows));
            }
        }
        Self {
            rows: nonzero(rows),
            columns: nonzero(columns),
        }
    }

    /// The lines with |syndrome| ≥ 2^θ.
    pub fn flags(&self, threshold_bit: u32) -> Flags {
        self.lines(|syndrome| golden::exceeds(syndrome, threshold_bit))
    }

    /// The lines with |syndrome| > `threshold`.
    pub fn beyond(&self, threshold: u64) -> Flags {
        self.lines(|syndrome| u64::from(syndrome.unsigned_abs()) > threshold)
    }

    fn lines(&self, reaches: impl Fn(i32) -> bool) -> Flags {
        let of = |lines: &[(usize, i32)]| {
            let flagged = lines.iter().filter(|(_, syndrome)| reaches(*syndrome));
            flagged.map(|(line, _)| *line).collect()
        };
        Flags {
            rows: of(&self.rows),
            columns: of(&self.columns),
        }
    }

    /// |Σ row syndromes|: how far the sum of all outputs is from the one that the checksum
    /// columns promise (matrix-sum deviation).
    pub fn matrix_deviation(&self) -> u64 {
        let sum: i64 = self.rows.iter().map(|(_, e)| i64::from(*e)).sum();
        sum.unsigned_abs()
    }
}

fn add(lines: &mut BTreeMap<usize, i32>, line: usize, share: i32) {
    let sum = lines.entry(line).or_insert(0);
    *sum = sum.wrapping_add(share);
}

fn nonzero(lines: BTreeMap<usize, i32>) -> Vec<(usize, i32)> {
    lines.into_iter().filter(|(_, sum)| *sum != 0).collect()
}

impl Flags {
    /// Nothing is flagged.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.columns.is_empty()
    }

    /// Elements in the correction mask, flagged row and flagged column.
    pub fn masked(&self) -> u64 {
        (self.rows.len() * self.columns.len()) as u64
    }
}
