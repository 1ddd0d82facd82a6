//! GEMMs on simulators: the work that is timed.

use super::measure::{Samples, noise, time};
use drift::config::{ArrayConfig, SHIPPED};
use drift::cosim::{BuildOptions, Check, Model, RtlJob, Simulator, Stalls, build, check_gemm};
use drift::fault::{Register, Sampler, Targets, TileFaults};
use drift::tiling::Tiling;
use drift::units::Cycles;
use ndarray::Array2;
use std::path::Path;
use std::sync::Barrier;

/// Cycles between two looks at the simulator's progress, as in `check_gemm`.
const SLICE: u64 = 8192;

/// The YAML text of a shipped configuration.
pub fn yaml(name: &str) -> &'static str {
    let shipped = SHIPPED.iter().find(|(shipped, _)| *shipped == name);
    shipped.expect("a shipped configuration").1
}

/// The configuration of a YAML text.
pub fn parse(yaml: &str) -> ArrayConfig {
    ArrayConfig::from_yaml(yaml, Path::new("bench")).unwrap_or_else(|e| panic!("{e}"))
}

/// Builds the model in the user's cache, or finds it there, and loads it.
pub fn load(config: &ArrayConfig) -> Model {
    let built = build(config, BuildOptions::default(), |_, _| {}).unwrap_or_else(|e| panic!("{e}"));
    Model::load(&built.object, config).unwrap_or_else(|e| panic!("{e}"))
}

/// Outputs of a GEMM, and how often the psum registers of the array capture while it
/// runs. Their ratio turns a rate of wrong bits per bit of Y into that of wrong
/// captures: every psum register captures once per row of a pass, checksum rows and
/// lanes included.
pub fn outputs_and_captures(config: &ArrayConfig, tiling: &Tiling) -> (f64, f64) {
    let captures = |rows: usize| {
        let rows = rows + config.checksum_rows();
        (tiling.passes() * rows * config.rows * config.lanes()) as f64
    };
    let captures: f64 = tiling.tiles().map(|t| captures(t.rows.len())).sum();
    let outputs: usize = tiling.tiles().map(|t| t.rows.len() * t.columns.len()).sum();
    (outputs as f64, captures)
}

/// One single-bit upset of a psum in every tile.
pub fn one_upset() -> Sampler {
    Sampler::Upsets {
        per_tile: 1,
        targets: Targets {
            registers: vec![Register::Psum],
            bits: u32::MAX,
        },
        seed: 7,
    }
}

/// A GEMM and the array that it runs on.
pub struct Work<'a> {
    config: &'a ArrayConfig,
    /// Activations.
    pub x: Array2<i8>,
    w: Array2<i8>,
}

impl<'a> Work<'a> {
    /// A GEMM of that shape with uniform operands.
    pub fn new(config: &'a ArrayConfig, m: usize, k: usize, n: usize) -> Self {
        let (x, w) = (noise(m, k), noise(k, n));
        Self { config, x, w }
    }

    fn tiling(&self) -> Tiling {
        Tiling::new(self.config, self.x.nrows(), self.x.ncols(), self.w.ncols())
    }

    /// The faults of all tiles.
    pub fn faults(&self, sampler: &Sampler, gemm: usize) -> Vec<TileFaults> {
        let tiling = self.tiling();
        let tile = |tile| sampler.tile(self.config, gemm, &tiling, &tile);
        tiling.tiles().map(tile).collect()
    }

    /// The whole harness; panics unless every bit agrees.
    pub fn check(&self, simulator: &mut Simulator, sampler: &Sampler, gemm: usize) -> Cycles {
        let check = Check {
            config: self.config,
            gemm,
            x: self.x.view(),
            w: self.w.view(),
            sampler,
            threshold_bit: self.config.threshold_bit,
            stalls: Stalls::default(),
            sabotage: false,
        };
        let report = check_gemm(simulator, &check, |_| {}).unwrap_or_else(|e| panic!("{e}"));
        if let Some(divergence) = report.divergence {
            panic!("{divergence}");
        }
        report.counters.cycles
    }

    /// The hardware alone, with its data but without the golden model.
    pub fn run(&self, simulator: &mut Simulator, faults: &[TileFaults]) {
        let job = RtlJob {
            tiling: self.tiling(),
            x: self.x.view(),
            w: self.w.view(),
            faults,
            threshold_bit: self.config.threshold_bit,
            stalls: Stalls::default(),
        };
        let result = simulator.run(&job, SLICE, |_| {});
        std::hint::black_box(result.unwrap_or_else(|e| panic!("{e}")));
    }
}

/// The same GEMM on every simulator, each on a thread of its own.
pub fn on_threads(
    samples: &mut Samples,
    work: &Work<'_>,
    faults: &[TileFaults],
    simulators: &mut [Simulator],
) {
    let start = &Barrier::new(simulators.len() + 1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = simulators
            .iter_mut()
            .map(|simulator| {
                scope.spawn(move || {
                    start.wait();
                    work.run(simulator, faults);
                })
            })
            .collect();
        // The clock runs before the threads do: this one may wake up last.
        time(samples, || {
            start.wait();
            for thread in threads {
                thread.join().expect("the simulator does not panic");
            }
        });
    });
}
