//! What a GEMM cost under a protection, in events.

use crate::units::Cycles;
use serde::{Deserialize, Serialize};
use std::ops::AddAssign;

/// Events of a GEMM, or of many. MACs are multiplications of operands; those with the zeros that
/// pad a tile are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// MACs of the outputs at the operating point: M·K·N.
    pub macs: u64,
    /// MACs of the checksum columns and rows at the operating point.
    pub checksum_macs: u64,
    /// MACs of a second copy at the operating point; it takes as many cycles as the first.
    pub redundant_macs: u64,
    /// MACs at the nominal point, for recomputed tiles, with their checksums.
    pub recomputed_macs: u64,
    /// Cycles at the nominal point, for recomputed tiles.
    pub nominal_cycles: Cycles,
    /// Times that the array went to the nominal point and back.
    pub nominal_visits: u64,
    /// Tiles with faults.
    pub faulty_tiles: u64,
    /// Tiles in which something was detected.
    pub detected_tiles: u64,
    /// Tiles computed again.
    pub recomputed_tiles: u64,
    /// Tiles left as they are although something was detected.
    pub kept_tiles: u64,
    /// Tiles kept because too many waited to be computed again.
    pub overflows: u64,
    /// Elements corrected by their syndromes.
    pub corrected: u64,
    /// Elements set to zero.
    pub zeroed: u64,
    /// Partial sums that Razor flip-flops corrected.
    pub razor_corrections: u64,
    /// Products given up.
    pub dropped_products: u64,
    /// Tiles rolled back.
    pub rollbacks: u64,
    /// Elements taken from checkpoints.
    pub restored: u64,
    /// Tiles written as checkpoints.
    pub checkpoints: u64,
    /// Bytes of checkpoints written to DRAM.
    pub checkpoint_bytes_written: u64,
    /// Bytes of checkpoints read from DRAM.
    pub checkpoint_bytes_read: u64,
    /// DRAM rows opened for the writes.
    pub rows_opened_writing: u64,
    /// DRAM rows opened for the reads.
    pub rows_opened_reading: u64,
}

impl AddAssign for Work {
    fn add_assign(&mut self, other: Work) {
        self.macs += other.macs;
        self.checksum_macs += other.checksum_macs;
        self.redundant_macs += other.redundant_macs;
        self.recomputed_macs += other.recomputed_macs;
        self.nominal_cycles += other.nominal_cycles;
        self.nominal_visits += other.nominal_visits;
        self.faulty_tiles += other.faulty_tiles;
        self.detected_tiles += other.detected_tiles;
        self.recomputed_tiles += other.recomputed_tiles;
        self.kept_tiles += other.kept_tiles;
        self.overflows += other.overflows;
        self.corrected += other.corrected;
        self.zeroed += other.zeroed;
        self.razor_corrections += other.razor_corrections;
        self.dropped_products += other.dropped_products;
        self.rollbacks += other.rollbacks;
        self.restored += other.restored;
        self.checkpoints += other.checkpoints;
        self.checkpoint_bytes_written += other.checkpoint_bytes_written;
        self.checkpoint_bytes_read += other.checkpoint_bytes_read;
        self.rows_opened_writing += other.rows_opened_writing;
        self.rows_opened_reading += other.rows_opened_reading;
    }
}
