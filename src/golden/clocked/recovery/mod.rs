//! The recovery unit (`drift_recovery`), cycle by cycle.

mod parts;
mod pins;

use super::Clocked;
use super::fifo::Fifo;
use super::repacker::{Place, Repacker, RepackerInputs, RepackerOutputs, to_bytes, to_words};
use crate::config::{ArrayConfig, REPEAT_DEPTH};
use parts::{Encoder, Restorer};

pub use pins::{RecoveryInputs, RecoveryOutputs};

/// A dimension register.
const DIM_MASK: u32 = 0xff_ffff;

/// Event counters, since reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Events {
    rollbacks: u64,
    restored: u64,
    recomputes: u64,
    kept: u64,
    overflows: u64,
    checkpoints: u64,
    stall_cycles: u64,
    recovery_cycles: u64,
    axi_errors: u64,
}

/// The recovery unit.
pub struct Recovery {
    config: ArrayConfig,
    /// Place of the next tile in the GEMM, and rows of the GEMM from there on.
    next_m: u32,
    next_n: u32,
    left_m: u32,
    /// The next beat is a tile's first.
    first: bool,
    /// What becomes of the tile at the head: none before its first cycle.
    decided: Option<Decision>,
    repeats: Fifo<(u32, u32)>,
    restorer: Restorer,
    encoder: Encoder,
    repacker: Repacker,
    events: Events,
}

/// What becomes of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Pass,
    Rollback,
    Repeat,
}

/// What is combinational in one cycle.
struct Wires {
    place: Place,
    /// The decision is made in this cycle.
    decide: bool,
    decision: Decision,
    /// A repetition is wanted, whether or not there is room.
    wanted: bool,
    open: bool,
    valid: bool,
    fire: bool,
    last_fire: bool,
    replace: bool,
    encode: bool,
    merged: Vec<u32>,
    /// Pins of the repacker.
    to_repacker: RepackerInputs,
    repacker: RepackerOutputs,
}

fn bit(words: &[u32], index: usize) -> bool {
    words
        .get(index / 32)
        .is_some_and(|word| word >> (index % 32) & 1 != 0)
}

impl Recovery {
    /// The recovery unit after reset.
    pub fn new(config: &ArrayConfig) -> Self {
        Self {
            next_m: 0,
            next_n: 0,
            left_m: 0,
            first: true,
            decided: None,
            repeats: Fifo::new(REPEAT_DEPTH),
            restorer: Restorer::new(config),
            encoder: Encoder::new(config),
            repacker: Repacker::new(config),
            events: Events::default(),
            config: config.clone(),
        }
    }

    /// What becomes of the tile at the head, and whether it is wanted again.
    fn decide(&self, inputs: &RecoveryInputs) -> (Decision, bool) {
        let (masked, unlocated) = (
            inputs.protect_i && inputs.tile_masked_i,
            inputs.protect_i && inputs.tile_unlocated_i,
        );
        let wanted = !inputs.repeat_i
            && if masked {
                !inputs.checkpoint_valid_i && inputs.recompute_missing_i
            } else {
                unlocated && inputs.recompute_unlocated_i
            };
        let decision = if masked && inputs.checkpoint_valid_i {
            Decision::Rollback
        } else if wanted && self.repeats.in_ready() {
            Decision::Repeat
        } else {
            Decision::Pass
        };
        (decision, wanted)
    }

    /// The tile at the head.
    fn place(&self, inputs: &RecoveryInputs) -> Place {
        let (tile_m, tile_n) = *self.repeats.out();
        let tile_rows = self.config.tile_rows as u32;
        if inputs.repeat_i {
            Place {
                tile_m,
                tile_n,
                rows: inputs.dim_m_i.min(tile_rows),
            }
        } else {
            Place {
                tile_m: self.next_m,
                tile_n: self.next_n,
                rows: self.left_m.min(tile_rows),
            }
        }
    }

    fn wires(&self, inputs: &RecoveryInputs) -> Wires {
        let columns = self.config.columns;
        let (now, wanted) = self.decide(inputs);
        let decision = self.decided.unwrap_or(now);
        let decide = inputs.s_axis_result_tvalid_i && self.decided.is_none();
        let rollback = decision == Decision::Rollback;
        let encode = inputs.checkpoint_write_i && decision != Decision::Repeat;
        let encode_ready = self.encoder.row_ready(inputs.s_axis_result_tlast_i);
        let open = (!rollback || self.restorer.valid) && (!encode || encode_ready);
        let valid = open && inputs.s_axis_result_tvalid_i;
        let fire = valid && inputs.m_axis_result_tready_i;
        let replace = rollback && !self.restorer.error;
        let merged = (0..columns).map(|j| {
            if replace && bit(&inputs.s_axis_result_tuser_i, j) {
                self.restorer.element(j, self.repacker.header()) as u32
            } else {
                inputs.s_axis_result_tdata_i.get(j).copied().unwrap_or(0)
            }
        });
        let place = self.place(inputs);
        let mantissas = self.encoder.mantissas();
        let to_repacker = RepackerInputs {
            row_major_i: inputs.row_major_i,
            base_i: inputs.base_i,
            header_base_i: inputs.header_base_i,
            tiles_n_i: inputs.tiles_n_i,
            read_valid_i: decide && now == Decision::Rollback,
            read_tile_m_i: place.tile_m,
            read_tile_n_i: place.tile_n,
            read_rows_i: place.rows,
            read_row_ready_i: !self.restorer.valid || (fire && rollback),
            write_valid_i: self.encoder.tile_valid,
            write_tile_m_i: self.encoder.tile.tile_m,
            write_tile_n_i: self.encoder.tile.tile_n,
            write_rows_i: self.encoder.tile.rows,
            write_header_i: u32::from(self.encoder.exponent),
            write_row_valid_i: mantissas.is_some(),
            write_row_data_i: to_words(&mantissas.unwrap_or_default()),
            m_axi_awready_i: inputs.m_axi_awready_i,
            m_axi_wready_i: inputs.m_axi_wready_i,
            m_axi_bvalid_i: inputs.m_axi_bvalid_i,
            m_axi_bresp_i: inputs.m_axi_bresp_i,
            m_axi_arready_i: inputs.m_axi_arready_i,
            m_axi_rvalid_i: inputs.m_axi_rvalid_i,
            m_axi_rdata_i: inputs.m_axi_rdata_i.clone(),
            m_axi_rresp_i: inputs.m_axi_rresp_i,
            m_axi_rlast_i: inputs.m_axi_rlast_i,
        };
        Wires {
            place,
            decide,
            decision,
            wanted,
            open,
            valid,
            fire,
            last_fire: fire && inputs.s_axis_result_tlast_i,
            replace,
            encode,
            merged: merged.collect(),
            repacker: self.repacker.pins(&to_repacker),
            to_repacker,
        }
    }

    fn count(&mut self, inputs: &RecoveryInputs, w: &Wires) {
        let flagged = inputs.protect_i && (inputs.tile_masked_i || inputs.tile_unlocated_i);
        let unread = w.last_fire && w.decision == Decision::Rollback && !w.replace;
        let kept = (w.decide && flagged && w.decision == Decision::Pass) || unread;
        let waits = inputs.s_axis_result_tvalid_i;
        let events = &mut self.events;
        events.rollbacks += u64::from(w.last_fire && w.replace);
        events.recomputes += u64::from(w.decide && w.decision == Decision::Repeat);
        events.kept += u64::from(kept);
        events.overflows += u64::from(w.decide && w.wanted && !self.repeats.in_ready());
        events.checkpoints += u64::from(w.repacker.write_done_o);
        events.stall_cycles += u64::from(waits && !w.open);
        events.recovery_cycles +=
            u64::from(waits && self.first && w.decision == Decision::Rollback);
        events.axi_errors +=
            u64::from(w.repacker.read_error_o) + u64::from(w.repacker.write_error_o);
        if w.fire && w.replace {
            let masked =
                (0..self.config.columns).filter(|&j| bit(&inputs.s_axis_result_tuser_i, j));
            events.restored += masked.count() as u64;
        }
    }

    /// Moves on to the next tile of the GEMM, or to the first.
    fn advance(&mut self, inputs: &RecoveryInputs, last_fire: bool) {
        if inputs.start_i {
            (self.next_m, self.next_n) = (0, 0);
            self.left_m = inputs.dim_m_i;
        } else if last_fire && !inputs.repeat_i {
            self.next_n += 1;
            if self.next_n == inputs.tiles_n_i {
                self.next_n = 0;
                self.next_m += 1;
                self.left_m = self.left_m.wrapping_sub(self.config.tile_rows as u32) & DIM_MASK;
            }
        }
    }
}

impl Clocked for Recovery {
    type Inputs = RecoveryInputs;
    type Outputs = RecoveryOutputs;

    fn outputs(&mut self, inputs: &RecoveryInputs) -> RecoveryOutputs {
        let w = self.wires(inputs);
        let user_width = 2 * self.config.columns + 1;
        let mut user = inputs.s_axis_result_tuser_i.clone();
        user.resize((user_width + 2).div_ceil(32), 0);
        for (index, set) in [
            (user_width, w.decision == Decision::Repeat),
            (user_width + 1, w.replace),
        ] {
            user[index / 32] |= u32::from(set) << (index % 32);
        }
        let (repeat_m, repeat_n) = *self.repeats.out();
        let idle = self.first && self.decided.is_none() && !inputs.s_axis_result_tvalid_i;
        let events = self.events;
        RecoveryOutputs {
            s_axis_result_tready_o: w.open && inputs.m_axis_result_tready_i,
            m_axis_result_tvalid_o: w.valid,
            m_axis_result_tdata_o: w.merged,
            m_axis_result_tkeep_o: inputs.s_axis_result_tkeep_i.clone(),
            m_axis_result_tlast_o: inputs.s_axis_result_tlast_i,
            m_axis_result_tuser_o: user,
            repeat_valid_o: self.repeats.out_valid(),
            repeat_tile_m_o: repeat_m,
            repeat_tile_n_o: repeat_n,
            idle_o: idle && self.encoder.idle() && w.repacker.idle_o,
            axi_error_o: w.repacker.read_error_o || w.repacker.write_error_o,
            rollbacks_o: events.rollbacks,
            restored_o: events.restored,
            recomputes_o: events.recomputes,
            kept_o: events.kept,
            overflows_o: events.overflows,
            checkpoints_o: events.checkpoints,
            stall_cycles_o: events.stall_cycles,
            recovery_cycles_o: events.recovery_cycles,
            axi_errors_o: events.axi_errors,
            m_axi_awvalid_o: w.repacker.m_axi_awvalid_o,
            m_axi_awaddr_o: w.repacker.m_axi_awaddr_o,
            m_axi_awlen_o: w.repacker.m_axi_awlen_o,
            m_axi_awsize_o: w.repacker.m_axi_awsize_o,
            m_axi_awburst_o: w.repacker.m_axi_awburst_o,
            m_axi_wvalid_o: w.repacker.m_axi_wvalid_o,
            m_axi_wdata_o: w.repacker.m_axi_wdata_o,
            m_axi_wstrb_o: w.repacker.m_axi_wstrb_o,
            m_axi_wlast_o: w.repacker.m_axi_wlast_o,
            m_axi_bready_o: w.repacker.m_axi_bready_o,
            m_axi_arvalid_o: w.repacker.m_axi_arvalid_o,
            m_axi_araddr_o: w.repacker.m_axi_araddr_o,
            m_axi_arlen_o: w.repacker.m_axi_arlen_o,
            m_axi_arsize_o: w.repacker.m_axi_arsize_o,
            m_axi_arburst_o: w.repacker.m_axi_arburst_o,
            m_axi_rready_o: w.repacker.m_axi_rready_o,
        }
    }

    fn tick(&mut self, inputs: &RecoveryInputs) {
        let w = self.wires(inputs);
        self.count(inputs, &w);
        let elements: Vec<i32> = w.merged.iter().map(|&word| word as i32).collect();
        let place = inputs.s_axis_result_tlast_i.then_some(w.place);
        self.encoder.tick(
            (w.fire && w.encode).then_some((&elements, place)),
            w.repacker.write_ready_o,
            w.repacker.write_row_ready_o,
        );

        let rollback = w.decision == Decision::Rollback;
        let row = to_bytes(&w.repacker.read_row_data_o, self.config.columns);
        let taken = w.repacker.read_row_valid_o && w.to_repacker.read_row_ready_i;
        self.restorer.tick(
            taken.then_some((&row, w.repacker.read_row_error_o)),
            inputs.scale_i,
            w.fire && rollback,
        );
        self.repacker.tick(&w.to_repacker);
        let repeat = (w.decide && w.wanted).then_some((w.place.tile_m, w.place.tile_n));
        self.repeats.tick(repeat, inputs.repeat_ready_i);
        self.advance(inputs, w.last_fire);
        if w.fire {
            self.first = inputs.s_axis_result_tlast_i;
        }
        if w.last_fire {
            self.decided = None;
        } else if inputs.s_axis_result_tvalid_i {
            self.decided = Some(w.decision);
        }
    }
}
