//! Closed forms, a clocked reference model, and rules that every command log obeys.

mod closed_forms;
mod device;
mod energy;
mod layouts;
mod random;
mod reference;
mod rules;
mod trace;

use super::*;

fn default_device() -> Device {
    Device::load(SHIPPED[0].0).unwrap()
}

/// One accelerator cycle per DRAM cycle.
fn same_clock() -> ClockRatio {
    ClockRatio::new(1, 1)
}

/// Keeps everything that it sees.
#[derive(Default)]
struct Log {
    commands: Vec<Command>,
    bursts: Vec<(u64, u64)>,
}

impl Observer for Log {
    fn command(&mut self, command: Command) {
        self.commands.push(command);
    }
    fn burst(&mut self, address: u64, cycle: u64) {
        self.bursts.push((address, cycle));
    }
}
