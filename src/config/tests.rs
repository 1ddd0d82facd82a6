//! Validation: every message names key, value and range.

use super::*;
use std::path::Path;

const GOOD: &str = "rows: 4\ncolumns: 5\ntile_rows: 8\nthreshold_bit: 3\n";

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
        ("memory_bytes", "128", "4..=64"),
        ("memory_bytes", "24", "power of two"),
        ("checkpoint_interval", "0", "1..=65535"),
    ] {
        let mut text: String = GOOD
            .lines()
            .filter(|line| !line.starts_with(key))
            .map(|line| format!("{line}\n"))
            .collect();
        text += &format!("{key}: {value}\n");
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
    assert!(error_of(&format!("{GOOD}dataflow: is\n")).contains("expected ws or os"));
    assert!(error_of(&format!("{GOOD}checksum_domain: x\n")).contains("protected"));
    assert!(error_of("").contains("x.yaml"));
}

#[test]
fn an_output_stationary_tile_has_the_rows_of_the_array() {
    let message = error_of(&format!("{GOOD}dataflow: os\n"));
    for part in ["x.yaml", "tile_rows: 8", "expected 4", "dataflow: os"] {
        assert!(message.contains(part), "{message} lacks {part}");
    }
    let text = GOOD.replace("tile_rows: 8", "tile_rows: 4") + "dataflow: os\n";
    let mut config = ArrayConfig::from_yaml(&text, Path::new("x")).unwrap();
    assert_eq!((config.pe_rows(), config.lanes()), (6, 7));
    assert_eq!(config.faulty_pes(), (6, 7));
    config.checksum_domain = ChecksumDomain::Protected;
    assert_eq!(config.faulty_pes(), (4, 5));
}

#[test]
fn hash_ignores_run_time_values_only() {
    let base = ArrayConfig::from_yaml(GOOD, Path::new("x")).unwrap();
    let mut other = base.clone();
    other.threshold_bit = 9;
    other.run.points[3].voltage_code = 1;
    other.run.schedule[1][2] = 3;
    other.run.checkpoint_interval = 4;
    assert_eq!(base.hash(), other.hash());
    other.memory_bytes = 32;
    assert_ne!(base.hash(), other.hash());
    let mut other = base.clone();
    other.tile_rows = 9;
    assert_ne!(base.hash(), other.hash());
}

#[test]
fn operating_points_and_schedule_are_resolved() {
    let base = ArrayConfig::from_yaml(GOOD, Path::new("x")).unwrap();
    assert_eq!(base.memory_bytes, 16);
    assert_eq!(base.run, RunDefaults::default());
    assert_eq!(base.run.points[0].millivolt(), 800);
    assert_eq!(base.run.points[0].megahertz(), 1000);
    let text = format!(
        "{GOOD}operating_points:\n\
         - {{voltage_mv: 900, frequency_mhz: 1200, settle_cycles: 7}}\n\
         - {{voltage_mv: 405, frequency_mhz: 10, settle_cycles: 65535}}\n\
         schedule: [[0, 1, 2, 3], [4, 5, 6, 7], [0, 0, 0, 0], [7, 7, 7, 7]]\n\
         checkpoint_interval: 3\nmemory_bytes: 64\n"
    );
    let config = ArrayConfig::from_yaml(&text, Path::new("x")).unwrap();
    let points = config.run.points;
    assert_eq!(points[0].word(), 7 << 16 | 120 << 8 | 100);
    assert_eq!(points[1].word(), 0xffff_0101);
    // Those that are not given are nominal.
    assert!(points[2..].iter().all(|point| *point == points[0]));
    assert_eq!(config.run.schedule[1], [4, 5, 6, 7]);
    assert_eq!(config.run.checkpoint_interval, 3);
    assert_eq!(config.memory_bytes, 64);
}

#[test]
fn wrong_operating_points_and_schedules_are_refused() {
    let point = |mv, mhz, settle| {
        let keys = format!("voltage_mv: {mv}, frequency_mhz: {mhz}, settle_cycles: {settle}");
        error_of(&format!("{GOOD}operating_points: [{{{keys}}}]\n"))
    };
    assert!(point(395, 1000, 1).contains("400..=1675"));
    assert!(point(800, 2560, 1).contains("10..=2550"));
    assert!(point(800, 1000, 65_536).contains("0..=65535"));
    assert!(point(801, 1000, 1).contains("multiple of 5 mV"));
    assert!(error_of(&format!("{GOOD}operating_points: []\n")).contains("1..=8"));
    assert!(error_of(&format!("{GOOD}schedule: [[0, 0, 0, 0]]\n")).contains("4 lists"));
    let rows = "[[0, 0, 0, 0], [0, 0, 0, 8], [0, 0, 0, 0], [0, 0, 0, 0]]";
    assert!(error_of(&format!("{GOOD}schedule: {rows}\n")).contains("0..=7"));
}
