//! Models, schedulers and shape lists against diffusers. The fixtures were made by
//! tools/make_model_fixtures.py.

use drift::diffusion::{Scheduler, SchedulerConfig, SchedulerKind};
use drift::model::{
    Conditioning, Denoiser, FloatEngine, GemmShape, ImageSize, ModelConfig, TextConditioning,
    gemm_shapes, shape_list, shape_list_name,
};
use drift::tensor::Tensor;
use flate2::read::GzDecoder;
use safetensors::SafeTensors;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest difference of a prediction from diffusers'.
const PREDICTION: f32 = 1e-4;

/// Largest difference at the end of a whole loop.
const LOOP: f32 = 1e-3;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

/// What diffusers was given and what it computed.
struct Golden(BTreeMap<String, Tensor>);

impl Golden {
    fn read(model: &str) -> Self {
        let bytes = std::fs::read(data("models").join(model).join("golden.safetensors")).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let read = |(name, view): (String, safetensors::tensor::TensorView<'_>)| {
            let (words, _) = view.data().as_chunks();
            let values = words.iter().map(|word| f32::from_le_bytes(*word)).collect();
            (name, Tensor::new(view.shape(), values))
        };
        Self(tensors.tensors().into_iter().map(read).collect())
    }

    fn get(&self, name: &str) -> Option<&Tensor> {
        self.0.get(name)
    }

    fn values(&self, name: &str) -> &[f32] {
        self.0[name].values().unwrap()
    }

    /// The conditions of the prediction.
    fn conditioning(&self) -> Conditioning {
        if self.get("in.y").is_some() {
            return Conditioning::Classes(
                self.values("in.y").iter().map(|y| *y as usize).collect(),
            );
        }
        let sizes = self.get("in.size").map(|sizes| {
            let sizes = sizes.values().unwrap().chunks_exact(2);
            let both = sizes.zip(self.values("in.ratio"));
            let size = |(size, ratio): (&[f32], &f32)| ImageSize {
                height: size[0],
                width: size[1],
                aspect_ratio: *ratio,
            };
            both.map(size).collect()
        });
        Conditioning::Text(TextConditioning {
            embeddings: self.0["in.e"].clone(),
            mask: self.get("in.m").cloned(),
            sizes,
        })
    }
}

#[track_caller]
fn close(name: &str, ours: &[f32], golden: &[f32], bound: f32) {
    assert_eq!(ours.len(), golden.len(), "{name}");
    let differences = ours.iter().zip(golden).map(|(a, b)| (a - b).abs());
    let worst = differences.fold(0.0f32, |a, b| if b > a || b.is_nan() { b } else { a });
    println!("{name}: {worst:.1e}");
    assert!(worst <= bound, "{name}: differs by {worst}");
}

/// Checks the prediction of a model, and its denoising loop if there is one.
fn check(model: &str, scheduler: SchedulerConfig, guidance: f32) {
    let golden = Golden::read(model);
    let denoiser = Denoiser::open(&data("models").join(model)).unwrap();
    let (latents, times) = (&golden.0["in.x"], golden.values("in.t"));
    let conditioning = golden.conditioning();
    let predicted = denoiser
        .forward(&mut FloatEngine, 0, latents, times, &conditioning)
        .unwrap();
    assert_eq!(predicted.shape(), golden.0["out"].shape(), "{model}");
    close(
        model,
        predicted.values().unwrap(),
        golden.values("out"),
        PREDICTION,
    );
    let Some(start) = golden.get("loop.start") else {
        return;
    };
    let mut run = Scheduler::new(&scheduler, 20).unwrap();
    let mut latents = start.clone();
    for (step, timestep) in run.timesteps().to_vec().into_iter().enumerate() {
        let both = Tensor::stack(&[&latents, &latents]);
        let times = [timestep as f32; 2];
        let output = denoiser
            .forward(&mut FloatEngine, step, &both, &times, &conditioning)
            .unwrap();
        let (output, sample) = (output.values().unwrap(), latents.values().unwrap());
        let (c, u) = output.split_at(output.len() / 2);
        let guided = c.iter().zip(u).map(|(c, u)| u + guidance * (c - u));
        let guided: Vec<f32> = guided.take(sample.len()).collect();
        latents = Tensor::new(start.shape(), run.step(&guided, sample, None));
    }
    let name = format!("{model}, whole loop");
    close(
        &name,
        latents.values().unwrap(),
        golden.values("loop.end"),
        LOOP,
    );
}

#[test]
fn diffusion_transformers_agree_with_diffusers() {
    let mut ddim = SchedulerConfig::new(SchedulerKind::Ddim);
    ddim.clip = None;
    for model in ["dit", "dit-one-head", "dit-bf16-shards"] {
        check(model, ddim.clone(), 1.5);
    }
}

#[test]
fn pixart_agrees_with_diffusers() {
    let solver = SchedulerConfig::new(SchedulerKind::DpmSolver);
    for model in ["pixart", "pixart-sizes", "pixart-one-head"] {
        check(model, solver.clone(), 2.0);
    }
}

#[test]
fn unets_agree_with_diffusers() {
    let text = r#"{"_class_name": "PNDMScheduler", "beta_start": 0.00085, "beta_end": 0.012,
        "beta_schedule": "scaled_linear", "steps_offset": 1, "clip_sample": false,
        "set_alpha_to_one": false, "skip_prk_steps": true, "trained_betas": null}"#;
    let kind = Some(SchedulerKind::Ddim);
    let ddim = SchedulerConfig::parse(Path::new("sd15"), text, kind).unwrap();
    for model in ["unet", "unet-odd", "unet-one-level"] {
        check(model, ddim.clone(), 2.0);
    }
}

/// A trajectory of one of diffusers' schedulers.
#[derive(serde::Deserialize)]
struct Trajectory {
    name: String,
    config: serde_json::Value,
    steps: usize,
    timesteps: Vec<usize>,
    trajectory: Vec<Vec<f32>>,
    noises: Vec<Vec<f32>>,
}

/// The function that stands for a network in the trajectories.
fn made_up(sample: &[f32], timestep: usize) -> Vec<f32> {
    let time = 0.01 * timestep as f32;
    let one = |(i, x): (usize, &f32)| 0.4 * x + 0.5 * (time + i as f32).cos();
    sample.iter().enumerate().map(one).collect()
}

#[test]
fn schedulers_agree_with_diffusers() {
    let text = std::fs::read_to_string(data("models/schedulers.json")).unwrap();
    let cases: Vec<Trajectory> = serde_json::from_str(&text).unwrap();
    assert_eq!(cases.len(), 21);
    for case in cases {
        let config = case.config.to_string();
        let config = SchedulerConfig::parse(Path::new(&case.name), &config, None).unwrap();
        let mut scheduler = Scheduler::new(&config, case.steps).unwrap();
        assert_eq!(scheduler.timesteps(), case.timesteps, "{}", case.name);
        let (mut sample, mut noises) = (case.trajectory[0].clone(), case.noises.iter());
        for (timestep, expected) in case.timesteps.iter().zip(&case.trajectory[1..]) {
            let noise = scheduler
                .needs_noise()
                .then(|| noises.next().unwrap().as_slice());
            sample = scheduler.step(&made_up(&sample, *timestep), &sample, noise);
            // Relative: at the first of few steps the image is noise over a small signal.
            let scale = expected.iter().fold(1.0f32, |a, b| a.max(b.abs()));
            let differences = sample.iter().zip(expected).map(|(a, b)| (a - b).abs());
            let worst = differences.fold(0.0f32, f32::max) / scale;
            assert!(worst < 3e-5, "{} at {timestep}: {worst}", case.name);
        }
        assert!(
            noises.next().is_none(),
            "{}: not all noise was used",
            case.name
        );
    }
}

#[test]
fn shape_lists_are_those_of_diffusers() {
    // MACs of one step as counted with diffusers on torch's meta device.
    let totals = [
        ("dit-xl-2-512", 524_583_714_816u64),
        ("dit-xl-2-256", 118_666_838_016),
        ("pixart-alpha-512", 617_992_962_048),
        ("pixart-alpha-1024", 3_254_761_783_296),
        ("sd15-512", 401_636_720_640),
    ];
    for (model, total) in totals {
        for batch in [1, 2] {
            let config = ModelConfig::built_in(model).unwrap();
            let gemms = gemm_shapes(&config, batch, None).unwrap();
            let name = shape_list_name(model, batch);
            let file = std::fs::File::open(data("gemms").join(format!("{name}.csv.gz"))).unwrap();
            let mut reference = String::new();
            GzDecoder::new(file).read_to_string(&mut reference).unwrap();
            let list = shape_list(&name, &gemms);
            for (ours, theirs) in list.lines().zip(reference.lines()) {
                assert_eq!(ours, theirs);
            }
            assert_eq!(list.lines().count(), reference.lines().count(), "{name}");
            if batch == 1 {
                assert_eq!(
                    gemms.iter().map(GemmShape::macs).sum::<u64>(),
                    total,
                    "{name}"
                );
            }
        }
    }
}
