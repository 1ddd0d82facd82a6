//! The row restorer and the checkpoint encoder of the recovery unit.

use crate::config::ArrayConfig;
use crate::golden::checkpoint;
use crate::golden::clocked::fifo::Fifo;
use crate::golden::clocked::repacker::Place;

/// `drift_row_restorer`: one row of products on its way to the merge.
pub(super) struct Restorer {
    pub(super) valid: bool,
    pub(super) error: bool,
    products: Vec<i32>,
}

impl Restorer {
    pub(super) fn new(config: &ArrayConfig) -> Self {
        Self {
            valid: false,
            error: false,
            products: vec![0; config.columns],
        }
    }

    /// Element `j` of the row at the output.
    pub(super) fn element(&self, j: usize, exponent: u8) -> i32 {
        let value = i64::from(self.products[j]) << exponent.min(checkpoint::MAX_EXPONENT);
        (value >> checkpoint::SCALE_BITS).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
    }

    /// `row`: mantissas and error of the row that is accepted.
    pub(super) fn tick(&mut self, row: Option<(&[u8], bool)>, scale: u32, out_ready: bool) {
        self.valid = row.is_some() || (self.valid && !out_ready);
        if let Some((mantissas, error)) = row {
            self.error = error;
            for (product, &mantissa) in self.products.iter_mut().zip(mantissas) {
                *product = i32::from(mantissa as i8) * scale as i32;
            }
        }
    }
}

/// `drift_checkpoint_encoder`.
pub(super) struct Encoder {
    queue: Fifo<Vec<i32>>,
    /// The next row is a tile's first.
    first: bool,
    /// The previous row was a tile's last: its exponent is known now.
    closing: bool,
    magnitude: u32,
    /// The complete tile on offer.
    pub(super) tile_valid: bool,
    pub(super) tile: Place,
    pub(super) exponent: u8,
    /// The tile that leaves: its exponent, and rows still inside.
    present: u8,
    left: u32,
}

impl Encoder {
    pub(super) fn new(config: &ArrayConfig) -> Self {
        Self {
            queue: Fifo::new(config.tile_rows),
            first: true,
            closing: false,
            magnitude: 0,
            tile_valid: false,
            tile: Place::default(),
            exponent: 0,
            present: 0,
            left: 0,
        }
    }

    pub(super) fn row_ready(&self, last: bool) -> bool {
        self.queue.in_ready() && !(last && (self.closing || self.tile_valid))
    }

    pub(super) fn idle(&self) -> bool {
        !self.queue.out_valid()
    }

    /// The row of mantissas at the output.
    pub(super) fn mantissas(&self) -> Option<Vec<u8>> {
        let valid = self.queue.out_valid() && self.left > 0;
        let encode = |&y: &i32| checkpoint::mantissa(y, self.present) as u8;
        valid.then(|| self.queue.out().iter().map(encode).collect())
    }

    /// `row`: the row that is taken, and its tile if it is the last.
    pub(super) fn tick(
        &mut self,
        row: Option<(&[i32], Option<Place>)>,
        tile_ready: bool,
        mantissa_ready: bool,
    ) {
        let pop = mantissa_ready && self.left > 0;
        if self.queue.out_valid() && pop {
            self.left -= 1;
        }
        if self.tile_valid && tile_ready {
            self.left = self.tile.rows;
            self.present = self.exponent;
        }
        self.tile_valid = self.closing || (self.tile_valid && !tile_ready);
        if self.closing {
            self.exponent = checkpoint::exponent(self.magnitude);
        }
        self.closing = false;
        if let Some((elements, place)) = row {
            let before = if self.first { 0 } else { self.magnitude };
            self.magnitude = elements
                .iter()
                .fold(before, |bits, &y| bits | checkpoint::magnitude(y));
            self.first = place.is_some();
            if let Some(place) = place {
                self.closing = true;
                self.tile = place;
            }
        }
        self.queue
            .tick(row.map(|(elements, _)| elements.to_vec()), pop);
    }
}
