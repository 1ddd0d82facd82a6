//! `drift infer`: images by a denoiser whose GEMMs are the accelerator's.

mod args;
mod faults;
mod report;
mod tasks;

pub use args::Args;

use super::progress::Progress;
use super::prompts::Decoder;
use super::{Verdict, inputs, mismatch};
use anyhow::{Context, Result, bail};
use drift::baseline::{DriftSettings, ProtectionKind};
use drift::config::ArrayConfig;
use drift::cosim::{BuildOptions, Model, build};
use drift::diffusion::Scheduler;
use drift::dram::Device;
use drift::infer::{
    ActivationScales, EngineKind, FaultPlan, ImageTask, Made, ModelSource, Run, Setting,
    WeightStore, for_all, is_picture,
};
use drift::policy::DvfsSchedule;
use drift::quant::Calibration;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Instant;

/// Makes images.
pub fn run(args: &Args) -> Result<Verdict> {
    let config = inputs::config(&args.config)?;
    let source = ModelSource::open(&args.model, args.faults.seed)?;
    let engine = match args.engine.as_str() {
        "f32" => EngineKind::Float,
        "fast" => EngineKind::Fast,
        "golden" => EngineKind::Golden,
        _ => EngineKind::Rtl,
    };
    let kind = inputs::protection(&args.protection)?;
    let schedule = args.schedule.as_deref().map(DvfsSchedule::from_file);
    let schedule = schedule.transpose()?;
    let adaptive = schedule
        .as_ref()
        .is_some_and(|schedule| schedule.adaptive.is_some());
    if adaptive && !kind.has_checksums() {
        bail!(
            "--protection {kind} is not allowed; expected one with checksums, such as drift: the schedule \
             is adaptive and counts their flags"
        );
    }
    let plan = match &schedule {
        Some(schedule) => Some(faults::scheduled(schedule, args, &config, &source)?),
        None => faults::plan(args, &config)?,
    };
    check(args, engine, plan.is_some())?;
    let tasks::Chosen {
        tasks,
        classes,
        prompts,
    } = tasks::Chosen::of(args, &source)?;
    let decoder = if is_picture(source.denoiser.config().in_channels()) {
        None
    } else {
        Decoder::open(&source, prompts.is_some())?
    };
    let setting = Setting {
        threshold_bit: args.threshold_bit.unwrap_or(config.threshold_bit),
        scales: scales(args, &source, kind)?,
        // A single image is shared by all cores.
        threads: if tasks.len() == 1 { cores() } else { 1 },
        weights: WeightStore::default(),
        config,
    };
    let hardware = if engine == EngineKind::Rtl || args.audit_rate > 0.0 {
        Some(hardware(&setting.config)?)
    } else {
        None
    };
    let device = Device::load("ddr4-3200-x16")?;
    let settings = DriftSettings {
        interval: args.interval,
        ..DriftSettings::default()
    };
    let differs = plan.is_some() || args.taylorseer.is_some();
    let none = FaultPlan::none();
    let run = Run {
        denoiser: &source.denoiser,
        scheduler: &source.scheduler,
        steps: args.steps,
        guidance: args.guidance,
        forecast: args.taylorseer,
        seed: args.faults.seed,
        setting: &setting,
        engine,
        plan: plan.as_ref().unwrap_or(&none),
        hardware: hardware.as_ref(),
        audit: (args.audit_rate > 0.0).then_some((args.audit_rate, args.faults.seed)),
        sabotage: args.sabotage,
    };
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("{}: cannot be made", args.out.display()))?;
    let started = Instant::now();
    let mut made = match images(
        args,
        &run,
        &tasks,
        &|| kind.build(settings, &device),
        "images",
    ) {
        Ok(made) => made,
        Err(error) => {
            return mismatch::report(
                error,
                (&args.config, &setting.config),
                &args.out,
                args.faults.seed,
            );
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    let started = Instant::now();
    let mut reference = if differs && !args.no_reference {
        let clean = Run {
            engine: EngineKind::Fast,
            forecast: None,
            plan: &none,
            audit: None,
            ..run
        };
        let unprotected = || ProtectionKind::None.build(settings, &device);
        Some(images(
            args,
            &clean,
            &tasks,
            &unprotected,
            "error-free images",
        )?)
    } else {
        None
    };
    let seconds = (seconds, started.elapsed().as_secs_f64());
    if let Some(decoder) = &decoder {
        for image in made.iter_mut().chain(reference.iter_mut().flatten()) {
            image.latents = decoder.decode(&image.latents)?;
        }
    }
    let finished = report::Finished {
        made,
        reference,
        classes,
        prompts,
        seconds,
    };
    report::write(
        args,
        &source,
        (&setting, schedule.as_ref()),
        kind,
        &finished,
    )?;
    Ok(Verdict::Good)
}

/// Refuses what does not go together.
fn check(args: &Args, engine: EngineKind, faults: bool) -> Result<()> {
    if engine == EngineKind::Float && (faults || args.audit_rate > 0.0) {
        bail!("--engine f32 has no faults and no audits; expected fast, golden or rtl");
    }
    if !(0.0..=1.0).contains(&args.audit_rate) {
        bail!(
            "--audit-rate {} is not allowed; expected 0..=1",
            args.audit_rate
        );
    }
    if args.sabotage && args.audit_rate == 0.0 {
        bail!("--sabotage: only audits find it; expected --audit-rate above 0");
    }
    Ok(())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn images<'a>(
    args: &Args,
    run: &Run<'_>,
    tasks: &[ImageTask],
    protection: &(dyn Fn() -> Box<dyn drift::baseline::Protection + 'a> + Sync),
    what: &'static str,
) -> Result<Vec<Made>> {
    // PNDM takes one more than it is asked for.
    let steps = Scheduler::new(run.scheduler, args.steps)?.timesteps().len();
    let steps = (tasks.len() * steps) as u64;
    let progress = Mutex::new((0u64, Progress::new(steps, "steps")));
    let threads = args.threads.unwrap_or_else(cores).max(1);
    let made = for_all(tasks, threads, |task| {
        run.image(task, protection(), |_| {
            let mut progress = progress.lock().expect("no panic in it");
            progress.0 += 1;
            let done = progress.0;
            progress.1.at(done, what);
            Ok(())
        })
    })?;
    progress.into_inner().expect("no panic in it").1.finish();
    Ok(made)
}

fn scales(args: &Args, source: &ModelSource, kind: ProtectionKind) -> Result<ActivationScales> {
    if args.calibration.is_some() && args.activations != "static" {
        bail!(
            "--calibration: only static scales come from one; expected --activations static, \
             found {}",
            args.activations
        );
    }
    Ok(match args.activations.as_str() {
        "per-tensor" => ActivationScales::PerTensor,
        "per-token" if kind.rolls_back() => bail!(
            "--activations per-token: a rollback takes one scale per GEMM; expected per-tensor or \
             static with --protection {kind}"
        ),
        "per-token" => ActivationScales::PerToken,
        _ => ActivationScales::Static(Arc::new(match &args.calibration {
            Some(file) => Calibration::read(file, &source.hash)?,
            None => source.calibration()?,
        })),
    })
}

fn hardware(config: &ArrayConfig) -> Result<Model> {
    let built = build(config, BuildOptions::default(), |_, verilator| {
        eprintln!(
            "building the {}x{} model with Verilator {} (kept for the next run) ...",
            config.rows, config.columns, verilator.version
        );
    })?;
    Ok(Model::load(&built.object, config)?)
}
