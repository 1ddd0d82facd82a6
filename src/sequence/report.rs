//! What a run of steps found, per step and as a record.

use super::{Effect, GemmReport, Traffic};
use crate::config::ArrayConfig;
use crate::dram::Energy;
use serde::Serialize;
use std::collections::BTreeMap;

/// Version of the record's schema.
pub const RECORD_SCHEMA: &str = "drift-accelerator/1";

/// What happened in a step.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct StepReport {
    /// Denoising step.
    pub step: u32,
    /// GEMMs.
    pub gemms: u64,
    /// Tiles of these GEMMs.
    pub tiles: u64,
    /// Tiles with a flag, those computed again included.
    pub flagged: u64,
    /// Tiles with masked elements from a checkpoint.
    pub rolled_back: u64,
    /// Elements from checkpoints.
    pub restored: u64,
    /// Tiles computed again.
    pub recomputed: u64,
    /// Tiles delivered although flagged, without rollback.
    pub kept: u64,
    /// Tiles written as checkpoints.
    pub checkpoints: u64,
    /// Cycles in which recovery held results back; the array computes on meanwhile.
    pub stall_cycles: u64,
    /// Cycles in which the engine was busy, beyond those that it takes where no stream
    /// ever waits: the array stood, or its last tile had to wait.
    pub late_cycles: u64,
    /// Cycles from the first beat of a masked tile to its acceptance, over all of them.
    pub recovery_cycles: u64,
    /// Cycles in which a GEMM was running.
    pub cycles: u64,
    /// Row activations for these rollbacks with all banks precharged before each; 0
    /// without a DRAM.
    pub alone_activations: u64,
    /// Cycles that the engine takes where no stream ever waits.
    pub unstalled_cycles: u64,
    /// What the faults did.
    pub effect: Effect,
}

impl StepReport {
    /// Adds what a GEMM did; the counters of hardware are added by
    /// [`StepReport::count`].
    pub fn add(&mut self, gemm: &GemmReport) {
        self.gemms += 1;
        self.tiles += gemm.tiles;
        self.flagged += gemm.flagged;
        self.unstalled_cycles += gemm.engine_cycles;
        self.alone_activations += gemm.alone_activations;
        self.effect += gemm.effect;
    }

    /// Adds what the counters gained since an earlier reading, once all GEMMs between the
    /// two are added.
    pub fn count(&mut self, from: &BTreeMap<&str, u64>, to: &BTreeMap<&'static str, u64>) {
        let gained = |name: &str| to[name] - from.get(name).copied().unwrap_or_default();
        self.rolled_back += gained("rollbacks");
        self.restored += gained("restored");
        self.recomputed += gained("recomputes");
        self.kept += gained("kept");
        self.checkpoints += gained("checkpoints");
        self.stall_cycles += gained("stall_cycles");
        self.recovery_cycles += gained("recovery_cycles");
        self.cycles += gained("running_cycles");
        self.late_cycles += gained("engine_cycles").saturating_sub(self.unstalled_cycles);
    }
}

/// DRAM traffic of one direction, in a record.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct TrafficRecord {
    /// AXI bursts.
    pub requests: u64,
    /// Bytes.
    pub bytes: u64,
    /// DRAM bursts.
    pub bursts: u64,
    /// Rows opened.
    pub activations: u64,
    /// DRAM bursts that found their row open.
    pub row_hits: u64,
}

impl From<Traffic> for TrafficRecord {
    fn from(traffic: Traffic) -> Self {
        let counts = traffic.counts;
        Self {
            requests: traffic.requests,
            bytes: traffic.bytes,
            bursts: counts.reads + counts.writes,
            activations: counts.activations,
            row_hits: counts.row_hits,
        }
    }
}

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
    /// Arguments of the run, as on the command line.
    pub arguments: String,
    /// Every step that was run.
    pub steps: Vec<StepReport>,
    /// All counters of the accelerator, by their registers' names.
    pub counters: BTreeMap<&'static str, u64>,
    /// Fetches of checkpoints.
    pub reads: TrafficRecord,
    /// Writes of checkpoints.
    pub writes: TrafficRecord,
    /// Energy of the DRAM in pJ: activate, read, write, background, refresh.
    pub dram_energy_pj: Option<[f64; 5]>,
    /// Number of differences between hardware and golden model: 0, or 1 at the first.
    pub mismatches: u64,
    /// The first difference in words.
    pub divergence: Option<String>,
    /// Seconds of simulation and checking, without the build.
    pub seconds: f64,
}

/// The parts of an energy in the order of the record.
pub fn energy_parts(energy: Energy) -> [f64; 5] {
    [
        energy.activate,
        energy.read,
        energy.write,
        energy.background,
        energy.refresh,
    ]
}
