//! `drift cosim --accelerator` and `drift repack` as a user types them, on the
//! smallest array.

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

const ACCELERATOR: [&str; 6] = [
    "cosim",
    "--accelerator",
    "--config",
    "tiny",
    "--gemm",
    "0.q",
];

fn drift(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_drift"))
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap()
}

/// Runs layer 0.q in three steps and returns the record.
#[track_caller]
fn run(folder: &Path, more: &[&str]) -> Value {
    let args = [&ACCELERATOR[..], more, &["--json", "record.json"]].concat();
    let output = drift(folder, &args);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{more:?}: {stderr}");
    serde_json::from_slice(&std::fs::read(folder.join("record.json")).unwrap()).unwrap()
}

fn sum(record: &Value, key: &str) -> u64 {
    let steps = record["steps"].as_array().unwrap();
    steps.iter().map(|step| step[key].as_u64().unwrap()).sum()
}

#[test]
fn steps_roll_back_and_the_outputs_are_better_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let record = run(folder.path(), &["--tiles", "24", "--upsets", "1"]);
    assert_eq!(record["schema"], "drift-accelerator/1");
    assert_eq!(record["mismatches"], 0);
    let steps = record["steps"].as_array().unwrap();
    let of = |key: &str| -> Vec<u64> { steps.iter().map(|s| s[key].as_u64().unwrap()).collect() };
    assert_eq!(of("step"), [0, 25, 26]);
    assert_eq!(of("tiles"), [24, 24, 24]);
    // Every tenth step: 0 and 25 are written, 26 is not.
    assert_eq!(of("checkpoints"), [24, 24, 0]);
    let rolled_back = of("rolled_back");
    assert!(rolled_back[0] == 0 && rolled_back[1] > 0 && rolled_back[2] > 0);
    assert!(of("recomputed")[0] > 0 && of("recomputed")[1..] == [0, 0]);
    for step in steps {
        let effect = &step["effect"];
        let relative = |when: &str| {
            effect[when]["sum"].as_f64().unwrap() / effect["magnitude"].as_f64().unwrap()
        };
        assert!(relative("before") > 1.0, "{step}");
        assert!(relative("after") < 0.05, "{step}");
    }
    // A header beat of 16 bytes and 8 rows of 16.
    assert_eq!(record["reads"]["bytes"], sum(&record, "rolled_back") * 144);
    assert_eq!(record["writes"]["bytes"], sum(&record, "checkpoints") * 144);
    assert_eq!(record["counters"]["restored"], sum(&record, "restored"));
}

#[test]
fn options_do_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let base = ["--tiles", "12", "--upsets", "2"];
    let run = |more: &[&str]| run(folder.path(), &[&base[..], more].concat());

    let off = run(&["--protect", "off"]);
    let idle = ["rolled_back", "recomputed", "kept", "checkpoints"];
    assert!(idle.iter().all(|key| sum(&off, key) == 0), "{off}");
    assert_eq!(
        off["steps"][0]["effect"]["before"],
        off["steps"][0]["effect"]["after"]
    );

    let kept = run(&["--no-checkpoint", "keep", "--interval", "1", "--steps", "2"]);
    assert_eq!(sum(&kept, "recomputed"), 0);
    assert_eq!(sum(&kept, "checkpoints"), 24);
    let again = run(&["--unlocated", "recompute", "--dram", "30"]);
    assert!(sum(&again, "recomputed") > 0 && again["dram_energy_pj"].is_null());

    // Layout and stalls change cycles, never what comes out.
    let tile = run(&[]);
    let mut changed = run(&["--layout", "row-major", "--stall", "30"]);
    for (step, other) in [0, 1, 2].map(|i| (&tile["steps"][i], changed["steps"][i].clone())) {
        assert_eq!(step["effect"], other["effect"]);
        assert_eq!(step["restored"], other["restored"]);
    }
    assert!(sum(&changed, "cycles") > sum(&tile, "cycles"));
    changed = run(&["--point", "3", "--no-checkpoint", "keep"]);
    assert_eq!(changed["counters"]["transitions"], 1);
    // There; to nominal for the tiles that are computed again; and there again.
    changed = run(&["--point", "3"]);
    assert_eq!(changed["counters"]["transitions"], 3);

    let list = ["--save-faults", "f.jsonl"];
    let saved = run(&list);
    let args = ["--tiles", "12", "--fault-list", "f.jsonl"];
    let replayed = self::run(folder.path(), &args);
    assert_eq!(saved["steps"], replayed["steps"]);
}

#[test]
fn the_requests_are_traced_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    for (argument, file, line) in [
        ("a.trace", "a.trace", "ST 0x"),
        ("b.trace:ramulator2-rw", "b.trace", "W 0,0,"),
        ("c.trace:dramsim3", "c.trace", "0x"),
    ] {
        let more = ["--tiles", "6", "--upsets", "2", "--dram-trace", argument];
        let record = run(folder.path(), &more);
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        assert!(text.starts_with(line), "{text}");
        let bursts = ["reads", "writes"].map(|kind| record[kind]["bursts"].as_u64().unwrap());
        assert_eq!(text.lines().count() as u64, bursts[0] + bursts[1]);
    }
}

#[test]
fn sabotage_ends_with_status_1_and_its_replay_command_shows_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let args = [&ACCELERATOR[..], &["--tiles", "2", "--sabotage"]].concat();
    let output = drift(folder.path(), &args);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("MISMATCH in GEMM 0.0.q"), "{text}");
    assert!(text.contains("m_axis_result_tdata_o"), "{text}");
    let replay = text.lines().last().unwrap().trim();
    let words: Vec<&str> = replay.split_whitespace().skip(1).collect();
    let output = drift(folder.path(), &words);
    assert_eq!(output.status.code(), Some(1), "{replay}");
    let wave = std::fs::read(folder.path().join("mismatch.fst")).unwrap();
    assert!(wave.len() > 1000);
}

#[test]
fn repack_counts_what_the_addresses_say() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "repack",
        "--configs",
        "tiny",
        "--tiles",
        "16",
        "--json",
        "r.json",
    ];
    let output = drift(folder.path(), &args);
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{stdout}");
    let record: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("r.json")).unwrap()).unwrap();
    assert_eq!(record["schema"], "drift-repack/1");
    for line in record["measured"].as_array().unwrap() {
        for steps in ["quiet", "writing"] {
            let cost = |key: &str| line[steps][key].as_u64().unwrap();
            assert_eq!(cost("recoveries"), 16);
            // fc1: 16 tiles across of 512 columns, so 8 lines of 256 bytes.
            let rows = if line["layout"] == "tile" { 16 } else { 32 };
            assert_eq!(cost("alone_activations"), rows);
        }
    }
    assert!(stdout.contains("DiT-XL/2"), "{stdout}");
}
