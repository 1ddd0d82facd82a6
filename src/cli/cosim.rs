//! `drift cosim`.

use super::accelerator::{self, AcceleratorArgs};
use super::cosim_report::{Outcome, record, replay, report_mismatch, summary};
use super::inputs::{self, FaultArgs};
use super::progress::Progress;
use super::{Verdict, output};
use anyhow::{Context, Result, bail};
use drift::config::ArrayConfig;
use drift::cosim::{
    BuildOptions, Check, Model, Simulator, Slice, Stalls, build, check_gemm, vcd_to_fst,
};
use drift::fault::{FaultList, Sampler};
use drift::tiling::Tiling;
use drift::workload::Workload;
use ndarray::s;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Instant;

/// Arguments of `drift cosim`.
#[derive(clap::Args)]
pub struct Args {
    /// Shipped name (tiny, default, edge, tpu, tiny-os, default-os) or YAML file
    #[arg(long, default_value = "default")]
    pub config: String,
    /// tiny-dit, FILE.safetensors, X.npy,W.npy or SHAPES.csv
    #[arg(long, default_value = "tiny-dit")]
    pub workload: String,
    #[command(flatten)]
    pub faults: FaultArgs,
    /// Detection threshold θ instead of the configuration's, 0..=31
    #[arg(long, value_name = "BIT", value_parser = clap::value_parser!(u32).range(0..=31))]
    pub threshold_bit: Option<u32>,
    /// Run at most this many tiles
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub tiles: Option<u64>,
    /// Run only this GEMM, by number (from 0) or name
    #[arg(long, value_name = "GEMM")]
    pub gemm: Option<String>,
    /// Percentage of cycles in which every stream stalls (the cycle count is then not compared)
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=90))]
    pub stall: u8,
    /// Write a record of the run
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the faults of the run as a list
    #[arg(long, value_name = "FILE")]
    pub save_faults: Option<PathBuf>,
    /// Write an FST waveform of --wave-tiles of one GEMM
    #[arg(long, value_name = "FILE.fst")]
    pub wave: Option<PathBuf>,
    /// Tiles in the waveform, both included
    #[arg(
        long,
        value_name = "A..B",
        default_value = "0..0",
        requires = "wave",
        conflicts_with = "accelerator"
    )]
    pub wave_tiles: String,
    /// Upset the hardware once behind the golden model's back, to see a mismatch reported
    #[arg(long)]
    pub sabotage: bool,
    #[command(flatten)]
    pub accelerator: AcceleratorArgs,
}

/// Runs a workload through hardware and golden model.
pub fn run(args: &Args) -> Result<Verdict> {
    if args.accelerator.accelerator {
        return accelerator::run(args);
    }
    let config = inputs::config(&args.config)?;
    let workload = inputs::workload(&args.workload, args.faults.seed)?;
    let jobs = jobs(args, &config, &workload)?;
    let tiles = jobs
        .iter()
        .map(|job| (job.index, job.tiling(&config).len()));
    let tiles: Vec<_> = tiles.collect();
    let sampler = args.faults.sampler_of(&config, &workload, &tiles)?;
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
        output::record(file, &record)?;
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
pub struct Job {
    /// Number in the workload.
    pub index: usize,
    /// Name in the workload.
    pub name: String,
    slice: Slice,
    k: usize,
}

impl Job {
    /// How it is cut into tiles.
    pub fn tiling(&self, config: &ArrayConfig) -> Tiling {
        Tiling::new(config, self.slice.m, self.k, self.slice.n)
    }
}

pub fn jobs(args: &Args, config: &ArrayConfig, workload: &Workload) -> Result<Vec<Job>> {
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

pub fn simulate(
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
