//! What became of each injected fault: no effect, detected, located, or missed.

use super::TileResult;
use crate::config::ArrayConfig;
use crate::fault::{Fault, Register, TileFaults};
use serde::{Deserialize, Serialize};
use std::ops::{AddAssign, RangeInclusive};

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
    rows: RangeInclusive<usize>,
    columns: RangeInclusive<usize>,
}

impl Reach {
    fn new(config: &ArrayConfig, data_rows: usize, fault: &Fault) -> Self {
        let last_row = data_rows + config.checksum_rows() - 1;
        let last_column = config.lanes() - 1;
        let row = fault.row as usize;
        let row = if row < config.tile_rows {
            row
        } else {
            data_rows + row - config.tile_rows
        };
        let column = fault.site.pe_column as usize;
        match fault.site.register {
            Register::Psum => Self {
                rows: row..=row,
                columns: column..=column,
            },
            Register::Weight => Self {
                rows: row..=last_row,
                columns: column..=column,
            },
            Register::Activation | Register::Valid => Self {
                rows: row..=row,
                columns: column..=last_column,
            },
        }
    }

    fn everything(config: &ArrayConfig, data_rows: usize) -> Self {
        Self {
            rows: 0..=data_rows + config.checksum_rows() - 1,
            columns: 0..=config.lanes() - 1,
        }
    }
}

/// Judges the faults of a tile by its result.
pub fn classify(
    config: &ArrayConfig,
    faults: &TileFaults,
    result: &TileResult,
    threshold_bit: u32,
) -> FaultCounts {
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
    let mut counts = FaultCounts::default();
    for reach in reaches {
        counts += judge(config, &reach, result, threshold_bit);
    }
    counts
}

fn judge(
    config: &ArrayConfig,
    reach: &Reach,
    result: &TileResult,
    threshold_bit: u32,
) -> FaultCounts {
    let data_rows = result.row_flags.len();
    let is_data = |row: usize, column: usize| row < data_rows && column < config.columns;
    let (mut wrong, mut wrong_data, mut above, mut outside_mask, mut unflagged) =
        (false, false, false, false, false);
    let in_reach = result
        .deltas
        .range((*reach.rows.start(), 0)..=(*reach.rows.end(), usize::MAX))
        .filter(|((_, column), _)| reach.columns.contains(column));
    for (&(row, column), &delta) in in_reach {
        wrong = true;
        if is_data(row, column) {
            wrong_data = true;
            if super::exceeds(delta, threshold_bit) {
                above = true;
                let (by_row, by_column) = (result.row_flags[row], result.column_flags[column]);
                outside_mask |= !(by_row && by_column);
                unflagged |= !by_row && !by_column;
            }
        }
    }
    let flagged = |flags: &[bool], range: &RangeInclusive<usize>| {
        flags
            .iter()
            .enumerate()
            .any(|(index, flag)| *flag && range.contains(&index))
    };
    let detected = wrong
        && (flagged(&result.row_flags, &reach.rows)
            || flagged(&result.column_flags, &reach.columns));
    FaultCounts {
        injected: 1,
        masked: u64::from(!wrong),
        detected: u64::from(detected),
        located: u64::from(above && !outside_mask),
        above_threshold: u64::from(above),
        missed: u64::from(unflagged),
        checksum_only: u64::from(wrong && !wrong_data),
    }
}
