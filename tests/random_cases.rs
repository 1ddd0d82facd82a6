//! A slice of the random verification, and proof that it can fail.

use drift::config::ArrayConfig;
use drift::cosim::{BuildOptions, BuiltModel, Model, Quantity, RtlJob, RtlResult, build, compare};
use drift::fault::{Fault, Register, Site, TileFaults};
use drift::golden::{self, GemmResult};
use drift::tiling::Tiling;
use drift::verify::{Case, Observer, Plan, run};
use ndarray::Array2;

/// Four small weight-stationary arrays and two output-stationary ones; the full
/// run is the same with more of everything.
const PLAN: Plan = Plan {
    cases: 300,
    arrays: 6,
    seed: 20_240_904,
    max_array: 12,
    only: None,
};

#[derive(Default)]
struct Heard {
    verilators: Vec<String>,
    cases: usize,
}

impl Observer for Heard {
    fn model(&mut self, model: &BuiltModel) {
        let verilator = &model.verilator;
        self.verilators.push(verilator.version.clone());
        eprintln!(
            "Verilator {} ({:?}), model {} in {:.1} s",
            verilator.version,
            verilator.origin,
            if model.cached { "found" } else { "built" },
            model.elapsed.as_secs_f64()
        );
    }

    fn case(&mut self, done: usize, _: &Case) {
        self.cases = done;
    }
}

#[test]
fn random_cases_agree_bit_for_bit() {
    let mut heard = Heard::default();
    let summary = run(&PLAN, &mut heard).unwrap();
    if let Some(failure) = &summary.failure {
        panic!("{failure}");
    }
    eprintln!(
        "{} cases, {} tiles, {} cycles, {} faults, {:?}, {:.1} s",
        summary.cases,
        summary.counters.tiles,
        summary.counters.cycles,
        summary.faults,
        summary.outcomes,
        summary.elapsed.as_secs_f64()
    );
    assert_eq!((summary.cases, heard.cases), (300, 300));
    assert_eq!(heard.verilators.len(), 6);
    assert!(summary.arrays.iter().all(|array| array.cases == 50));
    assert!(summary.counters.tiles > 300 && summary.counters.cycles.0 > 30_000);
    assert!(summary.counters.masked > 100 && summary.counters.unlocated > 100);
    assert!(summary.faults > 10_000 && summary.max_faults > 500);
    assert!((70..130).contains(&summary.stalled), "{}", summary.stalled);
    let outcomes = summary.outcomes;
    for count in [
        outcomes.masked,
        outcomes.detected,
        outcomes.located,
        outcomes.checksum_only,
    ] {
        assert!(count > 50, "{outcomes:?}");
    }
}

#[test]
fn a_case_is_replayed_alone() {
    let plan = Plan {
        only: Some(123),
        ..PLAN
    };
    let summary = run(&plan, &mut ()).unwrap();
    assert!(summary.failure.is_none(), "{}", summary.failure.unwrap());
    assert_eq!((summary.cases, summary.arrays.len()), (1, 1));
    assert_eq!(summary.arrays[0].config, PLAN.array(PLAN.array_of(123)));
    assert_eq!(summary.faults, PLAN.case(123).faults.len());
}

/// The full run: `cargo test --release --test random_cases -- --ignored --nocapture`.
#[test]
#[ignore = "takes minutes, most of them for building models"]
fn ten_thousand_random_cases() {
    let plan = Plan {
        cases: 10_000,
        arrays: 24,
        seed: 1,
        max_array: 32,
        only: None,
    };
    let summary = run(&plan, &mut Heard::default()).unwrap();
    for array in &summary.arrays {
        eprintln!(
            "{:?}: {} cases, build {:.1} s, run {:.2} s",
            array.config,
            array.cases,
            array.build.as_secs_f64(),
            array.run.as_secs_f64()
        );
    }
    eprintln!(
        "{} cases ({} stalled), {:?}, {} faults, at most {} in a case, {:?}, {:.1} s",
        summary.cases,
        summary.stalled,
        summary.counters,
        summary.faults,
        summary.max_faults,
        summary.outcomes,
        summary.elapsed.as_secs_f64()
    );
    if let Some(failure) = &summary.failure {
        panic!("{failure}");
    }
    assert_eq!((summary.cases, summary.arrays.len()), (10_000, 24));
}

/// A GEMM on the hardware with some faults, and on the golden model with others.
struct Bench {
    config: ArrayConfig,
    tiling: Tiling,
    x: Array2<i8>,
    w: Array2<i8>,
}

impl Bench {
    fn new() -> Self {
        let config = PLAN.array(1);
        let (m, k, n) = (
            config.tile_rows + 1,
            2 * config.rows + 1,
            2 * config.columns,
        );
        Self {
            tiling: Tiling::new(&config, m, k, n),
            x: Array2::from_shape_fn((m, k), |(i, l)| (7 * i + 3 * l) as i8),
            w: Array2::from_shape_fn((k, n), |(l, j)| (5 * l + 11 * j) as i8),
            config,
        }
    }

    /// One flip of a psum bit in the last tile but one, or none.
    fn faults(&self, bit: Option<u32>) -> Vec<TileFaults> {
        let mut faults = vec![TileFaults::default(); self.tiling.len()];
        faults[1].flips.extend(bit.map(|bit| Fault {
            pass: 1,
            row: 1,
            site: Site {
                pe_row: 1,
                pe_column: 1,
                register: Register::Psum,
            },
            xor: 1 << bit,
        }));
        faults
    }

    fn rtl(&self, faults: &[TileFaults], threshold_bit: u32) -> RtlResult {
        let built = build(&self.config, BuildOptions::default(), |_, _| {}).unwrap();
        let mut simulator = Model::load(&built.object, &self.config)
            .unwrap()
            .simulator();
        let job = RtlJob {
            tiling: self.tiling,
            x: self.x.view(),
            w: self.w.view(),
            faults,
            threshold_bit,
            stalls: Default::default(),
        };
        simulator.run(&job, 4096, |_| {}).unwrap()
    }

    fn golden(&self, faults: &[TileFaults], threshold_bit: u32) -> GemmResult {
        golden::gemm(
            &self.config,
            self.x.view(),
            self.w.view(),
            faults,
            threshold_bit,
        )
    }
}

#[test]
fn wrong_expectations_are_caught() {
    let bench = Bench::new();
    let (with, without) = (bench.faults(Some(12)), bench.faults(None));
    let rtl = bench.rtl(&with, 10);
    assert_eq!(
        compare(&bench.config, &rtl, &bench.golden(&with, 10), true),
        None
    );

    // A fault that the golden model does not know of: the element itself.
    let found = compare(&bench.config, &rtl, &bench.golden(&without, 10), true).unwrap();
    assert_eq!(found.quantity, Quantity::Output);
    assert_eq!((found.tile, found.row, found.column), (1, 1, 1));
    assert_eq!((found.rtl - found.golden).abs(), 1 << 12);
    let text = found.to_string();
    for part in [
        "tile 1, row 1, column 1".to_owned(),
        format!("RTL {}, golden {}", found.rtl, found.golden),
        format!("cycle {}", found.cycle),
    ] {
        assert!(text.contains(&part), "{text:?} lacks {part:?}");
    }

    // Another bit, and a fault that the hardware does not have.
    let other = bench.golden(&bench.faults(Some(13)), 10);
    let found = compare(&bench.config, &rtl, &other, true).unwrap();
    assert_eq!((found.tile, found.row, found.column), (1, 1, 1));
    let clean = bench.rtl(&without, 10);
    assert!(compare(&bench.config, &clean, &bench.golden(&with, 10), true).is_some());

    // Another threshold: the same outputs, but no flag.
    let found = compare(&bench.config, &rtl, &bench.golden(&with, 13), true).unwrap();
    assert_eq!(found.quantity, Quantity::RowFlag);
    assert_eq!((found.tile, found.row), (1, 1));
    assert_eq!((found.rtl, found.golden), (1, 0));

    // Every quantity counts, and cycles only where they are asked for.
    let golden = bench.golden(&with, 10);
    let mut changed = rtl.clone();
    changed.column_flags[0] ^= 1;
    let found = compare(&bench.config, &changed, &golden, true).unwrap();
    assert_eq!((found.quantity, found.tile), (Quantity::ColumnFlag, 0));
    let mut changed = rtl.clone();
    changed.counters.masked += 1;
    let found = compare(&bench.config, &changed, &golden, true).unwrap();
    assert_eq!(found.quantity, Quantity::Counter("masked"));
    let mut changed = rtl;
    changed.counters.cycles.0 += 1;
    let found = compare(&bench.config, &changed, &golden, true).unwrap();
    assert_eq!(found.quantity, Quantity::Counter("cycles"));
    assert_eq!(compare(&bench.config, &changed, &golden, false), None);
}
