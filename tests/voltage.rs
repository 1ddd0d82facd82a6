//! Faults from a voltage and a frequency, as a user types them.

use std::path::Path;
use std::process::{Command, Output};

fn drift(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_drift"))
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap()
}

fn faults(folder: &Path, args: &[&str]) -> usize {
    let all = [&["faults", "--config", "tiny", "--out", "f.jsonl"], args].concat();
    let output = drift(folder, &all);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {stderr}");
    let text = std::fs::read_to_string(folder.join("f.jsonl")).unwrap();
    text.lines().count() - 1
}

#[test]
fn lower_voltage_and_higher_frequency_mean_more_faults() {
    let folder = tempfile::tempdir().unwrap();
    let f = folder.path();
    assert_eq!(faults(f, &["--tech", "sky130-ss-n40c"]), 0);
    let of = |voltage: &str| faults(f, &["--voltage", voltage]);
    let counts = ["1.76", "1.68", "1.66", "1.64", "1.62"].map(of);
    assert_eq!(counts[0], 0);
    assert!(counts[2] > 0 && counts.is_sorted(), "{counts:?}");
    let scaled = |voltage: &str| faults(f, &["--tech", "scaled-14nm", "--voltage", voltage]);
    assert_eq!(scaled("0.8"), 0);
    assert!(scaled("0.66") > 0);
    // The same seed, the same faults.
    faults(f, &["--voltage", "1.64", "--seed", "5"]);
    let once = std::fs::read(f.join("f.jsonl")).unwrap();
    faults(f, &["--voltage", "1.64", "--seed", "5"]);
    assert_eq!(once, std::fs::read(f.join("f.jsonl")).unwrap());
}

#[test]
fn points_that_cannot_be_are_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bad.yaml"), "schema: drift-tech/7\n").unwrap();
    let cases: &[(&[&str], &[&str])] = &[
        (&["--voltage", "9"], &["9 V", "expected 1.28 V to 1.76 V"]),
        (
            &["--voltage", "1.7", "--frequency", "9e9"],
            &["9000.000 MHz at 1.7 V", "at most"],
        ),
        (
            &["--voltage", "1.7", "--tech", "none.yaml"],
            &["none.yaml", "sky130-ss-n40c, scaled-14nm"],
        ),
        (
            &["--voltage", "1.7", "--tech", "bad.yaml"],
            &["bad.yaml", "drift-tech/7", "drift-tech/2"],
        ),
        (
            &["--voltage", "1.7", "--ber", "1e-3"],
            &["--ber", "cannot be used"],
        ),
        (
            &["--voltage", "1.7", "--register", "weight"],
            &["--register", "cannot be used"],
        ),
        (
            &["--voltage", "1.7", "--config", "tiny-os"],
            &["weight-stationary", "dataflow ws"],
        ),
    ];
    for (args, parts) in cases {
        let all = [&["faults", "--out", "x"], *args].concat();
        let output = drift(folder.path(), &all);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        for part in *parts {
            assert!(stderr.contains(part), "{stderr:?} lacks {part:?}");
        }
        assert!(!folder.path().join("x").exists());
    }
}

#[test]
fn a_table_says_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let shown = drift(
        folder.path(),
        &["tech", "show", "--tech", "scaled-14nm", "--voltage", "0.7"],
    );
    let text = String::from_utf8(shown.stdout).unwrap();
    for part in [
        "SCALED from sky130",
        "nominal: 0.8 V",
        "asked for: 0.7 V",
        "word wrong",
    ] {
        assert!(text.contains(part), "{text} lacks {part}");
    }
    let scale = [
        "tech",
        "scale",
        "--from",
        "sky130-ss-n40c",
        "--name",
        "scaled-14nm",
        "--out",
        "s.yaml",
    ];
    assert_eq!(drift(folder.path(), &scale).status.code(), Some(0));
    let made = std::fs::read_to_string(folder.path().join("s.yaml")).unwrap();
    assert_eq!(made, include_str!("../configs/tech/scaled-14nm.yaml"));
}

#[test]
fn gates_are_simulated_on_the_tiles_that_are_run() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/timing");
    let path = |name: &str| data.join(name).display().to_string();
    let folder = tempfile::tempdir().unwrap();
    // Three quarters of the critical path of 1.6957 ns.
    let args = [
        "cosim",
        "--config",
        "tiny",
        "--gemm",
        "3",
        "--tiles",
        "3",
        "--exact",
        &path("small.lib"),
        "--netlist",
        &path("small_pe.json.gz"),
        "--frequency",
        "7.9e8",
        "--json",
        "run.json",
        "--save-faults",
        "f.jsonl",
    ];
    let output = drift(folder.path(), &args);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let text = std::fs::read_to_string(folder.path().join("f.jsonl")).unwrap();
    let faults: Vec<serde_json::Value> = text
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(faults.len() > 10, "{}", faults.len());
    let of_run = |fault: &serde_json::Value| {
        fault["gemm"] == 3 && fault["tile"].as_u64().unwrap() < 3 && fault["register"] == "psum"
    };
    assert!(faults.iter().all(of_run));
    let record = std::fs::read_to_string(folder.path().join("run.json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["fault_counts"]["injected"], faults.len());
}
