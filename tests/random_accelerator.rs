//! A slice of the random runs of the whole accelerator.

use drift::verify::{AcceleratorPlan, run_accelerators};

/// Small arrays of both dataflows; the full run is the same with more of everything.
const PLAN: AcceleratorPlan = AcceleratorPlan {
    runs: 90,
    arrays: 6,
    seed: 9073,
    max_array: 5,
    only: None,
};

#[test]
fn random_runs_of_the_accelerator_agree_on_everything() {
    let summary = run_accelerators(&PLAN, |_, _| {}).unwrap();
    if let Some((run, failure)) = &summary.failure {
        panic!("run {run}: {failure}");
    }
    eprintln!("{summary:?}");
    assert_eq!(summary.runs, PLAN.runs);
    let recovery = &summary.recovery;
    for (what, count) in [
        ("rollbacks", recovery.rollbacks),
        ("recomputes", recovery.recomputes),
        ("kept", recovery.kept),
        ("checkpoints", recovery.checkpoints),
        ("transitions", summary.transitions),
        ("timeouts", summary.timeouts),
        ("panics", summary.panics),
        ("axi errors", summary.axi_errors),
        ("unruly", summary.unruly as u64),
    ] {
        assert!(count > 0, "no {what}");
    }
}
