//! Engine, sequencer, memory and sink around the recovery unit.

use drift::config::ArrayConfig;
use drift::golden::clocked::{RecoveryInputs, RecoveryOutputs};
use drift::golden::{AddressMap, Checkpoint, Layout, checkpoint};
use drift::soc::{Backpressure, MasterPins, Memory, MemoryPort};
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::{BTreeMap, VecDeque};

/// Entries of the repeat FIFO.
const REPEATS: usize = 16;

fn set(words: &mut [u32], index: usize, bit: bool) {
    words[index / 32] |= u32::from(bit) << (index % 32);
}

/// A tile as the engine sends it.
#[derive(Clone)]
pub struct Tile {
    pub at: (u32, u32),
    pub y: Array2<i32>,
    pub row_flags: Vec<bool>,
    pub column_flags: Vec<bool>,
    /// Rows sent, and rows that came out.
    pub sent: usize,
    pub received: usize,
    /// What came out.
    pub merged: Array2<i32>,
    /// Rows of it that were rolled back.
    pub rolled: usize,
    pub void: bool,
}

impl Tile {
    fn masked(&self) -> bool {
        self.row_flags.contains(&true) && self.column_flags.contains(&true)
    }

    fn unlocated(&self) -> bool {
        self.row_flags.contains(&true) != self.column_flags.contains(&true)
    }
}

/// Counters as the test itself counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub rollbacks: u64,
    pub restored: u64,
    pub recomputes: u64,
    pub kept: u64,
    pub overflows: u64,
    pub checkpoints: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Start,
    Run,
    Repeat,
}

/// The bench; `drive` is its clock.
pub struct Bench<L> {
    config: ArrayConfig,
    rng: ChaCha8Rng,
    pub port: MemoryPort<L>,
    pub phase: Phase,
    /// Pins of the present GEMM, and those of the last cycle.
    pub held: RecoveryInputs,
    last: RecoveryInputs,
    pub map: AddressMap,
    pub dim_m: u32,
    pub errors: bool,
    /// Tiles to send, the first of them perhaps in part; tiles sent but not received.
    pub tiles: VecDeque<Tile>,
    inside: VecDeque<Tile>,
    repeats: VecDeque<(u32, u32)>,
    /// Checkpoints that lie in memory.
    pub stored: BTreeMap<(u32, u32), Checkpoint>,
    /// Of 256 cycles: gaps of the engine, stalls of the sink.
    pub gap: u32,
    pub stall: u32,
    /// Every tile of this GEMM has a mask.
    bad: bool,
    pub counted: Counted,
    pub gemms: u64,
    pub unread: u64,
}

impl<L: FnMut(u64, bool, u32, u32) -> u64> Bench<L> {
    pub fn new(config: &ArrayConfig, latency: L, seed: u64) -> Self {
        Self {
            config: config.clone(),
            rng: ChaCha8Rng::seed_from_u64(seed),
            port: MemoryPort::new(config.memory_bytes, latency, seed),
            phase: Phase::Start,
            held: RecoveryInputs::default(),
            last: RecoveryInputs::default(),
            map: AddressMap::default(),
            dim_m: 0,
            errors: false,
            tiles: VecDeque::new(),
            inside: VecDeque::new(),
            repeats: VecDeque::new(),
            stored: BTreeMap::new(),
            gap: 0,
            stall: 0,
            bad: false,
            counted: Counted::default(),
            gemms: 0,
            unread: 0,
        }
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.rng.next_u32() % limit
    }

    pub fn tile(&mut self, at: (u32, u32), rows: usize) -> Tile {
        let columns = self.config.columns;
        let shift = self.below(32);
        let y = Array2::from_shape_simple_fn((rows, columns), || {
            let value = self.rng.next_u32() as i32 >> shift;
            match self.rng.next_u32() % 64 {
                0 => i32::MIN >> shift,
                1 => 0,
                _ => value,
            }
        });
        let (kind, density) = if self.bad {
            (3, 1)
        } else {
            (self.below(4), 1 + self.below(4))
        };
        let mut flags = |count: usize, wanted: bool| -> Vec<bool> {
            (0..count)
                .map(|_| wanted && self.rng.next_u32().is_multiple_of(density))
                .collect()
        };
        let row_flags = flags(rows, kind == 1 || kind == 3);
        let column_flags = flags(columns, kind == 2 || kind == 3);
        Tile {
            at,
            merged: Array2::zeros(y.dim()),
            y,
            row_flags,
            column_flags,
            sent: 0,
            received: 0,
            rolled: 0,
            void: false,
        }
    }

    /// Chooses a GEMM, and puts old checkpoints of it into memory.
    pub fn start(&mut self) {
        let (t, b) = (
            self.config.tile_rows as u32,
            self.config.memory_bytes as u32,
        );
        self.dim_m = 1 + self.below(4 * t);
        let tiles_n = 1 + self.below(8);
        self.bad = self.below(6) == 0;
        let row_major = self.below(2) == 0;
        self.map = AddressMap {
            layout: if row_major {
                Layout::RowMajor
            } else {
                Layout::Tile
            },
            base: self.below(1 << 20) * b,
            header_base: 0x8000_0000 + self.below(1 << 10) * b,
            tiles_n,
        };
        self.held = RecoveryInputs {
            protect_i: self.below(5) > 0,
            checkpoint_valid_i: self.below(3) > 0,
            checkpoint_write_i: self.below(2) == 0,
            recompute_missing_i: self.below(3) > 0,
            recompute_unlocated_i: self.below(3) == 0,
            row_major_i: row_major,
            base_i: self.map.base,
            header_base_i: self.map.header_base,
            tiles_n_i: tiles_n,
            scale_i: [1 << 14, self.below(1 << 16), self.below(1 << 15)][self.gemms as usize % 3],
            dim_m_i: self.dim_m,
            ..RecoveryInputs::default()
        };
        self.errors = self.below(4) == 0;
        self.port.backpressure = Backpressure {
            stall: [0, 0, 60, 200][self.below(4) as usize],
            errors: if self.errors { 1500 } else { 0 },
            data_first: self.below(3) == 0,
        };
        self.gap = [0, 0, 60, 200][self.below(4) as usize];
        self.stall = [0, 0, 60, 200][self.below(4) as usize];
        self.port.memory = Memory::default();
        self.stored.clear();
        for index in 0..self.dim_m.div_ceil(t) * tiles_n {
            let at = (index / tiles_n, index % tiles_n);
            let rows = (self.dim_m - at.0 * t).min(t) as usize;
            let old = checkpoint::encode(self.tile(at, rows).y.view());
            self.port.memory.write(
                self.map.header(&self.config, at.0, at.1),
                &old.header_bytes(&self.config),
            );
            for row in 0..rows {
                let address = self.map.row(&self.config, at.0, at.1, row as u32);
                self.port
                    .memory
                    .write(address, &old.row_bytes(&self.config, row));
            }
            self.stored.insert(at, old);
            let tile = self.tile(at, rows);
            self.tiles.push_back(tile);
        }
    }

    /// What must become of a tile when its first beat appears.
    fn decide(&mut self, tile: &mut Tile) {
        let held = &self.held;
        let flagged = held.protect_i && (tile.masked() || tile.unlocated());
        let rollback = held.protect_i && tile.masked() && held.checkpoint_valid_i;
        let policy = if tile.masked() {
            !held.checkpoint_valid_i && held.recompute_missing_i
        } else {
            held.recompute_unlocated_i
        };
        let wanted = flagged && policy && self.phase != Phase::Repeat;
        tile.void = wanted && self.repeats.len() < REPEATS;
        if tile.void {
            self.repeats.push_back(tile.at);
        }
        self.counted.recomputes += u64::from(tile.void);
        self.counted.overflows += u64::from(wanted && !tile.void);
        self.counted.kept += u64::from(flagged && !rollback && !tile.void);
    }

    /// Checks a beat that came out.
    fn receive(&mut self, out: &RecoveryOutputs) {
        let columns = self.config.columns;
        let mut tile = self.inside.pop_front().expect("a tile is inside");
        let row = tile.received;
        if row == 0 {
            self.decide(&mut tile);
        }
        let held = &self.held;
        let rollback = held.protect_i && tile.masked() && held.checkpoint_valid_i;
        let user = |index: usize| out.m_axis_result_tuser_o[index / 32] >> (index % 32) & 1 != 0;
        let rolled = user(2 * columns + 2);
        assert_eq!(user(2 * columns + 1), tile.void);
        if self.errors {
            assert!(!rolled || (rollback && tile.rolled == row));
        } else {
            assert_eq!(rolled, rollback);
        }
        let expected = if rolled {
            let old = &self.stored[&tile.at];
            let scale = held.scale_i as u16;
            checkpoint::merge(
                tile.y.view(),
                &tile.row_flags,
                &tile.column_flags,
                old,
                scale,
            )
        } else {
            tile.y.clone()
        };
        for j in 0..columns {
            let found = out.m_axis_result_tdata_o[j] as i32;
            assert_eq!(
                found,
                expected[[row, j]],
                "{:?} row {row} column {j}",
                tile.at
            );
            tile.merged[[row, j]] = found;
            let masked = tile.row_flags[row] && tile.column_flags[j];
            self.counted.restored += u64::from(rolled && masked);
        }
        tile.rolled += usize::from(rolled);
        tile.received += 1;
        let complete = tile.received == tile.y.nrows();
        assert_eq!(out.m_axis_result_tlast_o, complete);
        if !complete {
            self.inside.push_front(tile);
            return;
        }
        self.counted.rollbacks += u64::from(rolled);
        self.counted.kept += u64::from(rollback && !rolled);
        self.unread += u64::from(rollback && !rolled);
        if self.held.checkpoint_write_i && !tile.void {
            self.counted.checkpoints += 1;
            self.stored
                .insert(tile.at, checkpoint::encode(tile.merged.view()));
        }
    }

    /// All checkpoints in memory are those that must be there.
    fn check_memory(&self) {
        assert!(self.port.is_idle());
        for (&(m, n), stored) in &self.stored {
            let header = self.map.header(&self.config, m, n);
            let bytes = self.config.memory_bytes;
            assert_eq!(
                self.port.memory.read(header, bytes),
                stored.header_bytes(&self.config)
            );
            for row in 0..stored.mantissas.nrows() {
                let address = self.map.row(&self.config, m, n, row as u32);
                let found = self.port.memory.read(address, self.config.row_bytes());
                assert_eq!(found, stored.row_bytes(&self.config, row), "{m} {n} {row}");
            }
        }
    }

    fn check_counters(&self, out: &RecoveryOutputs) {
        let found = Counted {
            rollbacks: out.rollbacks_o,
            restored: out.restored_o,
            recomputes: out.recomputes_o,
            kept: out.kept_o,
            overflows: out.overflows_o,
            checkpoints: out.checkpoints_o,
        };
        assert_eq!(found, self.counted);
    }

    /// What the sequencer does: the next GEMM, its repetitions, one by one.
    fn sequence(&mut self, out: &RecoveryOutputs) -> RecoveryInputs {
        let over = self.tiles.is_empty() && self.inside.is_empty() && out.idle_o;
        let mut pins = RecoveryInputs::default();
        // The FIFO shows its next entry a cycle after it was told to move on.
        if self.last.repeat_ready_i || (self.phase != Phase::Start && !over) {
            return pins;
        }
        if self.phase == Phase::Repeat {
            pins.repeat_ready_i = true;
            self.repeats.pop_front();
        }
        self.phase = match self.phase {
            Phase::Start => {
                self.start();
                pins.start_i = true;
                Phase::Run
            }
            _ => match self.repeats.front().copied() {
                Some(at) if !pins.repeat_ready_i => {
                    assert_eq!((out.repeat_tile_m_o, out.repeat_tile_n_o), at);
                    let t = self.config.tile_rows as u32;
                    let rows = (self.dim_m - at.0 * t).min(t);
                    let tile = self.tile(at, rows as usize);
                    self.tiles.push_back(tile);
                    self.held.dim_m_i = rows;
                    Phase::Repeat
                }
                Some(_) => Phase::Run,
                None => {
                    self.check_memory();
                    self.check_counters(out);
                    self.gemms += 1;
                    Phase::Start
                }
            },
        };
        self.held.repeat_i = self.phase == Phase::Repeat;
        pins
    }

    /// The beat that the engine offers; it stays until it is taken.
    fn engine(&mut self, pins: &mut RecoveryInputs) {
        let columns = self.config.columns;
        let waiting = self.last.s_axis_result_tvalid_i;
        let mut user = vec![0; (2 * columns + 1).div_ceil(32)];
        let mut keep = vec![0; (4 * columns).div_ceil(32)];
        pins.s_axis_result_tdata_i = vec![0; columns];
        pins.s_axis_result_tkeep_i = keep.clone();
        pins.s_axis_result_tuser_i = user.clone();
        if self.tiles.is_empty() || pins.start_i || (!waiting && self.below(256) < self.gap) {
            return;
        }
        let tile = &self.tiles[0];
        let row = tile.sent;
        keep[0] = 0xf;
        let row_flag = tile.row_flags[row];
        set(&mut user, columns, row_flag);
        for (j, &flag) in tile.column_flags.iter().enumerate() {
            set(&mut user, j, row_flag && flag);
            set(&mut user, columns + 1 + j, flag);
        }
        pins.s_axis_result_tvalid_i = true;
        pins.s_axis_result_tdata_i = tile.y.row(row).iter().map(|&y| y as u32).collect();
        pins.s_axis_result_tkeep_i = keep;
        pins.s_axis_result_tlast_i = row + 1 == tile.y.nrows();
        pins.s_axis_result_tuser_i = user;
        pins.tile_masked_i = tile.masked();
        pins.tile_unlocated_i = tile.unlocated();
    }

    /// Carries out the handshakes of the last cycle, then chooses the pins of this one.
    pub fn drive(&mut self, cycle: u64, out: &RecoveryOutputs) -> RecoveryInputs {
        let mut offered = self.last.s_axis_result_tvalid_i;
        if offered && out.s_axis_result_tready_o {
            offered = false;
            let tile = &mut self.tiles[0];
            if tile.sent == 0 {
                self.inside.push_back(tile.clone());
            }
            tile.sent += 1;
            if tile.sent == tile.y.nrows() {
                self.tiles.pop_front();
            }
        }
        if out.m_axis_result_tvalid_o && self.last.m_axis_result_tready_i {
            self.receive(out);
        }
        let mut pins = self.sequence(out);
        self.last.s_axis_result_tvalid_i = offered;
        self.engine(&mut pins);
        let axi = self.port.step(cycle, &MasterPins::from(out)).clone();
        self.last = RecoveryInputs {
            start_i: pins.start_i,
            repeat_ready_i: pins.repeat_ready_i,
            s_axis_result_tvalid_i: pins.s_axis_result_tvalid_i,
            s_axis_result_tdata_i: pins.s_axis_result_tdata_i,
            s_axis_result_tkeep_i: pins.s_axis_result_tkeep_i,
            s_axis_result_tlast_i: pins.s_axis_result_tlast_i,
            s_axis_result_tuser_i: pins.s_axis_result_tuser_i,
            tile_masked_i: pins.tile_masked_i,
            tile_unlocated_i: pins.tile_unlocated_i,
            m_axis_result_tready_i: self.below(256) >= self.stall,
            m_axi_awready_i: axi.awready,
            m_axi_wready_i: axi.wready,
            m_axi_bvalid_i: axi.bvalid,
            m_axi_bresp_i: axi.bresp,
            m_axi_arready_i: axi.arready,
            m_axi_rvalid_i: axi.rvalid,
            m_axi_rdata_i: axi.rdata,
            m_axi_rresp_i: axi.rresp,
            m_axi_rlast_i: axi.rlast,
            ..self.held.clone()
        };
        self.last.clone()
    }
}
