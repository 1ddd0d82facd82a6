//! The array configurations of a plan.

use super::Plan;
use super::draw::Draw;
use crate::config::{ArrayConfig, ChecksumDomain, Dataflow, RunDefaults};

/// Highest number of rows of an output tile.
const MAX_TILE_ROWS: usize = 80;
/// Streams from here on draw arrays, those below draw cases.
const FIRST_STREAM: u64 = 1 << 63;

/// Kinds of arrays that are special: the smallest, a long one, the largest, and
/// one without checksums.
const SPECIAL: usize = 4;

/// Array `number` of a plan. The first ones are special, weight-stationary and
/// then output-stationary, so that every kind of array is in any plan that is
/// long enough; dataflows are mixed from there on.
pub(super) fn array(plan: &Plan, number: usize) -> ArrayConfig {
    let draw = &mut Draw::new(plan.seed, FIRST_STREAM + number as u64);
    let sizes = 2..=plan.max_array;
    let kind = match number {
        _ if number < 2 * SPECIAL => number % SPECIAL,
        _ => SPECIAL,
    };
    let (rows, columns) = match kind {
        0 => (2, 2),
        1 => {
            let long = draw.within(3.min(plan.max_array)..=plan.max_array);
            let short = draw.within(2..=(long - 1).max(2));
            draw.choose(&[(long, short), (short, long)])
        }
        2 => (plan.max_array, plan.max_array),
        _ => (draw.within(sizes.clone()), draw.within(sizes)),
    };
    let tile_rows = if draw.one_in(4) {
        draw.within(2..=8)
    } else {
        draw.within(2..=MAX_TILE_ROWS)
    };
    let (checksum, protected) = match kind {
        0 | 2 => (true, false),
        1 => (true, true),
        3 => (false, false),
        _ => (!draw.one_in(8), draw.one_in(4)),
    };
    let output_stationary = match number / SPECIAL {
        0 => false,
        1 => true,
        _ => draw.one_in(2),
    };
    let (dataflow, tile_rows) = if output_stationary {
        (Dataflow::Os, rows)
    } else {
        (Dataflow::Ws, tile_rows)
    };
    ArrayConfig {
        rows,
        columns,
        tile_rows,
        dataflow,
        // The reset value; every case writes its own.
        threshold_bit: draw.below(32) as u32,
        checksum,
        checksum_domain: if protected {
            ChecksumDomain::Protected
        } else {
            ChecksumDomain::Shared
        },
        memory_bytes: draw.choose(&[4, 8, 16, 32, 64]),
        run: RunDefaults::default(),
    }
}
