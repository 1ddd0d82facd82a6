//! `drift infer`: images by a denoiser whose GEMMs are the accelerator's.

use super::inputs::{self, FaultArgs};
use super::progress::Progress;
use super::{Verdict, infer_report, mismatch};
use anyhow::{Context, Result, bail};
use drift::baseline::{DriftSettings, ProtectionKind};
use drift::config::{ArrayConfig, Dataflow};
use drift::cosim::{BuildOptions, Model, build};
use drift::diffusion::Scheduler;
use drift::dram::Device;
use drift::fault::Sampler;
use drift::forecast::Forecast;
use drift::infer::{
    ActivationScales, EMBEDDED, EngineKind, FaultPlan, ImageTask, Made, ModelSource, Rule, Run,
    Selector, Setting, WeightStore, for_all,
};
use drift::model::{Conditioning, TextConditioning};
use drift::policy::DvfsSchedule;
use drift::quant::Calibration;
use drift::tech::Table;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Instant;

/// Arguments of `drift infer`.
#[derive(clap::Args)]
pub struct Args {
    /// `tiny-dit`, the folder of a model or pipeline as diffusers saves it, or an architecture
    /// with drawn weights such as dit-xl-2-512
    #[arg(long, default_value = EMBEDDED)]
    pub model: String,
    /// Accelerator: a shipped name or a YAML file
    #[arg(long, default_value = "default")]
    pub config: String,
    /// Denoising steps
    #[arg(long, default_value_t = 50)]
    pub steps: usize,
    /// Guidance weight; 1 leaves guidance out
    #[arg(long, default_value_t = 1.5)]
    pub guidance: f32,
    /// TaylorSeer: a full step every INTERVAL steps, and forecasts of this order of the attention
    /// and MLP branches between them, such as 4:2
    #[arg(long, value_name = "INTERVAL:ORDER")]
    pub taylorseer: Option<Forecast>,
    /// Number of images
    #[arg(short, long, default_value_t = 10)]
    pub n: usize,
    /// Classes, taken in turn [default: all]
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    pub classes: Vec<usize>,
    /// Text embeddings of the prompts, safetensors; images take them in turn
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    pub text: Vec<PathBuf>,
    /// Text embedding of the empty prompt, for guidance
    #[arg(long, value_name = "FILE", requires = "text")]
    pub no_text: Option<PathBuf>,
    /// What computes: f32 (no quantisation, no faults), fast, golden, or rtl
    #[arg(long, default_value = "fast", value_parser = ["f32", "fast", "golden", "rtl"])]
    pub engine: String,
    /// Scales of activations: per-tensor, per-token, or static (from a calibration)
    #[arg(long, default_value = "per-tensor", value_parser = ["per-tensor", "per-token", "static"])]
    pub activations: String,
    /// Calibration for static scales [default: the one beside the model]
    #[arg(long, value_name = "FILE")]
    pub calibration: Option<PathBuf>,
    /// Protection: none, dmr, thundervolt, abft, approx-abft, statistical-abft, drift, ...
    #[arg(long, default_value = "none")]
    pub protection: String,
    /// Steps from one checkpoint of a layer to the next
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=65535))]
    pub interval: u32,
    /// θ: syndromes of 2^θ and more are flagged [default: the configuration's]
    #[arg(long, value_name = "BIT", value_parser = clap::value_parser!(u32).range(0..=31))]
    pub threshold_bit: Option<u32>,
    #[command(flatten)]
    pub faults: FaultArgs,
    /// Timing errors of a schedule of operating points: the YAML file of `drift policy optimise`, or a
    /// campaign's; adaptive if it says so
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ber", "voltage", "frequency", "tech",
        "upsets", "fault_list", "fault_steps", "fault_blocks", "fault_layers"])]
    pub schedule: Option<PathBuf>,
    /// Steps with faults, A..B, both included, 0 the noisiest [default: all]
    #[arg(long, value_name = "A..B")]
    pub fault_steps: Option<String>,
    /// Blocks with faults; -1 stands for what is in none [default: all]
    #[arg(
        long,
        value_name = "BLOCK",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub fault_blocks: Option<Vec<i64>>,
    /// Layers with faults, by part of their name, such as attn1.to_q or ff. [default: all]
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub fault_layers: Option<Vec<String>>,
    /// Share of the tiles that the verilated RTL computes as well, 0..=1
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    pub audit_rate: f64,
    /// Upset the hardware of the audits behind the engine's back, to see a mismatch reported
    #[arg(long)]
    pub sabotage: bool,
    /// Images at a time [default: number of cores]
    #[arg(long)]
    pub threads: Option<usize>,
    /// Leave out the error-free images and the comparison with them
    #[arg(long)]
    pub no_reference: bool,
    /// Folder for the images and the record
    #[arg(long, value_name = "DIR", default_value = "target/infer")]
    pub out: PathBuf,
}

/// A finished run.
pub struct Finished {
    /// Images, in order.
    pub made: Vec<Made>,
    /// Their error-free twins, if there are any.
    pub reference: Option<Vec<Made>>,
    /// Class of each image, of models with classes.
    pub classes: Option<Vec<usize>>,
    /// Seconds of the images and of their twins.
    pub seconds: (f64, f64),
}

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
    let kind = protection(args)?;
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
        Some(schedule) => Some(scheduled(schedule, args, &config, &source)?),
        None => plan(args, &config)?,
    };
    if engine == EngineKind::Float && (plan.is_some() || args.audit_rate > 0.0) {
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
    let (tasks, classes) = tasks(args, &source)?;
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
    let made = match images(
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
    let reference = if differs && !args.no_reference {
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
    let finished = Finished {
        made,
        reference,
        classes,
        seconds: (seconds, started.elapsed().as_secs_f64()),
    };
    infer_report::write(
        args,
        &source,
        (&setting, schedule.as_ref()),
        kind,
        &finished,
    )?;
    Ok(Verdict::Good)
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

fn protection(args: &Args) -> Result<ProtectionKind> {
    ProtectionKind::named(&args.protection).with_context(|| {
        format!(
            "--protection {}: not known; expected one of {}",
            args.protection,
            ProtectionKind::ALL.map(ProtectionKind::name).join(", ")
        )
    })
}

/// The faults of the run; none if no GEMM can have any.
fn plan(args: &Args, config: &ArrayConfig) -> Result<Option<FaultPlan>> {
    let sampler = args.faults.drawn(config)?;
    if matches!(sampler, Sampler::None) {
        return Ok(None);
    }
    let selector = Selector {
        steps: args.fault_steps.as_deref().map(steps).transpose()?,
        blocks: args.fault_blocks.clone(),
        layers: args.fault_layers.clone(),
        kinds: None,
    };
    Ok(Some(FaultPlan::new(vec![Rule { selector, sampler }])))
}

/// The timing errors of a schedule.
fn scheduled(
    schedule: &DvfsSchedule,
    args: &Args,
    config: &ArrayConfig,
    source: &ModelSource,
) -> Result<FaultPlan> {
    if config.dataflow != Dataflow::Ws {
        bail!(
            "--config {}: dataflow {} is not allowed; expected ws with --schedule: tables are of \
             such a PE",
            args.config,
            config.dataflow
        );
    }
    let table = Table::load(&schedule.tech)?;
    let sampler = |point| -> Result<Sampler> {
        Ok(Sampler::Timing {
            errors: table.errors(point)?.sampled(),
            seed: args.faults.seed,
        })
    };
    let points = schedule.operating_points(&table).into_iter().map(sampler);
    let samplers = points.collect::<Result<Vec<_>>>()?;
    let size = (args.steps, source.denoiser.config().blocks());
    Ok(FaultPlan::of(schedule, size, &samplers))
}

/// `A..B`, both included, as a range without its end.
fn steps(text: &str) -> Result<[usize; 2]> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) if first <= last => Ok([first, last.saturating_add(1)]),
        _ => bail!("--fault-steps {text}: expected A..B with A <= B"),
    }
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

/// The images, and their classes if the model has any.
fn tasks(args: &Args, source: &ModelSource) -> Result<(Vec<ImageTask>, Option<Vec<usize>>)> {
    let guided = args.guidance != 1.0;
    if !args.guidance.is_finite() {
        bail!(
            "--guidance {} is not allowed; expected a finite number",
            args.guidance
        );
    }
    let Some(classes) = source.denoiser.config().classes() else {
        return Ok((text_tasks(args, guided)?, None));
    };
    if let Some(class) = args.classes.iter().find(|class| **class >= classes) {
        bail!("--classes {class}: expected 0..={}", classes - 1);
    }
    let all: Vec<usize> = (0..classes).collect();
    let chosen = if args.classes.is_empty() {
        &all
    } else {
        &args.classes
    };
    let classes_of: Vec<usize> = chosen.iter().copied().cycle().take(args.n).collect();
    let task = |(image, &class): (usize, &usize)| ImageTask {
        image: image as u64,
        condition: Conditioning::Classes(vec![class]),
        none: guided.then(|| Conditioning::Classes(vec![classes])),
    };
    let tasks = classes_of.iter().enumerate().map(task).collect();
    Ok((tasks, Some(classes_of)))
}

fn text_tasks(args: &Args, guided: bool) -> Result<Vec<ImageTask>> {
    if args.text.is_empty() {
        bail!("--model {}: takes text; expected --text FILE", args.model);
    }
    let read = |file: &PathBuf| -> Result<Conditioning> {
        Ok(Conditioning::Text(TextConditioning::read(file)?))
    };
    let texts = args.text.iter().map(read).collect::<Result<Vec<_>>>()?;
    let none = match (&args.no_text, guided) {
        (Some(file), true) => Some(read(file)?),
        (None, true) => bail!(
            "--guidance {}: expected --no-text FILE, or 1",
            args.guidance
        ),
        (_, false) => None,
    };
    let texts = texts.iter().cycle().take(args.n).enumerate();
    let task = |(image, text): (usize, &Conditioning)| ImageTask {
        image: image as u64,
        condition: text.clone(),
        none: none.clone(),
    };
    Ok(texts.map(task).collect())
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
