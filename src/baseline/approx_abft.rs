//! ApproxABFT (arXiv 2302.10469): recovery only where the deviation is large.
//!
//! Followed from the abstracts of its versions: the matrix-sum deviation (MSD) decides whether
//! there is anything to recover, then row-sum and column-sum deviations (R/CSD) above a threshold
//! of their own locate it, so that minor errors neither start a recovery nor hinder it. Thresholds
//! are per layer; the paper finds them by Bayesian search, which is left to who calls. Its blocks
//! are the array's tiles here.
//!
//! Not verified, as the paper's body was not at hand:
//! - how located errors are recovered. Here: errors in one row are subtracted by their column
//!   syndromes, errors in one column by their row syndromes, and a tile with several of both is
//!   computed again.
//! - what happens when the sum deviates but no line does. Here: nothing.

use super::abft::correct;
use super::{FaultyGemm, Hardware, PerLayer, Protection, Syndromes, Work};
use ndarray::ArrayViewMut2;
use serde::{Deserialize, Serialize};

/// Deviations up to these are ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Of the sum of a tile's outputs.
    pub matrix: u64,
    /// Of the sum of a row or a column.
    pub line: u64,
}

/// Checksums with thresholds.
#[derive(Clone, Debug, Default)]
pub struct ApproxAbft {
    /// Thresholds of every layer.
    pub thresholds: PerLayer<Thresholds>,
}

impl Protection for ApproxAbft {
    fn name(&self) -> &str {
        "approx-abft"
    }

    fn hardware(&self) -> Hardware {
        Hardware::Checksums
    }

    fn mend(&mut self, gemm: &FaultyGemm<'_>, mut y: ArrayViewMut2<'_, i32>) -> Work {
        let mut work = gemm.plain_work(true);
        let thresholds = *self.thresholds.of(gemm.place.layer);
        for faulty in gemm.tiles {
            let data_rows = faulty.tile.rows.len();
            let syndromes = Syndromes::of(gemm.config, data_rows, faulty.deltas);
            if syndromes.matrix_deviation() <= thresholds.matrix {
                continue;
            }
            work.detected_tiles += 1;
            let flags = syndromes.beyond(thresholds.line);
            match (flags.rows.as_slice(), flags.columns.as_slice()) {
                (_, []) | ([], _) => work.kept_tiles += 1,
                ([row], columns) => {
                    for &(column, error) in &syndromes.columns {
                        if columns.contains(&column) {
                            correct(faulty, *row, column, error, &mut y, &mut work);
                        }
                    }
                }
                (rows, [column]) => {
                    for &(row, error) in &syndromes.rows {
                        if rows.contains(&row) {
                            correct(faulty, row, *column, error, &mut y, &mut work);
                        }
                    }
                }
                _ => gemm.recompute(faulty, true, &mut y, &mut work),
            }
        }
        work
    }
}
