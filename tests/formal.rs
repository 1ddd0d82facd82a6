//! Proofs can succeed, and they can fail: one small proof about the generated
//! RTL, and about the same RTL with a fault in it. Needs Python and the
//! package index at the first run.

use drift::config::ArrayConfig;
use drift::formal::{Outcome, PROOFS, Proof, Prover, params};
use drift::rtl::{RtlFile, generate_from};
use std::path::Path;

fn rtl() -> Vec<RtlFile> {
    let text = include_str!("../formal/array.yaml");
    let config = ArrayConfig::from_yaml(text, Path::new("formal/array.yaml")).unwrap();
    generate_from(&config, &params(&config), "test").unwrap()
}

fn bursts() -> Proof {
    let proof = PROOFS.iter().find(|proof| proof.name == "tile_bursts");
    Proof {
        wide: false,
        ..*proof.unwrap()
    }
}

fn outcome(rtl: Vec<RtlFile>, folder: &Path) -> Outcome {
    let prover = Prover::of(rtl, Vec::new(), folder).unwrap();
    prover.prove(&bursts()).unwrap()
}

#[test]
fn a_proof_holds_for_the_rtl_and_fails_for_a_mutation() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(outcome(rtl(), folder.path()), Outcome::Proved);

    let mut mutated = rtl();
    let file = mutated
        .iter_mut()
        .find(|file| file.name == "drift_tile_bursts.sv")
        .unwrap();
    let (right, wrong) = ("(room < MaxBeats) ? room : MaxBeats", "MaxBeats");
    assert!(file.text.contains(right));
    file.text = file.text.replace(right, wrong);
    let Outcome::Refuted { assertions, trace } = outcome(mutated, folder.path()) else {
        panic!("a burst across 4 KiB was not found");
    };
    assert!(
        assertions.iter().any(|text| text.contains("WithinPage")),
        "{assertions:?}"
    );
    let waveform = std::fs::read_to_string(trace).unwrap();
    assert!(waveform.contains("burst_address_o"));
}
