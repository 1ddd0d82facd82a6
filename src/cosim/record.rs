//! The JSON record of a co-simulation run.

use crate::config::ArrayConfig;
use crate::golden::{Counters, FaultCounts};
use serde::Serialize;

/// Version of the record's schema.
pub const RECORD_SCHEMA: &str = "drift-cosim/1";

/// What was run and what came out, complete enough to run it again.
#[derive(Clone, Debug, Serialize)]
pub struct Record {
    /// [`RECORD_SCHEMA`].
    pub schema: &'static str,
    /// Version of this program.
    pub drift: &'static str,
    /// Verilator that built the model.
    pub verilator: String,
    /// The resolved configuration.
    pub config: ArrayConfig,
    /// Its hash.
    pub config_hash: String,
    /// Name of the workload.
    pub workload: String,
    /// Its hash.
    pub workload_hash: String,
    /// Arguments that select faults, as on the command line.
    pub faults: String,
    /// Threshold θ that was used.
    pub threshold_bit: u32,
    /// GEMMs that were run.
    pub gemms: usize,
    /// Sums of the hardware's counters.
    pub counters: Counters,
    /// What became of the faults.
    pub fault_counts: FaultCounts,
    /// Number of differences between hardware and golden model: 0, or 1 at the first.
    pub mismatches: u64,
    /// The first difference in words.
    pub divergence: Option<String>,
    /// Seconds of simulation and checking, without the build.
    pub seconds: f64,
    /// Giga PE-updates per second: data PEs × cycles / seconds.
    pub giga_pe_updates_per_second: f64,
}
