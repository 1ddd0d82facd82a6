//! The whole accelerator without time: which tiles a sequence of GEMMs
//! delivers, what it leaves in memory, and what its counters show. A driver can
//! be written against it.

use super::address::AddressMap;
use super::checkpoint::{self, Checkpoint};
use super::{Counters, TileResult, tile};
use crate::config::{ArrayConfig, REPEAT_DEPTH};
use crate::fault::TileFaults;
use crate::tiling::{Tile, Tiling};
use ndarray::{Array2, ArrayView2};
use std::collections::{BTreeMap, VecDeque};
use std::ops::AddAssign;

/// What the host programs for a GEMM.
#[derive(Clone, Debug)]
pub struct GemmRequest<'a> {
    /// Activations M×K.
    pub x: ArrayView2<'a, i8>,
    /// Weights K×N.
    pub w: ArrayView2<'a, i8>,
    /// Faults of every tile; a repeated tile, at the nominal point, has none.
    pub faults: &'a [TileFaults],
    /// θ.
    pub threshold_bit: u32,
    /// Whether tiles are rolled back and checkpointed.
    pub protect: bool,
    /// Layer, for the books of checkpoints.
    pub layer: u32,
    /// Denoising step, modulo 2^16.
    pub step: u32,
    /// Steps from one checkpoint of a layer to the next.
    pub interval: u32,
    /// Where the layer's checkpoint lies; `tiles_n` follows from N.
    pub map: AddressMap,
    /// Scale of restored elements, 14 fraction bits.
    pub scale: u16,
    /// Recompute masked tiles without a checkpoint instead of keeping them.
    pub recompute_missing: bool,
    /// Recompute tiles with flags in one direction only instead of keeping them.
    pub recompute_unlocated: bool,
}

/// A tile as it leaves the accelerator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveredTile {
    /// Tile in streaming order.
    pub tile: usize,
    /// Outputs, data rows × C, columns beyond N included.
    pub y: Array2<i32>,
    /// Flag of every row.
    pub row_flags: Vec<bool>,
    /// Flag of every column.
    pub column_flags: Vec<bool>,
    /// Its masked elements come from the checkpoint.
    pub rolled_back: bool,
    /// It is void: it comes again at the end of the GEMM.
    pub repeated_later: bool,
}

/// The event counters of recovery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecoveryCounters {
    /// Tiles rolled back.
    pub rollbacks: u64,
    /// Elements taken from checkpoints.
    pub restored: u64,
    /// Tiles to be recomputed.
    pub recomputes: u64,
    /// Tiles kept although flagged.
    pub kept: u64,
    /// Those of them for which the repeat FIFO had no room.
    pub overflows: u64,
    /// Tiles written as checkpoints.
    pub checkpoints: u64,
}

impl AddAssign for RecoveryCounters {
    fn add_assign(&mut self, other: RecoveryCounters) {
        self.rollbacks += other.rollbacks;
        self.restored += other.restored;
        self.recomputes += other.recomputes;
        self.kept += other.kept;
        self.overflows += other.overflows;
        self.checkpoints += other.checkpoints;
    }
}

/// The accelerator and the memory behind it.
#[derive(Clone, Debug)]
pub struct Accelerator {
    config: ArrayConfig,
    /// Step in which each layer's checkpoint was written.
    written: BTreeMap<u32, u32>,
    /// Memory by beat; what was never written is zero.
    memory: BTreeMap<u32, Vec<u8>>,
    /// Events of recovery since reset.
    pub recovery: RecoveryCounters,
    /// Events of the engine since reset, cycles left out.
    pub engine: Counters,
}

impl Accelerator {
    /// After reset.
    pub fn new(config: &ArrayConfig) -> Self {
        Self {
            config: config.clone(),
            written: BTreeMap::new(),
            memory: BTreeMap::new(),
            recovery: RecoveryCounters::default(),
            engine: Counters::default(),
        }
    }

    /// Forgets all checkpoints, as the register does.
    pub fn clear_checkpoints(&mut self) {
        self.written.clear();
    }

    /// Memory by beat address: everything that was written.
    pub fn memory(&self) -> &BTreeMap<u32, Vec<u8>> {
        &self.memory
    }

    /// Runs a GEMM; the tiles in the order in which they leave.
    pub fn run(&mut self, request: &GemmRequest<'_>) -> Vec<DeliveredTile> {
        let (m, k, n) = (request.x.nrows(), request.x.ncols(), request.w.ncols());
        let tiling = Tiling::new(&self.config, m, k, n);
        let map = AddressMap {
            tiles_n: n.div_ceil(self.config.columns) as u32,
            ..request.map
        };
        let written = self.written.get(&request.layer).copied();
        let age = written.map(|step| request.step.wrapping_sub(step) & 0xffff);
        let writes = request.protect && age.is_none_or(|age| age >= request.interval);
        let mut run = Run {
            request,
            map,
            valid: request.protect && written.is_some(),
            writes,
            repeats: VecDeque::new(),
        };
        let mut delivered = Vec::new();
        for tile in tiling.tiles() {
            let faults = &request.faults[tile.index];
            delivered.push(self.tile(&mut run, &tiling, &tile, faults, false));
        }
        for tile in std::mem::take(&mut run.repeats) {
            let none = TileFaults::default();
            delivered.push(self.tile(&mut run, &tiling, &tile, &none, true));
        }
        if writes {
            self.written.insert(request.layer, request.step);
        }
        delivered
    }

    /// Computes a tile and decides what becomes of it.
    fn tile(
        &mut self,
        run: &mut Run<'_, '_>,
        tiling: &Tiling,
        place: &Tile,
        faults: &TileFaults,
        repeated: bool,
    ) -> DeliveredTile {
        let request = run.request;
        let (x, w) = (request.x, request.w);
        let result = tile(
            &self.config,
            tiling,
            place,
            x,
            w,
            faults,
            request.threshold_bit,
        );
        self.engine.count(&result);
        let rows = result.row_flags.contains(&true);
        let columns = result.column_flags.contains(&true);
        let (masked, unlocated) = (rows && columns, rows != columns);

        let rolls_back = request.protect && masked && run.valid;
        let wanted = request.protect
            && !repeated
            && (masked && !run.valid && request.recompute_missing
                || unlocated && request.recompute_unlocated);
        let void = wanted && run.repeats.len() < REPEAT_DEPTH;
        let kept = request.protect && (masked || unlocated) && !rolls_back && !void;
        self.recovery.rollbacks += u64::from(rolls_back);
        self.recovery.recomputes += u64::from(void);
        self.recovery.kept += u64::from(kept);
        self.recovery.overflows += u64::from(wanted && !void);
        if void {
            run.repeats.push_back(place.clone());
        }

        let (tile_m, tile_n) = run.place(place.index);
        let y = if rolls_back {
            let old = self.read(&run.map, tile_m, tile_n, result.row_flags.len());
            self.recovery.restored += masked_elements(&result);
            let TileResult {
                row_flags,
                column_flags,
                ..
            } = &result;
            checkpoint::merge(
                result.y.view(),
                row_flags,
                column_flags,
                &old,
                request.scale,
            )
        } else {
            result.y
        };
        if run.writes && !void {
            self.write(&run.map, tile_m, tile_n, &checkpoint::encode(y.view()));
            self.recovery.checkpoints += 1;
        }
        DeliveredTile {
            tile: place.index,
            y,
            row_flags: result.row_flags,
            column_flags: result.column_flags,
            rolled_back: rolls_back,
            repeated_later: void,
        }
    }

    /// Reads the checkpoint of a tile.
    fn read(&self, map: &AddressMap, tile_m: u32, tile_n: u32, rows: usize) -> Checkpoint {
        let beat_bytes = self.config.memory_bytes as u32;
        let byte = |address: u32| {
            let beat = self.memory.get(&(address / beat_bytes * beat_bytes));
            beat.map_or(0, |beat| beat[(address % beat_bytes) as usize])
        };
        Checkpoint {
            exponent: byte(map.header(&self.config, tile_m, tile_n)),
            mantissas: Array2::from_shape_fn((rows, self.config.columns), |(m, j)| {
                let row = map.row(&self.config, tile_m, tile_n, m as u32);
                byte(row.wrapping_add(j as u32)) as i8
            }),
        }
    }

    /// Writes the checkpoint of a tile.
    fn write(&mut self, map: &AddressMap, tile_m: u32, tile_n: u32, tile: &Checkpoint) {
        let header = map.header(&self.config, tile_m, tile_n);
        self.memory.insert(header, tile.header_bytes(&self.config));
        for m in 0..tile.mantissas.nrows() {
            let row = map.row(&self.config, tile_m, tile_n, m as u32);
            let bytes = tile.row_bytes(&self.config, m);
            for (beat, bytes) in bytes.chunks(self.config.memory_bytes).enumerate() {
                let address = row.wrapping_add((beat * self.config.memory_bytes) as u32);
                self.memory.insert(address, bytes.to_vec());
            }
        }
    }
}

/// What holds during a GEMM.
struct Run<'a, 'b> {
    request: &'a GemmRequest<'b>,
    map: AddressMap,
    /// The layer had a checkpoint when the GEMM started.
    valid: bool,
    writes: bool,
    repeats: VecDeque<Tile>,
}

impl Run<'_, '_> {
    /// Row of tiles, and position in it.
    fn place(&self, tile: usize) -> (u32, u32) {
        let across = self.map.tiles_n;
        (tile as u32 / across, tile as u32 % across)
    }
}

fn masked_elements(result: &TileResult) -> u64 {
    let set = |flags: &[bool]| flags.iter().filter(|flag| **flag).count() as u64;
    set(&result.row_flags) * set(&result.column_flags)
}
