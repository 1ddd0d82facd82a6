//! Parsing, filtering and counting, without any tool.

use super::elaborate::check_name;
use super::filelist::Filelist;
use super::lint::{diagnostics, is_memory_note};
use super::*;

#[test]
fn filelists_may_have_options_and_comments() {
    let list = Filelist::parse(
        "// generated\n+incdir+.+inc\n\na.sv // first\n  b.sv\n-Wno-lint\n+define+X\n",
    );
    assert_eq!(list.files, ["a.sv", "b.sv"]);
    assert_eq!(list.include, [".", "inc"]);
}

#[test]
fn filelists_that_name_nothing_or_missing_files_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let error = |text: Option<&str>| {
        if let Some(text) = text {
            std::fs::write(directory.path().join("drift.f"), text).unwrap();
        }
        Filelist::read(directory.path()).unwrap_err().to_string()
    };
    assert!(error(None).contains("drift.f: cannot be read"));
    assert!(error(Some("// nothing\n")).contains("no source file"));
    assert!(error(Some("gone.sv\n")).contains("gone.sv is not in the directory"));
}

#[test]
fn only_the_memory_note_is_filtered() {
    let note = r"Warning: Replacing memory \x with list of registers. See a.sv:4";
    assert!(is_memory_note(note));
    assert!(!is_memory_note(
        r"Warning: Wire a.\y is used but has no driver."
    ));
    assert!(!is_memory_note(
        "Warning: Replacing memory with something else"
    ));
}

#[test]
fn diagnostics_are_sorted() {
    let text =
        "%Warning-UNUSED: a.sv:1:2: x\n   1 | wire x;\n%Error: Exiting due to 1 warning(s)\n";
    let (warnings, errors) = diagnostics(text, "%Warning", "%Error");
    assert_eq!(warnings, ["%Warning-UNUSED: a.sv:1:2: x"]);
    assert_eq!(errors.len(), 1);
}

#[test]
fn module_names_cannot_smuggle_commands() {
    assert!(check_name("drift_top").is_ok());
    for name in ["", "1a", "a b", "a;exec", "a\nb"] {
        assert!(check_name(name).is_err(), "{name}");
    }
}

const STAT: &str = r#"{ "creator": "Yosys 0.23", "modules": {
  "\\top": { "num_memory_bits": 0, "num_cells": 7, "num_cells_by_type": {
    "$_NAND_": 2, "$paramod\\row\\N=s32'100": 3, "$paramod$ab12\\row": 1 } },
  "$paramod\\row\\N=s32'100": { "num_memory_bits": 64, "num_cells_by_type": {
    "$memrd_v2": 1, "$_DFF_P_": 8, "pe": 4 } },
  "$paramod$ab12\\row": { "num_memory_bits": 0, "num_cells_by_type": { "$_XOR_": 1 } },
  "\\pe": { "num_memory_bits": 0, "num_cells_by_type": {
    "$_AND_": 10, "$_DFFE_PN0P_": 5, "$_DLATCH_P_": 1 } }
}, "design": {} }"#;

#[test]
fn statistics_are_multiplied_through_the_hierarchy() {
    let design =
        DesignArea::from_stat(&format!("header\n{STAT}\nEnd of script."), "top", None).unwrap();
    assert_eq!(design.total.gates, 2 + 3 * 4 * 10 + 1);
    assert_eq!(design.total.flip_flops, 3 * (8 + 4 * 5));
    assert_eq!(design.total.latches, 12);
    assert_eq!(design.total.memory_bits, 3 * 64);
    let instances: Vec<(&str, u64)> = design
        .modules
        .iter()
        .map(|m| (m.name.as_str(), m.instances))
        .collect();
    assert_eq!(
        instances,
        [("top", 1), ("pe", 12), ("row#2", 3), ("row", 1)]
    );
    let by_hand = 2.0 + 12.0 * (13.3 + 5.0 * 8.33 + 3.0) + 24.0 * 5.33 + 2.33;
    assert!((design.total.area() - by_hand).abs() < 1e-6);
    assert!(DesignArea::from_stat(STAT, "other", None).is_err());
    assert!(DesignArea::from_stat("nothing", "top", None).is_err());
}

#[test]
fn tables_add_up_and_overheads_are_ratios() {
    let design = DesignArea::from_stat(STAT, "top", None).unwrap();
    let smaller = STAT.replace("\"pe\": 4", "\"pe\": 2");
    let baseline = DesignArea::from_stat(&smaller, "top", None).unwrap();
    let report = AreaReport {
        yosys: "0.23".to_owned(),
        design,
        baseline: Some(baseline),
        seconds: 0.0,
    };
    let rows = report.table();
    let sum = rows.iter().fold(Counts::default(), |sum, r| sum + r.all);
    assert_eq!(sum, report.design.total);
    assert!((rows.iter().map(|r| r.share).sum::<f64>() - 1.0).abs() < 1e-9);
    let overhead = report.overhead().unwrap();
    assert_eq!(overhead.gates, Some(123.0 / 63.0 - 1.0));
    assert_eq!(overhead.memory_bits, Some(0.0));
}

#[test]
fn overheads_add_up_part_by_part() {
    let stat = r#"{ "modules": {
      "\\drift_top": { "num_cells_by_type": { "drift_tile_engine": 1, "drift_recovery": 1,
        "drift_error_monitor": 1, "drift_dvfs": 1, "drift_registers": 1 } },
      "\\drift_tile_engine": { "num_cells_by_type": { "pe": 6 } },
      "\\pe": { "num_cells_by_type": { "$_NAND_": 10 } },
      "\\drift_recovery": { "num_cells_by_type": { "$_NAND_": 7 } },
      "\\drift_error_monitor": { "num_cells_by_type": { "$_NAND_": 3 } },
      "\\drift_dvfs": { "num_cells_by_type": { "$_NAND_": 4 } },
      "\\drift_registers": { "num_cells_by_type": { "$_NAND_": 20 } } } }"#;
    let accelerator = DesignArea::from_stat(stat, "drift_top", None).unwrap();
    let plain = stat.replace("\"pe\": 6", "\"pe\": 4");
    let plain = DesignArea::from_stat(&plain, "drift_tile_engine", None).unwrap();
    let protection = Protection::of(&accelerator, &plain);
    assert_eq!(protection.plain.gates, 40);
    let found = protection.overheads(|counts| counts.gates);
    let expected = [0.5, 0.75, 0.85, 1.35];
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }
}

#[test]
fn a_module_of_two_designs_counts_as_in_one() {
    let design = DesignArea::from_stat(STAT, "top", None).unwrap();
    let other = STAT.replace("\"$_AND_\": 10", "\"$_AND_\": 9");
    let other = DesignArea::from_stat(&other, "top", None).unwrap();
    assert_ne!(other.total, design.total);
    let alike = other.with_module_of("pe", &design);
    assert_eq!(alike.total, design.total);
    for module in &alike.modules {
        let same = design.modules.iter().find(|m| m.name == module.name);
        assert_eq!(Some(module), same);
    }
}
