//! `drift cosim`.

use super::Verdict;
use super::inputs::{self, FaultArgs};
use super::progress::Progress;
use anyhow::{Context, Result, bail};
use drift::atomic;
use drift::config::ArrayConfig;
use drift::cosim::{
    BuildOptions, BuiltModel, Check, Divergence, Model, RECORD_SCHEMA, Record, Simulator, Slice,
    Stalls, build, check_gemm, vcd_to_fst,
};
use drift::fault::{FaultList, Sampler};
use drift::golden::{Counters, FaultCounts};
use drift::tiling::Tiling;
use drift::workload::Workload;
use ndarray::s;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Instant;

/// Arguments of `drift cosim`.
#[derive(clap::Args)]
pub struct Args {
    /// Shipped name (tiny, default, edge, tpu) or YAML file
    #[arg(long, default_value = "default")]
    config: String,
    /// tiny-dit, FILE.safetensors, X.npy,W.npy or SHAPES.csv
    #[arg(long, default_value = "tiny-dit")]
    workload: String,
    #[command(flatten)]
    faults: FaultArgs,
    /// Detection threshold θ instead of the configuration's, 0..=31
    #[arg(long, value_name = "BIT", value_parser = clap::value_parser!(u32).range(0..=31))]
    threshold_bit: Option<u32>,
    /// Run at most this many tiles
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    tiles: Option<u64>,
    /// Run only this GEMM, by number (from 0) or name
    #[arg(long, value_name = "GEMM")]
    gemm: Option<String>,
    /// Percentage of cycles in which every stream stalls (the cycle count is then not compared)
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=90))]
    stall: u8,
    /// Write a record of the run
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Write the faults of the run as a list
    #[arg(long, value_name = "FILE")]
    save_faults: Option<PathBuf>,
    /// Write an FST waveform of --wave-tiles of one GEMM
    #[arg(long, value_name = "FILE.fst")]
    wave: Option<PathBuf>,
    /// Tiles in the waveform, both included
    #[arg(long, value_name = "A..B", default_value = "0..0", requires = "wave")]
    wave_tiles: String,
    /// Upset the hardware once behind the golden model's back, to see a mismatch reported
    #[arg(long)]
    sabotage: bool,
}

/// Runs a workload through hardware and golden model.
pub fn run(args: &Args) -> Result<Verdict> {
    let config = inputs::config(&args.config)?;
    let workload = inputs::workload(&args.workload, args.faults.seed)?;
    let sampler = args.faults.sampler(&config, &workload)?;
    let jobs = jobs(args, &config, &workload)?;
    let wave_tiles = wave_tiles(args, &config, &jobs)?;
    if let Some(file) = &args.save_faults {
        save_faults(args, &config, &workload, &sampler, &jobs, file)?;
    }
    let options = BuildOptions {
        traced: args.wave.is_some(),
        assertions: args.wave.is_some(),
    };
    let built = build(&config, options, |_, verilator| {
        eprintln!(
            "building the {}x{} model with Verilator {} (kept for the next run) ...",
            config.rows, config.columns, verilator.version
        );
    })?;
    let model = Model::load(&built.object, &config)?;
    let mut simulator = model.simulator();
    let vcd = match &args.wave {
        Some(_) => {
            let vcd = tempfile::NamedTempFile::new().context("temporary VCD")?;
            simulator.trace(vcd.path(), *wave_tiles.start(), *wave_tiles.end())?;
            Some(vcd)
        }
        None => None,
    };
    let outcome = simulate(args, &config, &workload, &sampler, &jobs, &mut simulator)?;
    // The simulator closes the VCD when it goes.
    drop(simulator);
    if let (Some(vcd), Some(fst)) = (vcd, &args.wave) {
        vcd_to_fst(vcd.path(), fst)?;
        println!(
            "waveform of tiles {}..{} in {}",
            wave_tiles.start(),
            wave_tiles.end(),
            fst.display()
        );
    }
    let record = record(args, &config, &workload, &built, &outcome);
    if let Some(file) = &args.json {
        atomic::write(file, &(serde_json::to_string_pretty(&record)? + "\n"))
            .with_context(|| format!("{}: cannot be written", file.display()))?;
    }
    summary(&record, &built, &jobs);
    match &outcome.divergence {
        None => Ok(Verdict::Good),
        Some((job, divergence)) => {
            report_mismatch(args, job, divergence);
            Ok(Verdict::Failed)
        }
    }
}

/// One GEMM to run, possibly only its first tiles.
#[derive(Clone)]
struct Job {
    index: usize,
    name: String,
    slice: Slice,
    k: usize,
}

impl Job {
    fn tiling(&self, config: &ArrayConfig) -> Tiling {
        Tiling::new(config, self.slice.m, self.k, self.slice.n)
    }
}

fn jobs(args: &Args, config: &ArrayConfig, workload: &Workload) -> Result<Vec<Job>> {
    let mut left = args.tiles.map_or(usize::MAX, |tiles| tiles as usize);
    let mut jobs = Vec::new();
    for (index, (name, m, k, n)) in workload.shapes().enumerate() {
        let chosen = match &args.gemm {
            Some(wanted) => *wanted == name || wanted.parse() == Ok(index),
            None => true,
        };
        if !chosen {
            continue;
        }
        let Some(slice) = Slice::of_tiles(config, m, n, left) else {
            break;
        };
        let job = Job {
            index,
            name: name.to_owned(),
            slice,
            k,
        };
        left = left.saturating_sub(job.tiling(config).len());
        jobs.push(job);
    }
    if let (Some(wanted), true) = (&args.gemm, jobs.is_empty()) {
        bail!(
            "--gemm {wanted}: {} has no such GEMM; expected 0..={} or a name",
            workload.name(),
            workload.len() - 1
        );
    }
    Ok(jobs)
}

fn wave_tiles(args: &Args, config: &ArrayConfig, jobs: &[Job]) -> Result<RangeInclusive<u64>> {
    let bad = || {
        anyhow::anyhow!(
            "--wave-tiles {}: expected A..B with A <= B",
            args.wave_tiles
        )
    };
    let text = &args.wave_tiles;
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let parse = |part: &str| part.parse::<u64>().map_err(|_| bad());
    let (first, last) = (parse(first)?, parse(last)?);
    if first > last {
        return Err(bad());
    }
    if args.wave.is_some() {
        if jobs.len() != 1 {
            bail!(
                "--wave shows one GEMM; choose it with --gemm (this run has {})",
                jobs.len()
            );
        }
        let tiles = jobs[0].tiling(config).len() as u64;
        if last >= tiles {
            bail!(
                "--wave-tiles {text}: {} has tiles 0..{}",
                jobs[0].name,
                tiles - 1
            );
        }
    }
    Ok(first..=last)
}

fn save_faults(
    args: &Args,
    config: &ArrayConfig,
    workload: &Workload,
    sampler: &Sampler,
    jobs: &[Job],
    file: &std::path::Path,
) -> Result<()> {
    let stuck = match sampler {
        Sampler::List(list) => list.stuck().to_vec(),
        _ => Vec::new(),
    };
    let mut list = FaultList::with_stuck(stuck);
    for job in jobs {
        let tiling = job.tiling(config);
        for tile in tiling.tiles() {
            let flips = sampler.tile(config, job.index, &tiling, &tile).flips;
            list.insert(job.index, tile.index, flips);
        }
    }
    list.write(file, &config.hash(), &workload.hash(), args.faults.seed)?;
    Ok(())
}

/// Sums over the GEMMs of a run.
#[derive(Default)]
struct Outcome {
    gemms: usize,
    counters: Counters,
    faults: FaultCounts,
    seconds: f64,
    divergence: Option<(Job, Divergence)>,
}

fn simulate(
    args: &Args,
    config: &ArrayConfig,
    workload: &Workload,
    sampler: &Sampler,
    jobs: &[Job],
    simulator: &mut Simulator,
) -> Result<Outcome> {
    let rows_of = |job: &Job| -> u64 {
        job.tiling(config)
            .tiles()
            .map(|tile| tile.rows.len() as u64)
            .sum()
    };
    let chance = (u32::from(args.stall) * 256 / 100) as u8;
    let mut progress = Progress::new(jobs.iter().map(rows_of).sum(), "result rows");
    let mut outcome = Outcome::default();
    let mut done = 0;
    let started = Instant::now();
    for job in jobs {
        let gemm = workload.gemm(job.index)?;
        let (x, w) = (gemm.x(), gemm.w());
        let x = x.slice(s![..job.slice.m, ..]);
        let w = w.slice(s![.., ..job.slice.n]);
        let w = w.as_standard_layout();
        let check = Check {
            config,
            gemm: job.index,
            x,
            w: w.view(),
            sampler,
            threshold_bit: args.threshold_bit.unwrap_or(config.threshold_bit),
            stalls: Stalls {
                act: chance,
                weight: chance,
                result: chance,
                seed: args.faults.seed,
            },
            sabotage: args.sabotage && outcome.gemms == 0,
        };
        let report = check_gemm(simulator, &check, |rows| {
            progress.at(done + rows, &job.name)
        })
        .map_err(|error| {
            anyhow::Error::new(error).context(format!(
                "GEMM {} ({}); replay with: {}",
                job.index,
                job.name,
                replay(args, job, None)
            ))
        });
        let report = report?;
        done += rows_of(job);
        outcome.gemms += 1;
        outcome.counters += report.counters;
        outcome.faults += report.faults;
        if let Some(divergence) = report.divergence {
            outcome.divergence = Some((job.clone(), divergence));
            break;
        }
    }
    outcome.seconds = started.elapsed().as_secs_f64();
    progress.finish();
    Ok(outcome)
}

fn record(
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

fn summary(record: &Record, built: &BuiltModel, jobs: &[Job]) {
    let (counters, faults) = (&record.counters, &record.fault_counts);
    let percent = |part: u64, whole: u64| {
        if whole == 0 {
            String::new()
        } else {
            format!("  ({:.4}%)", 100.0 * part as f64 / whole as f64)
        }
    };
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
    let line = |name: &str, value: u64, note: String| println!("  {name:<34}{value:>14}{note}");
    line("tiles", counters.tiles, String::new());
    line("cycles", counters.cycles.0, String::new());
    line("faults injected", faults.injected, String::new());
    line(
        "  masked (nothing changed)",
        faults.masked,
        percent(faults.masked, faults.injected),
    );
    line(
        "  checksums only (outputs right)",
        faults.checksum_only,
        percent(faults.checksum_only, faults.injected),
    );
    line(
        "  detected",
        faults.detected,
        percent(faults.detected, faults.injected),
    );
    line(
        "  outputs wrong by >= 2^theta",
        faults.above_threshold,
        percent(faults.above_threshold, faults.injected),
    );
    line(
        "    located",
        faults.located,
        percent(faults.located, faults.above_threshold),
    );
    line(
        "    missed",
        faults.missed,
        percent(faults.missed, faults.above_threshold),
    );
    line("flagged rows", counters.flagged_rows, String::new());
    line("flagged columns", counters.flagged_columns, String::new());
    line("masked elements", counters.masked, String::new());
    line("unlocated lines", counters.unlocated, String::new());
    line("mismatches RTL / golden", record.mismatches, String::new());
    println!(
        "{:.2} s, {:.2} G PE-updates/s; every output, flag, mask and counter was compared",
        record.seconds, record.giga_pe_updates_per_second
    );
}

fn replay(args: &Args, job: &Job, tile: Option<usize>) -> String {
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

fn report_mismatch(args: &Args, job: &Job, divergence: &Divergence) {
    println!(
        "\nMISMATCH in GEMM {} ({}): {divergence}",
        job.index, job.name
    );
    println!("seed {}; replay with a waveform:", args.faults.seed);
    println!("  {}", replay(args, job, Some(divergence.tile)));
}
