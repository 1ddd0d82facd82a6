//! What the banks share: command bus, data bus, and the current that
//! activations draw.

use super::{Access, Timing};

/// First cycle for a kind of command, in any bank group and in a certain one.
#[derive(Clone, Debug)]
struct Earliest {
    any: u64,
    group: Vec<u64>,
}

impl Earliest {
    fn new(groups: usize) -> Self {
        Self {
            any: 0,
            group: vec![0; groups],
        }
    }

    fn of(&self, group: usize) -> u64 {
        self.any.max(self.group[group])
    }

    /// A command in `group` forbids what comes before `any` elsewhere and before
    /// `same` in its own group.
    fn forbid(&mut self, group: usize, any: u64, same: u64) {
        self.any = self.any.max(any);
        self.group[group] = self.group[group].max(same);
    }
}

/// The constraints between banks. Cycles are DRAM cycles.
#[derive(Clone, Debug)]
pub(super) struct Channel {
    /// First cycle in which the command bus is free.
    pub next_command: u64,
    activate: Earliest,
    read: Earliest,
    write: Earliest,
    /// First cycle for an ACTIVATE after each of the latest four, the oldest first.
    window: [u64; 4],
}

impl Channel {
    pub fn new(bank_groups: usize) -> Self {
        Self {
            next_command: 0,
            activate: Earliest::new(bank_groups),
            read: Earliest::new(bank_groups),
            write: Earliest::new(bank_groups),
            window: [0; 4],
        }
    }

    /// First cycle for an ACTIVATE.
    pub fn activate_from(&self, group: usize) -> u64 {
        self.activate.of(group).max(self.window[0])
    }

    /// First cycle for a READ or WRITE.
    pub fn column_from(&self, access: Access, group: usize) -> u64 {
        match access {
            Access::Read => self.read.of(group),
            Access::Write => self.write.of(group),
        }
    }

    pub fn activated(&mut self, cycle: u64, group: usize, timing: &Timing) {
        let (any, same) = (cycle + timing.t_rrd_s, cycle + timing.t_rrd_l);
        self.activate.forbid(group, any, same);
        self.window.rotate_left(1);
        self.window[3] = cycle + timing.t_faw;
    }

    pub fn column(&mut self, access: Access, cycle: u64, group: usize, timing: &Timing) {
        let (any, same) = (cycle + timing.t_ccd_s, cycle + timing.t_ccd_l);
        match access {
            Access::Read => {
                let turned = cycle + timing.read_to_write();
                self.read.forbid(group, any, same);
                self.write.forbid(group, turned, turned);
            }
            Access::Write => {
                let written = cycle + timing.write_end();
                self.write.forbid(group, any, same);
                let (any, same) = (written + timing.t_wtr_s, written + timing.t_wtr_l);
                self.read.forbid(group, any, same);
            }
        }
    }
}
