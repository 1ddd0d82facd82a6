//! TaylorSeer in the denoising loop, and schedules of operating points.

use super::tests::{OneByOne, psum_flips, run, setting, task, uniform};
use super::*;
use crate::baseline::{DriftSettings, ProtectionKind, Unprotected};
use crate::diffusion::{Request, SchedulerConfig, SchedulerKind, sample};
use crate::dram::Device;
use crate::fault::Sampler;
use crate::forecast::{Forecast, is_forecast};
use crate::model::{Conditioning, Denoiser, FloatEngine, GemmTag, TextConditioning};
use crate::policy::{Cell, ClassShares, Schedule};
use crate::tensor::Tensor;
use std::path::Path;

fn forecast(text: &str) -> Option<Forecast> {
    Some(text.parse().unwrap())
}

fn model(name: &str) -> Denoiser {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/models");
    Denoiser::open(&folder.join(name)).unwrap()
}

/// Latents after `steps` steps and the GEMMs that it took.
fn denoise(
    denoiser: &Denoiser,
    steps: usize,
    forecast: Option<Forecast>,
) -> Result<(Tensor, Vec<(usize, String)>), crate::model::ModelError> {
    let condition = match denoiser.config().classes() {
        Some(_) => Conditioning::Classes(vec![0]),
        None => Conditioning::Text(TextConditioning {
            embeddings: Tensor::new(&[1, 2, text_channels(denoiser)], {
                let values = (0..2 * text_channels(denoiser)).map(|i| (i as f32 * 0.7).sin());
                values.collect()
            }),
            mask: None,
            sizes: None,
        }),
    };
    let request = Request {
        scheduler: &SchedulerConfig::new(SchedulerKind::Ddim),
        steps,
        condition: &condition,
        guidance: Some((1.5, &condition)),
        seed: 1,
        image: 0,
        size: None,
        forecast,
    };
    let mut engine = OneByOne::of(FloatEngine);
    let latents = sample(denoiser, &mut engine, &request, |_| Ok(()))?;
    Ok((latents, engine.asked))
}

fn text_channels(denoiser: &Denoiser) -> usize {
    match denoiser.config() {
        crate::model::ModelConfig::PixArt(pixart) => pixart.caption_channels,
        crate::model::ModelConfig::Unet(unet) => unet.text_channels,
        crate::model::ModelConfig::Dit(_) => 0,
    }
}

#[test]
fn forecast_branches_run_no_gemm_and_every_other_layer_does() {
    for name in ["dit", "pixart"] {
        let denoiser = model(name);
        let (exact, full) = denoise(&denoiser, 6, None).unwrap();
        let (close, gemms) = denoise(&denoiser, 6, forecast("3:1")).unwrap();
        // Steps 0, 1 and 4 are full.
        let expected = full
            .iter()
            .filter(|(step, layer)| [0, 1, 4].contains(step) || !is_forecast(layer));
        assert_eq!(gemms, expected.cloned().collect::<Vec<_>>(), "{name}");
        assert!(gemms.len() < full.len(), "{name}");
        assert_ne!(exact.values(), close.values(), "{name}");
        let (every, gemms) = denoise(&denoiser, 6, forecast("1:2")).unwrap();
        assert_eq!((every.values(), gemms), (exact.values(), full), "{name}");
    }
}

#[test]
fn a_unet_is_not_forecast() {
    let error = denoise(&model("unet"), 2, forecast("2:1")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "taylorseer: a UNet is not allowed; expected DiT or PixArt, whose blocks are forecast"
    );
}

/// Latents of the embedded model, and what was done.
fn made(forecast: Option<Forecast>, plan: &FaultPlan, kind: ProtectionKind) -> Made {
    let source = ModelSource::embedded();
    let setting = setting(ActivationScales::PerTensor);
    let run = Run {
        steps: 7,
        forecast,
        ..run(&source, &setting, plan, EngineKind::Fast)
    };
    let settings = DriftSettings {
        interval: 2,
        ..DriftSettings::default()
    };
    let device = Device::load("ddr4-3200-x16").unwrap();
    run.image(&task(0), kind.build(settings, &device), |_| Ok(()))
        .unwrap()
}

#[test]
fn forecasts_stay_close_to_the_full_images() {
    let none = FaultPlan::none();
    let image = |forecast| made(forecast, &none, ProtectionKind::None);
    let full = image(None);
    let difference = |other: &Made| {
        let pairs = other.latents.values_or_empty().iter();
        let pairs = pairs.zip(full.latents.values_or_empty());
        let squares = pairs.map(|(a, b)| f64::from(a - b).powi(2));
        squares.sum::<f64>() / full.latents.len() as f64
    };
    let [every, second, third] = ["1:1", "2:1", "3:1"].map(|text| image(forecast(text)));
    assert_eq!(every.latents, full.latents);
    let macs = |made: &Made| made.totals.work[&None].macs;
    assert_eq!(macs(&every), macs(&full));
    // Steps 0, 1, 3, 5 and 0, 1, 4 are full.
    assert!(macs(&third) < macs(&second) && macs(&second) < macs(&full));
    assert!(difference(&second) > 0.0 && difference(&second) < difference(&third));
}

#[test]
fn checkpoints_of_forecast_layers_are_written_in_full_steps_only() {
    let plan = uniform(1e-9);
    let full = made(None, &plan, ProtectionKind::Drift);
    let seldom = made(forecast("3:1"), &plan, ProtectionKind::Drift);
    let work = |made: &Made| made.totals.work[&Some(0)];
    // Every 2 steps of 7: in 0, 2, 4 and 6. Full steps are 0, 1, 4: in 0 and 4, but layers that are
    // not forecast write as before.
    let (all, some) = (work(&full).checkpoints, work(&seldom).checkpoints);
    assert!(2 * some > all && some < all, "{some} {all}");
    assert!(work(&seldom).macs < work(&full).macs);
}

#[test]
fn a_schedule_has_faults_in_its_classes_only() {
    let source = ModelSource::embedded();
    let setting = setting(ActivationScales::PerTensor);
    let blocks = source.denoiser.config().blocks();
    let size = (8, blocks);
    let classes = ClassShares::protecting(0.25, 0.125).classes(8, blocks);
    let schedule = Schedule::paper(1);
    let samplers = [Sampler::None, psum_flips(1e-5)];
    let plan = FaultPlan::scheduled(&schedule, &classes, size, &samplers);
    let mut seen = 0;
    for step in 0..8 {
        for block in std::iter::once(None).chain((0..blocks).map(Some)) {
            let tag = GemmTag {
                step,
                block,
                layer: "any",
                kind: crate::model::GemmKind::Linear,
                instance: 0,
            };
            let away = step >= 2 && block.is_some_and(|block| block >= 1);
            let found = plan.sampler(&tag).is_some();
            assert_eq!(found, away, "{step} {block:?}");
            seen += usize::from(found);
        }
    }
    assert_eq!(seen, 6 * (blocks - 1));
    // Each class alone, and all together, are as many faults.
    let faults = |schedule: Schedule| {
        let plan = FaultPlan::scheduled(&schedule, &classes, size, &samplers);
        let run = Run {
            steps: 8,
            ..run(&source, &setting, &plan, EngineKind::Fast)
        };
        let made = run.image(&task(0), Box::new(Unprotected), |_| Ok(()));
        made.unwrap().totals.faults
    };
    let each: u64 = Cell::all()
        .map(|cell| faults(Schedule::only(cell, 1)))
        .sum();
    assert!(each > 1000);
    assert_eq!(faults(Schedule::uniform(1)), each);
}
