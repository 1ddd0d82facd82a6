//! One denoising step of a large model, weights drawn: how long its GEMMs take in
//! f32, and what everything else costs. `cargo bench --bench denoiser -- MODEL`;
//! DiT-XL/2 at 512×512 by default. Times are CPU-bound and on one thread.

use drift::model::{
    Conditioning, Denoiser, EngineError, FloatEngine, GemmEngine, GemmTag, ImageSize, MatMul,
    ModelConfig, Parameters, TextConditioning, Weight, gemm_shapes,
};
use drift::tensor::Tensor;
use std::time::{Duration, Instant};

/// Seed of the drawn weights.
const SEED: u64 = 1;

/// An engine within one that keeps the time.
struct Timed<E> {
    engine: E,
    spent: Duration,
}

/// Returns small values without computing: what is left is everything but GEMMs.
struct Nothing;

impl GemmEngine for Nothing {
    fn layer(
        &mut self,
        _tag: &GemmTag<'_>,
        _x: &[f32],
        m: usize,
        weight: &Weight,
    ) -> Result<Vec<f32>, EngineError> {
        Ok(vec![0.1; m * weight.n()])
    }

    fn product(
        &mut self,
        _tag: &GemmTag<'_>,
        product: &MatMul<'_>,
    ) -> Result<Vec<f32>, EngineError> {
        Ok(vec![0.1; product.m * product.n])
    }
}

impl<E: GemmEngine> GemmEngine for Timed<E> {
    fn layer(
        &mut self,
        tag: &GemmTag<'_>,
        x: &[f32],
        m: usize,
        weight: &Weight,
    ) -> Result<Vec<f32>, EngineError> {
        let start = Instant::now();
        let y = self.engine.layer(tag, x, m, weight);
        self.spent += start.elapsed();
        y
    }

    fn product(
        &mut self,
        tag: &GemmTag<'_>,
        product: &MatMul<'_>,
    ) -> Result<Vec<f32>, EngineError> {
        let start = Instant::now();
        let y = self.engine.product(tag, product);
        self.spent += start.elapsed();
        y
    }
}

fn conditioning(config: &ModelConfig) -> Conditioning {
    let text = |channels, sizes| {
        Conditioning::Text(TextConditioning {
            embeddings: Tensor::zeros(&[1, 77, channels]),
            mask: None,
            sizes,
        })
    };
    match config {
        ModelConfig::Dit(_) => Conditioning::Classes(vec![0]),
        ModelConfig::PixArt(pixart) => text(
            pixart.caption_channels,
            Some(vec![ImageSize::new(512.0, 512.0)]),
        ),
        ModelConfig::Unet(unet) => text(unet.text_channels, None),
    }
}

/// Largest resident memory of the process so far, GiB.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0 / 1024.0)
}

fn main() {
    // Cargo adds --bench.
    let model = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let model = model.unwrap_or_else(|| "dit-xl-2-512".to_owned());
    let Some(config) = ModelConfig::built_in(&model) else {
        let names: Vec<_> = ModelConfig::built_in_names().collect();
        println!("{model} is not one of {}", names.join(", "));
        std::process::exit(2);
    };
    let macs: u64 = gemm_shapes(&config, 1, None)
        .unwrap()
        .iter()
        .map(|gemm| gemm.macs())
        .sum();
    let conditioning = conditioning(&config);
    let size = config.sample_size();
    let latents = Tensor::zeros(&[1, config.in_channels(), size, size]);
    let denoiser = Denoiser::new(config, &Parameters::drawn(SEED)).unwrap();
    let run = |engine: &mut dyn GemmEngine| {
        let start = Instant::now();
        denoiser
            .forward(engine, 0, &latents, &[500.0], &conditioning)
            .unwrap();
        start.elapsed()
    };
    let mut rest = Duration::MAX;
    for _ in 0..3 {
        let mut timed = Timed {
            engine: Nothing,
            spent: Duration::ZERO,
        };
        let total = run(&mut timed);
        rest = rest.min(total - timed.spent);
    }
    println!("{model}: everything but GEMMs {:.3} s", rest.as_secs_f64());
    let mut timed = Timed {
        engine: FloatEngine,
        spent: Duration::ZERO,
    };
    let total = run(&mut timed).as_secs_f64();
    let gemms = timed.spent.as_secs_f64();
    println!(
        "{model}: step in f32 {total:.2} s, GEMMs {gemms:.2} s ({:.1} GMAC/s, weights drawn on the fly included)",
        macs as f64 / gemms / 1e9
    );
    if let Some(gibibytes) = peak_memory() {
        println!("{model}: peak memory {gibibytes:.2} GiB");
    }
}
