//! Event counters.

use std::ops::{AddAssign, Sub};

/// What happened in one bank, or in all of them together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BankCounts {
    /// Rows opened.
    pub activations: u64,
    /// Rows closed, before another row or before a refresh.
    pub precharges: u64,
    /// Bursts read.
    pub reads: u64,
    /// Bursts written.
    pub writes: u64,
    /// Bursts that found their row open.
    pub row_hits: u64,
    /// Bursts that found no row open.
    pub row_misses: u64,
    /// Bursts that found another row open.
    pub row_conflicts: u64,
    /// DRAM cycles with a burst of this bank between its first command and the end
    /// of its data.
    pub busy_cycles: u64,
}

impl AddAssign for BankCounts {
    fn add_assign(&mut self, other: Self) {
        self.activations += other.activations;
        self.precharges += other.precharges;
        self.reads += other.reads;
        self.writes += other.writes;
        self.row_hits += other.row_hits;
        self.row_misses += other.row_misses;
        self.row_conflicts += other.row_conflicts;
        self.busy_cycles += other.busy_cycles;
    }
}

impl Sub for BankCounts {
    type Output = Self;

    /// What happened from an earlier time, `other`, on.
    fn sub(self, other: Self) -> Self {
        Self {
            activations: self.activations - other.activations,
            precharges: self.precharges - other.precharges,
            reads: self.reads - other.reads,
            writes: self.writes - other.writes,
            row_hits: self.row_hits - other.row_hits,
            row_misses: self.row_misses - other.row_misses,
            row_conflicts: self.row_conflicts - other.row_conflicts,
            busy_cycles: self.busy_cycles - other.busy_cycles,
        }
    }
}

/// What happened since the memory was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Per bank, in the order of addresses.
    pub banks: Vec<BankCounts>,
    /// REFRESH commands, each for all banks.
    pub refreshes: u64,
    /// DRAM cycles with a burst of any bank between its first command and the end
    /// of its data.
    pub busy_cycles: u64,
}

impl Counts {
    /// Sums over the banks; but `busy_cycles` counts a cycle once in which several
    /// banks are busy.
    pub fn total(&self) -> BankCounts {
        let mut total = BankCounts::default();
        for bank in &self.banks {
            total += *bank;
        }
        total.busy_cycles = self.busy_cycles;
        total
    }
}
