//! The adaptive mode: a schedule that the error monitor moves (the paper's future work; the rules
//! are the hardware's, [`crate::golden::monitor`]).

use super::{Cell, Policy, Schedule};
use crate::golden::monitor::{Event, Limits, MAX_BIAS, Monitor, effective_point};
use crate::registers::{
    Kind, MONITOR_HIGH, MONITOR_LOW, MONITOR_PANIC, MONITOR_PATIENCE, MONITOR_WINDOW, Register,
    Reset,
};
use serde::{Deserialize, Serialize};

/// The error monitor's registers in a schedule's file. What is not given is as after reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MonitorSettings {
    /// Tiles of a window; 0 counts as 1.
    pub window: i64,
    /// A window with more flagged lines moves one point towards nominal.
    pub high: i64,
    /// A window with fewer flagged lines is calm; between the two nothing moves.
    pub low: i64,
    /// Calm windows in a row that move one point back; 0 counts as 1.
    pub patience: i64,
    /// A window with more flagged lines ends at once and forces nominal, until one ends with fewer.
    pub panic: i64,
    /// Points towards nominal at the start of an image: 0 after reset; in hardware, what the image
    /// before has left.
    pub start: i64,
}

/// The bits of a register of the monitor, and what they are after reset: of one field, and the same in
/// every configuration.
fn setting(register: &Register) -> (u32, i64) {
    let field = &register.fields[0];
    match field.kind {
        Kind::Setting(Reset::Fixed(value)) => (field.width, i64::from(value)),
        _ => unreachable!(
            "{} is a setting that no configuration changes",
            register.name
        ),
    }
}

impl Default for MonitorSettings {
    fn default() -> Self {
        let reset = |register| setting(register).1;
        Self {
            window: reset(&MONITOR_WINDOW),
            high: reset(&MONITOR_HIGH),
            low: reset(&MONITOR_LOW),
            patience: reset(&MONITOR_PATIENCE),
            panic: reset(&MONITOR_PANIC),
            start: 0,
        }
    }
}

impl MonitorSettings {
    /// Key, value and what is allowed, of the first that is not.
    pub(super) fn refused(&self) -> Option<(&'static str, i64, String)> {
        let keys = [
            ("adaptive.window", self.window, &MONITOR_WINDOW),
            ("adaptive.high", self.high, &MONITOR_HIGH),
            ("adaptive.low", self.low, &MONITOR_LOW),
            ("adaptive.patience", self.patience, &MONITOR_PATIENCE),
            ("adaptive.panic", self.panic, &MONITOR_PANIC),
        ];
        for (key, value, register) in keys {
            let most = (1i64 << setting(register).0) - 1;
            if !(0..=most).contains(&value) {
                return Some((key, value, format!("0..={most}")));
            }
        }
        if !(0..=i64::from(MAX_BIAS)).contains(&self.start) {
            return Some(("adaptive.start", self.start, format!("0..={MAX_BIAS}")));
        }
        (self.low > self.high).then(|| {
            let allowed = format!("0..={}, no more than adaptive.high", self.high);
            ("adaptive.low", self.low, allowed)
        })
    }

    /// As the golden model has them, enabled.
    ///
    /// # Panics
    /// When a value is not what its register can hold, which a file's check has seen to.
    pub fn limits(&self) -> Limits {
        let word = |value: i64| u32::try_from(value).expect("checked with the file");
        Limits {
            enable: true,
            window: word(self.window),
            high: word(self.high),
            low: word(self.low),
            panic: word(self.panic),
            patience: word(self.patience),
        }
    }
}

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

    /// The same with a bias at first, up to [`MAX_BIAS`].
    pub fn starting_at(mut self, bias: u32) -> Self {
        self.monitor.bias = bias.min(MAX_BIAS);
        self
    }

    /// Points towards nominal that the schedule is moved by now.
    pub fn bias(&self) -> u32 {
        self.monitor.bias
    }

    /// Whether a panic forces nominal now.
    pub fn panicked(&self) -> bool {
        self.panicked
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
