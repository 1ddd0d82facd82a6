//! Speed of the co-simulation, each number beside its target.
//!
//! ```text
//! cargo bench --bench cosim              # about four minutes
//! cargo bench --bench cosim -- quick     # or DRIFT_BENCH_QUICK=1; under a minute
//! ```
//!
//! `default` or `edge` after `--` leaves the other array out.
//!
//! What is compared is measured in turn within one run, so that a change of
//! the machine's speed meets both sides. Targets are judged by medians. The
//! table is also written to `bench-cosim.json` in Cargo's target folder.

mod support;

use drift::fault::Sampler;
use drift::rtl;
use drift::tool::{Compiler, Verilator};
use drift::units::Cycles;
use std::path::Path;
use support::{Machine, Report, Samples, Target, Work, answer_as_child, load, load_in_child};
use support::{on_threads, one_upset, parse, time, yaml};

/// Seconds, milliseconds and microseconds for the table.
const SECONDS: (&str, f64) = ("s", 1.0);
const MILLISECONDS: (&str, f64) = ("ms", 1e3);
const MICROSECONDS: (&str, f64) = ("us", 1e6);

/// How much is measured.
#[derive(Clone, Copy)]
struct Effort {
    /// Repetitions of everything but builds.
    repetitions: usize,
    /// Builds from nothing.
    builds: usize,
    /// Rows of X of the long GEMMs, in tiles.
    tiles_down: usize,
    /// GEMMs of one tile.
    small_gemms: usize,
}

const FULL: Effort = Effort {
    repetitions: 7,
    builds: 5,
    tiles_down: 16,
    small_gemms: 5000,
};
const QUICK: Effort = Effort {
    repetitions: 5,
    builds: 1,
    tiles_down: 1,
    small_gemms: 500,
};

/// An array whose speed has a target.
struct Case {
    /// Name of a shipped configuration.
    config: &'static str,
    /// Columns of W of the long GEMM: about a second at the target speed.
    n: usize,
    /// Target of the harness in 10^9 PE-updates per second.
    speed: f64,
    /// Longest build in seconds.
    build: f64,
}

const CASES: [Case; 2] = [
    Case {
        config: "default",
        n: 2816,
        speed: 1.5,
        build: 30.0,
    },
    Case {
        config: "edge",
        n: 3712,
        speed: 2.0,
        build: 60.0,
    },
];

fn main() {
    if answer_as_child() {
        return;
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let said = |word: &str| arguments.iter().any(|argument| argument == word);
    if !said("--bench") && !said("quick") && !said("full") {
        // `cargo test --benches` starts this, without optimisation.
        println!("run by `cargo bench --bench cosim`; does nothing here");
        return;
    }
    let wanted = |value: std::ffi::OsString| !value.is_empty() && value != "0";
    let quick = said("quick") || std::env::var_os("DRIFT_BENCH_QUICK").is_some_and(wanted);
    let effort = if quick { QUICK } else { FULL };
    let verilator = Verilator::locate().unwrap_or_else(|e| panic!("{e}"));
    let compiler = Compiler::locate().unwrap_or_else(|e| panic!("{e}"));
    let mut report = Report::new(Machine::read(&verilator, &compiler), quick);
    let named = CASES.iter().any(|case| said(case.config));
    let cases = || CASES.iter().filter(|case| !named || said(case.config));
    for case in cases() {
        long_gemm(&mut report, case, effort);
    }
    one_tile(&mut report, effort);
    report.section("from configuration to fresh simulator, tools installed");
    for case in cases() {
        loading(&mut report, &verilator, case, effort);
    }
    generation(&mut report, effort);
    let target_folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let file = target_folder
        .expect("tmp has a parent")
        .join("bench-cosim.json");
    report
        .finish(&file)
        .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
}

/// A GEMM of about a second: harness, bare loop, faults, threads.
fn long_gemm(report: &mut Report, case: &Case, effort: Effort) {
    let config = &parse(yaml(case.config));
    let model = load(config);
    let work = Work::new(config, effort.tiles_down * config.tile_rows, 512, case.n);
    let (upset, clean) = (one_upset(), work.faults(&Sampler::None, 0));
    let mut pair = [model.simulator(), model.simulator()];
    let cycles = work.check(&mut pair[0], &Sampler::None, 0);
    work.run(&mut pair[1], &clean);

    let [mut harness, mut bare, mut faulty, mut alone, mut both] =
        std::array::from_fn(|_| Samples::default());
    for repetition in 0..effort.repetitions {
        // Each repetition starts elsewhere, so that none always follows the same one.
        for turn in 0..5 {
            match (repetition + turn) % 5 {
                0 => drop(time(&mut harness, || {
                    work.check(&mut pair[0], &Sampler::None, 0)
                })),
                1 => {
                    let simulator = model.simulator();
                    time(&mut bare, || simulator.run_bare(cycles));
                }
                2 => drop(time(&mut faulty, || {
                    work.check(&mut pair[0], &upset, repetition)
                })),
                3 => on_threads(&mut alone, &work, &clean, &mut pair[..1]),
                _ => on_threads(&mut both, &work, &clean, &mut pair),
            }
        }
    }

    let shape = format!("{0}x{1}", config.rows, config.columns);
    report.section(&format!(
        "{shape} array, GEMM {}x512x{}, {cycles} cycles",
        work.x.nrows(),
        case.n
    ));
    let id = |name: &str| format!("{shape}.{name}");
    let updates = cycles.0 as f64 * (config.rows * config.columns) as f64 / 1e9;
    let mut rate = |name: &str, what: &str, work: f64, samples: &Samples, target| {
        report.rate(&id(name), what, "G/s", work, samples, target);
    };
    let target = Some(Target::AtLeast(case.speed));
    rate(
        "harness",
        "harness: simulator, golden model, compare",
        updates,
        &harness,
        target,
    );
    rate(
        "faulty",
        "harness, one psum upset per tile",
        updates,
        &faulty,
        None,
    );
    rate(
        "run",
        "simulator alone (Simulator::run)",
        updates,
        &alone,
        None,
    );
    rate(
        "bare",
        "bare C++ loop, constant operands",
        updates,
        &bare,
        None,
    );
    rate(
        "two",
        "two simulators on two threads",
        2.0 * updates,
        &both,
        None,
    );
    let mut ratio = |name: &str, what: &str, subject, base, least| {
        report.ratio(&id(name), what, subject, base, Target::AtLeast(least));
    };
    ratio(
        "harness_to_bare",
        "harness / bare",
        (&harness, 1.0),
        (&bare, 1.0),
        0.95,
    );
    ratio(
        "faulty_to_clean",
        "one upset per tile / none",
        (&faulty, 1.0),
        (&harness, 1.0),
        0.95,
    );
    ratio(
        "two_to_one",
        "two threads / one",
        (&both, 2.0),
        (&alone, 1.0),
        1.8,
    );
}

/// The tile shape for which ENFOR-SA publishes its time per injection.
fn one_tile(report: &mut Report, effort: Effort) {
    let text = yaml("default").replace("tile_rows: 64", "tile_rows: 16");
    let config = &parse(&text);
    assert_eq!(config.tile_rows, 16, "the shipped default has changed");
    let mut simulator = load(config).simulator();
    let work = Work::new(config, 16, 20, 16);
    let upset = one_upset();
    let mut cycles = Cycles::default();
    let [mut checked, mut alone] = std::array::from_fn(|_| Samples::default());
    for gemm in 0..effort.small_gemms {
        let faults = work.faults(&upset, gemm);
        time(&mut alone, || work.run(&mut simulator, &faults));
        cycles = time(&mut checked, || work.check(&mut simulator, &upset, gemm));
    }
    report.section(&format!(
        "16x16 array, one tile M=N=16, K=20, one psum upset, {cycles} cycles"
    ));
    let published = Some("ENFOR-SA: 293, published, on its authors' machine");
    report.duration(
        "tile.harness",
        "harness: simulator, golden model, compare",
        MICROSECONDS,
        &checked,
        None,
        published,
    );
    report.duration(
        "tile.run",
        "simulator alone (Simulator::run)",
        MICROSECONDS,
        &alone,
        None,
        published,
    );
}

/// From `build()` to a fresh simulator, in a process of its own.
fn loading(report: &mut Report, verilator: &Verilator, case: &Case, effort: Effort) {
    let text = yaml(case.config);
    let config = parse(text);
    let shape = format!("{0}x{1}", config.rows, config.columns);
    let [mut builds, mut cached] = std::array::from_fn(|_| Samples::default());
    for _ in 0..effort.builds {
        load_in_child(&mut builds, text, verilator, true);
    }
    for _ in 0..effort.repetitions {
        load_in_child(&mut cached, text, verilator, false);
    }
    let mut row = |name: &str, what: &str, samples: &Samples, most: f64| {
        let (id, what) = (format!("{shape}.{name}"), format!("{shape}: {what}"));
        let most = Some(Target::AtMost(most));
        report.duration(&id, &what, SECONDS, samples, most, None);
    };
    row("build", "build, empty cache", &builds, case.build);
    row("load", "load, warm cache", &cached, 0.2);
}

/// Generating and writing the largest array.
fn generation(report: &mut Report, effort: Effort) {
    let text = yaml("tpu")
        .replace("rows: 128 ", "rows: 256 ")
        .replace("columns: 128 ", "columns: 256 ");
    let config = parse(&text);
    assert_eq!(
        (config.rows, config.columns),
        (256, 256),
        "the shipped tpu has changed"
    );
    let mut samples = Samples::default();
    for _ in 0..effort.repetitions {
        let folder = tempfile::tempdir().expect("a temporary folder");
        time(&mut samples, || {
            let files = rtl::generate(&config, "bench").unwrap_or_else(|e| panic!("{e}"));
            rtl::write(&files, folder.path()).unwrap_or_else(|e| panic!("{e}"));
        });
    }
    report.section("generator");
    let most = Some(Target::AtMost(1000.0));
    report.duration(
        "256x256.rtl",
        "256x256: RTL generated and written",
        MILLISECONDS,
        &samples,
        most,
        None,
    );
}
