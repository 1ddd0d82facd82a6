//! ThUnderVolt (arXiv 1802.03806): timing-error drop, TE-Drop.
//!
//! A Razor flip-flop in every MAC catches a psum that came late one cycle after the edge. The next
//! MAC of the column then gives up its own product and passes the corrected psum on: the error is
//! one missing product, not a wrong high bit, and no cycle is lost. The array has no checksums.
//!
//! Followed from the abstract and from what is known of TE-Drop in the field; not verified, as the
//! paper's body was not at hand:
//! - The last PE of a column has no MAC below. Here the accumulator takes its corrected psum late,
//!   at no loss: a slack register in front of it is assumed.
//! - A MAC that gives up its product adds nothing, so it cannot be late itself.
//! - Every transient psum fault counts as late, and Razor catches all of them (a psum that is later
//!   than its window would escape). Faults of other registers and stuck bits stay; products dropped
//!   beside them are taken from clean operands.
//! - In an output-stationary array, which the paper does not have, the next MAC is the same PE's in
//!   the next step.

use super::{FaultyGemm, FaultyTile, Hardware, Protection, Work};
use crate::config::Dataflow;
use crate::fast;
use crate::fault::{Fault, Register, TileFaults};
use ndarray::{ArrayViewMut2, s};

/// Razor flip-flops and TE-Drop.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThunderVolt;

/// A psum that came late: the element of the tile and the step of K whose product it took in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Late {
    row: usize,
    column: usize,
    k: usize,
}

impl Protection for ThunderVolt {
    fn name(&self) -> &str {
        "thundervolt"
    }

    fn hardware(&self) -> Hardware {
        Hardware::Razor
    }

    fn mend(&mut self, gemm: &FaultyGemm<'_>, mut y: ArrayViewMut2<'_, i32>) -> Work {
        let mut work = gemm.plain_work(false);
        for faulty in gemm.tiles {
            let (late, others) = split(gemm, faulty);
            let place = s![faulty.tile.rows.clone(), faulty.tile.columns.clone()];
            faulty.make_exact(&mut y);
            let others = [(faulty.tile.index, others)];
            for effect in fast::effects(gemm.config, gemm.tiling, gemm.x, gemm.w, others, 0) {
                effect.apply(gemm.tiling, &mut y);
            }
            let mut outputs = y.slice_mut(place);
            work.detected_tiles += u64::from(!late.is_empty());
            let mut dropped = None;
            for psum in late {
                if dropped == Some(psum) {
                    continue;
                }
                work.razor_corrections += 1;
                let Some(next) = next(gemm, psum) else {
                    continue;
                };
                dropped = Some(next);
                if next.k < gemm.tiling.k() {
                    let x = gemm.x[[faulty.tile.rows.start + next.row, next.k]];
                    let w = gemm.w.get(next.k, faulty.tile.columns.start + next.column);
                    let output = &mut outputs[[next.row, next.column]];
                    *output = output.wrapping_sub(i32::from(x) * i32::from(w));
                    work.dropped_products += 1;
                }
            }
        }
        work
    }
}

/// The late psums of a tile's outputs, each column's from top to bottom, and its other faults.
fn split(gemm: &FaultyGemm<'_>, faulty: &FaultyTile<'_>) -> (Vec<Late>, TileFaults) {
    let is_psum = |fault: &&Fault| fault.site.register == Register::Psum;
    let flips = &faulty.faults.flips;
    let place = |fault: &Fault| {
        let (row, k) = match gemm.config.dataflow {
            Dataflow::Ws => (fault.row, fault.site.pe_row),
            Dataflow::Os => (fault.site.pe_row, fault.row),
        };
        Late {
            row: row as usize,
            column: fault.site.pe_column as usize,
            k: fault.pass as usize * gemm.config.rows + k as usize,
        }
    };
    let (rows, columns) = (faulty.tile.rows.len(), faulty.tile.columns.len());
    let late = flips.iter().filter(is_psum).map(place);
    let mut late: Vec<Late> = late
        .filter(|psum| psum.row < rows && psum.column < columns)
        .collect();
    late.sort_unstable();
    let others = TileFaults {
        flips: flips.iter().filter(|f| !is_psum(f)).copied().collect(),
        stuck: faulty.faults.stuck.clone(),
    };
    (late, others)
}

/// The MAC that gives up its product, if there is one; PEs below the last row of W have k ≥ K.
fn next(gemm: &FaultyGemm<'_>, psum: Late) -> Option<Late> {
    let rows = gemm.config.rows;
    let leaves = match gemm.config.dataflow {
        Dataflow::Ws => psum.k % rows == rows - 1,
        Dataflow::Os => psum.k + 1 == gemm.tiling.k(),
    };
    let k = psum.k + 1;
    (!leaves).then_some(Late { k, ..psum })
}
