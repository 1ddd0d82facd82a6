//! The weight loader (`drift_weight_loader`).

use super::rows::AcceptedRow;
use super::walker::Walker;
use crate::config::ArrayConfig;

/// Loads the weights of a pass into the shadow registers.
pub(super) struct Weights {
    rows: usize,
    lanes: usize,
    walker: Walker,
    full: bool,
    hold: usize,
    /// Row of the pass that is loaded next; they come in descending order.
    row: usize,
    /// Cycles until the last accepted row has reached the last column.
    moving: usize,
}

/// A row of weights entering the array.
pub(super) struct AcceptedWeight {
    /// Row of W within the tile's K; none for padding below K.
    pub k: Option<usize>,
    first_pass: bool,
    first_row: bool,
    last_row: bool,
    /// Data rows of the tile that it belongs to.
    pub rows: usize,
    /// K of the GEMM.
    pub depth: usize,
    /// Data columns of the tile.
    pub columns: usize,
}

impl AcceptedWeight {
    /// Whether it is the first row of weights of its tile.
    pub fn opens_tile(&self) -> bool {
        self.first_pass && self.first_row
    }
}

impl Weights {
    pub fn new(config: &ArrayConfig) -> Self {
        Self {
            rows: config.rows,
            lanes: config.lanes(),
            walker: Walker::new(config),
            full: false,
            hold: 0,
            row: config.rows - 1,
            moving: 0,
        }
    }

    /// The shadow registers hold a whole pass.
    pub fn full(&self) -> bool {
        self.full
    }

    fn takes(&self, pause: bool) -> bool {
        self.walker.active() && !self.full && self.hold == 0 && !pause
    }

    fn padding(&self) -> bool {
        self.row >= self.walker.depth()
    }

    /// Whether a beat of the stream is accepted if there is one.
    pub fn ready(&self, pause: bool) -> bool {
        self.takes(pause) && !self.padding()
    }

    /// Whether some weight is on its way to some column in this cycle.
    pub fn moving(&self, valid: bool, pause: bool) -> bool {
        self.moving > 0 || self.accepted(valid, pause).is_some()
    }

    /// The row accepted in this cycle.
    pub fn accepted(&self, valid: bool, pause: bool) -> Option<AcceptedWeight> {
        if !self.takes(pause) || !(self.padding() || valid) {
            return None;
        }
        let tile = self.walker.tile();
        Some(AcceptedWeight {
            k: (!self.padding()).then(|| self.walker.pass() * self.rows + self.row),
            first_pass: self.walker.pass() == 0,
            first_row: self.row == self.rows - 1,
            last_row: self.row == 0,
            rows: tile.rows.len(),
            depth: self.walker.total_depth(),
            columns: tile.columns.len(),
        })
    }

    pub fn tick(
        &mut self,
        load: bool,
        dims: (usize, usize, usize),
        accepted: Option<AcceptedWeight>,
        row: Option<&AcceptedRow>,
    ) {
        self.hold = self.hold.saturating_sub(1);
        if row.is_some_and(|row| row.takes_weights) {
            self.full = false;
            // The wave of swaps needs so long to leave the bottom row of column 0.
            self.hold = self.rows - 2;
        }
        self.moving = self.moving.saturating_sub(1);
        let mut complete = false;
        if let Some(beat) = accepted {
            complete = beat.last_row;
            self.row = if complete {
                self.rows - 1
            } else {
                self.row - 1
            };
            self.moving = self.lanes;
        }
        self.full |= complete;
        self.walker.tick(load, dims, complete);
    }
}
