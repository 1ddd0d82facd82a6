//! The keys of a device file exactly as written, before validation.

use serde::Deserialize;

/// A device file's keys. Integers are wide and signed so that an out-of-range
/// value reaches the validation, which can say what is allowed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDevice {
    pub accelerator_mhz: i64,
    pub clock_mhz: i64,
    pub devices: i64,
    pub bank_groups: i64,
    pub banks_per_group: i64,
    pub rows: i64,
    pub row_bytes: i64,
    pub bus_bytes: i64,
    pub burst_length: i64,
    pub timing: RawTiming,
    pub power: RawPower,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTiming {
    pub t_cl: i64,
    pub t_cwl: i64,
    pub t_rcd: i64,
    pub t_rp: i64,
    pub t_ras: i64,
    pub t_rc: i64,
    pub t_ccd_s: i64,
    pub t_ccd_l: i64,
    pub t_rrd_s: i64,
    pub t_rrd_l: i64,
    pub t_faw: i64,
    pub t_wr: i64,
    pub t_rtp: i64,
    pub t_wtr_s: i64,
    pub t_wtr_l: i64,
    pub t_turn: i64,
    pub t_rfc: i64,
    pub t_refi: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPower {
    pub vdd: f64,
    pub idd0: f64,
    pub idd2n: f64,
    pub idd3n: f64,
    pub idd4r: f64,
    pub idd4w: f64,
    pub idd5b: f64,
    pub vpp: f64,
    pub ipp0: f64,
    pub ipp3n: f64,
    pub ipp5b: f64,
}
