//! What a sweep over array sizes leaves behind.

use super::SizedProtection;
use serde::{Deserialize, Serialize};

/// Version of [`SweepRecord`]'s schema.
pub const SWEEP_SCHEMA: &str = "drift-area/1";

/// Unit of areas without a cell library.
pub const NAND2: &str = "NAND2";

/// Area of protection in square arrays, memories apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepRecord {
    /// [`SWEEP_SCHEMA`].
    pub schema: String,
    /// Version of the program.
    pub drift: String,
    /// Unit of the areas.
    pub unit: String,
    /// One per size.
    pub arrays: Vec<ArrayArea>,
}

/// One size. Overheads are cumulative and relative to the plain tile engine: 0.1 is ten per cent
/// more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArrayArea {
    /// PEs along a side.
    pub size: usize,
    /// Area of the tile engine without checksums.
    pub plain: f64,
    /// With checksum columns, rows and detector.
    pub checksums: f64,
    /// And recovery, repacking, error monitor.
    pub recovery: f64,
    /// And change of operating points.
    pub dvfs: f64,
    /// And registers and sequencer, of which any accelerator has some.
    pub registers: f64,
    /// Memory bits of all of it.
    pub memory_bits: f64,
    /// Memory bits by part; records from before they were kept have none.
    #[serde(default)]
    pub memory: Option<MemoryArea>,
    /// Whether it is composed of smaller arrays.
    pub composed: bool,
}

/// Memory bits of an array, and what parts add to them, cumulative and relative as in [`ArrayArea`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemoryArea {
    /// Of the tile engine without checksums.
    pub plain: u64,
    /// Of one bank of its accumulators.
    pub bank: u64,
    /// With checksum columns.
    pub checksums: f64,
    /// And the queue of checkpoints.
    pub recovery: f64,
    /// And change of operating points.
    pub dvfs: f64,
}

/// Bits of a sum.
const SUM_BITS: u64 = 32;

impl ArrayArea {
    /// From what a sweep found of a square array with tiles of `tile_rows` rows.
    pub fn new(size: usize, tile_rows: usize, found: &SizedProtection) -> Self {
        let parts = &found.parts;
        let [checksums, recovery, dvfs, registers] = parts.overheads(|counts| counts.micro_area);
        let memory = parts.overheads(|counts| counts.memory_bits);
        Self {
            size,
            plain: parts.plain.area(),
            checksums,
            recovery,
            dvfs,
            registers,
            memory_bits: memory[3],
            memory: Some(MemoryArea {
                plain: parts.plain.memory_bits,
                bank: (tile_rows * size) as u64 * SUM_BITS,
                checksums: memory[0],
                recovery: memory[1],
                dvfs: memory[2],
            }),
            composed: found.composed,
        }
    }
}
