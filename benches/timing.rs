//! Speed of the simulators of dynamic timing, on one core.
//!
//! ```text
//! cargo bench --bench timing                             # one PE in the made-up library of the tests
//! DRIFT_LIBERTY=A.lib.gz cargo bench --bench timing      # in the cells of another one
//! ```
//!
//! Time is that of the processor, so that other work on the machine counts little. Operands are those of the embedded workload. The table is also written to
//! `bench-timing.json` in Cargo's target folder.

#[allow(dead_code, unused_imports, reason = "shared with the other benchmark")]
mod support;

use drift::timing::dynamic::{
    EventDriven, LANES, Operands, Parallel, PeState, PeTiming, Pulses, choose_periods, planes,
};
use drift::timing::liberty::Library;
use drift::timing::netlist::Netlist;
use drift::timing::recipe::{PE_TOP, synthesise_pe};
use drift::tool::{Compiler, Verilator};
use drift::workload::{Source, Workload};
use std::path::{Path, PathBuf};
use support::{Machine, Report, Samples, Target, parse, yaml};

/// Operand pairs per second and core that an earlier prototype reached.
const PROTOTYPE: f64 = 1.25;
/// Batches of lanes in a repetition.
const BATCHES: usize = 100;
const REPETITIONS: usize = 9;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        // `cargo test --benches` starts this, without optimisation.
        println!("run by `cargo bench --bench timing`; does nothing here");
        return;
    }
    let small = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/timing/small.lib");
    let liberty = std::env::var_os("DRIFT_LIBERTY").map_or(small, PathBuf::from);
    let config = parse(yaml("default"));
    let pe = synthesise_pe(&config, &liberty).unwrap_or_else(|e| panic!("{e}"));
    let netlist = Netlist::parse(&pe.json, PE_TOP).unwrap_or_else(|e| panic!("{e}"));
    let library = Library::read(&liberty).unwrap_or_else(|e| panic!("{e}"));
    let timing = PeTiming::new(&netlist, &library, None).unwrap_or_else(|e| panic!("{e}"));
    let model = &timing.model;
    let workload = Workload::open(&Source::TinyDit, 1).unwrap_or_else(|e| panic!("{e}"));
    let mut operands = Operands::of_workload(&workload, &config, 1);
    let chosen = choose_periods(model, &mut operands, 1 << 16);
    let (periods, tail) = chosen.unwrap_or_else(|e| panic!("{e}"));
    let mut states = Vec::new();
    while states.len() <= LANES * BATCHES {
        states.extend(operands.stream().unwrap_or_else(|e| panic!("{e}")));
    }
    let batch = |number: usize| &states[number * LANES..][..LANES + 1];
    let inputs: Vec<_> = (0..BATCHES)
        .map(|number| (planes(&batch(number)[..LANES]), planes(&batch(number)[1..])))
        .collect();

    let mut all = Parallel::new(model, &periods);
    let mut rare = Parallel::new(model, &periods[tail..]);
    let mut reference = EventDriven::new(model, Pulses::Transport);
    let [mut for_all, mut for_rare, mut one_by_one] = std::array::from_fn(|_| Samples::default());
    for _ in 0..REPETITIONS {
        let run = |simulator: &mut Parallel<'_>, samples: &mut Samples| {
            processor_time(samples, || {
                inputs.iter().for_each(|(old, new)| simulator.run(old, new));
            });
        };
        run(&mut all, &mut for_all);
        run(&mut rare, &mut for_rare);
        let pairs: Vec<_> = batch(0).iter().map(PeState::bits).collect();
        processor_time(&mut one_by_one, || {
            pairs
                .windows(2)
                .for_each(|pair| reference.run(&pair[0], &pair[1]));
        });
    }
    let verilator = Verilator::locate().unwrap_or_else(|e| panic!("{e}"));
    let compiler = Compiler::locate().unwrap_or_else(|e| panic!("{e}"));
    let mut report = Report::new(Machine::read(&verilator, &compiler), false);
    report.section(&format!(
        "dynamic timing of one PE, {}: {} delayed inputs of gates, {} steps of T_crit",
        library.name,
        model.literals(),
        model.resolution()
    ));
    let x = |period: u32| f64::from(period) / f64::from(model.resolution());
    let millions = (LANES * BATCHES) as f64 / 1e6;
    report.rate(
        "timing.parallel",
        &format!("bit-parallel, T/T_crit from {:.2}", x(periods[0])),
        "M/s",
        millions,
        &for_all,
        Some(Target::AtLeast(PROTOTYPE)),
    );
    report.rate(
        "timing.parallel_rare",
        &format!("bit-parallel, T/T_crit from {:.2}", x(periods[tail])),
        "M/s",
        millions,
        &for_rare,
        Some(Target::AtLeast(PROTOTYPE)),
    );
    report.rate(
        "timing.event",
        "event-driven, whole waveforms",
        "M/s",
        LANES as f64 / 1e6,
        &one_by_one,
        None,
    );
    println!(
        "  words of {LANES} lanes per batch: {} and {}",
        all.steps(),
        rare.steps()
    );
    let target_folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let file = target_folder
        .expect("tmp has a parent")
        .join("bench-timing.json");
    report
        .finish(&file)
        .unwrap_or_else(|e| panic!("{}: {e}", file.display()));
}

/// Runs something once and adds the time that this thread was on a processor, which Linux
/// counts in ns.
fn processor_time(samples: &mut Samples, run: impl FnOnce()) {
    let now = || -> f64 {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat");
        let text = text.unwrap_or_else(|e| panic!("/proc/thread-self/schedstat: {e}"));
        let first = text
            .split_whitespace()
            .next()
            .and_then(|word| word.parse().ok());
        first.unwrap_or_else(|| panic!("/proc/thread-self/schedstat: {text}"))
    };
    let started = now();
    run();
    samples.push((now() - started) / 1e9);
}
