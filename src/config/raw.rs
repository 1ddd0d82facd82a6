//! The keys of a configuration file exactly as written, before validation.

use serde::Deserialize;

/// A configuration file's keys. Integers are wide and signed so that an
/// out-of-range value reaches the validation, which can say what is allowed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawConfig {
    pub rows: i64,
    pub columns: i64,
    pub tile_rows: i64,
    #[serde(default = "default_dataflow")]
    pub dataflow: String,
    pub threshold_bit: i64,
    #[serde(default = "default_checksum")]
    pub checksum: bool,
    #[serde(default = "default_domain")]
    pub checksum_domain: String,
    #[serde(default = "default_memory_bytes")]
    pub memory_bytes: i64,
    pub operating_points: Option<Vec<RawPoint>>,
    pub schedule: Option<Vec<Vec<i64>>>,
    #[serde(default = "default_interval")]
    pub checkpoint_interval: i64,
}

/// An operating point in physical units.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPoint {
    pub voltage_mv: i64,
    pub frequency_mhz: i64,
    pub settle_cycles: i64,
}

fn default_dataflow() -> String {
    "ws".to_owned()
}

fn default_checksum() -> bool {
    true
}

fn default_domain() -> String {
    "shared".to_owned()
}

fn default_memory_bytes() -> i64 {
    16
}

fn default_interval() -> i64 {
    10
}
