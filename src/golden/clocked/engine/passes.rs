//! The front of the weight-stationary engine: rows and weights, pass by pass.

use super::rows::Rows;
use super::weights::Weights;
use super::{EngineInputs, Front, Operands, bytes};
use crate::config::ArrayConfig;
use ndarray::Array2;
use std::collections::VecDeque;

/// Accepts rows and weights, and follows them through the array.
pub(super) struct Passes {
    depth: usize,
    weights: Weights,
    rows: Rows,
    /// Tiles whose operands are arriving, the oldest first.
    tiles: VecDeque<Operands>,
}

impl Passes {
    pub fn new(config: &ArrayConfig) -> Self {
        Self {
            depth: config.rows,
            weights: Weights::new(config),
            rows: Rows::new(config),
            tiles: VecDeque::new(),
        }
    }
}

impl Front for Passes {
    fn flushed(&self) -> bool {
        true
    }

    fn active(&self) -> bool {
        self.rows.active() || self.rows.any_bank_busy()
    }

    fn quiet(&self, inputs: &EngineInputs) -> bool {
        let pause = inputs.pause_i;
        let weights_move = self.weights.moving(inputs.s_axis_weight_tvalid_i, pause);
        pause && !self.rows.in_pass() && self.rows.tags_empty() && !weights_move
    }

    fn act_ready(&self, pause: bool) -> bool {
        self.rows.ready(self.weights.full(), pause)
    }

    fn weight_ready(&self, pause: bool) -> bool {
        self.weights.ready(pause)
    }

    fn receive(&mut self, inputs: &EngineInputs) {
        let pause = inputs.pause_i;
        let act_valid = inputs.s_axis_act_tvalid_i;
        let row = self.rows.accepted(act_valid, self.weights.full(), pause);
        let weight = self.weights.accepted(inputs.s_axis_weight_tvalid_i, pause);
        if let Some(beat) = &weight {
            if beat.opens_tile() {
                self.tiles.push_back(Operands {
                    x: Array2::zeros((beat.rows, beat.depth)),
                    w: Array2::zeros((beat.depth, beat.columns)),
                });
            }
            if let Some(k) = beat.k {
                let bytes = bytes(&inputs.s_axis_weight_tdata_i);
                let tile = self.tiles.back_mut().expect("opened above");
                for (value, byte) in tile.w.row_mut(k).iter_mut().zip(bytes) {
                    *value = byte;
                }
            }
        }
        if let Some((row, m)) = row.as_ref().and_then(|row| Some((row, row.data_row?))) {
            let tile = &mut self.tiles[row.tiles_before];
            let first = row.pass * self.depth;
            let bytes = bytes(&inputs.s_axis_act_tdata_i);
            let lanes = tile.x.row_mut(m);
            for (value, byte) in lanes.into_iter().skip(first).take(self.depth).zip(bytes) {
                *value = byte;
            }
        }
    }

    fn tile_done(&self) -> Option<usize> {
        self.rows.tile_done()
    }

    fn finished(&mut self) -> Operands {
        self.tiles.pop_front().expect("its rows have passed")
    }

    fn tick(
        &mut self,
        load: bool,
        dims: (usize, usize, usize),
        inputs: &EngineInputs,
        released: Option<usize>,
    ) {
        let pause = inputs.pause_i;
        let act_valid = inputs.s_axis_act_tvalid_i;
        let row = self.rows.accepted(act_valid, self.weights.full(), pause);
        let weight = self.weights.accepted(inputs.s_axis_weight_tvalid_i, pause);
        self.weights.tick(load, dims, weight, row.as_ref());
        self.rows.tick(load, dims, row, released);
    }
}
