//! The tile engine (`drift_tile_engine`) of either dataflow, cycle by cycle.
//!
//! Control is modelled register by register; what the array computes is taken
//! from [`golden::tile`](crate::golden::tile) when the last row of a tile has
//! passed it.

mod drain;
mod passes;
mod rows;
mod steps;
mod walker;
mod weights;

use super::{Clocked, signals};
use crate::config::{ArrayConfig, Dataflow};
use crate::fault::TileFaults;
use crate::golden;
use crate::tiling::Tiling;
use drain::{Complete, Drain};
use ndarray::Array2;
use passes::Passes;
use steps::Steps;

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

/// What takes the operands in and sends them through the array: everything in
/// front of the accumulators or tile buffers.
trait Front: Send {
    /// Nothing from before the reset is left in the array.
    fn flushed(&self) -> bool;
    /// Operands are expected, or some bank is not free.
    fn active(&self) -> bool;
    /// Paused, and nothing moves.
    fn quiet(&self, inputs: &EngineInputs) -> bool;
    /// Whether a beat of the activation stream is accepted if there is one.
    fn act_ready(&self, pause: bool) -> bool;
    /// Whether a beat of the weight stream is accepted if there is one.
    fn weight_ready(&self, pause: bool) -> bool;
    /// Keeps the operands that are accepted in this cycle.
    fn receive(&mut self, inputs: &EngineInputs);
    /// Bank of the tile whose last row has passed all columns in this cycle.
    fn tile_done(&self) -> Option<usize>;
    /// The operands of that tile.
    fn finished(&mut self) -> Operands;
    /// One clock edge; `released` is the bank that the drain has read to its end.
    fn tick(
        &mut self,
        load: bool,
        dims: (usize, usize, usize),
        inputs: &EngineInputs,
        released: Option<usize>,
    );
}

/// The tile engine.
pub struct Engine {
    config: ArrayConfig,
    busy: bool,
    load: bool,
    dims: (usize, usize, usize),
    cycles: u64,
    front: Box<dyn Front>,
    drain: Drain,
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
            front: match config.dataflow {
                Dataflow::Ws => Box::new(Passes::new(config)),
                Dataflow::Os => Box::new(Steps::new(config)),
            },
            drain: Drain::new(config),
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
        !self.busy && self.front.flushed()
    }

    fn drained(&self) -> bool {
        !self.load && !self.front.active() && !self.drain.valid()
    }

    fn starts(&self, inputs: &EngineInputs) -> bool {
        let empty = [inputs.cmd_m_i, inputs.cmd_k_i, inputs.cmd_n_i].contains(&0);
        inputs.cmd_valid_i && self.ready() && !empty
    }

    /// Computes the oldest tile.
    fn finish_tile(&mut self, bank: usize, threshold_bit: u32) -> Complete {
        let Operands { x, w } = self.front.finished();
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
        let drain = &self.drain;
        EngineOutputs {
            cmd_ready_o: self.ready(),
            quiet_o: self.front.quiet(inputs),
            s_axis_act_tready_o: self.front.act_ready(pause),
            s_axis_weight_tready_o: self.front.weight_ready(pause),
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
        self.front.receive(inputs);
        let done_bank = self.front.tile_done();
        let complete = done_bank.map(|bank| self.finish_tile(bank, inputs.threshold_bit_i));
        let released = self.drain.tick(inputs.m_axis_result_tready_i, complete);
        self.cycles += u64::from(self.busy);
        self.front.tick(self.load, self.dims, inputs, released);
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
