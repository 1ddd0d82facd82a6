//! `drift calibrate`: static scales of a model's activations.

use super::Verdict;
use super::progress::Progress;
use anyhow::{Result, bail};
use drift::fault::Sampler;
use drift::infer::{
    ActivationScales, CALIBRATION_FILE, CalibrationEngine, EMBEDDED, EngineKind, FaultPlan,
    ImageTask, ModelSource, Run, Setting, WeightStore,
};
use drift::model::Conditioning;
use std::path::PathBuf;

/// Arguments of `drift calibrate`.
#[derive(clap::Args)]
pub struct Args {
    /// `tiny-dit`, or the folder of a class-conditional model as diffusers saves it
    #[arg(long, default_value = EMBEDDED)]
    model: String,
    /// Denoising steps
    #[arg(long, default_value_t = 50)]
    steps: usize,
    /// Guidance weight; 1 leaves guidance out
    #[arg(long, default_value_t = 1.5)]
    guidance: f32,
    /// Number of images; classes are taken in turn
    #[arg(short, long, default_value_t = 20)]
    n: usize,
    /// Seed of the initial noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The calibration [default: drift_calibration.json in the model's folder]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs a model in f32 and writes down the largest magnitudes of its operands.
pub fn run(args: &Args) -> Result<Verdict> {
    let source = ModelSource::open(&args.model, args.seed)?;
    let out = match (&args.out, &source.folder) {
        (Some(file), _) => file.clone(),
        (None, Some(folder)) => folder.join(CALIBRATION_FILE),
        (None, None) => bail!("--model {}: has no folder; expected --out FILE", args.model),
    };
    let Some(classes) = source.denoiser.config().classes() else {
        bail!(
            "--model {}: takes text; expected a model with classes",
            args.model
        );
    };
    let setting = Setting {
        config: super::inputs::config("default")?,
        threshold_bit: 0,
        scales: ActivationScales::PerTensor,
        threads: 1,
        weights: WeightStore::default(),
    };
    let run = Run {
        denoiser: &source.denoiser,
        scheduler: &source.scheduler,
        steps: args.steps,
        guidance: args.guidance,
        forecast: None,
        seed: args.seed,
        setting: &setting,
        engine: EngineKind::Float,
        plan: &FaultPlan::everywhere(Sampler::None),
        hardware: None,
        audit: None,
        sabotage: false,
    };
    let mut engine = CalibrationEngine::default();
    let mut progress = Progress::new(args.n as u64, "images");
    for image in 0..args.n {
        let class = |class| Conditioning::Classes(vec![class]);
        let task = ImageTask {
            image: image as u64,
            condition: class(image % classes),
            none: (args.guidance != 1.0).then(|| class(classes)),
        };
        run.sample(&mut engine, &task, |_| Ok(()))?;
        progress.at(image as u64 + 1, "f32");
    }
    progress.finish();
    let origin = format!(
        "drift calibrate --model {} --steps {} --guidance {} --n {} --seed {}",
        args.model, args.steps, args.guidance, args.n, args.seed
    );
    let calibration = engine.seen.finish(&source.hash, &origin);
    calibration.write(&out)?;
    println!(
        "{} operands of {} in {}",
        calibration.magnitudes.len(),
        args.model,
        out.display()
    );
    Ok(Verdict::Good)
}
