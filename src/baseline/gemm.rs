//! A GEMM with faults, as a protection meets it.

use super::Work;
use crate::config::ArrayConfig;
use crate::fast::PackedWeights;
use crate::fault::TileFaults;
use crate::golden;
use crate::tiling::{Tile, Tiling};
use crate::units::Cycles;
use ndarray::{ArrayView2, ArrayViewMut2, s};

/// Where a GEMM stands in the denoising run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Denoising step, 0 being the first and noisiest.
    pub step: u32,
    /// Block of the network; `None` for embeddings and final layers.
    pub block: Option<usize>,
    /// Layer, as the diffusers library names it.
    pub layer: &'a str,
    /// Which of the products of batch and heads; 0 for layers with weights.
    pub instance: usize,
}

/// A tile that has faults, and what they did.
#[derive(Clone, Debug)]
pub struct FaultyTile<'a> {
    /// The tile.
    pub tile: Tile,
    /// Its faults.
    pub faults: &'a TileFaults,
    /// What they added to the exact result, by row and column of the extended tile (rows and
    /// columns beyond the data are the checksum digits), as in [`crate::golden::TileResult`].
    pub deltas: &'a [(usize, usize, i32)],
}

impl FaultyTile<'_> {
    /// Takes what the faults added out of the outputs again.
    pub(super) fn make_exact(&self, y: &mut ArrayViewMut2<'_, i32>) {
        let mut y = y.slice_mut(s![self.tile.rows.clone(), self.tile.columns.clone()]);
        for &(row, column, delta) in self.deltas {
            if let Some(y) = y.get_mut((row, column)) {
                *y = y.wrapping_sub(delta);
            }
        }
    }
}

/// A GEMM and its faults.
#[derive(Clone, Debug)]
pub struct FaultyGemm<'a> {
    /// The array.
    pub config: &'a ArrayConfig,
    /// Its tiles.
    pub tiling: &'a Tiling,
    /// Where it stands in the run.
    pub place: Place<'a>,
    /// Activations M×K.
    pub x: ArrayView2<'a, i8>,
    /// Weights K×N.
    pub w: &'a PackedWeights,
    /// What a unit of the outputs is worth in this step, as far as the scales of activations decide
    /// it; `None` where each row has its own, so that no checkpoint fits another step.
    pub scale: Option<f32>,
    /// θ of the array; protections with thresholds of their own do not look at it.
    pub threshold_bit: u32,
    /// The tiles that have faults, in streaming order.
    pub tiles: &'a [FaultyTile<'a>],
}

impl FaultyGemm<'_> {
    /// Outputs M×N.
    pub(super) fn shape(&self) -> (usize, usize) {
        (self.x.nrows(), self.w.columns())
    }

    /// The work of a GEMM in which nothing is detected, with or without checksums.
    pub(super) fn plain_work(&self, checksums: bool) -> Work {
        let (m, n) = self.shape();
        let k = self.tiling.k() as u64;
        let macs = m as u64 * n as u64 * k;
        let lanes = |size: usize, per_tile: usize| (size + 2 * size.div_ceil(per_tile)) as u64;
        let extended = lanes(m, self.config.tile_rows) * lanes(n, self.config.columns) * k;
        Work {
            macs,
            checksum_macs: if checksums { extended - macs } else { 0 },
            faulty_tiles: self.tiles.len() as u64,
            ..Work::default()
        }
    }

    /// MACs of one tile.
    fn tile_macs(&self, tile: &Tile, checksums: bool) -> u64 {
        let lanes = if checksums { 2 } else { 0 };
        ((tile.rows.len() + lanes) * (tile.columns.len() + lanes)) as u64 * self.tiling.k() as u64
    }

    /// Recomputes a tile, which nothing has mended yet, at the nominal point: `y` gets the exact outputs.
    pub(super) fn recompute(
        &self,
        faulty: &FaultyTile<'_>,
        checksums: bool,
        y: &mut ArrayViewMut2<'_, i32>,
        work: &mut Work,
    ) {
        let tile = &faulty.tile;
        faulty.make_exact(y);
        work.recomputed_tiles += 1;
        work.recomputed_macs += self.tile_macs(tile, checksums);
        work.nominal_cycles += tile_interval(self.config, self.tiling.k(), checksums);
        // All tiles of a GEMM that are computed again are, one after the other, at its end.
        work.nominal_visits = 1;
    }
}

/// Work of recomputing so many tiles of an M×K×N GEMM at the nominal point, with or without checksums,
/// without having their faults: every tile costs what a full one does.
pub fn recompute_work(
    config: &ArrayConfig,
    (m, k, n): (usize, usize, usize),
    tiles: u64,
    checksums: bool,
) -> Work {
    if tiles == 0 {
        return Work::default();
    }
    let more = if checksums { 2 } else { 0 };
    let lanes = |size: usize, per_tile: usize| size.min(per_tile) + more;
    let one = lanes(m, config.tile_rows) * lanes(n, config.columns) * k;
    Work {
        recomputed_tiles: tiles,
        recomputed_macs: tiles * one as u64,
        nominal_cycles: Cycles(tiles * tile_interval(config, k, checksums).0),
        nominal_visits: 1,
        ..Work::default()
    }
}

/// Cycles that one tile more costs in the middle of a GEMM, as [`golden::schedule`] has it when all
/// tiles have T rows.
pub(super) fn tile_interval(config: &ArrayConfig, k: usize, checksums: bool) -> Cycles {
    /// Tiles until the pipeline is full, and how many are timed then.
    const FILLED: usize = 4;
    const TIMED: usize = 8;
    let config = ArrayConfig {
        checksum: checksums,
        ..config.clone()
    };
    let cycles = |tiles: usize| {
        let tiling = Tiling::new(&config, tiles * config.tile_rows, k, config.columns);
        golden::schedule(&config, &tiling).cycles
    };
    let timed = cycles(FILLED + TIMED) - cycles(FILLED);
    Cycles(timed.0.div_ceil(TIMED as u64))
}
