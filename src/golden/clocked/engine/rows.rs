//! The row sequencer and the pipeline of tags beside the array
//! (`drift_row_sequencer`, `drift_tag_pipeline`).

use super::walker::Walker;
use crate::config::ArrayConfig;
use std::collections::VecDeque;

/// Decides which row enters the array, and follows it to the bottom.
pub(super) struct Rows {
    checksum_rows: usize,
    walker: Walker,
    row: usize,
    bank: usize,
    bank_busy: [bool; 2],
    /// Rows on their way, the youngest first: the tag register, then the
    /// stages beside the array. A bank stands for the end of the tile in it.
    tags: VecDeque<Option<Tag>>,
    /// Tiles whose rows have all been accepted, but which are not complete.
    tiles_ahead: usize,
}

#[derive(Clone, Copy)]
struct Tag {
    ends_tile_in: Option<usize>,
}

/// A row entering the array.
pub(super) struct AcceptedRow {
    /// Row of the tile; none for checksum rows.
    pub data_row: Option<usize>,
    /// Pass over K.
    pub pass: usize,
    /// First row of a pass: the shadow weights are used from now on.
    pub takes_weights: bool,
    /// Tiles before this one whose results are not computed yet.
    pub tiles_before: usize,
    starts_tile: bool,
    ends_pass: bool,
    ends_tile: bool,
}

impl Rows {
    pub fn new(config: &ArrayConfig) -> Self {
        // The psum delay, one stage per column, and the tag register.
        let stages = config.rows + 2 + config.lanes() + 1;
        Self {
            checksum_rows: config.checksum_rows(),
            walker: Walker::new(config),
            row: 0,
            bank: 0,
            bank_busy: [false; 2],
            tags: vec![None; stages].into(),
            tiles_ahead: 0,
        }
    }

    pub fn active(&self) -> bool {
        self.walker.active()
    }

    pub fn in_pass(&self) -> bool {
        self.row != 0
    }

    pub fn any_bank_busy(&self) -> bool {
        self.bank_busy.contains(&true)
    }

    pub fn tags_empty(&self) -> bool {
        self.tags.iter().all(Option::is_none)
    }

    /// Whether a row can be accepted if its data is there.
    fn may_go(&self, weights_full: bool, pause: bool) -> bool {
        let bank_taken =
            self.walker.active() && self.walker.pass() == 0 && self.bank_busy[self.bank];
        self.walker.active() && (self.in_pass() || (weights_full && !bank_taken && !pause))
    }

    fn is_data(&self) -> bool {
        self.row < self.walker.tile().rows.len()
    }

    /// Whether a beat of the activation stream is accepted if there is one.
    pub fn ready(&self, weights_full: bool, pause: bool) -> bool {
        self.may_go(weights_full, pause) && self.is_data()
    }

    /// The row accepted in this cycle.
    pub fn accepted(&self, valid: bool, weights_full: bool, pause: bool) -> Option<AcceptedRow> {
        if !self.may_go(weights_full, pause) || (self.is_data() && !valid) {
            return None;
        }
        let rows = self.walker.tile().rows.len();
        let ends_pass = self.row + 1 == rows + self.checksum_rows;
        Some(AcceptedRow {
            data_row: self.is_data().then_some(self.row),
            pass: self.walker.pass(),
            takes_weights: !self.in_pass(),
            tiles_before: self.tiles_ahead,
            starts_tile: !self.in_pass() && self.walker.pass() == 0,
            ends_pass,
            ends_tile: ends_pass && self.walker.last_pass(),
        })
    }

    /// Bank of the tile whose last row has passed all columns in this cycle.
    pub fn tile_done(&self) -> Option<usize> {
        self.tags.back().copied().flatten()?.ends_tile_in
    }

    /// One clock edge; `released` is the bank that the drain has read to its end.
    pub fn tick(
        &mut self,
        load: bool,
        dims: (usize, usize, usize),
        accepted: Option<AcceptedRow>,
        released: Option<usize>,
    ) {
        if let Some(bank) = released {
            self.bank_busy[bank] = false;
        }
        self.tiles_ahead -= usize::from(self.tile_done().is_some());
        let mut tag = None;
        let mut advance = false;
        if let Some(row) = accepted {
            tag = Some(Tag {
                ends_tile_in: row.ends_tile.then_some(self.bank),
            });
            advance = row.ends_pass;
            self.bank_busy[self.bank] |= row.starts_tile;
            self.row = if row.ends_pass { 0 } else { self.row + 1 };
            if row.ends_tile {
                self.bank = 1 - self.bank;
                self.tiles_ahead += 1;
            }
        }
        self.tags.pop_back();
        self.tags.push_front(tag);
        self.walker.tick(load, dims, advance);
    }
}
