//! What is committed or documented must be what the program makes today; a
//! failure names the command that brings it up to date.

use std::path::Path;
use std::process::Command;

fn drift(args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_drift"))
        .args(args)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {stderr}");
}

#[test]
fn committed_rtl_of_the_tiny_array_is_up_to_date() {
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expected/tiny");
    let fresh = tempfile::tempdir().unwrap();
    drift(&[
        "rtl",
        "--config",
        "tiny",
        "--out",
        fresh.path().to_str().unwrap(),
    ]);
    let names = |folder: &Path| -> Vec<_> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let update = "run `make expected` and commit tests/expected/";
    assert_eq!(names(&expected), names(fresh.path()), "{update}");
    for name in names(&expected) {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(&name)).unwrap();
        assert!(
            read(&expected) == read(fresh.path()),
            "{name:?} differs; {update}"
        );
    }
}

#[test]
fn the_page_of_the_registers_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/registers.md");
    let committed = std::fs::read_to_string(page).unwrap_or_default();
    assert!(
        committed == drift::registers::markdown(),
        "docs/registers.md differs from the register table; run `make expected` and commit it"
    );
}

#[test]
fn the_picture_of_a_rollback_is_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let (fst, svg) = (folder.path().join("x.fst"), folder.path().join("x.svg"));
    let [out, picture] = [&fst, &svg].map(|path| path.to_str().unwrap());
    drift(&["waves", "--out", out, "--svg", picture]);
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rollback.svg");
    assert!(
        std::fs::read(committed).unwrap_or_default() == std::fs::read(svg).unwrap(),
        "docs/rollback.svg differs from the recorded rollback; run `make expected` and commit it"
    );
    assert!(std::fs::metadata(fst).unwrap().len() < 10_000);
}

#[test]
fn readme_shows_the_numbers_of_the_main_job() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("record.json");
    drift(&["cosim", "--ber", "1e-7", "--json", file.to_str().unwrap()]);
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let readme = include_str!("../README.md");
    let excerpt = readme.split_once("<!-- excerpt: make -->").unwrap().1;
    for (name, group, key) in [
        ("faults injected", "fault_counts", "injected"),
        (
            "checksums only (outputs right)",
            "fault_counts",
            "checksum_only",
        ),
        ("detected", "fault_counts", "detected"),
        (
            "outputs wrong by >= 2^theta",
            "fault_counts",
            "above_threshold",
        ),
        ("located", "fault_counts", "located"),
        ("missed", "fault_counts", "missed"),
        ("flagged rows", "counters", "flagged_rows"),
        ("flagged columns", "counters", "flagged_columns"),
        ("masked elements", "counters", "masked"),
        ("unlocated lines", "counters", "unlocated"),
    ] {
        let line = excerpt
            .lines()
            .find_map(|line| line.trim().strip_prefix(name))
            .unwrap_or_else(|| panic!("README.md lacks a line {name:?}"));
        let shown = line.split_whitespace().next().unwrap_or_default();
        let measured = record[group][key].to_string();
        assert_eq!(
            shown, measured,
            "README.md, {name:?}: run `make` and copy its numbers"
        );
    }
}

#[test]
fn readme_names_every_configuration_key_and_shipped_name() {
    let readme = include_str!("../README.md");
    for (name, text) in drift::config::SHIPPED {
        assert!(
            readme.contains(&format!("`{name}`")),
            "README.md lacks {name}"
        );
        for key in text.lines().filter_map(|line| line.split_once(':')) {
            if !key.0.starts_with('#') {
                assert!(
                    readme.contains(&format!("`{}`", key.0)),
                    "README.md lacks {}",
                    key.0
                );
            }
        }
    }
}

#[test]
fn readme_shows_the_steps_of_the_accelerator() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("record.json");
    let out = file.to_str().unwrap();
    drift(&["cosim", "--accelerator", "--ber", "1e-7", "--json", out]);
    let record: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let readme = include_str!("../README.md");
    let marker = "<!-- excerpt: make accelerator -->\n";
    let excerpt = readme.split_once(marker).unwrap().1;
    for (line, step) in excerpt
        .lines()
        .skip(2)
        .zip(record["steps"].as_array().unwrap())
    {
        let shown: Vec<&str> = line.split_whitespace().collect();
        let measured = [
            "step",
            "gemms",
            "tiles",
            "flagged",
            "rolled_back",
            "restored",
            "recomputed",
            "kept",
            "checkpoints",
            "recovery_cycles",
            "stall_cycles",
            "late_cycles",
            "cycles",
        ]
        .map(|key| step[key].to_string());
        assert_eq!(
            shown, measured,
            "README.md: run `make accelerator` and copy its table"
        );
    }
}
