//! The tile engine (`drift_tile_engine`), weight-stationary, cycle by cycle.
//!
//! Control is modelled register by register; what the array computes is taken
//! from [`golden::tile`](crate::golden::tile) when the last row of a tile has
//! passed it.

mod drain;
mod rows;
mod walker;
mod weights;

use super::{Clocked, signals};
use crate::config::ArrayConfig;
use crate::fault::TileFaults;
use crate::golden;
use crate::tiling::Tiling;
use drain::{Complete, Drain};
use ndarray::Array2;
use rows::Rows;
use std::collections::VecDeque;
use weights::Weights;

signals! {
    /// Input pins of the tile engine.
    pub struct EngineInputs {
        /// A GEMM is offered.
        cmd_valid_i: bool,
        /// M of the GEMM.
        cmd_m_i: u32,
        /// K of the GEMM.
        cmd_k_i: u32,
        /// N of the GEMM.
        cmd_n_i: u32,
        /// θ.
        threshold_bit_i: u32,
        /// No pass starts and no weight is accepted.
        pause_i: bool,
        /// Activation stream.
        s_axis_act_tvalid_i: bool,
        /// R int8.
        s_axis_act_tdata_i: Vec<u32>,
        /// Weight stream.
        s_axis_weight_tvalid_i: bool,
        /// C int8.
        s_axis_weight_tdata_i: Vec<u32>,
        /// Result stream.
        m_axis_result_tready_i: bool,
    }
}

signals! {
    /// Output pins of the tile engine.
    pub struct EngineOutputs {
        /// No GEMM is being computed.
        cmd_ready_o: bool,
        /// Paused, and nothing moves in the array.
        quiet_o: bool,
        /// Activation stream.
        s_axis_act_tready_o: bool,
        /// Weight stream.
        s_axis_weight_tready_o: bool,
        /// Result stream.
        m_axis_result_tvalid_o: bool,
        /// C int32.
        m_axis_result_tdata_o: Vec<u32>,
        /// Four bits per column.
        m_axis_result_tkeep_o: Vec<u32>,
        /// Last row of a tile.
        m_axis_result_tlast_o: bool,
        /// {column flags, row flag, mask of the row}.
        m_axis_result_tuser_o: Vec<u32>,
        /// The tile on the stream has a non-empty mask.
        tile_masked_o: bool,
        /// The tile on the stream has flags in one direction only.
        tile_unlocated_o: bool,
        /// A tile was read to its end in the previous cycle.
        tile_end_o: bool,
        /// Flagged lines of that tile.
        tile_flags_o: u32,
        /// Busy cycles.
        cycles_o: u64,
        /// Finished tiles.
        tiles_o: u64,
        /// Flagged rows.
        flagged_rows_o: u64,
        /// Flagged columns.
        flagged_columns_o: u64,
        /// Masked elements.
        masked_o: u64,
        /// Lines flagged in one direction only.
        unlocated_o: u64,
    }
}

/// Operands of a tile as the streams have delivered them.
struct Operands {
    x: Array2<i8>,
    w: Array2<i8>,
}

/// The tile engine.
pub struct Engine {
    config: ArrayConfig,
    busy: bool,
    load: bool,
    dims: (usize, usize, usize),
    cycles: u64,
    weights: Weights,
    rows: Rows,
    drain: Drain,
    /// Tiles whose operands are arriving, the oldest first.
    tiles: VecDeque<Operands>,
    /// Number of the next tile to be computed since the last [`Engine::expect`].
    next_tile: usize,
    faults: Vec<TileFaults>,
}

impl Engine {
    /// The engine after reset.
    pub fn new(config: &ArrayConfig) -> Self {
        Self {
            config: config.clone(),
            busy: false,
            load: false,
            dims: (0, 0, 0),
            cycles: 0,
            weights: Weights::new(config),
            rows: Rows::new(config),
            drain: Drain::new(config),
            tiles: VecDeque::new(),
            next_tile: 0,
            faults: Vec::new(),
        }
    }

    /// Says which faults hit the tiles that are computed from now on, in order;
    /// tiles beyond the list have none.
    pub fn expect(&mut self, faults: Vec<TileFaults>) {
        self.faults = faults;
        self.next_tile = 0;
    }

    fn ready(&self) -> bool {
        !self.busy
    }

    fn drained(&self) -> bool {
        !self.load && !self.rows.active() && !self.rows.any_bank_busy() && !self.drain.valid()
    }

    fn starts(&self, inputs: &EngineInputs) -> bool {
        let empty = [inputs.cmd_m_i, inputs.cmd_k_i, inputs.cmd_n_i].contains(&0);
        inputs.cmd_valid_i && self.ready() && !empty
    }

    /// Computes the oldest tile.
    fn finish_tile(&mut self, bank: usize, threshold_bit: u32) -> Complete {
        let operands = self.tiles.pop_front().expect("its rows have passed");
        let (x, w) = (operands.x, operands.w);
        let tiling = Tiling::new(&self.config, x.nrows(), x.ncols(), w.ncols());
        let none = TileFaults::default();
        let faults = self.faults.get(self.next_tile).unwrap_or(&none);
        self.next_tile += 1;
        Complete {
            bank,
            columns: w.ncols(),
            result: golden::tile(
                &self.config,
                &tiling,
                &tiling.tile(0),
                x.view(),
                w.view(),
                faults,
                threshold_bit,
            ),
        }
    }
}

impl Clocked for Engine {
    type Inputs = EngineInputs;
    type Outputs = EngineOutputs;

    fn outputs(&mut self, inputs: &EngineInputs) -> EngineOutputs {
        let pause = inputs.pause_i;
        let weights_move = self.weights.moving(inputs.s_axis_weight_tvalid_i, pause);
        let drain = &self.drain;
        EngineOutputs {
            cmd_ready_o: self.ready(),
            quiet_o: pause && !self.rows.in_pass() && self.rows.tags_empty() && !weights_move,
            s_axis_act_tready_o: self.rows.ready(self.weights.full(), pause),
            s_axis_weight_tready_o: self.weights.ready(pause),
            m_axis_result_tvalid_o: drain.valid(),
            m_axis_result_tdata_o: drain.data.clone(),
            m_axis_result_tkeep_o: drain.keep.clone(),
            m_axis_result_tlast_o: drain.last,
            m_axis_result_tuser_o: drain.user.clone(),
            tile_masked_o: drain.masked,
            tile_unlocated_o: drain.unlocated,
            tile_end_o: drain.tile_end,
            tile_flags_o: drain.tile_flags,
            cycles_o: self.cycles,
            tiles_o: drain.counters.tiles,
            flagged_rows_o: drain.counters.flagged_rows,
            flagged_columns_o: drain.counters.flagged_columns,
            masked_o: drain.counters.masked,
            unlocated_o: drain.counters.unlocated,
        }
    }

    fn tick(&mut self, inputs: &EngineInputs) {
        let starts = self.starts(inputs);
        let drained = self.drained();
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
        if let Some(m) = row.as_ref().and_then(|row| row.data_row) {
            let row = row.as_ref().expect("just seen");
            let tile = &mut self.tiles[row.tiles_before];
            let first = row.pass * self.config.rows;
            let bytes = bytes(&inputs.s_axis_act_tdata_i);
            let lanes = tile.x.row_mut(m);
            for (value, byte) in lanes
                .into_iter()
                .skip(first)
                .take(self.config.rows)
                .zip(bytes)
            {
                *value = byte;
            }
        }

        let done_bank = self.rows.tile_done();
        let complete = done_bank.map(|bank| self.finish_tile(bank, inputs.threshold_bit_i));
        let released = self.drain.tick(inputs.m_axis_result_tready_i, complete);
        self.cycles += u64::from(self.busy);
        self.weights
            .tick(self.load, self.dims, weight, row.as_ref());
        self.rows.tick(self.load, self.dims, row, released);
        self.load = starts;
        if starts {
            self.dims = (
                inputs.cmd_m_i as usize,
                inputs.cmd_k_i as usize,
                inputs.cmd_n_i as usize,
            );
        }
        self.busy = starts || (self.busy && !drained);
    }
}

/// The int8 lanes of a stream's beat, lane 0 first.
fn bytes(words: &[u32]) -> impl Iterator<Item = i8> + '_ {
    words
        .iter()
        .flat_map(|word| word.to_le_bytes().map(|byte| byte as i8))
}
