//! What a sweep over array sizes leaves behind.

use super::SizedProtection;
use serde::{Deserialize, Serialize};

/// Version of [`SweepRecord`]'s schema.
pub const SWEEP_SCHEMA: &str = "drift-area/1";

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
    /// Whether it is composed of smaller arrays.
    pub composed: bool,
}

impl ArrayArea {
    /// From what a sweep found.
    pub fn new(size: usize, found: &SizedProtection) -> Self {
        let parts = &found.parts;
        let [checksums, recovery, dvfs, registers] = parts.overheads(|counts| counts.micro_area);
        Self {
            size,
            plain: parts.plain.area(),
            checksums,
            recovery,
            dvfs,
            registers,
            memory_bits: parts.overheads(|counts| counts.memory_bits)[3],
            composed: found.composed,
        }
    }
}
