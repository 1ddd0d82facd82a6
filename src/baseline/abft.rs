//! Classical algorithm-based fault tolerance: Huang and Abraham, "Algorithm-Based Fault Tolerance
//! for Matrix Operations", IEEE Transactions on Computers C-33(6), 1984 (the paper itself was not
//! at hand; its scheme is common knowledge).
//!
//! Checksums are exact: any syndrome that is not zero counts. With a single error the row and the
//! column syndrome are equal, their lines cross at the wrong element, and the error is subtracted.
//! One line alone is a wrong checksum element: the outputs are right. Anything else is more than
//! one error, and the tile is computed again.
//!
//! Errors that no syndrome shows (the upper bits of a high digit's checksum, see the project's
//! README) are in checksums only.

use super::{FaultyGemm, FaultyTile, Hardware, Protection, Syndromes, Work};
use ndarray::ArrayViewMut2;

/// Exact checksums with correction and recomputation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Abft;

impl Protection for Abft {
    fn name(&self) -> &str {
        "abft"
    }

    fn hardware(&self) -> Hardware {
        Hardware::Checksums
    }

    fn mend(&mut self, gemm: &FaultyGemm<'_>, mut y: ArrayViewMut2<'_, i32>) -> Work {
        let mut work = gemm.plain_work(true);
        for faulty in gemm.tiles {
            let data_rows = faulty.tile.rows.len();
            let syndromes = Syndromes::of(gemm.config, data_rows, faulty.deltas);
            match (syndromes.rows.as_slice(), syndromes.columns.as_slice()) {
                ([], []) => continue,
                ([(row, error)], [(column, same)]) if error == same => {
                    correct(faulty, *row, *column, *error, &mut y, &mut work);
                }
                ([_], []) | ([], [_]) => work.kept_tiles += 1,
                _ => gemm.recompute(faulty, true, &mut y, &mut work),
            }
            work.detected_tiles += 1;
        }
        work
    }
}

/// Subtracts an error from an element of a tile. Columns of padding have no output.
pub(super) fn correct(
    faulty: &FaultyTile<'_>,
    row: usize,
    column: usize,
    error: i32,
    y: &mut ArrayViewMut2<'_, i32>,
    work: &mut Work,
) {
    if column < faulty.tile.columns.len() {
        let element = &mut y[[
            faulty.tile.rows.start + row,
            faulty.tile.columns.start + column,
        ]];
        *element = element.wrapping_sub(error);
        work.corrected += 1;
    }
}
