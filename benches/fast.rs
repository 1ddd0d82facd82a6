//! Speed of the fast engine, each number beside its target.
//!
//! ```text
//! cargo bench --bench fast              # about a minute
//! cargo bench --bench fast -- quick     # or DRIFT_BENCH_QUICK=1
//! ```
//!
//! Times are CPU times of the process, so that other load on the machine counts
//! little. What is compared is measured in turn within one run. The table is also
//! written to `bench-fast.json` in Cargo's target folder. For the same shapes on
//! oneDNN: `tools/time_onednn.py`.

mod support;

use drift::config::ArrayConfig;
use drift::fast::{PackedWeights, effects, multiply_into};
use drift::fault::{Register, Sampler, Targets};
use drift::tiling::Tiling;
use ndarray::Array2;
use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions, QuantParams};
use rten_tensor::NdTensorView;
use std::path::Path;
use support::{
    Machine, Report, Samples, Target, cpu_time as time, noise, outputs_and_captures, parse, yaml,
};

/// Multiply-accumulates of a measurement: short ones are repeated within it.
const WORK: usize = 1 << 28;

/// GEMMs M×K×N: a square one, those of a block of the tiny DiT (64 tokens, width
/// 128, heads of 32) and of DiT-XL/2 at 512 pixels (1024 tokens, width 1152).
const SHAPES: [(&str, usize, usize, usize); 11] = [
    ("square", 1024, 1024, 1024),
    ("tiny.proj", 64, 128, 128),
    ("tiny.up", 64, 128, 512),
    ("tiny.down", 64, 512, 128),
    ("tiny.qk", 64, 32, 64),
    ("xl.embed", 1, 1152, 6912),
    ("xl.proj", 1024, 1152, 1152),
    ("xl.up", 1024, 1152, 4608),
    ("xl.down", 1024, 4608, 1152),
    ("xl.qk", 1024, 72, 1024),
    ("xl.pv", 1024, 1024, 72),
];

/// Faults are measured on these.
const FAULTY: [&str; 6] = [
    "tiny.proj",
    "tiny.up",
    "tiny.down",
    "xl.proj",
    "xl.up",
    "xl.down",
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let said = |word: &str| arguments.iter().any(|argument| argument == word);
    if !said("--bench") && !said("quick") && !said("full") {
        // `cargo test --benches` starts this, without optimisation.
        println!("run by `cargo bench --bench fast`; does nothing here");
        return;
    }
    let wanted = |value: std::ffi::OsString| !value.is_empty() && value != "0";
    let quick = said("quick") || std::env::var_os("DRIFT_BENCH_QUICK").is_some_and(wanted);
    let repetitions = if quick { 5 } else { 15 };
    let mut report = Report::new(Machine::alone(), quick);
    for (name, m, k, n) in SHAPES {
        kernel(&mut report, name, (m, k, n), repetitions);
    }
    let config = &parse(yaml("default"));
    for (name, m, k, n) in SHAPES {
        if FAULTY.contains(&name) {
            faulty(&mut report, config, name, (m, k, n), repetitions);
        }
    }
    let target_folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let file = target_folder
        .expect("tmp has a parent")
        .join("bench-fast.json");
    report
        .finish(&file)
        .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
}

/// Own kernel, weights packed before and in every call, against `rten-gemm`.
fn kernel(report: &mut Report, name: &str, (m, k, n): (usize, usize, usize), repetitions: usize) {
    let (x, w) = (noise(m, k), noise(k, n));
    let transposed = w.t().as_standard_layout().to_owned();
    let packed = PackedWeights::new(w.view());
    let mut y = Array2::zeros((m, n));

    // The library takes unsigned activations with a zero point.
    let unsigned: Vec<u8> = x.iter().map(|&x| x as u8 ^ 128).collect();
    let zero_points = vec![128u8; m];
    let library = GemmExecutor::<u8, i8, i32>::default();
    let a = NdTensorView::from_data([m, k], unsigned.as_slice());
    let b = NdTensorView::from_data([k, n], w.as_slice().expect("standard layout"));
    let library_packed = library.prepack_b(b.view());
    let mut out = vec![0i32; m * n];

    let times = WORK.div_ceil(m * k * n);
    let [mut own, mut own_packing, mut other] = std::array::from_fn(|_| Samples::default());
    for _ in 0..repetitions {
        time(&mut own, times, |_| {
            multiply_into(x.view(), &packed, y.view_mut(), 1);
        });
        time(&mut own_packing, times, |_| {
            let packed = PackedWeights::from_transposed(transposed.view());
            multiply_into(x.view(), &packed, y.view_mut(), 1);
        });
        time(&mut other, times, |_| {
            let options = GemmOptions {
                a_quant: Some(QuantParams {
                    zero_point: &zero_points,
                }),
                ..Default::default()
            };
            library
                .gemm(
                    &mut out,
                    GemmInputA::Unpacked(a.view()),
                    GemmInputB::Packed(&library_packed),
                    options,
                )
                .expect("the shapes fit");
        });
    }
    assert_eq!(y.as_slice(), Some(out.as_slice()), "{name}");

    report.section(&format!(
        "{name}: GEMM {m}x{k}x{n}, int8 to int32, one thread"
    ));
    let operations = 2e-9 * (m * k * n) as f64;
    let mut rate = |id: &str, what: &str, samples: &Samples| {
        let id = format!("{name}.{id}");
        report.rate(&id, what, "GOP/s", operations, samples, None);
    };
    rate("own", "own kernel, weights packed before", &own);
    rate(
        "packing",
        "own kernel, packing N x K in every call",
        &own_packing,
    );
    rate("rten", "rten-gemm, weights packed before", &other);
    report.ratio(
        &format!("{name}.own_to_rten"),
        "own kernel / rten-gemm",
        (&own, 1.0),
        (&other, 1.0),
        Target::AtLeast(0.9),
    );
}

/// A GEMM with its faults, their effects and flags, against the GEMM alone.
fn faulty(
    report: &mut Report,
    config: &ArrayConfig,
    name: &str,
    (m, k, n): (usize, usize, usize),
    repetitions: usize,
) {
    let (x, w) = (noise(m, k), PackedWeights::new(noise(k, n).view()));
    let tiling = Tiling::new(config, m, k, n);
    let mut y = Array2::zeros((m, n));
    let times = WORK.div_ceil(m * k * n);
    report.section(&format!(
        "{name}: GEMM {m}x{k}x{n} on a {}x{} array, {} tiles; bit error rate per output bit",
        config.rows,
        config.columns,
        tiling.len()
    ));
    let (outputs, captures) = outputs_and_captures(config, &tiling);
    for (rate, most) in [(1e-7, 1.02), (1e-4, 1.25)] {
        let sampler = Sampler::Uniform {
            ber: rate * outputs / captures,
            targets: Targets {
                registers: vec![Register::Psum],
                bits: u32::MAX,
            },
            seed: 3,
        };
        let [mut clean, mut with_faults] = std::array::from_fn(|_| Samples::default());
        let mut deltas = 0;
        for _ in 0..repetitions {
            time(&mut clean, times, |_| {
                multiply_into(x.view(), &w, y.view_mut(), 1);
            });
            time(&mut with_faults, times, |gemm| {
                multiply_into(x.view(), &w, y.view_mut(), 1);
                let faults = sampler.faulty_tiles(config, gemm, &tiling);
                let theta = config.threshold_bit;
                for effect in effects(config, &tiling, x.view(), &w, faults, theta) {
                    effect.apply(&tiling, &mut y.view_mut());
                    deltas += effect.deltas.len();
                }
            });
        }
        let each = deltas as f64 / (repetitions * times) as f64;
        report.ratio(
            &format!("{name}.faulty_{rate:e}"),
            &format!("time with faults / without, BER {rate:e}, {each:.2} deltas"),
            (&clean, 1.0),
            (&with_faults, 1.0),
            Target::AtMost(most),
        );
    }
}
