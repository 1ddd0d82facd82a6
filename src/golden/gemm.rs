//! A whole GEMM: its tiles in streaming order, and what the counters show.

use super::{Schedule, TileResult, schedule, tile};
use crate::config::ArrayConfig;
use crate::fault::TileFaults;
use crate::tiling::Tiling;
use crate::units::Cycles;
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// The event counters of the tile engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Busy cycles.
    pub cycles: Cycles,
    /// Finished tiles.
    pub tiles: u64,
    /// Flagged rows.
    pub flagged_rows: u64,
    /// Flagged columns.
    pub flagged_columns: u64,
    /// Elements in correction masks.
    pub masked: u64,
    /// Lines flagged in tiles where no line of the other direction is.
    pub unlocated: u64,
}

impl AddAssign for Counters {
    fn add_assign(&mut self, other: Counters) {
        self.cycles += other.cycles;
        self.tiles += other.tiles;
        self.flagged_rows += other.flagged_rows;
        self.flagged_columns += other.flagged_columns;
        self.masked += other.masked;
        self.unlocated += other.unlocated;
    }
}

impl Counters {
    /// Counts the flags of one finished tile.
    pub fn count(&mut self, tile: &TileResult) {
        let set = |flags: &[bool]| flags.iter().filter(|flag| **flag).count() as u64;
        let (rows, columns) = (set(&tile.row_flags), set(&tile.column_flags));
        self.tiles += 1;
        self.flagged_rows += rows;
        self.flagged_columns += columns;
        self.masked += rows * columns;
        if rows == 0 || columns == 0 {
            self.unlocated += rows + columns;
        }
    }
}

/// The tiles of a GEMM and the counters after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GemmResult {
    /// Tiles in streaming order.
    pub tiles: Vec<TileResult>,
    /// Counters, starting from zero.
    pub counters: Counters,
    /// When results appear, for streams that never stall.
    pub schedule: Schedule,
}

/// Computes X[M×K]·W[K×N] with the faults of every tile, in streaming order.
pub fn gemm(
    config: &ArrayConfig,
    x: ArrayView2<'_, i8>,
    w: ArrayView2<'_, i8>,
    faults: &[TileFaults],
    threshold_bit: u32,
) -> GemmResult {
    let tiling = Tiling::new(config, x.nrows(), x.ncols(), w.ncols());
    let tiles: Vec<TileResult> = tiling
        .tiles()
        .map(|t| tile(config, &tiling, &t, x, w, &faults[t.index], threshold_bit))
        .collect();
    let schedule = schedule(config, &tiling);
    let mut counters = Counters {
        cycles: schedule.cycles,
        ..Counters::default()
    };
    for result in &tiles {
        counters.count(result);
    }
    GemmResult {
        tiles,
        counters,
        schedule,
    }
}
