//! DRIFT's rollback-ABFT (arXiv 2604.09073; design.md §4 to §6), and its ablations: what
//! [`crate::golden::accelerator`] does, on faults as sparse differences.
//!
//! Checksums with the threshold 2^θ give row and column flags; their crossings are the mask. A
//! layer's outputs are kept as checkpoints in block floating point, every so many steps; masked
//! elements are replaced by those of the layer's checkpoint.
//!
//! Ablations:
//! - no rollback ([`Recovery::Keep`], [`Recovery::Zero`]): masked elements stay, or become zero;
//!   nothing is written to memory
//! - no repacking: [`Layout::RowMajor`] opens more DRAM rows
//! - no resilience-aware schedule: a uniform one, see [`crate::policy`]

use super::{FaultyGemm, Flags, Hardware, Protection, Syndromes, Work};
use crate::config::ArrayConfig;
use crate::dram::{self, Device};
use crate::fast::Checkpoint;
use crate::fast::rollback::{self, Recompute, Verdict};
use crate::golden::{AddressMap, Layout, checkpoint};
use crate::tiling::Tiling;
use ndarray::ArrayViewMut2;
use std::collections::{BTreeMap, HashMap};

/// What becomes of masked elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// They come from the layer's checkpoint.
    Rollback,
    /// They stay, detected as they are.
    Keep,
    /// They become zero.
    Zero,
}

/// How DRIFT is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriftSettings {
    /// What becomes of masked elements.
    pub recovery: Recovery,
    /// Steps from one checkpoint of a layer to the next.
    pub interval: u32,
    /// Layout of the checkpoints in memory.
    pub layout: Layout,
    /// Which tiles are recomputed, where masked elements come from checkpoints.
    pub recompute: Recompute,
}

impl Default for DriftSettings {
    /// The paper's interval; recompute where there is no checkpoint, keep what is not located.
    fn default() -> Self {
        Self {
            recovery: Recovery::Rollback,
            interval: 10,
            layout: Layout::Tile,
            recompute: Recompute {
                missing: true,
                unlocated: false,
            },
        }
    }
}

/// A layer's checkpoint.
#[derive(Clone, Debug)]
struct Stored {
    step: u32,
    /// As in [`FaultyGemm::scale`].
    scale: Option<f32>,
    shape: (usize, usize),
    tiles: Vec<Checkpoint>,
}

/// Rollback-ABFT with the checkpoints of every layer.
#[derive(Clone, Debug)]
pub struct Drift {
    settings: DriftSettings,
    device: Device,
    /// By layer, then instance.
    layers: BTreeMap<String, BTreeMap<usize, Stored>>,
    /// DRAM rows that writing all tiles of an output opens, by M and N.
    rows_of_writes: BTreeMap<(usize, usize), u64>,
}

impl Drift {
    /// Without any checkpoint yet. The device says which DRAM rows are opened.
    pub fn new(settings: DriftSettings, device: &Device) -> Self {
        Self {
            settings,
            device: device.clone(),
            layers: BTreeMap::new(),
            rows_of_writes: BTreeMap::new(),
        }
    }

    /// Forgets all checkpoints, before another image.
    pub fn clear_checkpoints(&mut self) {
        self.layers.clear();
    }

    /// The checkpoint of a layer's instance, if it fits.
    fn stored(&self, gemm: &FaultyGemm<'_>) -> Option<&Stored> {
        let instances = self.layers.get(gemm.place.layer)?;
        let stored = instances.get(&gemm.place.instance)?;
        (stored.shape == gemm.shape()).then_some(stored)
    }

    /// Whether the outputs of a step are written as a checkpoint.
    fn writes(&self, step: u32, stored: Option<&Stored>) -> bool {
        let written = stored.map(|stored| stored.step);
        self.settings.recovery == Recovery::Rollback
            && rollback::is_due(step, written, self.settings.interval)
    }

    /// What becomes of a tile with these flags. Where masked elements become zero, a tile of
    /// zeros serves as the checkpoint.
    fn verdict(&self, flags: &Flags, stored: bool, repeats: usize) -> Verdict {
        let (recompute, valid) = match self.settings.recovery {
            Recovery::Rollback => (self.settings.recompute, stored),
            Recovery::Keep => (Recompute::default(), false),
            Recovery::Zero => (Recompute::default(), true),
        };
        recompute.verdict([&flags.rows, &flags.columns], valid, repeats)
    }

    /// Rows that the DRAM opens to read one tile, all banks precharged before.
    fn rows_of_read(&self, gemm: &FaultyGemm<'_>, tile: usize, rows: usize) -> u64 {
        let map = address_map(gemm.config, gemm.shape(), self.settings.layout);
        let requests = map.tile_requests(gemm.config, tile as u32, rows as u32);
        dram::activations(&self.device, requests)
    }

    /// Rows that the DRAM opens to write all tiles of an output.
    fn rows_of_write(
        &mut self,
        config: &ArrayConfig,
        tiling: &Tiling,
        shape: (usize, usize),
    ) -> u64 {
        let map = address_map(config, shape, self.settings.layout);
        let device = &self.device;
        let rows = self.rows_of_writes.entry(shape);
        *rows.or_insert_with(|| rows_of_write(config, device, &map, tiling))
    }
}

/// 1 as the register `SCALE` has it.
const ONE: u16 = 1 << checkpoint::SCALE_BITS;

/// What a unit of a checkpoint is worth in units of the present step: the register `SCALE`, at
/// most just below 4. Without one scale for all rows, steps are taken to agree.
pub(super) fn ratio(then: Option<f32>, now: Option<f32>) -> u16 {
    match (then, now) {
        (Some(then), Some(now)) => (then / now * f32::from(ONE)).round() as u16,
        _ => ONE,
    }
}

impl Protection for Drift {
    fn name(&self) -> &str {
        match (self.settings.recovery, self.settings.layout) {
            (Recovery::Keep, _) => "drift-no-rollback-keep",
            (Recovery::Zero, _) => "drift-no-rollback-zero",
            (Recovery::Rollback, Layout::RowMajor) => "drift-no-repacking",
            (Recovery::Rollback, Layout::Tile) => "drift",
        }
    }

    fn hardware(&self) -> Hardware {
        Hardware::Checksums
    }

    fn looks_at(&self, gemm: &FaultyGemm<'_>, faulty: bool) -> bool {
        faulty || self.writes(gemm.place.step, self.stored(gemm))
    }

    fn mend(&mut self, gemm: &FaultyGemm<'_>, mut y: ArrayViewMut2<'_, i32>) -> Work {
        let mut work = gemm.plain_work(true);
        let place = &gemm.place;
        let stored = self.stored(gemm);
        let scale = stored.map_or(ONE, |stored| ratio(stored.scale, gemm.scale));
        let writes = self.writes(place.step, stored);
        let mut padding = HashMap::new();
        for faulty in gemm.tiles {
            let (tile, data_rows) = (&faulty.tile, faulty.tile.rows.len());
            let syndromes = Syndromes::of(gemm.config, data_rows, faulty.deltas);
            let flags = syndromes.flags(gemm.threshold_bit);
            let repeats = work.recomputed_tiles as usize;
            let verdict = self.verdict(&flags, stored.is_some(), repeats);
            work.detected_tiles += u64::from(verdict != Verdict::Clean);
            let mut beyond = rollback::beyond(gemm.config, tile, faulty.deltas);
            let masked = [&flags.rows[..], &flags.columns];
            match (verdict, stored) {
                (Verdict::Clean, _) => {}
                (Verdict::Keep, _) => work.kept_tiles += 1,
                (Verdict::Overflow, _) => {
                    work.kept_tiles += 1;
                    work.overflows += 1;
                }
                (Verdict::Recompute, _) => {
                    gemm.recompute(faulty, true, &mut y, &mut work);
                    beyond.clear();
                }
                (Verdict::RollBack, Some(stored)) => {
                    let old = &stored.tiles[tile.index];
                    let with = |row, column| old.restore(row, column, scale);
                    rollback::replace(tile, masked, &mut y, &mut beyond, with);
                    work.rollbacks += 1;
                    work.restored += flags.masked();
                    work.checkpoint_bytes_read += checkpoint_bytes(gemm.config, data_rows);
                    work.rows_opened_reading += self.rows_of_read(gemm, tile.index, data_rows);
                }
                // Only of an ablation, which writes no checkpoints.
                (Verdict::RollBack, None) => {
                    rollback::replace(tile, masked, &mut y, &mut beyond, |_, _| 0);
                    work.zeroed += flags.masked();
                }
            }
            if writes {
                padding.insert(tile.index, beyond);
            }
        }
        if writes {
            let (config, tiling) = (gemm.config, gemm.tiling);
            work.checkpoints += tiling.len() as u64;
            work.checkpoint_bytes_written += bytes_of_write(config, tiling);
            let mut tiles = Vec::new();
            rollback::encode(config, tiling, y.view(), &padding, &mut tiles);
            let stored = Stored {
                step: place.step,
                scale: gemm.scale,
                shape: gemm.shape(),
                tiles,
            };
            work.rows_opened_writing = self.rows_of_write(config, tiling, gemm.shape());
            let layer = self.layers.entry(place.layer.to_owned()).or_default();
            layer.insert(place.instance, stored);
        }
        work
    }
}

/// Work of writing all tiles of an M×N output as checkpoints.
pub fn checkpoint_work(
    config: &ArrayConfig,
    device: &Device,
    layout: Layout,
    (m, n): (usize, usize),
) -> Work {
    let tiling = Tiling::new(config, m, 1, n);
    let map = address_map(config, (m, n), layout);
    Work {
        checkpoints: tiling.len() as u64,
        checkpoint_bytes_written: bytes_of_write(config, &tiling),
        rows_opened_writing: rows_of_write(config, device, &map, &tiling),
        ..Work::default()
    }
}

/// Work of rolling back a share of the tiles of an M×N output, 0..=1; elements are not counted.
/// Every fetch finds all banks precharged, and costs what that of the tile in the middle does.
pub fn rollback_work(
    config: &ArrayConfig,
    device: &Device,
    layout: Layout,
    (m, n): (usize, usize),
    share: f64,
) -> Work {
    let tiling = Tiling::new(config, m, 1, n);
    let tile = tiling.tile(tiling.len() / 2);
    let rollbacks = (share * tiling.len() as f64).round() as u64;
    let requests = address_map(config, (m, n), layout).tile_requests(
        config,
        tile.index as u32,
        tile.rows.len() as u32,
    );
    Work {
        rollbacks,
        checkpoint_bytes_read: rollbacks * checkpoint_bytes(config, tile.rows.len()),
        rows_opened_reading: rollbacks * dram::activations(device, requests),
        ..Work::default()
    }
}

/// Rows that the DRAM opens to write all tiles one after the other.
fn rows_of_write(config: &ArrayConfig, device: &Device, map: &AddressMap, tiling: &Tiling) -> u64 {
    let requests = tiling
        .tiles()
        .flat_map(|tile| map.tile_requests(config, tile.index as u32, tile.rows.len() as u32));
    dram::activations(device, requests)
}

/// Bytes of a tile's checkpoint on the bus: header beat and padded rows.
fn checkpoint_bytes(config: &ArrayConfig, rows: usize) -> u64 {
    (config.memory_bytes + rows * config.row_bytes()) as u64
}

/// Bytes of the checkpoints of all tiles.
fn bytes_of_write(config: &ArrayConfig, tiling: &Tiling) -> u64 {
    let tiles = tiling.tiles();
    tiles
        .map(|tile| checkpoint_bytes(config, tile.rows.len()))
        .sum()
}

/// A layer's checkpoint at the start of memory; in row-major, the headers behind the rows.
fn address_map(config: &ArrayConfig, (m, n): (usize, usize), layout: Layout) -> AddressMap {
    let tiles_n = n.div_ceil(config.columns) as u32;
    let rows = (m.div_ceil(config.tile_rows) * config.tile_rows) as u32;
    AddressMap {
        layout,
        base: 0,
        header_base: rows
            .wrapping_mul(tiles_n)
            .wrapping_mul(config.row_bytes() as u32),
        tiles_n,
    }
}
