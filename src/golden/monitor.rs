//! The rules of the adaptive mode without a clock: how flagged lines move the
//! operating point (design §7).

/// Highest bias: from the most aggressive point to nominal.
pub const MAX_BIAS: u32 = 7;

/// Limits of the error monitor, as its registers hold them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whether the bias moves at all; otherwise it is 0.
    pub enable: bool,
    /// Tiles of a window; 0 counts as 1.
    pub window: u32,
    /// A window with more flagged lines moves one point towards nominal.
    pub high: u32,
    /// A window with fewer flagged lines is calm.
    pub low: u32,
    /// A window with more flagged lines ends at once, in a panic.
    pub panic: u32,
    /// Calm windows in a row that move one point back; 0 counts as 1.
    pub patience: u32,
}

/// What a finished tile led to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The window ended.
    pub window: bool,
    /// The bias rose.
    pub raise: bool,
    /// The bias fell.
    pub lower: bool,
    /// The window had too many flagged lines.
    pub panic: bool,
}

/// The present window and the bias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Monitor {
    /// Finished tiles of the present window.
    pub tiles: u32,
    /// Their flagged lines.
    pub flags: u32,
    /// Calm windows in a row.
    pub calm: u32,
    /// Points towards nominal; 0..=[`MAX_BIAS`].
    pub bias: u32,
}

impl Monitor {
    /// A tile is finished, with so many flagged lines.
    pub fn tile(&mut self, limits: &Limits, flags: u32) -> Event {
        self.tiles += 1;
        self.flags += flags;
        let panic = self.flags > limits.panic;
        if !panic && self.tiles < limits.window {
            return Event::default();
        }
        let window = std::mem::take(&mut self.flags);
        self.tiles = 0;
        let mut event = Event {
            window: true,
            panic,
            ..Event::default()
        };
        let calm = std::mem::take(&mut self.calm);
        if !limits.enable {
            return event;
        }
        if panic || window > limits.high {
            event.raise = self.bias < MAX_BIAS;
            self.bias += u32::from(event.raise);
        } else if window < limits.low && self.bias > 0 {
            event.lower = calm + 1 >= limits.patience;
            self.bias -= u32::from(event.lower);
            self.calm = if event.lower { 0 } else { calm + 1 };
        }
        event
    }
}

/// The point in effect: the scheduled one, moved towards nominal by the bias;
/// `force` replaces the scheduled one, a panic is nominal.
pub fn effective_point(scheduled: u32, force: Option<u32>, bias: u32, panic: bool) -> u32 {
    match (panic, force) {
        (true, _) => 0,
        (false, Some(point)) => point,
        (false, None) => scheduled.saturating_sub(bias),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        enable: true,
        window: 4,
        high: 10,
        low: 2,
        panic: 100,
        patience: 2,
    };

    fn windows(monitor: &mut Monitor, limits: &Limits, flags: &[u32]) -> Vec<(u32, Event)> {
        let window = |&per_window: &u32| {
            let mut event = Event::default();
            for tile in 0..limits.window {
                event = monitor.tile(limits, if tile == 0 { per_window } else { 0 });
            }
            (monitor.bias, event)
        };
        flags.iter().map(window).collect()
    }

    #[test]
    fn too_many_flags_raise_and_patience_lowers() {
        let mut monitor = Monitor::default();
        let found = windows(&mut monitor, &LIMITS, &[11, 10, 1, 2, 1, 1, 1, 1]);
        let bias: Vec<u32> = found.iter().map(|(bias, _)| *bias).collect();
        // 10 is not above the limit; 2 breaks the row of calm windows.
        assert_eq!(bias, [1, 1, 1, 1, 1, 0, 0, 0]);
        assert!(found[0].1.raise && found[5].1.lower && !found[7].1.lower);
    }

    #[test]
    fn bias_saturates_at_both_ends() {
        let mut monitor = Monitor::default();
        windows(&mut monitor, &LIMITS, &[50; 10]);
        assert_eq!(monitor.bias, MAX_BIAS);
        windows(&mut monitor, &LIMITS, &[0; 20]);
        assert_eq!(monitor.bias, 0);
    }

    #[test]
    fn a_panic_ends_the_window_at_the_tile() {
        let mut monitor = Monitor::default();
        assert_eq!(monitor.tile(&LIMITS, 100), Event::default());
        let event = monitor.tile(&LIMITS, 1);
        assert!(event.panic && event.window && event.raise);
        assert_eq!((monitor.tiles, monitor.flags, monitor.bias), (0, 0, 1));
    }

    #[test]
    fn the_effective_point_saturates_at_nominal() {
        assert_eq!(effective_point(5, None, 2, false), 3);
        assert_eq!(effective_point(1, None, 2, false), 0);
        assert_eq!(effective_point(5, Some(6), 2, false), 6);
        assert_eq!(effective_point(5, Some(6), 2, true), 0);
    }
}
