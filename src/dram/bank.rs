//! One bank: which row is open, and from which cycle on it takes which command.

use super::Timing;

/// A bank. Cycles are DRAM cycles; the constraints between banks stand in `Channel`.
#[derive(Clone, Debug, Default)]
pub(super) struct Bank {
    /// The row that the sense amplifiers hold.
    pub open: Option<u64>,
    /// First cycle for an ACTIVATE.
    pub activate_from: u64,
    /// First cycle for a PRECHARGE.
    pub precharge_from: u64,
    /// First cycle for a READ or WRITE.
    pub column_from: u64,
    /// End of the data of the bank's latest burst.
    pub busy_until: u64,
}

impl Bank {
    pub fn activate(&mut self, cycle: u64, row: u64, timing: &Timing) {
        self.open = Some(row);
        self.activate_from = cycle + timing.t_rc;
        self.precharge_from = cycle + timing.t_ras;
        self.column_from = cycle + timing.t_rcd;
    }

    pub fn precharge(&mut self, cycle: u64, timing: &Timing) {
        self.open = None;
        self.activate_from = self.activate_from.max(cycle + timing.t_rp);
    }

    pub fn read(&mut self, cycle: u64, timing: &Timing) {
        self.precharge_from = self.precharge_from.max(cycle + timing.t_rtp);
    }

    pub fn write(&mut self, cycle: u64, timing: &Timing) {
        let recovered = cycle + timing.write_end() + timing.t_wr;
        self.precharge_from = self.precharge_from.max(recovered);
    }

    pub fn refresh(&mut self, cycle: u64, timing: &Timing) {
        self.activate_from = cycle + timing.t_rfc;
    }
}
