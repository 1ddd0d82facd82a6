//! `drift energy` as a user types it.

use std::path::Path;
use std::process::{Command, Output};

const LIST: &str = "\
layer_name,block_index,kind,M,N,K,count
pos_embed.proj,-1,linear,64,128,48,1
transformer_blocks.0.attn1.to_q,0,linear,64,128,128,1
transformer_blocks.0.attn1.qk,0,attn_qk_self,64,64,32,4
transformer_blocks.1.ff.net.2,1,linear,64,128,512,1
";

fn drift(folder: &Path, args: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_drift"))
        .current_dir(folder)
        .args(args.split_whitespace())
        .output()
        .unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("net.csv"), LIST).unwrap();
    folder
}

#[track_caller]
fn record(folder: &Path, more: &str) -> serde_json::Value {
    let args = format!("energy --shapes net.csv --steps 10 --json r.json {more}");
    let output = drift(folder, &args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args}: {stderr}");
    let text = std::fs::read_to_string(folder.join("r.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn joules(report: &serde_json::Value) -> f64 {
    let parts = report["total"]["energy"].as_object().unwrap();
    parts.values().map(|part| part.as_f64().unwrap()).sum()
}

#[test]
fn the_record_has_the_plain_run_and_the_protected_one() {
    let folder = folder();
    let same = record(folder.path(), "--protection none --schedule uniform");
    assert_eq!(same["nominal"], same["report"]);
    let dmr = record(folder.path(), "--protection dmr");
    assert_eq!(dmr["nominal"], same["nominal"]);
    let ratio = joules(&dmr["report"]) / joules(&dmr["nominal"]);
    assert!(ratio > 1.2 && ratio < 2.0, "{ratio}");
    let low = record(folder.path(), "--voltage 1.4 --protection none");
    assert!(joules(&low["report"]) < joules(&low["nominal"]));
    assert_eq!(low["schema"], "drift-energy-report/2");
    let guided = record(folder.path(), "--guidance --protection none");
    assert_eq!(
        guided["nominal"]["macs"].as_u64().unwrap(),
        2 * low["nominal"]["macs"].as_u64().unwrap()
    );
}

#[test]
fn the_table_is_printed_with_what_is_assumed() {
    let folder = folder();
    let args = "energy --shapes net.csv --config edge --voltage 1.4 --taylorseer 3 --row-major";
    let output = drift(folder.path(), args);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "MACs",
        "DRAM, checkpoints",
        "attn_qk_self",
        "speedup",
        "assumed",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn bad_input_is_refused() {
    let folder = folder();
    for (args, message) in [
        ("--shapes no.csv", "no.csv: cannot be read"),
        ("--shapes net.csv --voltage 0", "--voltage 0 is not allowed"),
        ("--shapes net.csv --voltage 0.2", "0.2 V"),
        (
            "--shapes net.csv --rollbacks 2",
            "--rollbacks 2 is not allowed",
        ),
        (
            "--shapes net.csv --interval 0",
            "--interval 0 is not allowed",
        ),
        ("--shapes net.csv --node 0", "--node 0 is not allowed"),
        ("--shapes net.csv --tech none.yaml", "none.yaml"),
        (
            "--shapes net.csv --constants none.yaml",
            "none.yaml: cannot be read",
        ),
        ("--shapes net.csv --steps 0", "--steps"),
    ] {
        let output = drift(folder.path(), &format!("energy {args}"));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args}: {stderr}");
        assert!(stderr.contains(message), "{args}: {stderr}");
    }
}
