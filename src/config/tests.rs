//! Validation: every message names key, value and range.

use super::*;
use std::path::Path;

const GOOD: &str = "rows: 4\ncolumns: 5\ntile_rows: 8\nthreshold_bit: 3\nmemory_bytes: 8\n";

fn error_of(text: &str) -> String {
    ArrayConfig::from_yaml(text, Path::new("x.yaml"))
        .expect_err("must be refused")
        .to_string()
}

#[test]
fn shipped_configurations_are_valid() {
    for (name, text) in SHIPPED {
        ArrayConfig::from_yaml(text, Path::new(name)).unwrap();
    }
}

#[test]
fn defaults_are_filled_in() {
    let config = ArrayConfig::from_yaml(GOOD, Path::new("x.yaml")).unwrap();
    assert_eq!(config.lanes(), 7);
    assert_eq!(config.pass_rows(), 10);
    assert_eq!(config.checksum_domain, ChecksumDomain::Shared);
}

#[test]
fn out_of_range_names_key_value_and_range() {
    for (key, value, range) in [
        ("rows", "1", "2..=256"),
        ("rows", "257", "2..=256"),
        ("columns", "-3", "2..=256"),
        ("tile_rows", "0", "2..=256"),
        ("threshold_bit", "32", "0..=31"),
        ("memory_bytes", "2", "4..=64"),
        ("memory_bytes", "24", "a power of two"),
    ] {
        let text: String = GOOD
            .lines()
            .map(|line| match line.split_once(':') {
                Some((k, _)) if k == key => format!("{key}: {value}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let message = error_of(&text);
        for part in ["x.yaml", key, value, range] {
            assert!(message.contains(part), "{message} lacks {part}");
        }
    }
}

#[test]
fn unknown_missing_and_mistyped_keys_are_refused() {
    assert!(error_of(&format!("{GOOD}rowz: 4\n")).contains("rowz"));
    assert!(error_of("rows: 4\n").contains("columns"));
    assert!(error_of(&GOOD.replace("rows: 4", "rows: four")).contains("rows"));
    assert!(error_of(&format!("{GOOD}dataflow: is\n")).contains("expected ws"));
    assert!(error_of(&format!("{GOOD}checksum_domain: x\n")).contains("protected"));
    assert!(error_of("").contains("x.yaml"));
}

#[test]
fn hash_ignores_the_run_time_threshold_only() {
    let base = ArrayConfig::from_yaml(GOOD, Path::new("x")).unwrap();
    let mut other = base.clone();
    other.threshold_bit = 9;
    assert_eq!(base.hash(), other.hash());
    other.tile_rows = 9;
    assert_ne!(base.hash(), other.hash());
}
