//! What `drift cosim` says at its end: the summary, the record, and the command
//! that replays a mismatch.

use super::args::Args;
use super::job::Job;
use drift::config::ArrayConfig;
use drift::cosim::{BuiltModel, Divergence, RECORD_SCHEMA, Record};
use drift::golden::{Counters, FaultCounts};
use drift::workload::Workload;

/// Sums over the GEMMs of a run.
#[derive(Default)]
pub struct Outcome {
    pub gemms: usize,
    pub counters: Counters,
    pub faults: FaultCounts,
    pub seconds: f64,
    pub divergence: Option<(Job, Divergence)>,
}

/// The record of a run.
pub fn record(
    args: &Args,
    config: &ArrayConfig,
    workload: &Workload,
    built: &BuiltModel,
    outcome: &Outcome,
) -> Record {
    let updates = outcome.counters.cycles.0 as f64 * (config.rows * config.columns) as f64;
    Record {
        schema: RECORD_SCHEMA,
        drift: env!("CARGO_PKG_VERSION"),
        verilator: built.verilator.version.clone(),
        config: config.clone(),
        config_hash: config.hash().to_string(),
        workload: workload.name().to_owned(),
        workload_hash: workload.hash(),
        faults: args.faults.replay(),
        threshold_bit: args.threshold_bit.unwrap_or(config.threshold_bit),
        gemms: outcome.gemms,
        counters: outcome.counters,
        fault_counts: outcome.faults,
        mismatches: u64::from(outcome.divergence.is_some()),
        divergence: outcome.divergence.as_ref().map(|(_, d)| d.to_string()),
        seconds: outcome.seconds,
        giga_pe_updates_per_second: updates / outcome.seconds / 1e9,
    }
}

/// Prints what came out.
pub fn summary(record: &Record, built: &BuiltModel, jobs: &[Job]) {
    let (counters, faults) = (&record.counters, &record.fault_counts);
    println!(
        "\nDRIFT {} co-simulation: {}x{} {}, theta {}, Verilator {} ({} in {:.1} s)",
        record.drift,
        record.config.rows,
        record.config.columns,
        if record.config.checksum {
            "with checksums"
        } else {
            "without checksums"
        },
        record.threshold_bit,
        record.verilator,
        if built.cached {
            "model cached, loaded"
        } else {
            "model built"
        },
        built.elapsed.as_secs_f64()
    );
    println!(
        "workload  {} ({} of {} GEMMs)",
        record.workload,
        record.gemms,
        jobs.len()
    );
    println!("faults    {}", record.faults);
    let line = |name: &str, value: u64| println!("  {name:<34}{value:>14}");
    let share = |name: &str, part: u64, whole: u64| match whole {
        0 => line(name, part),
        whole => println!(
            "  {name:<34}{part:>14}  ({:.4}%)",
            100.0 * part as f64 / whole as f64
        ),
    };
    line("tiles", counters.tiles);
    line("cycles", counters.cycles.0);
    line("faults injected", faults.injected);
    for (name, part) in [
        ("  masked (nothing changed)", faults.masked),
        ("  checksums only (outputs right)", faults.checksum_only),
        ("  detected", faults.detected),
        ("  outputs wrong by >= 2^theta", faults.above_threshold),
    ] {
        share(name, part, faults.injected);
    }
    share("    located", faults.located, faults.above_threshold);
    share("    missed", faults.missed, faults.above_threshold);
    line("flagged rows", counters.flagged_rows);
    line("flagged columns", counters.flagged_columns);
    line("masked elements", counters.masked);
    line("unlocated lines", counters.unlocated);
    line("mismatches RTL / golden", record.mismatches);
    println!(
        "{:.2} s, {:.2} G PE-updates/s; every output, flag, mask and counter was compared",
        record.seconds, record.giga_pe_updates_per_second
    );
}

/// The command that runs one GEMM of this run again, with a waveform around a tile.
pub fn replay(args: &Args, job: &Job, tile: Option<usize>) -> String {
    let mut text = format!(
        "drift cosim --config {} --workload {} {} --gemm {}",
        args.config,
        args.workload,
        args.faults.replay(),
        job.index
    );
    if let Some(theta) = args.threshold_bit {
        text += &format!(" --threshold-bit {theta}");
    }
    if args.stall > 0 {
        text += &format!(" --stall {}", args.stall);
    }
    if args.sabotage {
        text += " --sabotage";
    }
    if let Some(tiles) = args.tiles {
        text += &format!(" --tiles {tiles}");
    }
    if let Some(tile) = tile {
        let first = tile.saturating_sub(1);
        text += &format!(" --wave mismatch.fst --wave-tiles {first}..{tile}");
    }
    text
}

/// Prints the first difference and how to see it again.
pub fn report_mismatch(args: &Args, job: &Job, divergence: &Divergence) {
    println!(
        "\nMISMATCH in GEMM {} ({}): {divergence}",
        job.index, job.name
    );
    println!("seed {}; replay with a waveform:", args.faults.seed);
    println!("  {}", replay(args, job, Some(divergence.tile)));
}
