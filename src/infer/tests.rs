//! Images of the embedded model: the same on every engine and any number of
//! threads, audits that find what is wrong, and faults where the plan says.

use super::*;
use crate::baseline::{DriftSettings, ProtectionKind, Unprotected};
use crate::config::{ArrayConfig, SHIPPED};
use crate::dram::Device;
use crate::fault::{Register, Sampler, Targets};
use crate::model::{Conditioning, EngineError, GemmEngine, GemmKind, GemmTag, MatMul, Weight};
use crate::tensor::Tensor;
use std::path::Path;

pub(super) fn config(name: &str) -> ArrayConfig {
    let (_, yaml) = SHIPPED.iter().find(|(of, _)| *of == name).unwrap();
    ArrayConfig::from_yaml(yaml, Path::new(name)).unwrap()
}

pub(super) fn setting(scales: ActivationScales) -> Setting {
    Setting {
        config: config("default"),
        threshold_bit: 10,
        scales,
        threads: 1,
        weights: WeightStore::default(),
    }
}

pub(super) fn psum_flips(ber: f64) -> Sampler {
    Sampler::Uniform {
        ber,
        targets: Targets {
            registers: vec![Register::Psum],
            bits: u32::MAX,
        },
        seed: 7,
    }
}

pub(super) fn uniform(ber: f64) -> FaultPlan {
    FaultPlan::everywhere(psum_flips(ber))
}

pub(super) fn task(image: u64) -> ImageTask {
    ImageTask {
        image,
        condition: Conditioning::Classes(vec![image as usize % 10]),
        none: Some(Conditioning::Classes(vec![10])),
    }
}

pub(super) fn run<'a>(
    source: &'a ModelSource,
    setting: &'a Setting,
    plan: &'a FaultPlan,
    engine: EngineKind,
) -> Run<'a> {
    Run {
        denoiser: &source.denoiser,
        scheduler: &source.scheduler,
        steps: 3,
        guidance: 1.5,
        forecast: None,
        seed: 1,
        setting,
        engine,
        plan,
        hardware: None,
        audit: None,
        sabotage: false,
    }
}

#[test]
fn fast_and_golden_engines_make_the_same_faulty_image_under_every_protection() {
    let source = ModelSource::embedded();
    let setting = setting(ActivationScales::PerTensor);
    let plan = uniform(1e-6);
    let device = Device::load("ddr4-3200-x16").unwrap();
    let settings = DriftSettings {
        interval: 1,
        ..DriftSettings::default()
    };
    for kind in [
        ProtectionKind::None,
        ProtectionKind::Drift,
        ProtectionKind::Thundervolt,
    ] {
        let made = [EngineKind::Fast, EngineKind::Golden].map(|engine| {
            let run = run(&source, &setting, &plan, engine);
            let protection = kind.build(settings, &device);
            run.image(&task(3), protection, |_| Ok(())).unwrap()
        });
        assert!(made[0].totals.faults > 100, "{kind}: {:?}", made[0].totals);
        assert_eq!(made[0].totals, made[1].totals, "{kind}");
        let bits = |made: &Made| -> Vec<u32> {
            made.latents
                .values()
                .unwrap()
                .iter()
                .map(|v| v.to_bits())
                .collect()
        };
        assert_eq!(bits(&made[0]), bits(&made[1]), "{kind}");
    }
}

/// Forwards single products only, so that all else is as in any engine, and notes the step
/// and layer of each.
pub(super) struct OneByOne<E> {
    engine: E,
    pub(super) asked: Vec<(usize, String)>,
}

impl<E> OneByOne<E> {
    pub(super) fn of(engine: E) -> Self {
        Self {
            engine,
            asked: Vec::new(),
        }
    }

    fn note(&mut self, tag: &GemmTag<'_>) {
        self.asked.push((tag.step, tag.layer.to_owned()));
    }
}

impl<E: GemmEngine> GemmEngine for OneByOne<E> {
    fn layer(
        &mut self,
        tag: &GemmTag<'_>,
        x: &[f32],
        m: usize,
        weight: &Weight,
    ) -> Result<Vec<f32>, EngineError> {
        self.note(tag);
        self.engine.layer(tag, x, m, weight)
    }

    fn product(
        &mut self,
        tag: &GemmTag<'_>,
        product: &MatMul<'_>,
    ) -> Result<Vec<f32>, EngineError> {
        self.note(tag);
        self.engine.product(tag, product)
    }
}

/// 1×C×S×S noise of the embedded model, or of a drawn one.
fn noise(source: &ModelSource) -> Tensor {
    let config = source.denoiser.config();
    let shape = [
        1,
        config.in_channels(),
        config.sample_size(),
        config.sample_size(),
    ];
    let value = |i: usize| ((i * 7919 + 5) % 997) as f32 / 300.0 - 1.6;
    Tensor::new(&shape, (0..shape.iter().product()).map(value).collect())
}

#[test]
fn layers_and_attention_in_one_are_their_products_one_by_one() {
    let source = ModelSource::embedded();
    let latents = noise(&source);
    let calibration = source.calibration().unwrap();
    for scales in [
        ActivationScales::PerTensor,
        ActivationScales::PerToken,
        ActivationScales::Static(calibration.into()),
    ] {
        for (plan, threads) in [(FaultPlan::none(), 1), (uniform(1e-5), 2)] {
            let setting = Setting {
                threads,
                ..setting(scales.clone())
            };
            let engine = || {
                let none = Box::new(Unprotected);
                ProtectedEngine::new(&setting, plan.clone(), none, Backend::Fast, None)
            };
            let forward = |engine: &mut dyn GemmEngine| {
                let class = Conditioning::Classes(vec![3]);
                let y = source
                    .denoiser
                    .forward(engine, 0, &latents, &[400.0], &class);
                let y = y.unwrap().values().unwrap().to_vec();
                y.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            let (mut whole, mut plain) = (engine(), OneByOne::of(engine()));
            assert_eq!(forward(&mut whole), forward(&mut plain), "{scales:.20?}");
            assert_eq!(whole.totals(), plain.engine.totals());
        }
    }
}

#[test]
fn images_do_not_depend_on_threads_or_on_each_other() {
    let source = ModelSource::embedded();
    let setting = setting(ActivationScales::PerTensor);
    let plan = uniform(1e-7);
    let run = run(&source, &setting, &plan, EngineKind::Fast);
    let make = |task: &ImageTask| run.image(task, Box::new(Unprotected), |_| Ok(()));
    let tasks: Vec<ImageTask> = (0..4).map(task).collect();
    let together = for_all(&tasks, 3, make).unwrap();
    for (task, made) in tasks.iter().zip(&together) {
        let alone = make(task).unwrap();
        assert_eq!(alone.latents, made.latents);
        assert_eq!(alone.totals, made.totals);
    }
    assert_ne!(together[0].latents, together[1].latents);
}

#[test]
fn int8_is_close_to_f32_with_all_kinds_of_scales() {
    let source = ModelSource::embedded();
    let none = FaultPlan::none();
    let of = |scales: ActivationScales, engine| {
        let setting = setting(scales);
        let run = run(&source, &setting, &none, engine);
        let made = run
            .image(&task(1), Box::new(Unprotected), |_| Ok(()))
            .unwrap();
        made.latents
    };
    let float = of(ActivationScales::PerTensor, EngineKind::Float);
    let calibration = source
        .calibration()
        .expect("the embedded one is this model's");
    for scales in [
        ActivationScales::PerTensor,
        ActivationScales::PerToken,
        ActivationScales::Static(calibration.into()),
    ] {
        let name = format!("{scales:.20?}");
        let int8 = of(scales, EngineKind::Fast);
        let pairs = float.values().unwrap().iter().zip(int8.values().unwrap());
        let (mut error, mut power) = (0.0, 0.0);
        for (a, b) in pairs {
            error += f64::from(a - b).powi(2);
            power += f64::from(*a).powi(2);
        }
        // Three steps of 50 leave an image far from done; 1% of its power is 20 dB.
        assert!(error < 0.01 * power, "{name}: {error} of {power}");
        assert!(error > 0.0, "{name}");
    }
}

#[test]
fn rules_choose_by_step_block_layer_and_kind() {
    let tag = |step, block, layer, kind| GemmTag {
        step,
        block,
        layer,
        kind,
        instance: 0,
    };
    let q = tag(
        4,
        Some(2),
        "transformer_blocks.2.attn1.to_q",
        GemmKind::Linear,
    );
    let qk = tag(
        4,
        Some(2),
        "transformer_blocks.2.attn1.qk",
        GemmKind::QkSelf,
    );
    let patch = tag(
        0,
        None,
        "pos_embed.proj",
        GemmKind::Conv {
            kernel: 4,
            stride: 4,
        },
    );
    for (yaml, expected) in [
        ("{}", [true, true, true]),
        ("{steps: [4, 5]}", [true, true, false]),
        ("{steps: [0, 4]}", [false, false, true]),
        ("{blocks: [-1]}", [false, false, true]),
        ("{blocks: [2, 3]}", [true, true, false]),
        ("{layers: [to_q, pos_embed]}", [true, false, true]),
        ("{kinds: [qk, conv]}", [false, true, true]),
    ] {
        let selector: Selector = serde_yaml::from_str(yaml).unwrap();
        assert_eq!(
            [q, qk, patch].map(|tag| selector.chooses(&tag)),
            expected,
            "{yaml}"
        );
    }
    assert!(serde_yaml::from_str::<Selector>("{step: 4}").is_err());
}

#[test]
fn faults_happen_only_where_the_plan_says() {
    let source = ModelSource::embedded();
    let setting = setting(ActivationScales::PerTensor);
    let faults = |selector: Selector| {
        let sampler = psum_flips(1e-5);
        let plan = FaultPlan::new(vec![Rule { selector, sampler }]);
        let run = run(&source, &setting, &plan, EngineKind::Fast);
        let mut changed = Vec::new();
        let clean = FaultPlan::none();
        let mut expected = Vec::new();
        let note = |into: &mut Vec<Vec<f32>>, view: &crate::diffusion::StepView<'_>| {
            into.push(view.latents.values().unwrap().to_vec());
        };
        let made = run.image(&task(0), Box::new(Unprotected), |view| {
            note(&mut changed, &view);
            Ok(())
        });
        let without = Run {
            plan: &clean,
            ..run
        };
        without
            .image(&task(0), Box::new(Unprotected), |view| {
                note(&mut expected, &view);
                Ok(())
            })
            .unwrap();
        let same: Vec<bool> = changed.iter().zip(&expected).map(|(a, b)| a == b).collect();
        (made.unwrap().totals.faults, same)
    };
    let (some, same) = faults(Selector {
        steps: Some([1, 2]),
        ..Selector::default()
    });
    assert!(some > 0);
    assert_eq!(same, [true, false, false]);
    let (none, same) = faults(Selector {
        layers: Some(vec!["no such layer".to_owned()]),
        ..Selector::default()
    });
    assert_eq!((none, same), (0, vec![true; 3]));
}
