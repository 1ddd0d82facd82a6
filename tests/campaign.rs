//! Campaigns as a user runs them: killed, resumed, sharded, merged.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// 4 cells with 12 seeds; each job takes a few milliseconds.
const SPEC: &str = "\
schema: drift-campaign/1
name: small
experiment: gemm-faults
seeds: {count: 12}
grid:
  config: [tiny]
  workload: [tiny-dit]
  ber: [1.0e-6, 1.0e-5]
  bits: [[0, 31]]
  threshold_bit: [0, 8]
  gemms: 6
";

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drift"));
    command.current_dir(folder).args(args);
    command
}

fn drift(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().expect("the program starts")
}

#[track_caller]
fn succeeds(folder: &Path, args: &[&str]) -> String {
    let output = drift(folder, args);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{args:?}: {stderr}");
    String::from_utf8(output.stdout).expect("text")
}

#[track_caller]
fn refused(folder: &Path, args: &[&str], parts: &[&str]) {
    let output = drift(folder, args);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {message}");
    for part in parts {
        assert!(message.contains(part), "{message:?} lacks {part:?}");
    }
}

/// A folder with the specification, and the merged records of a run that
/// nothing disturbed.
fn undisturbed(spec: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("s.yaml"), spec).expect("written");
    succeeds(
        folder.path(),
        &["campaign", "s.yaml", "--out", "a.jsonl", "--threads", "1"],
    );
    let merged = merged(folder.path(), &["a.jsonl"]);
    (folder, merged)
}

#[track_caller]
fn merged(folder: &Path, files: &[&str]) -> String {
    succeeds(
        folder,
        &[&["merge", "--out", "merged.jsonl"], files].concat(),
    );
    std::fs::read_to_string(folder.join("merged.jsonl")).expect("merged records")
}

/// Kills a campaign `kills` times at moments spread over `longest` milliseconds of
/// its run, then lets it finish.
fn killed(folder: &Path, kills: u64, longest: u64) -> String {
    let args = ["campaign", "s.yaml", "--out", "killed.jsonl"];
    let records: PathBuf = folder.join("killed.jsonl");
    for kill in 0..kills {
        let mut child = command(folder, &args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        // Any moment will do; these are spread without a generator.
        std::thread::sleep(Duration::from_millis(
            5 + kill * 37 * (longest / 60) % longest,
        ));
        // SIGKILL; the run may already have ended.
        child.kill().expect("killed");
        child.wait().expect("ended");
        // Now and then also a torn last line, as a kill within a write leaves it.
        if kill % 3 == 1
            && let Ok(bytes) = std::fs::read(&records)
            && bytes.len() > 400
            && !complete(&bytes)
        {
            std::fs::write(&records, &bytes[..bytes.len() - 7]).expect("torn");
        }
    }
    succeeds(folder, &args);
    merged(folder, &["killed.jsonl"])
}

/// Whether the last line says that all records are there.
fn complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.lines()
        .last()
        .is_some_and(|line| line.starts_with("{\"complete\""))
}

#[test]
fn kills_lose_nothing_and_do_nothing_twice() {
    let (folder, expected) = undisturbed(SPEC);
    assert_eq!(expected.lines().count(), 1 + 48 + 1);
    assert_eq!(killed(folder.path(), 8, 60), expected);
}

/// Four cells with four images; each job takes some ten milliseconds.
const IMAGES: &str = "\
schema: drift-campaign/1
name: images
experiment: images
seeds: {count: 4}
grid:
  steps: [3]
  guidance: [1]
  pictures: true
  faults:
  - {ber: 0}
  - {ber: 1.0e-7}
  protection: [none, drift]
";

#[test]
fn kills_of_a_campaign_of_images_lose_nothing() {
    let (folder, expected) = undisturbed(IMAGES);
    assert_eq!(expected.lines().count(), 1 + 16 + 1);
    assert_eq!(killed(folder.path(), 4, 600), expected);
    // Other numbers of seeds are other records.
    let more = ["campaign", "s.yaml", "--seeds", "5", "--out", "a.jsonl"];
    refused(folder.path(), &more, &["a.jsonl", "--out"]);
    let none = ["campaign", "s.yaml", "--seeds", "0"];
    refused(folder.path(), &none, &["--seeds: 0", "1..=1000000"]);
}

/// `cargo test --release --test campaign -- --ignored`.
#[test]
#[ignore = "takes minutes"]
fn fifty_kills_of_images_lose_nothing() {
    let spec = IMAGES.replace("count: 4", "count: 40");
    let (folder, expected) = undisturbed(&spec);
    assert_eq!(killed(folder.path(), 50, 1200), expected);
}

/// `cargo test --release --test campaign -- --ignored`.
#[test]
#[ignore = "takes a minute"]
fn fifty_kills_lose_nothing() {
    let spec = SPEC.replace("gemms: 6", "gemms: 84");
    let (folder, expected) = undisturbed(&spec);
    assert_eq!(killed(folder.path(), 50, 60), expected);
}

#[test]
fn threads_shards_and_order_change_nothing() {
    let (folder, expected) = undisturbed(SPEC);
    let at = folder.path();
    succeeds(
        at,
        &[
            "campaign",
            "s.yaml",
            "--out",
            "four.jsonl",
            "--threads",
            "4",
        ],
    );
    assert_eq!(merged(at, &["four.jsonl"]), expected);
    for shard in ["1/3", "2/3", "3/3"] {
        succeeds(at, &["campaign", "s.yaml", "--shard", shard]);
    }
    let files = [3, 1, 2].map(|i| format!("records/small.{i}-of-3.jsonl"));
    let files = files.each_ref().map(String::as_str);
    assert_eq!(merged(at, &files), expected);
    refused(
        at,
        &["merge", "--out", "m", files[0], files[1]],
        &["no records of shard 2/3", "--partial"],
    );
    succeeds(at, &["merge", "--partial", "--out", "m", files[0]]);
    refused(
        at,
        &["merge", "--out", "m", files[0], "a.jsonl"],
        &["shard", "1/1", "a.jsonl"],
    );
}

#[test]
fn an_early_end_does_not_depend_on_threads_kills_or_shards() {
    let spec = SPEC.replace("count: 12", "count: 40")
        + "stop: {quantity: detected, half_width: 0.02, least: 4, batch: 3}\n";
    let (folder, expected) = undisturbed(&spec);
    let (at, records) = (folder.path(), expected.lines().count() - 2);
    assert!((16..160).contains(&records), "{records} records");
    succeeds(
        at,
        &["campaign", "s.yaml", "--out", "b.jsonl", "--threads", "3"],
    );
    assert_eq!(merged(at, &["b.jsonl"]), expected);
    for shard in ["1/2", "2/2"] {
        succeeds(at, &["campaign", "s.yaml", "--shard", shard]);
    }
    let files = ["records/small.1-of-2.jsonl", "records/small.2-of-2.jsonl"];
    assert_eq!(merged(at, &files), expected);
    assert_eq!(killed(at, 4, 60), expected);
}

#[test]
fn records_become_a_page() {
    let (folder, _) = undisturbed(SPEC);
    std::fs::remove_file(folder.path().join("merged.jsonl")).expect("removed");
    succeeds(folder.path(), &["report", "."]);
    let page = std::fs::read_to_string(folder.path().join("index.html")).expect("a page");
    for part in [
        "id=\"small-located\"",
        "BER 1e-5",
        "configs/campaigns/small.yaml",
    ] {
        assert!(page.contains(part), "{part} is missing");
    }
    let data = folder.path().join("data/small-cells.csv");
    let table = std::fs::read_to_string(data).expect("data");
    assert_eq!(table.lines().count(), 1 + 4);
}

#[test]
fn records_of_another_campaign_are_refused_and_left_alone() {
    let (folder, _) = undisturbed(SPEC);
    let at = folder.path();
    let before = std::fs::read(at.join("a.jsonl")).expect("records");
    let changed = SPEC.replace("1.0e-5", "2.0e-5");
    std::fs::write(at.join("t.yaml"), changed).expect("written");
    let parts = [
        "a.jsonl",
        "hash of specification and configuration",
        "--out",
    ];
    refused(at, &["campaign", "t.yaml", "--out", "a.jsonl"], &parts);
    refused(
        at,
        &["campaign", "s.yaml", "--out", "s.yaml"],
        &["s.yaml:1", "header"],
    );
    assert_eq!(std::fs::read(at.join("a.jsonl")).expect("records"), before);
    assert_eq!(
        std::fs::read_to_string(at.join("s.yaml")).expect("spec"),
        SPEC
    );
}

#[test]
fn damaged_records_are_told_with_their_line() {
    let (folder, expected) = undisturbed(SPEC);
    let at = folder.path();
    let lines: Vec<&str> = expected.lines().collect();
    let write = |name: &str, lines: &[&str]| {
        std::fs::write(at.join(name), lines.join("\n") + "\n").expect("written");
    };
    write(
        "garbled.jsonl",
        &[lines[0], lines[1], "{\"job\":", lines[2]],
    );
    refused(
        at,
        &["campaign", "s.yaml", "--out", "garbled.jsonl"],
        &["garbled.jsonl:3"],
    );
    write("twice.jsonl", &[lines[0], lines[1], lines[1]]);
    refused(
        at,
        &["campaign", "s.yaml", "--out", "twice.jsonl"],
        &["twice.jsonl:3", "twice"],
    );
    let other = lines[1].replace("\"error\":", "\"error\":1");
    write("other.jsonl", &[&[lines[0], &other], &lines[2..]].concat());
    let parts = ["different records", "a.jsonl", "other.jsonl"];
    refused(
        at,
        &["merge", "--out", "m", "a.jsonl", "other.jsonl"],
        &parts,
    );
    write("open.jsonl", &lines[..4]);
    refused(
        at,
        &["merge", "--out", "m", "open.jsonl"],
        &["open.jsonl has not finished"],
    );
    assert!(!at.join("m").exists(), "nothing half-written");
}

#[test]
fn bad_specifications_name_key_value_and_what_is_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases: [(&str, &str, &[&str]); 12] = [
        ("name: small", "name: a/b", &["name", "a/b", "letters"]),
        (
            "drift-campaign/1",
            "drift-campaign/9",
            &["schema", "drift-campaign/1"],
        ),
        (
            "gemm-faults",
            "dreams",
            &["experiment", "dreams", "gemm-faults"],
        ),
        (
            "count: 12",
            "count: 0",
            &["seeds.count", "0", "1..=1000000"],
        ),
        (
            "count: 12",
            "count: 12, first: -1",
            &["seeds.first", "-1", "0 or more"],
        ),
        (
            "  gemms: 6",
            "  colour: red",
            &["grid", "colour", "threshold_bit"],
        ),
        ("gemms: 6", "gemms: 85", &["grid.gemms", "85", "1..=84"]),
        ("[1.0e-6, 1.0e-5]", "[2.0]", &["grid.ber", "2", "0..=1"]),
        (
            "[1.0e-6, 1.0e-5]",
            "[]",
            &["grid.ber", "[]", "at least one"],
        ),
        (
            "threshold_bit: [0, 8]",
            "threshold_bit: [8, 8]",
            &["threshold_bit", "8 twice"],
        ),
        ("[0, 31]]", "[9, 3]]", &["grid.bits", "[9, 3]"]),
        (
            "config: [tiny]",
            "config: [nowhere]",
            &["grid.config", "nowhere", "default"],
        ),
    ];
    for (from, to, parts) in cases {
        let spec = SPEC.replace(from, to);
        assert_ne!(spec, SPEC, "{from}");
        std::fs::write(folder.path().join("bad.yaml"), spec).expect("written");
        refused(
            folder.path(),
            &["campaign", "bad.yaml"],
            &[parts, &["bad.yaml"]].concat(),
        );
    }
    let stops: [(&str, &[&str]); 4] = [
        (
            "quantity: joy, half_width: 1",
            &["stop.quantity", "joy", "located"],
        ),
        (
            "quantity: error, half_width: 0",
            &["stop.half_width", "above 0"],
        ),
        (
            "quantity: error, half_width: 1, confidence: 1",
            &["stop.confidence"],
        ),
        (
            "quantity: error, half_width: 1, least: 1",
            &["stop.least", "2..=12"],
        ),
    ];
    for (stop, parts) in stops {
        let spec = format!("{SPEC}stop: {{{stop}}}\n");
        std::fs::write(folder.path().join("bad.yaml"), spec).expect("written");
        refused(
            folder.path(),
            &["campaign", "bad.yaml"],
            &[parts, &["bad.yaml"]].concat(),
        );
    }
    std::fs::write(folder.path().join("s.yaml"), SPEC).expect("written");
    for shard in ["0/2", "3/2", "1", "a/b"] {
        refused(
            folder.path(),
            &["campaign", "s.yaml", "--shard", shard],
            &["shard", shard],
        );
    }
    assert!(!folder.path().join("records").exists());
}
