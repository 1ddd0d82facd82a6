//! Bad input at the command line: exit status 2, a message that names what is
//! wrong and what is allowed, and nothing half-written.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

const GOOD: &str = "rows: 4\ncolumns: 4\ntile_rows: 8\nthreshold_bit: 8\n";

/// Runs `drift` in `folder` without any tool on PATH; bad input is found before
/// a tool is needed.
fn drift(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_drift"))
        .current_dir(folder)
        .env("PATH", folder)
        .env("DRIFT_CACHE_DIR", folder.join("cache"))
        .env_remove("CXX")
        .args(args)
        .output()
        .unwrap()
}

#[track_caller]
fn refused(folder: &Path, args: &[&str], parts: &[&str]) {
    let output = drift(folder, args);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {message}");
    for part in parts {
        assert!(
            message.contains(part),
            "{args:?}: {message:?} lacks {part:?}"
        );
    }
    assert!(!message.contains("panicked"), "{message}");
}

/// Refused with a message that says `cause` exactly once.
#[track_caller]
fn refused_once(folder: &Path, args: &[&str], cause: &str) {
    refused(folder, args, &[cause]);
    let message = String::from_utf8(drift(folder, args).stderr).unwrap();
    assert_eq!(message.matches(cause).count(), 1, "{args:?}: {message}");
}

fn folder_with(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

#[test]
fn configurations() {
    let edit = |key: &str, value: &str| -> String {
        GOOD.lines()
            .filter(|line| !line.starts_with(&format!("{key}:")))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
            + &format!("{key}: {value}\n")
    };
    let cases: [(String, &[&str]); 15] = [
        (edit("rows", "1"), &["bad.yaml", "rows", "1", "2..=256"]),
        (edit("rows", "257"), &["rows", "257", "2..=256"]),
        (edit("columns", "-4"), &["columns", "-4", "2..=256"]),
        (edit("columns", "0"), &["columns", "0"]),
        (edit("tile_rows", "1000"), &["tile_rows", "1000"]),
        (
            edit("threshold_bit", "32"),
            &["threshold_bit", "32", "0..=31"],
        ),
        (edit("rows", "four"), &["bad.yaml", "rows"]),
        (edit("rows", "4.5"), &["bad.yaml", "rows"]),
        (edit("dataflow", "is"), &["dataflow", "is", "ws or os"]),
        (
            edit("dataflow", "os"),
            &["tile_rows", "8", "expected 4", "dataflow: os"],
        ),
        (
            edit("checksum_domain", "nominal"),
            &["checksum_domain", "nominal", "protected"],
        ),
        (edit("checksum", "maybe"), &["bad.yaml", "checksum"]),
        (edit("collumns", "4"), &["collumns", "expected"]),
        ("rows: 4\n".to_owned(), &["bad.yaml", "columns"]),
        ("rows: [".to_owned(), &["bad.yaml"]),
    ];
    for (text, parts) in cases {
        let folder = folder_with(&[("bad.yaml", text.as_bytes())]);
        refused(
            folder.path(),
            &["rtl", "--config", "bad.yaml", "--out", "out"],
            parts,
        );
        assert!(!folder.path().join("out").exists(), "nothing half-written");
    }
    let folder = folder_with(&[]);
    refused(
        folder.path(),
        &["rtl", "--config", "huge"],
        &["huge", "tiny", "default"],
    );
}

#[test]
fn workloads() {
    let files: [(&str, &[u8]); 9] = [
        ("empty.csv", b""),
        ("zero.csv", b"a, 4, 0, 4,\n"),
        ("text.csv", b"Layer, M, N, K\na, 4, 4, 4\nb, 4, x, 4\n"),
        ("deep.csv", b"a, 4, 4, 65537,\n"),
        ("short.safetensors", b"\x10\0\0\0\0\0\0\0{\"x.a\""),
        ("tiny.safetensors", b"\x01"),
        ("bad.npy", b"not numpy"),
        ("good.npy", b"\x93NUMPY\x01\x00"),
        ("data.bin", b"1"),
    ];
    let folder = folder_with(&files);
    let cases: [(&str, &[&str]); 10] = [
        ("empty.csv", &["empty.csv"]),
        ("zero.csv", &["zero.csv:1", "0"]),
        ("text.csv", &["text.csv:3", "x"]),
        ("deep.csv", &["deep.csv:1", "65537", "65536"]),
        ("short.safetensors", &["short.safetensors"]),
        ("tiny.safetensors", &["tiny.safetensors"]),
        ("bad.npy,bad.npy", &["bad.npy"]),
        ("good.npy", &["good.npy"]),
        ("data.bin", &["data.bin", "tiny-dit"]),
        ("missing.csv", &["missing.csv"]),
    ];
    for (workload, parts) in cases {
        refused(folder.path(), &["cosim", "--workload", workload], parts);
    }
}

#[test]
fn arguments() {
    let folder = folder_with(&[]);
    let cases: [(&[&str], &[&str]); 14] = [
        (&["--ber", "1.5"], &["--ber", "1.5", "0..=1"]),
        (&["--ber", "-1"], &["-1"]),
        (&["--ber", "NaN"], &["NaN", "0..=1"]),
        (&["--ber", "often"], &["often"]),
        (&["--bits", "32", "--ber", "0"], &["--bits", "32", "0..31"]),
        (&["--bits", "7..3", "--ber", "0"], &["7..3"]),
        (&["--register", "carry", "--ber", "0"], &["carry", "psum"]),
        (&["--threshold-bit", "32"], &["32", "0..=31"]),
        (&["--tiles", "0"], &["--tiles"]),
        (&["--stall", "91"], &["91", "0..=90"]),
        (&["--gemm", "nowhere"], &["nowhere", "0..=83"]),
        (&["--ber", "0", "--upsets", "1"], &["--ber", "--upsets"]),
        (&["--wave", "w.fst"], &["--wave", "--gemm"]),
        (
            &["--wave", "w.fst", "--gemm", "0", "--wave-tiles", "3..1"],
            &["3..1", "A <= B"],
        ),
    ];
    for (args, parts) in cases {
        refused(folder.path(), &[&["cosim"], args].concat(), parts);
    }
    refused(folder.path(), &["faults", "--out", "f"], &["--ber"]);
    refused(folder.path(), &["frobnicate"], &["frobnicate"]);
}

#[test]
fn arguments_of_the_accelerator() {
    let folder = folder_with(&[("bad.yaml", b"clock_mhz: 0")]);
    let cases: [(&[&str], &[&str]); 15] = [
        (&["--steps", "0"], &["--steps", "0"]),
        (&["--interval", "65536"], &["65536", "1..=65535"]),
        (&["--layout", "zigzag"], &["zigzag", "tile", "row-major"]),
        (&["--dram", "nowhere"], &["nowhere", "ddr4-3200-x16"]),
        (&["--dram", "bad.yaml"], &["bad.yaml"]),
        (&["--dram", "1000001"], &["1000001", "0..=1000000"]),
        (
            &["--dram-trace", "f:tar"],
            &["\"tar\"", "ramulator2", "dramsim3"],
        ),
        (&["--dram-trace", "no/such/f"], &["no/such/f"]),
        (
            &["--dram-trace", "f", "--dram", "10"],
            &["--dram-trace", "fixed latency"],
        ),
        (&["--protect", "maybe"], &["maybe", "on", "off"]),
        (&["--no-checkpoint", "drop"], &["drop", "keep", "recompute"]),
        (&["--point", "8"], &["8", "0..=7"]),
        (&["--gemm", "0.z"], &["0.z", "0..=27"]),
        (
            &["--wave", "w.fst", "--wave-gemm", "1.0.q"],
            &["1.0.q", "0.0.fc1"],
        ),
        (
            &["--wave", "w.fst", "--wave-tiles", "0..1"],
            &["--wave-tiles", "--accelerator"],
        ),
    ];
    for (args, parts) in cases {
        let all = [&["cosim", "--accelerator"], args].concat();
        refused(folder.path(), &all, parts);
    }
    for option in ["--steps", "--interval", "--point"] {
        refused(folder.path(), &["cosim", option, "2"], &["--accelerator"]);
    }
    refused(
        folder.path(),
        &["cosim", "--accelerator", "--wave-gemm", "0.0.q"],
        &["--wave"],
    );
    let rows: String = (0..257).map(|i| format!("l{i}, 4, 4, 4\n")).collect();
    std::fs::write(folder.path().join("many.csv"), rows).unwrap();
    let many = ["cosim", "--accelerator", "--workload", "many.csv"];
    refused(folder.path(), &many, &["257 layers", "256"]);
    for (args, parts) in [
        (["--configs", "huge"], ["huge", "tiny"]),
        (["--every", "0"], ["--every", "0"]),
        (["--dram", "20"], ["20", "ddr4-3200-x16"]),
    ] {
        refused(folder.path(), &[&["repack"], &args[..]].concat(), &parts);
    }
}

#[test]
fn fault_lists() {
    let folder = folder_with(&[("tiny.yaml", GOOD.as_bytes()), ("none.jsonl", b"")]);
    let make: &[&str] = &[
        "faults",
        "--config",
        "tiny.yaml",
        "--upsets",
        "1",
        "--out",
        "list.jsonl",
    ];
    assert!(drift(folder.path(), make).status.success());
    let replay = |config: &str, workload: &str, list: &str, parts: &[&str]| {
        let args = [
            "cosim",
            "--config",
            config,
            "--workload",
            workload,
            "--fault-list",
            list,
        ];
        refused(folder.path(), &args, parts);
    };
    // Of another configuration, of another workload, absent, empty, cut, and outside the array.
    replay(
        "default",
        "tiny-dit",
        "list.jsonl",
        &["list.jsonl:1", "configuration", "again"],
    );
    std::fs::write(folder.path().join("other.csv"), "a, 4, 4, 4\n").unwrap();
    replay(
        "tiny.yaml",
        "other.csv",
        "list.jsonl",
        &["list.jsonl:1", "workload"],
    );
    replay("tiny.yaml", "tiny-dit", "gone.jsonl", &["gone.jsonl"]);
    replay(
        "tiny.yaml",
        "tiny-dit",
        "none.jsonl",
        &["none.jsonl:1", "empty"],
    );
    let text = std::fs::read_to_string(folder.path().join("list.jsonl")).unwrap();
    std::fs::write(folder.path().join("cut.jsonl"), &text[..text.len() - 20]).unwrap();
    let lines = text.lines().count().to_string();
    replay(
        "tiny.yaml",
        "tiny-dit",
        "cut.jsonl",
        &[&format!("cut.jsonl:{lines}"), "expected"],
    );
    let header = text.lines().next().unwrap();
    let outside = r#"{"gemm":0,"tile":0,"pass":0,"row":0,"pe":[4,0],"register":"psum","xor":1}"#;
    std::fs::write(
        folder.path().join("out.jsonl"),
        format!("{header}\n{outside}\n"),
    )
    .unwrap();
    replay(
        "tiny.yaml",
        "tiny-dit",
        "out.jsonl",
        &["out.jsonl:2", "[4, 0]", "0..=3"],
    );
    let stuck = r#"{"pe":[0,1],"register":"weight","stuck_mask":128,"stuck_value":0}"#;
    std::fs::write(
        folder.path().join("stuck.jsonl"),
        format!("{header}\n{stuck}\n"),
    )
    .unwrap();
    let accelerator = ["cosim", "--accelerator", "--config", "tiny.yaml"];
    refused(
        folder.path(),
        &[&accelerator[..], &["--fault-list", "stuck.jsonl"]].concat(),
        &["--fault-list", "stuck-at"],
    );
}

#[test]
fn tools_and_folders() {
    let folder = folder_with(&[("file", b"x")]);
    // No compiler, no Python and no Verilator on PATH.
    refused(folder.path(), &["cosim", "--config", "tiny"], &["install"]);
    let output = Command::new(env!("CARGO_BIN_EXE_drift"))
        .current_dir(folder.path())
        .env("DRIFT_CACHE_DIR", folder.path().join("file/below"))
        .args(["cosim", "--config", "tiny"])
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("DRIFT_CACHE_DIR"), "{message}");
    refused(
        folder.path(),
        &["rtl", "--out", "file/below"],
        &["file/below", "--out"],
    );
    let list: PathBuf = folder.path().join("no/such/list.jsonl");
    refused(
        folder.path(),
        &["faults", "--upsets", "1", "--out", list.to_str().unwrap()],
        &["list.jsonl"],
    );
}

#[test]
fn causes_are_said_once() {
    let folder = folder_with(&[("file", b"x")]);
    // The error's own text ends with its cause.
    let missing = ["cosim", "--workload", "missing.csv"];
    refused_once(folder.path(), &missing, "No such file or directory");
    // Its text goes on after the cause, with advice.
    let below = ["rtl", "--out", "file/below"];
    refused_once(folder.path(), &below, "Not a directory");
    // Its text lacks the cause.
    let plots = ["plot", "sky130-ss-n40c", "--out", "file/below"];
    refused_once(folder.path(), &plots, "Not a directory");
}

#[test]
fn liberty_files() {
    let small = include_str!("data/timing/small.lib");
    let edit = |from: &str, to: &str| {
        assert!(small.contains(from), "{from}");
        small.replace(from, to).into_bytes()
    };
    let half = &small.as_bytes()[..small.len() / 2];
    let folder = folder_with(&[
        ("small.lib", small.as_bytes()),
        ("half.lib", half),
        ("other.lib", b"entity library is end;"),
        ("latches.lib", &edit("ff (IQ, IQN)", "latch (IQ, IQN)")),
        ("no-inverter.lib", &edit("\"I'\"", "\"I\"")),
        ("large.lib", &edit("area : 0.7;", "area : 1e9;")),
        ("negative.lib", &edit("area : 0.7;", "area : -0.7;")),
        ("packed.lib.gz", &[0x1f, 0x8b, 8, 0, 1, 2, 3]),
    ]);
    let cases: [(&str, &[&str]); 10] = [
        ("none.lib", &["none.lib", "No such file"]),
        ("half.lib", &["half.lib:", "expected `}`"]),
        ("other.lib", &["other.lib:1", "`entity`", "expected"]),
        (
            "latches.lib",
            &["latches.lib", "library small", "no flip-flop"],
        ),
        (
            "no-inverter.lib",
            &["no-inverter.lib", "library small", "no inverter"],
        ),
        (
            "large.lib",
            &["large.lib", "cell NAND2", "1000000000", "0..=100000"],
        ),
        ("negative.lib", &["negative.lib", "cell NAND2", "-0.7"]),
        ("packed.lib.gz", &["packed.lib.gz"]),
        (
            "small.lib+small.lib",
            &["small.lib", "cell BUF", "each cell once"],
        ),
        ("small.lib+none.lib", &["none.lib", "No such file"]),
    ];
    for (file, parts) in cases {
        refused(folder.path(), &["area", "--liberty", file], parts);
        refused(
            folder.path(),
            &["area", "--sweep", "8", "--liberty", file],
            parts,
        );
    }
    for (sizes, part) in [
        ("1", "2..=256"),
        ("257", "2..=256"),
        ("8,x", "invalid digit"),
    ] {
        let args = ["area", "--liberty", "small.lib", "--sweep", sizes];
        refused(folder.path(), &args, &["--sweep", part]);
    }
}
