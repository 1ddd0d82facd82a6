//! Accelerator cycles and DRAM cycles.

/// The ratio of the two clocks. Both start with an edge at time zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockRatio {
    accelerator: u64,
    dram: u64,
}

impl ClockRatio {
    /// `accelerator` cycles of the accelerator take as long as `dram` cycles of the
    /// DRAM: two frequencies in the same unit, for instance.
    ///
    /// # Panics
    /// When one is zero.
    pub fn new(accelerator: u64, dram: u64) -> Self {
        assert!(accelerator > 0 && dram > 0, "a clock does not stand still");
        Self { accelerator, dram }
    }

    /// The first DRAM cycle that starts no earlier than an accelerator cycle.
    pub fn to_dram(self, cycle: u64) -> u64 {
        scale(cycle, self.dram, self.accelerator)
    }

    /// The first accelerator cycle that starts no earlier than a DRAM cycle.
    pub fn to_accelerator(self, cycle: u64) -> u64 {
        scale(cycle, self.accelerator, self.dram)
    }
}

/// `cycle * up / down`, rounded up.
fn scale(cycle: u64, up: u64, down: u64) -> u64 {
    (u128::from(cycle) * u128::from(up)).div_ceil(u128::from(down)) as u64
}
