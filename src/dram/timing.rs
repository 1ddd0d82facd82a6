//! The timing constraints of a device.

use super::device::Check;
use super::raw::RawTiming;
use crate::input::InputError;

/// Least distances between commands, in DRAM clock cycles. `_s` holds between
/// different bank groups, `_l` within one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// READ to its first data.
    pub t_cl: u64,
    /// WRITE to its first data.
    pub t_cwl: u64,
    /// ACTIVATE to READ or WRITE.
    pub t_rcd: u64,
    /// PRECHARGE to ACTIVATE or REFRESH.
    pub t_rp: u64,
    /// ACTIVATE to PRECHARGE.
    pub t_ras: u64,
    /// ACTIVATE to ACTIVATE of the same bank.
    pub t_rc: u64,
    /// READ to READ, WRITE to WRITE.
    pub t_ccd_s: u64,
    /// READ to READ, WRITE to WRITE.
    pub t_ccd_l: u64,
    /// ACTIVATE to ACTIVATE of another bank.
    pub t_rrd_s: u64,
    /// ACTIVATE to ACTIVATE of another bank.
    pub t_rrd_l: u64,
    /// Window that holds at most four ACTIVATEs.
    pub t_faw: u64,
    /// End of write data to PRECHARGE.
    pub t_wr: u64,
    /// READ to PRECHARGE.
    pub t_rtp: u64,
    /// End of write data to READ.
    pub t_wtr_s: u64,
    /// End of write data to READ.
    pub t_wtr_l: u64,
    /// Idle cycles of the data bus between read data and write data.
    pub t_turn: u64,
    /// REFRESH to ACTIVATE or REFRESH.
    pub t_rfc: u64,
    /// Mean interval of REFRESHes.
    pub t_refi: u64,
    /// Cycles that the data of a burst take: half the burst length.
    pub t_burst: u64,
}

impl Timing {
    pub(super) fn from_raw(
        raw: &RawTiming,
        t_burst: u64,
        check: &Check,
    ) -> Result<Self, InputError> {
        let cycles = |key, value| check.within(key, value, 1, 100_000);
        // A distance that cannot be below another one; both are named.
        let least = |key, value: i64, other: &str, low: u64| {
            let value_ok = cycles(key, value)?;
            if value_ok < low {
                let allowed = format!("expected at least {other} = {low}");
                return Err(check.bad(key, value, allowed));
            }
            Ok(value_ok)
        };
        let t_ras = cycles("timing.t_ras", raw.t_ras)?;
        let t_rp = cycles("timing.t_rp", raw.t_rp)?;
        let t_ccd_s = least("timing.t_ccd_s", raw.t_ccd_s, "burst_length / 2", t_burst)?;
        let t_rrd_s = cycles("timing.t_rrd_s", raw.t_rrd_s)?;
        let t_wtr_s = cycles("timing.t_wtr_s", raw.t_wtr_s)?;
        let t_rfc = cycles("timing.t_rfc", raw.t_rfc)?;
        // A refresh and a row cycle fit between two refreshes, or no request is ever served.
        let t_rc = least("timing.t_rc", raw.t_rc, "t_ras + t_rp", t_ras + t_rp)?;
        Ok(Self {
            t_cl: cycles("timing.t_cl", raw.t_cl)?,
            t_cwl: cycles("timing.t_cwl", raw.t_cwl)?,
            t_rcd: cycles("timing.t_rcd", raw.t_rcd)?,
            t_rp,
            t_ras,
            t_rc,
            t_ccd_s,
            t_ccd_l: least("timing.t_ccd_l", raw.t_ccd_l, "t_ccd_s", t_ccd_s)?,
            t_rrd_s,
            t_rrd_l: least("timing.t_rrd_l", raw.t_rrd_l, "t_rrd_s", t_rrd_s)?,
            t_faw: cycles("timing.t_faw", raw.t_faw)?,
            t_wr: cycles("timing.t_wr", raw.t_wr)?,
            t_rtp: cycles("timing.t_rtp", raw.t_rtp)?,
            t_wtr_s,
            t_wtr_l: least("timing.t_wtr_l", raw.t_wtr_l, "t_wtr_s", t_wtr_s)?,
            t_turn: check.within("timing.t_turn", raw.t_turn, 0, 100)?,
            t_rfc,
            t_refi: least(
                "timing.t_refi",
                raw.t_refi,
                "t_rfc + 2 t_rc",
                t_rfc + 2 * t_rc,
            )?,
            t_burst,
        })
    }

    /// READ to the end of its data.
    pub(super) fn read_end(&self) -> u64 {
        self.t_cl + self.t_burst
    }

    /// WRITE to the end of its data.
    pub(super) fn write_end(&self) -> u64 {
        self.t_cwl + self.t_burst
    }

    /// READ to the first WRITE whose data leave the bus idle for `t_turn`.
    pub(super) fn read_to_write(&self) -> u64 {
        (self.read_end() + self.t_turn)
            .saturating_sub(self.t_cwl)
            .max(1)
    }
}
