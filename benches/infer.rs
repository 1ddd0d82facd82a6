//! Speed of int8 denoisers on the fast engine, each number beside its target: what
//! faults cost, what is lost against the GEMM kernels alone, and memory.
//!
//! ```text
//! cargo bench --bench infer              # a minute or two
//! cargo bench --bench infer -- quick     # or DRIFT_BENCH_QUICK=1
//! ```
//!
//! A measurement is one forward pass of one image without guidance, the weights
//! quantised and packed before. Times are CPU times of the process; those on two
//! threads are of the clock. What is compared is measured in turn within one run.
//! The table is also written to `bench-infer.json` in Cargo's target folder.

mod support;

use drift::baseline::Unprotected;
use drift::config::ArrayConfig;
use drift::fast::{PackedWeights, multiply_into};
use drift::fault::{Register, Sampler, Targets};
use drift::infer::{
    ActivationScales, Backend, FaultPlan, ModelSource, ProtectedEngine, Setting, WeightStore,
};
use drift::model::{Conditioning, GemmShape, gemm_shapes};
use drift::tensor::Tensor;
use drift::tiling::Tiling;
use ndarray::Array2;
use std::collections::BTreeMap;
use std::path::Path;
use support::{
    Machine, Report, Samples, Target, cpu_time, noise, outputs_and_captures, parse, time, yaml,
};

/// Forward passes of the small model in one measurement.
const TINY_PASSES: usize = 50;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let said = |word: &str| arguments.iter().any(|argument| argument == word);
    if !said("--bench") && !said("quick") && !said("full") {
        // `cargo test --benches` starts this, without optimisation.
        println!("run by `cargo bench --bench infer`; does nothing here");
        return;
    }
    let wanted = |value: std::ffi::OsString| !value.is_empty() && value != "0";
    let quick = said("quick") || std::env::var_os("DRIFT_BENCH_QUICK").is_some_and(wanted);
    let mut report = Report::new(Machine::alone(), quick);
    let config = parse(yaml("default"));
    let (tiny, large) = if quick { (5, 2) } else { (25, 7) };
    for (model, passes, repetitions) in
        [("tiny-dit", TINY_PASSES, tiny), ("dit-xl-2-512", 1, large)]
    {
        let mut bench = Bench::new(model, config.clone());
        bench.speed(&mut report, passes, repetitions);
        bench.memory(&mut report);
    }
    let target_folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let file = target_folder
        .expect("tmp has a parent")
        .join("bench-infer.json");
    report
        .finish(&file)
        .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
}

/// A denoiser, its input, and its GEMMs.
struct Bench {
    model: &'static str,
    source: ModelSource,
    setting: Setting,
    latents: Tensor,
    shapes: Vec<GemmShape>,
}

impl Bench {
    fn new(model: &'static str, config: ArrayConfig) -> Self {
        let source = ModelSource::open(model, 1).unwrap_or_else(|e| panic!("{e}"));
        let network = source.denoiser.config();
        let (channels, size) = (network.in_channels(), network.sample_size());
        let values = noise(channels, size * size);
        let values = values.iter().map(|&x| f32::from(x) / 64.0).collect();
        let setting = Setting {
            threshold_bit: config.threshold_bit,
            scales: ActivationScales::PerTensor,
            threads: 1,
            weights: WeightStore::default(),
            config,
        };
        let shapes = gemm_shapes(network, 1, None).unwrap_or_else(|e| panic!("{e}"));
        Self {
            model,
            latents: Tensor::new(&[1, channels, size, size], values),
            setting,
            shapes,
            source,
        }
    }

    /// One denoising step without guidance; how many faults it had.
    fn step(&self, plan: FaultPlan) -> u64 {
        let none = Box::new(Unprotected);
        let mut engine = ProtectedEngine::new(&self.setting, plan, none, Backend::Fast, None);
        let class = Conditioning::Classes(vec![0]);
        let denoiser = &self.source.denoiser;
        let noise = denoiser.forward(&mut engine, 0, &self.latents, &[500.0], &class);
        std::hint::black_box(noise.unwrap_or_else(|e| panic!("{e}")));
        engine.totals().faults
    }

    /// Outputs per capture, over all GEMMs: what turns a rate of wrong bits per bit of
    /// the outputs into that of wrong captures, with as many faults. Every capture is as
    /// likely to be hit as any other, so that GEMMs of a large K have more of the faults.
    fn outputs_per_capture(&self) -> f64 {
        let config = &self.setting.config;
        let (mut outputs, mut captures) = (0.0, 0.0);
        for shape in &self.shapes {
            let tiling = Tiling::new(config, shape.m, shape.k, shape.n);
            let (of_outputs, of_captures) = outputs_and_captures(config, &tiling);
            outputs += of_outputs * shape.count as f64;
            captures += of_captures * shape.count as f64;
        }
        outputs / captures
    }

    fn speed(&mut self, report: &mut Report, passes: usize, repetitions: usize) {
        let share = self.outputs_per_capture();
        let plan = |rate: f64, repetition: usize, pass: usize| {
            FaultPlan::everywhere(Sampler::Uniform {
                ber: rate * share,
                targets: Targets {
                    registers: vec![Register::Psum],
                    bits: u32::MAX,
                },
                seed: (repetition * passes + pass) as u64,
            })
        };
        // Weights are quantised and packed.
        self.step(FaultPlan::none());
        let [mut clean, mut rare, mut frequent, mut library, mut two] =
            std::array::from_fn(|_| Samples::default());
        let mut kernels = Kernels::new(&self.shapes);
        let (mut few, mut many) = (0, 0);
        for repetition in 0..repetitions {
            cpu_time(&mut clean, passes, |_| {
                self.step(FaultPlan::none());
            });
            cpu_time(&mut rare, passes, |pass| {
                few += self.step(plan(1e-7, repetition, pass));
            });
            cpu_time(&mut frequent, passes, |pass| {
                many += self.step(plan(1e-4, repetition, pass));
            });
            cpu_time(&mut library, passes, |_| kernels.run());
        }
        let name = self.model;
        let macs: u64 = self.shapes.iter().map(GemmShape::macs).sum();
        report.section(&format!(
            "{name}: one step, int8, {:.2} GMAC on a {}x{} array, one thread",
            macs as f64 * 1e-9,
            self.setting.config.rows,
            self.setting.config.columns
        ));
        let milliseconds = ("ms", 1e3);
        let id = |what: &str| format!("{name}.{what}");
        let mut duration = |what: &str, text: &str, samples: &Samples| {
            report.duration(&id(what), text, milliseconds, samples, None, None);
        };
        duration("clean", "a step without faults, CPU time", &clean);
        duration("kernels", "its GEMMs alone, CPU time", &library);
        if passes == 1 {
            self.setting.threads = 2;
            for _ in 0..repetitions {
                time(&mut two, || self.step(FaultPlan::none()));
            }
            self.setting.threads = 1;
            duration("two", "a step on two threads, by the clock", &two);
        }
        let all = (passes * repetitions) as f64;
        for (samples, rate, count, most) in
            [(&rare, 1e-7, few, 1.02), (&frequent, 1e-4, many, 1.25)]
        {
            let each = count as f64 / all;
            report.ratio(
                &id(&format!("faulty_{rate:e}")),
                &format!("time with faults / without, BER {rate:e}, {each:.1} faults"),
                (&clean, 1.0),
                (samples, 1.0),
                Target::AtMost(most),
            );
        }
        report.ratio(
            &id("throughput"),
            "speed of a step / of its GEMMs alone",
            (&clean, 1.0),
            (&library, 1.0),
            Target::AtLeast(0.7),
        );
    }
    /// Largest memory of the process so far, against that of the weights and 1 GiB more.
    fn memory(&self, report: &mut Report) {
        let Some(peak) = peak_memory() else {
            return;
        };
        let layers = self.shapes.iter().filter(|shape| !shape.kind.is_product());
        let weights: usize = layers.map(|shape| shape.n * shape.k).sum();
        let weights = weights as f64 / GIB;
        report.value(
            &format!("{}.memory", self.model),
            &format!("peak memory, weights being {weights:.2} GiB"),
            "GiB",
            peak,
            Some(Target::AtMost(weights + 1.0)),
        );
    }
}

const GIB: f64 = (1u64 << 30) as f64;

/// Largest resident memory of the process so far, GiB, where the system says it.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let mut lines = status.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0 / GIB)
}

/// GEMMs of the shapes of a step, by the kernels alone: operands and outputs of equal
/// shapes are the same, and closer in the caches than a step's own.
struct Kernels(Vec<Kernel>);

struct Kernel {
    count: usize,
    x: Array2<i8>,
    w: PackedWeights,
    y: Array2<i32>,
}

impl Kernels {
    fn new(shapes: &[GemmShape]) -> Self {
        let mut counts = BTreeMap::new();
        for shape in shapes {
            *counts.entry((shape.m, shape.k, shape.n)).or_insert(0) += shape.count;
        }
        let kernel = |((m, k, n), count)| Kernel {
            count,
            x: noise(m, k),
            w: PackedWeights::new(noise(k, n).view()),
            y: Array2::zeros((m, n)),
        };
        Self(counts.into_iter().map(kernel).collect())
    }

    fn run(&mut self) {
        for kernel in &mut self.0 {
            for _ in 0..kernel.count {
                multiply_into(kernel.x.view(), &kernel.w, kernel.y.view_mut(), 1);
            }
            std::hint::black_box(&kernel.y);
        }
    }
}
