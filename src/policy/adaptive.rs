//! The adaptive mode: a schedule that the error monitor moves (the paper's future work; the rules
//! are the hardware's, [`crate::golden::monitor`]).

use super::{Cell, Policy, Schedule};
use crate::golden::monitor::{Event, Limits, Monitor, effective_point};

/// A schedule with the error monitor's bias towards nominal. Points are ordered: each is more
/// aggressive than the one before.
#[derive(Clone, Debug)]
pub struct Adaptive {
    schedule: Schedule,
    limits: Limits,
    monitor: Monitor,
    panicked: bool,
}

impl Adaptive {
    /// Without bias at first.
    pub fn new(schedule: Schedule, limits: Limits) -> Self {
        Self {
            schedule,
            limits,
            monitor: Monitor::default(),
            panicked: false,
        }
    }

    /// Points towards nominal that the schedule is moved by now.
    pub fn bias(&self) -> u32 {
        self.monitor.bias
    }

    /// [`Policy::observe`], with what it led to.
    pub fn tile(&mut self, flagged_lines: u32) -> Event {
        let event = self.monitor.tile(&self.limits, flagged_lines);
        // A panic forces nominal until a window ends without one.
        if event.window {
            self.panicked = event.panic;
        }
        event
    }
}

impl Policy for Adaptive {
    fn point(&self, cell: Cell) -> u8 {
        let scheduled = u32::from(self.schedule.of(cell));
        effective_point(scheduled, None, self.monitor.bias, self.panicked) as u8
    }

    fn observe(&mut self, flagged_lines: u32) {
        self.tile(flagged_lines);
    }
}
