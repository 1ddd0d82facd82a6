//! The run sequencer (`drift_sequencer`), cycle by cycle.

use super::{Clocked, signals};
use crate::config::ArrayConfig;
use std::collections::BTreeMap;

signals! {
    /// Input pins of the sequencer.
    pub struct SequencerInputs {
        /// Start of a GEMM.
        start_i: bool,
        /// M of the GEMM.
        dim_m_i: u32,
        /// K of the GEMM.
        dim_k_i: u32,
        /// N of the GEMM.
        dim_n_i: u32,
        /// Rollback is on.
        protect_i: bool,
        /// Layer of the GEMM.
        layer_i: u32,
        /// Denoising step.
        step_i: u32,
        /// Steps between two checkpoints of a layer.
        interval_i: u32,
        /// Forget all checkpoints.
        clear_i: bool,
        /// Operating point by class, three bits each.
        schedule_i: u64,
        /// Timestep class of the GEMM.
        timestep_class_i: u32,
        /// Block class of the GEMM.
        block_class_i: u32,
        /// The point is forced.
        force_i: bool,
        /// Forced point.
        force_point_i: u32,
        /// Points towards nominal.
        bias_i: u32,
        /// The target point is reached.
        settled_i: bool,
        /// The engine is idle.
        cmd_ready_i: bool,
        /// The recovery unit is idle.
        recovery_idle_i: bool,
        /// A memory access failed.
        axi_error_i: bool,
        /// A tile is to be repeated.
        repeat_valid_i: bool,
        /// Its row of tiles.
        repeat_tile_m_i: u32,
        /// Its position in that row.
        repeat_tile_n_i: u32,
    }
}

signals! {
    /// Output pins of the sequencer.
    pub struct SequencerOutputs {
        /// A GEMM is being run.
        busy_o: bool,
        /// The last GEMM is finished.
        done_o: bool,
        /// A memory access failed during it.
        failed_o: bool,
        /// Wanted operating point.
        target_o: u32,
        /// Command of the engine.
        cmd_valid_o: bool,
        /// M of the command.
        cmd_m_o: u32,
        /// K of the command.
        cmd_k_o: u32,
        /// N of the command.
        cmd_n_o: u32,
        /// A GEMM starts in the recovery unit.
        recovery_start_o: bool,
        /// The layer has a checkpoint.
        checkpoint_valid_o: bool,
        /// The layer's tiles are to be written.
        checkpoint_write_o: bool,
        /// Tiles across.
        tiles_n_o: u32,
        /// A tile is being repeated.
        repeat_o: bool,
        /// The repeated tile is done.
        repeat_ready_o: bool,
        /// Cycles in which a GEMM was run.
        running_cycles_o: u64,
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    Count,
    Settle,
    Command,
    Run,
    Next,
    Done,
}

/// The sequencer.
pub struct Sequencer {
    tile_rows: u32,
    columns: u32,
    state: State,
    repeat: bool,
    tiles_n: u32,
    left_n: u32,
    /// Step in which each layer with a valid checkpoint was written.
    written: BTreeMap<u32, u32>,
    checkpoint_valid: bool,
    checkpoint_write: bool,
    done: bool,
    failed: bool,
    running_cycles: u64,
}

/// Operating point of a GEMM: forced, or the scheduled one moved towards
/// nominal (point 0).
fn target(inputs: &SequencerInputs, repeat: bool) -> u32 {
    let entry = 4 * inputs.timestep_class_i + inputs.block_class_i;
    let scheduled = (inputs.schedule_i >> (3 * entry)) as u32 & 7;
    match (repeat, inputs.force_i) {
        (true, _) => 0,
        (false, true) => inputs.force_point_i,
        (false, false) => scheduled.saturating_sub(inputs.bias_i),
    }
}

impl Sequencer {
    /// The sequencer after reset.
    pub fn new(config: &ArrayConfig) -> Self {
        Self {
            tile_rows: config.tile_rows as u32,
            columns: config.columns as u32,
            state: State::Idle,
            repeat: false,
            tiles_n: 0,
            left_n: 0,
            written: BTreeMap::new(),
            checkpoint_valid: false,
            checkpoint_write: false,
            done: false,
            failed: false,
            running_cycles: 0,
        }
    }

    fn run_over(&self, inputs: &SequencerInputs) -> bool {
        self.state == State::Run && inputs.cmd_ready_i && inputs.recovery_idle_i
    }

    fn counted(&self) -> bool {
        self.state == State::Count && self.left_n <= self.columns
    }
}

impl Clocked for Sequencer {
    type Inputs = SequencerInputs;
    type Outputs = SequencerOutputs;

    fn outputs(&mut self, inputs: &SequencerInputs) -> SequencerOutputs {
        let rest = |size: u32, tile: u32, index: u32| {
            let left = size.wrapping_sub(tile.wrapping_mul(index)) & 0xff_ffff;
            if self.repeat { left.min(tile) } else { size }
        };
        SequencerOutputs {
            busy_o: self.state != State::Idle,
            done_o: self.done,
            failed_o: self.failed,
            target_o: target(inputs, self.repeat),
            cmd_valid_o: self.state == State::Command,
            cmd_m_o: rest(inputs.dim_m_i, self.tile_rows, inputs.repeat_tile_m_i),
            cmd_k_o: inputs.dim_k_i,
            cmd_n_o: rest(inputs.dim_n_i, self.columns, inputs.repeat_tile_n_i),
            recovery_start_o: self.counted(),
            checkpoint_valid_o: self.checkpoint_valid,
            checkpoint_write_o: self.checkpoint_write,
            tiles_n_o: self.tiles_n,
            repeat_o: self.repeat,
            repeat_ready_o: self.run_over(inputs) && self.repeat,
            running_cycles_o: self.running_cycles,
        }
    }

    fn tick(&mut self, inputs: &SequencerInputs) {
        let layer = inputs.layer_i;
        let written = self.written.get(&layer).copied();
        if self.state == State::Done && self.checkpoint_write && !self.failed {
            self.written.insert(layer, inputs.step_i);
        }
        if inputs.clear_i {
            self.written.clear();
        }
        self.failed |= inputs.axi_error_i;
        self.done |= self.state == State::Done;
        self.running_cycles += u64::from(self.state != State::Idle);
        self.state = match self.state {
            State::Idle if inputs.start_i => {
                let age = written.map(|step| inputs.step_i.wrapping_sub(step) & 0xffff);
                self.done = false;
                self.failed = false;
                self.tiles_n = 1;
                self.left_n = inputs.dim_n_i;
                self.checkpoint_valid = inputs.protect_i && written.is_some();
                self.checkpoint_write =
                    inputs.protect_i && age.is_none_or(|age| age >= inputs.interval_i);
                State::Count
            }
            State::Count if self.counted() => State::Settle,
            State::Count => {
                self.tiles_n += 1;
                self.left_n -= self.columns;
                State::Count
            }
            State::Settle if inputs.settled_i => State::Command,
            State::Command if inputs.cmd_ready_i => State::Run,
            State::Run if self.run_over(inputs) => State::Next,
            State::Next => {
                self.repeat = inputs.repeat_valid_i;
                if self.repeat {
                    State::Settle
                } else {
                    State::Done
                }
            }
            State::Done => State::Idle,
            state => state,
        };
    }
}
