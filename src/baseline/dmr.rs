//! Dual modular redundancy in time: the array computes every GEMM twice at the operating point;
//! a tile in which the two differ is computed again at the nominal point.
//!
//! It is common knowledge of the field, no paper is followed. What is assumed:
//! - Both copies never agree on a wrong output: its probability is that of one error, squared.
//! - The faults of the second copy are not simulated. It is taken to spoil as many tiles as the
//!   first, and others, so that twice as many are computed again; at most all.

use super::{FaultyGemm, Hardware, Protection, Work};
use crate::units::Cycles;
use ndarray::ArrayViewMut2;

/// Everything twice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dmr;

impl Protection for Dmr {
    fn name(&self) -> &str {
        "dmr"
    }

    fn hardware(&self) -> Hardware {
        Hardware::Twice
    }

    fn mend(&mut self, gemm: &FaultyGemm<'_>, mut y: ArrayViewMut2<'_, i32>) -> Work {
        let mut work = gemm.plain_work(false);
        work.redundant_macs = work.macs;
        for faulty in gemm.tiles {
            let is_output = |&&(row, column, _): &&(usize, usize, i32)| {
                row < faulty.tile.rows.len() && column < faulty.tile.columns.len()
            };
            if faulty.deltas.iter().any(|delta| is_output(&delta)) {
                gemm.recompute(faulty, false, &mut y, &mut work);
            }
        }
        let others = work
            .recomputed_tiles
            .min(gemm.tiling.len() as u64 - work.recomputed_tiles);
        if others > 0 {
            // They cost what those of the first copy do on average.
            let first = work.recomputed_tiles;
            work.recomputed_macs += work.recomputed_macs * others / first;
            work.nominal_cycles += Cycles(work.nominal_cycles.0 * others / first);
            work.recomputed_tiles += others;
        }
        work.detected_tiles = work.recomputed_tiles;
        work
    }
}
