//! The fast engine equals the golden model: a slice of `drift verify --fast`.

use drift::verify::{AcceleratorPlan, Plan, run_fast, run_fast_accelerators};

#[test]
fn random_gemms_with_faults() {
    let plan = Plan {
        cases: 480,
        arrays: 24,
        seed: 11,
        max_array: 32,
        only: None,
    };
    let summary = run_fast(&plan, |_| {});
    assert_eq!(summary.failure, None);
    assert_eq!(summary.cases, 480);
    assert!(
        summary.faults > 5_000 && summary.deltas > 5_000,
        "{summary:?}"
    );
}

#[test]
fn random_programs_with_checkpoints() {
    let plan = AcceleratorPlan {
        runs: 240,
        arrays: 12,
        seed: 12,
        max_array: 10,
        only: None,
    };
    let summary = run_fast_accelerators(&plan, |_| {});
    assert_eq!(summary.failure, None);
    assert!(
        summary.rollbacks > 200 && summary.tiles > 4_000,
        "{summary:?}"
    );
}
