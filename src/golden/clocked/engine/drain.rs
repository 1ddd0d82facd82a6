//! The result drain (`drift_result_drain`) and the flags it reads.

use crate::config::ArrayConfig;
use crate::golden::{Counters, TileResult};
use std::collections::VecDeque;

/// A complete tile in the accumulators.
pub(super) struct Complete {
    /// Accumulator bank that it is in.
    pub bank: usize,
    /// Data columns.
    pub columns: usize,
    /// Outputs and flags.
    pub result: TileResult,
}

/// Sends finished tiles out, row by row.
pub(super) struct Drain {
    columns: usize,
    /// Complete tiles, the oldest first.
    done: VecDeque<Complete>,
    row: usize,
    valid: bool,
    /// Output registers.
    pub data: Vec<u32>,
    pub keep: Vec<u32>,
    pub last: bool,
    pub user: Vec<u32>,
    pub masked: bool,
    pub unlocated: bool,
    pub tile_end: bool,
    pub tile_flags: u32,
    pub counters: Counters,
}

/// The first `bits` bits of an iterator as words.
fn pack(bits: impl Iterator<Item = bool>, count: usize) -> Vec<u32> {
    let mut words = vec![0; count.div_ceil(32)];
    for (i, bit) in bits.enumerate() {
        words[i / 32] |= u32::from(bit) << (i % 32);
    }
    words
}

fn any(flags: &[bool]) -> bool {
    flags.contains(&true)
}

fn count(flags: &[bool]) -> u64 {
    flags.iter().filter(|flag| **flag).count() as u64
}

impl Drain {
    pub fn new(config: &ArrayConfig) -> Self {
        Self {
            columns: config.columns,
            done: VecDeque::new(),
            row: 0,
            valid: false,
            data: vec![0; config.columns],
            keep: pack(std::iter::empty(), 4 * config.columns),
            last: false,
            user: pack(std::iter::empty(), 2 * config.columns + 1),
            masked: false,
            unlocated: false,
            tile_end: false,
            tile_flags: 0,
            counters: Counters::default(),
        }
    }

    /// A row is on the stream.
    pub fn valid(&self) -> bool {
        self.valid
    }

    /// One clock edge; `complete` is a tile that has become complete. Returns
    /// the bank that was read to its end.
    pub fn tick(&mut self, ready: bool, complete: Option<Complete>) -> Option<usize> {
        let mut released = None;
        self.tile_end = false;
        let read = !self.done.is_empty() && (!self.valid || ready);
        self.valid = read || (self.valid && !ready);
        if read {
            let head = &self.done[0];
            let tile = &head.result;
            let row = self.row;
            let row_flag = tile.row_flags[row];
            let columns = &tile.column_flags;
            self.last = row + 1 == tile.row_flags.len();
            self.data = tile.y.row(row).iter().map(|&value| value as u32).collect();
            let kept = (0..4 * self.columns).map(|bit| bit / 4 < head.columns);
            self.keep = pack(kept, 4 * self.columns);
            let mask = columns.iter().map(|&column| row_flag && column);
            let user = mask.chain([row_flag]).chain(columns.iter().copied());
            self.user = pack(user, 2 * self.columns + 1);
            self.masked = any(&tile.row_flags) && any(columns);
            self.unlocated = any(&tile.row_flags) != any(columns);
            if row_flag {
                self.counters.flagged_rows += 1;
                self.counters.masked += count(columns);
            }
            self.row += 1;
            if self.last {
                let (rows, columns) = (count(&tile.row_flags), count(columns));
                self.counters.tiles += 1;
                self.counters.flagged_columns += columns;
                if rows == 0 || columns == 0 {
                    self.counters.unlocated += rows + columns;
                }
                self.tile_end = true;
                self.tile_flags = (rows + columns) as u32;
                self.row = 0;
                released = Some(head.bank);
                self.done.pop_front();
            }
        }
        self.done.extend(complete);
        released
    }
}
