//! `drift cosim`.

pub mod accelerator;
mod args;
mod job;
mod report;

pub use args::Args;
pub use job::{Job, jobs};

use super::progress::Progress;
use super::{Verdict, inputs, output};
use anyhow::{Context, Result, bail};
use drift::config::ArrayConfig;
use drift::cosim::{BuildOptions, Check, Model, Simulator, Stalls, build, check_gemm, vcd_to_fst};
use drift::fault::{FaultList, Sampler};
use drift::workload::Workload;
use ndarray::s;
use report::{Outcome, record, replay, report_mismatch, summary};
use std::ops::RangeInclusive;
use std::time::Instant;

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
