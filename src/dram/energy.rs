//! Energy from a data sheet's currents.
//!
//! The method is that of Micron's technical notes TN-41-01 (DDR3) and TN-40-07
//! (DDR4), in energies instead of average powers; mA · V · ns = pJ. With tCK the
//! period of the DRAM's clock and all times of [`super::Timing`], a chip takes
//!
//! - per ACTIVATE and its PRECHARGE, above standby:
//!   `(IDD0·tRC − IDD3N·tRAS − IDD2N·(tRC − tRAS)) · VDD + (IPP0 − IPP3N)·tRC · VPP`
//! - per READ: `(IDD4R − IDD3N) · BL/2 · tCK · VDD`, per WRITE with IDD4W
//! - per REFRESH: `((IDD5B − IDD2N) · VDD + (IPP5B − IPP3N) · VPP) · tRFC`. The notes
//!   subtract IDD3N and count a refresh as active standby; the sum is the same.
//! - all the time: `IPP3N · VPP`, and `IDD3N · VDD` while a bank is open, else
//!   `IDD2N · VDD`
//!
//! times the number of chips. DRAMsim3 computes activate, read and write in the same
//! way, without VPP. The currents are a data sheet's maxima, so a typical
//! chip takes less. I/O and termination are not included.

use super::device::Check;
use super::raw::RawPower;
use super::{Counts, Device, Timing};
use crate::input::InputError;

/// Supplies (V) and currents (mA) of one chip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Power {
    /// Core supply in V.
    pub vdd: f64,
    /// One bank ACTIVATE and PRECHARGE, every tRC.
    pub idd0: f64,
    /// Standby with all banks precharged.
    pub idd2n: f64,
    /// Standby with an active bank.
    pub idd3n: f64,
    /// Reading burst after burst.
    pub idd4r: f64,
    /// Writing burst after burst.
    pub idd4w: f64,
    /// Refreshing every tRFC.
    pub idd5b: f64,
    /// Word-line supply in V; 0 for chips without one.
    pub vpp: f64,
    /// Word-line supply, as IDD0.
    pub ipp0: f64,
    /// Word-line supply in standby.
    pub ipp3n: f64,
    /// Word-line supply, as IDD5B.
    pub ipp5b: f64,
}

impl Power {
    pub(super) fn from_raw(
        raw: &RawPower,
        timing: &Timing,
        check: &Check,
    ) -> Result<Self, InputError> {
        let idd2n = check.at_least("power.idd2n", raw.idd2n, 0.0)?;
        let idd3n = check.at_least("power.idd3n", raw.idd3n, idd2n)?;
        let ipp3n = check.at_least("power.ipp3n", raw.ipp3n, 0.0)?;
        // Below standby an activation would deliver energy.
        let share = timing.t_ras as f64 / timing.t_rc as f64;
        let standby = idd3n * share + idd2n * (1.0 - share);
        Ok(Self {
            vdd: check.at_least("power.vdd", raw.vdd, 0.0)?,
            idd0: check.at_least("power.idd0", raw.idd0, standby)?,
            idd2n,
            idd3n,
            idd4r: check.at_least("power.idd4r", raw.idd4r, idd3n)?,
            idd4w: check.at_least("power.idd4w", raw.idd4w, idd3n)?,
            idd5b: check.at_least("power.idd5b", raw.idd5b, idd3n)?,
            vpp: check.at_least("power.vpp", raw.vpp, 0.0)?,
            ipp0: check.at_least("power.ipp0", raw.ipp0, ipp3n)?,
            ipp3n,
            ipp5b: check.at_least("power.ipp5b", raw.ipp5b, ipp3n)?,
        })
    }
}

/// Energy of the whole channel, in pJ.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Energy {
    /// Opening and closing rows.
    pub activate: f64,
    /// Reading bursts.
    pub read: f64,
    /// Writing bursts.
    pub write: f64,
    /// Standby, for all of the time.
    pub background: f64,
    /// Refreshing.
    pub refresh: f64,
}

impl Energy {
    /// Sum of all parts, in pJ.
    pub fn total(&self) -> f64 {
        self.activate + self.read + self.write + self.background + self.refresh
    }

    /// Energy of what was counted in `cycles` DRAM cycles, in `active` of which a
    /// bank was open.
    pub fn of(device: &Device, counts: &Counts, active: u64, cycles: u64) -> Self {
        let (power, timing) = (&device.power, &device.timing);
        // Chips · ns per DRAM cycle: the rest of every product is in mA · V.
        let unit = device.devices as f64 * 1000.0 / device.clock_mhz as f64;
        let of = |cycles: u64, milliwatt: f64| cycles as f64 * unit * milliwatt;
        let total = counts.total();
        let rest = timing.t_rc - timing.t_ras;
        let activate = of(timing.t_rc, power.idd0 * power.vdd)
            - of(timing.t_ras, power.idd3n * power.vdd)
            - of(rest, power.idd2n * power.vdd)
            + of(timing.t_rc, (power.ipp0 - power.ipp3n) * power.vpp);
        let column = |idd4: f64| of(timing.t_burst, (idd4 - power.idd3n) * power.vdd);
        let refresh =
            (power.idd5b - power.idd2n) * power.vdd + (power.ipp5b - power.ipp3n) * power.vpp;
        Self {
            activate: total.activations as f64 * activate,
            read: total.reads as f64 * column(power.idd4r),
            write: total.writes as f64 * column(power.idd4w),
            background: of(active, power.idd3n * power.vdd)
                + of(cycles - active, power.idd2n * power.vdd)
                + of(cycles, power.ipp3n * power.vpp),
            refresh: counts.refreshes as f64 * of(timing.t_rfc, refresh),
        }
    }
}
