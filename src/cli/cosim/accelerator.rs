//! `drift cosim --accelerator`: denoising steps on the whole accelerator.

mod report;

use super::args::{AcceleratorArgs, Args, Policy, Switch};
use crate::cli::progress::Progress;
use crate::cli::{Verdict, inputs, output};
use anyhow::{Context, Result, bail};
use drift::config::ArrayConfig;
use drift::cosim::vcd_to_fst;
use drift::dram::{Device, SHIPPED, TraceFormat};
use drift::fault::{FaultList, Sampler, TileFaults};
use drift::sequence::{
    Hardware, Job, Limits, MemoryModel, Plan, SequenceError, Session, Settings, StepReport,
};
use drift::workload::Workload;
use report::{Outcome, record, replay, report_mismatch, summary};
use std::path::Path;
use std::time::Instant;

/// Resolves `--dram`: a device, or a latency in cycles.
fn memory(text: &str, config: &ArrayConfig) -> Result<MemoryModel> {
    match text.parse::<u64>() {
        Ok(cycles) if cycles <= 1_000_000 => Ok(MemoryModel::fixed(cycles, config.memory_bytes)),
        Ok(cycles) => bail!("--dram {cycles}: expected a latency of 0..=1000000 cycles"),
        Err(_) => Ok(MemoryModel::dram(&device(text)?, config.memory_bytes)),
    }
}

/// Resolves a DRAM by name or file.
pub fn device(text: &str) -> Result<Device> {
    let known = SHIPPED.iter().any(|(name, _)| *name == text);
    if !known && !Path::new(text).exists() {
        let names: Vec<&str> = SHIPPED.iter().map(|(name, _)| *name).collect();
        bail!(
            "--dram {text}: no such file; give a YAML file or one of {}",
            names.join(", ")
        );
    }
    Ok(Device::load(text)?)
}

/// Starts the trace that `--dram-trace` asks for.
fn start_trace(args: &AcceleratorArgs, memory: &mut MemoryModel) -> Result<()> {
    let Some(text) = &args.dram_trace else {
        return Ok(());
    };
    if memory.device().is_none() {
        bail!(
            "--dram-trace {text}: a fixed latency has no requests to replay; give a device with --dram"
        );
    }
    let (file, format) = match text.rsplit_once(':') {
        Some((file, format)) => (file, format.parse::<TraceFormat>()?),
        None => (text.as_str(), TraceFormat::Ramulator2LoadStore),
    };
    Ok(memory.trace(Path::new(file), format)?)
}

fn settings(args: &Args, config: &ArrayConfig) -> Settings {
    let options = &args.accelerator;
    Settings {
        threshold_bit: args.threshold_bit.unwrap_or(config.threshold_bit),
        protect: options.protect == Switch::On,
        recompute_missing: options.no_checkpoint == Policy::Recompute,
        recompute_unlocated: options.unlocated == Policy::Recompute,
        interval: options.interval.unwrap_or(config.run.checkpoint_interval),
        point: options.point,
        stall: (u32::from(args.stall) * 256 / 100) as u8,
        seed: args.faults.seed,
    }
}

/// Runs a workload's steps through accelerator and golden model.
pub fn run(args: &Args) -> Result<Verdict> {
    let options = &args.accelerator;
    let config = inputs::config(&args.config)?;
    let workload = inputs::workload(&args.workload, args.faults.seed)?;
    let sampler = args.faults.sampler(&config, &workload)?;
    if let Sampler::List(list) = &sampler
        && !list.stuck().is_empty()
    {
        bail!("--fault-list: {}", SequenceError::Stuck);
    }
    let mut memory = memory(&options.dram, &config)?;
    let limits = Limits {
        steps: options.steps.map(usize::from),
        tiles: args.tiles.map(|tiles| tiles as usize),
        layer: args.gemm.clone(),
    };
    let layout = options.layout.layout();
    let plan = Plan::new(&config, &workload, layout, &limits, memory.capacity())?;
    let wave = wave_job(args, &plan)?;
    if let Some(file) = &args.save_faults {
        save_faults(args, &config, &workload, &sampler, &plan, file)?;
    }
    start_trace(options, &mut memory)?;
    let hardware = Hardware::Rtl {
        traced: args.wave.is_some(),
    };
    let settings = settings(args, &config);
    let (session, built) = Session::new(&config, &settings, memory, hardware, |_, verilator| {
        eprintln!(
            "building the {}x{} accelerator with Verilator {} (kept for the next run) ...",
            config.rows, config.columns, verilator.version
        );
    })?;
    let vcd = tempfile::NamedTempFile::new().context("temporary VCD")?;
    let mut run = Run {
        config: &config,
        workload: &workload,
        sampler: &sampler,
        plan: &plan,
        session,
        wave: wave.map(|job| (job, vcd.path())),
    };
    if args.sabotage {
        run.session.sabotage();
    }
    let outcome = run.all()?;
    run.session.finish_trace()?;
    let record = record(
        args,
        &config,
        &workload,
        built.as_ref(),
        &run.session,
        &outcome,
    );
    // The simulator closes the VCD when it goes.
    drop(run);
    if let Some(fst) = &args.wave {
        vcd_to_fst(vcd.path(), fst)?;
        println!("waveform in {}", fst.display());
    }
    if let Some(file) = &args.json {
        output::record(file, &record)?;
    }
    summary(args, &record, &settings, &plan);
    match &outcome.divergence {
        None => Ok(Verdict::Good),
        Some(divergence) => {
            report_mismatch(
                divergence,
                args.faults.seed,
                &replay(args, Some(divergence)),
            );
            Ok(Verdict::Failed)
        }
    }
}

/// The job whose waveform is wanted.
fn wave_job(args: &Args, plan: &Plan) -> Result<Option<usize>> {
    if args.wave.is_none() {
        return Ok(None);
    }
    let last = plan.jobs.len() - 1;
    let Some(wanted) = &args.accelerator.wave_gemm else {
        return Ok(Some(last));
    };
    match plan.jobs.iter().position(|job| job.name == *wanted) {
        Some(job) => Ok(Some(job)),
        None => bail!(
            "--wave-gemm {wanted}: this run has no such GEMM; expected one of {} .. {}",
            plan.jobs[0].name,
            plan.jobs[last].name
        ),
    }
}

fn save_faults(
    args: &Args,
    config: &ArrayConfig,
    workload: &Workload,
    sampler: &Sampler,
    plan: &Plan,
    file: &Path,
) -> Result<()> {
    let mut list = FaultList::default();
    for job in &plan.jobs {
        for (tile, faults) in tile_faults(config, sampler, job).into_iter().enumerate() {
            list.insert(job.gemm, tile, faults.flips);
        }
    }
    let (config, workload) = (config.hash(), workload.hash());
    Ok(list.write(file, &config, &workload, args.faults.seed)?)
}

fn tile_faults(config: &ArrayConfig, sampler: &Sampler, job: &Job) -> Vec<TileFaults> {
    let tiling = job.tiling(config);
    let tiles = tiling.tiles();
    tiles
        .map(|tile| sampler.tile(config, job.gemm, &tiling, &tile))
        .collect()
}

/// A run in progress.
struct Run<'a> {
    config: &'a ArrayConfig,
    workload: &'a Workload,
    sampler: &'a Sampler,
    plan: &'a Plan,
    session: Session,
    /// The job whose waveform is wanted, and where it goes.
    wave: Option<(usize, &'a Path)>,
}

impl Run<'_> {
    /// All jobs, up to the first divergence or the end of the waveform.
    fn all(&mut self) -> Result<Outcome> {
        let started = Instant::now();
        let jobs = &self.plan.jobs;
        let tiles: u64 = jobs.iter().map(|job| self.tiles(job)).sum();
        let mut progress = Progress::new(tiles, "tiles");
        let mut outcome = Outcome::default();
        let mut done = 0;
        for (index, job) in jobs.iter().enumerate() {
            progress.at(done, &job.name);
            match self.job(index, job, &mut outcome.steps) {
                Ok(()) => {}
                Err(error) => match error.downcast::<SequenceError>()? {
                    SequenceError::Divergence(divergence) => {
                        outcome.divergence = Some(*divergence);
                        break;
                    }
                    other => return Err(other.into()),
                },
            }
            done += self.tiles(job);
            if self.wave.is_some_and(|(wave, _)| wave == index) {
                break;
            }
        }
        progress.finish();
        outcome.seconds = started.elapsed().as_secs_f64();
        Ok(outcome)
    }

    fn tiles(&self, job: &Job) -> u64 {
        job.tiling(self.config).len() as u64
    }

    /// One job; at the end of its step, counters and memory are compared.
    fn job(&mut self, index: usize, job: &Job, steps: &mut Vec<StepReport>) -> Result<()> {
        if let Some((wave, vcd)) = self.wave
            && wave == index
        {
            self.session.trace(vcd)?;
        }
        let gemm = self.workload.gemm(job.gemm)?;
        let scale = self.workload.activation_scale(job.gemm)?;
        let faults = tile_faults(self.config, self.sampler, job);
        let found = self.session.run(self.plan, job, &gemm, scale, &faults)?;
        if steps.last().is_none_or(|step| step.step != job.step) {
            steps.push(StepReport {
                step: job.step,
                ..StepReport::default()
            });
        }
        let step = steps.last_mut().expect("pushed above");
        step.add(&found);
        let next = self.plan.jobs.get(index + 1);
        let traced = self.wave.is_some_and(|(wave, _)| wave == index);
        if traced || next.is_none_or(|next| next.step != job.step) {
            let before = self.session.counters().clone();
            let now = self.session.check(&job.name)?;
            step.count(&before, &now);
        }
        Ok(())
    }
}
