//! The recovery unit (`drift_recovery`), cycle by cycle.

mod parts;
mod pins;
mod repacker;

use super::Clocked;
use crate::config::{ArrayConfig, REPEAT_DEPTH};
use crate::golden::{AddressMap, Layout};
use parts::{Encoder, Fifo, Place, Restorer};
use repacker::{ReadBeat, Reader, Start, WriteWires, Writer};

pub use pins::{RecoveryInputs, RecoveryOutputs};

/// A dimension register.
const DIM_MASK: u32 = 0xff_ffff;
/// AxBURST of addresses that count up.
const INCR: u32 = 1;

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
    reader: Reader,
    writer: Writer,
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
    row_ready: bool,
    write_ready: bool,
    write: WriteWires,
    read_error: bool,
    write_error: bool,
}

fn bit(words: &[u32], index: usize) -> bool {
    words
        .get(index / 32)
        .is_some_and(|word| word >> (index % 32) & 1 != 0)
}

fn to_bytes(words: &[u32], count: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.resize(count, 0);
    bytes
}

fn to_words(bytes: &[u8]) -> Vec<u32> {
    let word = |four: &[u8]| u32::from_le_bytes(four.try_into().expect("whole words"));
    bytes.chunks(4).map(word).collect()
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
            reader: Reader::new(config),
            writer: Writer::new(config),
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
                self.restorer.element(j, self.reader.header) as u32
            } else {
                inputs.s_axis_result_tdata_i.get(j).copied().unwrap_or(0)
            }
        });
        let row_ready = !self.restorer.valid || (fire && rollback);
        let read = decide && now == Decision::Rollback;
        Wires {
            place: self.place(inputs),
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
            row_ready,
            write_ready: !self.writer.busy() && !read,
            write: self
                .writer
                .wires(inputs.m_axi_awready_i, inputs.m_axi_wready_i),
            read_error: inputs.m_axi_rvalid_i
                && self.reader.rready()
                && inputs.m_axi_rresp_i & 2 != 0,
            write_error: inputs.m_axi_bvalid_i && inputs.m_axi_bresp_i & 2 != 0,
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
        events.checkpoints += u64::from(w.write.done);
        events.stall_cycles += u64::from(waits && !w.open);
        events.recovery_cycles +=
            u64::from(waits && self.first && w.decision == Decision::Rollback);
        events.axi_errors += u64::from(w.read_error) + u64::from(w.write_error);
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
        let (arvalid, araddr, arlen) = self.reader.address();
        let (repeat_m, repeat_n) = *self.repeats.out();
        let size = self.config.memory_bytes.ilog2();
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
            idle_o: idle && self.encoder.idle() && !self.reader.busy() && self.writer.idle(),
            axi_error_o: w.read_error || w.write_error,
            rollbacks_o: events.rollbacks,
            restored_o: events.restored,
            recomputes_o: events.recomputes,
            kept_o: events.kept,
            overflows_o: events.overflows,
            checkpoints_o: events.checkpoints,
            stall_cycles_o: events.stall_cycles,
            recovery_cycles_o: events.recovery_cycles,
            axi_errors_o: events.axi_errors,
            m_axi_awvalid_o: w.write.awvalid,
            m_axi_awaddr_o: w.write.awaddr,
            m_axi_awlen_o: w.write.awlen,
            m_axi_awsize_o: size,
            m_axi_awburst_o: INCR,
            m_axi_wvalid_o: w.write.wvalid,
            m_axi_wdata_o: to_words(&w.write.wdata),
            m_axi_wstrb_o: u64::MAX >> (64 - self.config.memory_bytes),
            m_axi_wlast_o: w.write.wlast,
            m_axi_bready_o: true,
            m_axi_arvalid_o: arvalid,
            m_axi_araddr_o: araddr,
            m_axi_arlen_o: arlen,
            m_axi_arsize_o: size,
            m_axi_arburst_o: INCR,
            m_axi_rready_o: self.reader.rready(),
        }
    }

    fn tick(&mut self, inputs: &RecoveryInputs) {
        let w = self.wires(inputs);
        self.count(inputs, &w);
        let map = AddressMap {
            layout: if inputs.row_major_i {
                Layout::RowMajor
            } else {
                Layout::Tile
            },
            base: inputs.base_i,
            header_base: inputs.header_base_i,
            tiles_n: inputs.tiles_n_i,
        };

        let rollback = w.decision == Decision::Rollback;
        let read = (w.decide && rollback).then(|| Start::new(&self.config, &map, w.place));
        let mantissas = self.encoder.mantissas();
        let write = (self.encoder.tile_valid && w.write_ready).then(|| {
            let start = Start::new(&self.config, &map, self.encoder.tile);
            (start, self.encoder.exponent)
        });
        self.writer.tick(
            &w.write,
            write.as_ref().map(|(start, byte)| (start, *byte)),
            mantissas,
            inputs.m_axi_bvalid_i,
        );
        let elements: Vec<i32> = w.merged.iter().map(|&word| word as i32).collect();
        let place = inputs.s_axis_result_tlast_i.then_some(w.place);
        self.encoder.tick(
            (w.fire && w.encode).then_some((&elements, place)),
            w.write_ready,
            w.write.row_ready,
        );

        let row = self.reader.row().filter(|_| w.row_ready);
        self.restorer.tick(
            row.map(|(mantissas, error)| (mantissas.as_slice(), *error)),
            inputs.scale_i,
            w.fire && rollback,
        );
        let data = to_bytes(&inputs.m_axi_rdata_i, self.config.memory_bytes);
        let beat = inputs.m_axi_rvalid_i.then(|| ReadBeat {
            data: &data,
            error: inputs.m_axi_rresp_i & 2 != 0,
        });
        self.reader
            .tick(read.as_ref(), inputs.m_axi_arready_i, beat, w.row_ready);

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
