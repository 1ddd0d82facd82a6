//! What became of each injected fault: no effect, detected, located, or missed.

use super::TileResult;
use crate::config::{ArrayConfig, Dataflow};
use crate::fault::{Fault, Register, TileFaults};
use ndarray::{Array2, ArrayView2, s};
use serde::{Deserialize, Serialize};
use std::ops::{AddAssign, Range};

/// Injected faults by what became of them. With several faults in a tile, a
/// fault is judged by the outputs that it can reach, whoever else reaches them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCounts {
    /// Faults injected: transient ones, and permanent ones once per tile.
    pub injected: u64,
    /// No output and no checksum in reach differs from the exact one.
    pub masked: u64,
    /// A row or column in reach is flagged.
    pub detected: u64,
    /// Every output in reach that is wrong by 2^θ or more is in the mask, and there is one.
    pub located: u64,
    /// Some output in reach is wrong by 2^θ or more.
    pub above_threshold: u64,
    /// Some output in reach is wrong by 2^θ or more with neither its row nor its column flagged.
    pub missed: u64,
    /// Only checksums in reach differ: the outputs are right whatever is flagged.
    pub checksum_only: u64,
}

impl AddAssign for FaultCounts {
    fn add_assign(&mut self, other: FaultCounts) {
        self.injected += other.injected;
        self.masked += other.masked;
        self.detected += other.detected;
        self.located += other.located;
        self.above_threshold += other.above_threshold;
        self.missed += other.missed;
        self.checksum_only += other.checksum_only;
    }
}

/// Rows and columns of the extended tile that a fault can change.
struct Reach {
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Reach {
    fn new(config: &ArrayConfig, data_rows: usize, fault: &Fault) -> Self {
        match config.dataflow {
            Dataflow::Ws => Self::weight_stationary(config, data_rows, fault),
            Dataflow::Os => Self::output_stationary(config, data_rows, fault),
        }
    }

    /// An upset stays in the row of the tile, except for that of a weight.
    fn weight_stationary(config: &ArrayConfig, data_rows: usize, fault: &Fault) -> Self {
        let rows = data_rows + config.checksum_rows();
        let row = fault.row as usize;
        let row = if row < config.tile_rows {
            row
        } else {
            data_rows + row - config.tile_rows
        };
        let column = fault.site.pe_column as usize;
        match fault.site.register {
            Register::Psum => Self {
                rows: row..row + 1,
                columns: column..column + 1,
            },
            Register::Weight => Self {
                rows: row..rows,
                columns: column..column + 1,
            },
            Register::Activation | Register::Valid => Self {
                rows: row..row + 1,
                columns: column..config.lanes(),
            },
        }
    }

    /// An upset stays in the row of PEs, except for that of a weight. PE rows
    /// beyond the data rows reach nothing themselves.
    fn output_stationary(config: &ArrayConfig, data_rows: usize, fault: &Fault) -> Self {
        let rows = data_rows + config.checksum_rows();
        let pe_row = fault.site.pe_row as usize;
        // The first row of the tile at or below the PE row.
        let row = if pe_row < data_rows {
            pe_row
        } else {
            data_rows + pe_row.saturating_sub(config.rows)
        };
        let own = if (data_rows..config.rows).contains(&pe_row) {
            row..row
        } else {
            row..row + 1
        };
        let column = fault.site.pe_column as usize;
        match fault.site.register {
            Register::Psum => Self {
                rows: own,
                columns: column..column + 1,
            },
            Register::Weight => Self {
                rows: row..rows,
                columns: column..column + 1,
            },
            Register::Activation | Register::Valid => Self {
                rows: own,
                columns: column..config.lanes(),
            },
        }
    }

    fn everything(config: &ArrayConfig, data_rows: usize) -> Self {
        Self {
            rows: 0..data_rows + config.checksum_rows(),
            columns: 0..config.lanes(),
        }
    }
}

/// What is wrong with an element of the extended tile, as a set of bits; a fault
/// is judged by the union over its reach.
mod wrong {
    /// It differs from the exact value.
    pub const DIFFERS: u8 = 1;
    /// It is an output, not a checksum.
    pub const OUTPUT: u8 = 2;
    /// It is an output that is wrong by 2^θ or more...
    pub const ABOVE: u8 = 4;
    /// ...and not in the mask...
    pub const OUTSIDE_MASK: u8 = 8;
    /// ...and neither its row nor its column is flagged.
    pub const UNFLAGGED: u8 = 16;
}

/// Judges the faults of a tile by its result.
pub fn classify(
    config: &ArrayConfig,
    faults: &TileFaults,
    result: &TileResult,
    threshold_bit: u32,
) -> FaultCounts {
    let mut counts = FaultCounts::default();
    if faults.is_empty() {
        return counts;
    }
    let data_rows = result.row_flags.len();
    let reaches = faults
        .flips
        .iter()
        .map(|fault| Reach::new(config, data_rows, fault))
        .chain(
            faults
                .stuck
                .iter()
                .map(|_| Reach::everything(config, data_rows)),
        );
    let wrong = wrongs(config, result, threshold_bit);
    for reach in reaches {
        counts += judge(&reach, result, wrong.view());
    }
    counts
}

/// What is wrong with each element of the extended tile.
fn wrongs(config: &ArrayConfig, result: &TileResult, threshold_bit: u32) -> Array2<u8> {
    let data_rows = result.row_flags.len();
    let mut wrongs = Array2::zeros((data_rows + config.checksum_rows(), config.lanes()));
    for (&(row, column), &delta) in &result.deltas {
        let wrong = &mut wrongs[[row, column]];
        *wrong = wrong::DIFFERS;
        if row < data_rows && column < config.columns {
            *wrong |= wrong::OUTPUT;
            if super::exceeds(delta, threshold_bit) {
                *wrong |= wrong::ABOVE;
                *wrong |= match (result.row_flags[row], result.column_flags[column]) {
                    (true, true) => 0,
                    (false, false) => wrong::OUTSIDE_MASK | wrong::UNFLAGGED,
                    _ => wrong::OUTSIDE_MASK,
                };
            }
        }
    }
    wrongs
}

fn judge(reach: &Reach, result: &TileResult, wrongs: ArrayView2<'_, u8>) -> FaultCounts {
    let in_reach = wrongs.slice(s![reach.rows.clone(), reach.columns.clone()]);
    let found = in_reach.fold(0, |all, wrong| all | wrong);
    let is = |bit: u8| found & bit != 0;
    // The checksum lines have no flags.
    let flagged = |flags: &[bool], range: &Range<usize>| {
        let in_range = flags.iter().take(range.end).skip(range.start);
        in_range.copied().any(|flag| flag)
    };
    let detected = is(wrong::DIFFERS)
        && (flagged(&result.row_flags, &reach.rows)
            || flagged(&result.column_flags, &reach.columns));
    FaultCounts {
        injected: 1,
        masked: u64::from(!is(wrong::DIFFERS)),
        detected: u64::from(detected),
        located: u64::from(is(wrong::ABOVE) && !is(wrong::OUTSIDE_MASK)),
        above_threshold: u64::from(is(wrong::ABOVE)),
        missed: u64::from(is(wrong::UNFLAGGED)),
        checksum_only: u64::from(is(wrong::DIFFERS) && !is(wrong::OUTPUT)),
    }
}
