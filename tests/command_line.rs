//! The commands as a user types them, on the smallest array.

use std::path::Path;
use std::process::{Command, Output};

fn drift(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_drift"))
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap()
}

#[track_caller]
fn succeeds(folder: &Path, args: &[&str]) -> String {
    let output = drift(folder, args);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn rtl_writes_the_same_bytes_twice() {
    let folder = tempfile::tempdir().unwrap();
    for out in ["a", "b"] {
        succeeds(folder.path(), &["rtl", "--config", "edge", "--out", out]);
    }
    for entry in std::fs::read_dir(folder.path().join("a")).unwrap() {
        let name = entry.unwrap().file_name();
        let read = |out: &str| std::fs::read(folder.path().join(out).join(&name)).unwrap();
        assert_eq!(read("a"), read("b"), "{name:?}");
    }
}

#[test]
fn saved_faults_replay_to_the_same_record() {
    let folder = tempfile::tempdir().unwrap();
    let base = ["cosim", "--config", "tiny", "--tiles", "40"];
    let sampled = [
        "--ber",
        "1e-5",
        "--save-faults",
        "f.jsonl",
        "--json",
        "a.json",
    ];
    succeeds(folder.path(), &[&base[..], &sampled].concat());
    let replayed = ["--fault-list", "f.jsonl", "--json", "b.json"];
    succeeds(folder.path(), &[&base[..], &replayed].concat());
    let record = |name: &str| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(folder.path().join(name)).unwrap()).unwrap()
    };
    let (a, b) = (record("a.json"), record("b.json"));
    assert_eq!(a["schema"], "drift-cosim/1");
    for key in [
        "counters",
        "fault_counts",
        "config_hash",
        "workload_hash",
        "mismatches",
    ] {
        assert_eq!(a[key], b[key], "{key}");
    }
    assert!(a["fault_counts"]["injected"].as_u64().unwrap() > 0);
}

#[test]
fn a_mismatch_ends_with_status_1_and_its_replay_command_shows_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "cosim",
        "--config",
        "tiny",
        "--tiles",
        "3",
        "--upsets",
        "2",
        "--sabotage",
    ];
    let output = drift(folder.path(), &args);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("MISMATCH in GEMM 0"), "{text}");
    assert!(text.contains("tile 0, row 0, column 0"), "{text}");
    let replay = text.lines().last().unwrap().trim();
    let words: Vec<&str> = replay.split_whitespace().skip(1).collect();
    let output = drift(folder.path(), &words);
    assert_eq!(output.status.code(), Some(1), "{replay}");
    let wave = std::fs::read(folder.path().join("mismatch.fst")).unwrap();
    assert!(wave.len() > 1000);
}

#[test]
fn stalled_streams_change_nothing_but_the_cycles() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "cosim", "--config", "tiny", "--tiles", "20", "--upsets", "3",
    ];
    succeeds(folder.path(), &[&args[..], &["--stall", "30"]].concat());
}

#[test]
fn every_shipped_configuration_generates() {
    let folder = tempfile::tempdir().unwrap();
    for (name, _) in drift::config::SHIPPED {
        let text = succeeds(folder.path(), &["rtl", "--config", name, "--out", name]);
        assert!(text.contains("drift_tile_engine"));
        assert!(folder.path().join(name).join("drift.core").is_file());
    }
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_drift"))
        .args(["shapes", "--model", "sd15-512", "--csv", "-"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(141));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
