//! Clocked model of `drift_error_monitor`: the rules of
//! [`Monitor`](crate::golden::monitor::Monitor), a panic latch and counters.

use super::{Clocked, signals};
use crate::golden::monitor::{Limits, Monitor};

signals! {
    /// Inputs of `drift_error_monitor`.
    pub struct ErrorMonitorInputs {
        /// A tile is finished.
        tile_valid_i: bool,
        /// Its flagged rows and columns.
        tile_flags_i: u32,
        /// Whether the bias moves.
        enable_i: bool,
        /// Tiles of a window.
        window_i: u32,
        /// More flagged lines move towards nominal.
        high_limit_i: u32,
        /// Fewer flagged lines are calm.
        low_limit_i: u32,
        /// More flagged lines are a panic.
        panic_limit_i: u32,
        /// Calm windows that move back.
        patience_i: u32,
        /// Ends a panic.
        panic_clear_i: bool,
    }
}

signals! {
    /// Outputs of `drift_error_monitor`.
    pub struct ErrorMonitorOutputs {
        /// Points towards nominal.
        bias_o: u32,
        /// A panic is latched.
        panic_o: bool,
        /// Finished windows.
        windows_o: u64,
        /// Steps towards nominal.
        raises_o: u64,
        /// Steps back.
        lowers_o: u64,
        /// Panics.
        panics_o: u64,
    }
}

/// The monitor's registers.
#[derive(Clone, Debug, Default)]
pub struct ErrorMonitor {
    monitor: Monitor,
    shown: ErrorMonitorOutputs,
}

impl Clocked for ErrorMonitor {
    type Inputs = ErrorMonitorInputs;
    type Outputs = ErrorMonitorOutputs;

    fn outputs(&mut self, _: &ErrorMonitorInputs) -> ErrorMonitorOutputs {
        self.shown.clone()
    }

    fn tick(&mut self, inputs: &ErrorMonitorInputs) {
        let limits = Limits {
            enable: inputs.enable_i,
            window: inputs.window_i,
            high: inputs.high_limit_i,
            low: inputs.low_limit_i,
            panic: inputs.panic_limit_i,
            patience: inputs.patience_i,
        };
        let shown = &mut self.shown;
        shown.panic_o &= !inputs.panic_clear_i;
        if inputs.tile_valid_i {
            let event = self.monitor.tile(&limits, inputs.tile_flags_i);
            shown.windows_o += u64::from(event.window);
            shown.raises_o += u64::from(event.raise);
            shown.lowers_o += u64::from(event.lower);
            // A panic while one is latched is the same one.
            shown.panics_o += u64::from(event.panic && !shown.panic_o);
            shown.panic_o |= event.panic;
        }
        if !inputs.enable_i {
            self.monitor.calm = 0;
            self.monitor.bias = 0;
        }
        shown.bias_o = self.monitor.bias;
    }
}
