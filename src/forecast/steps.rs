//! Which steps are full.

use serde::{Deserialize, Serialize};

/// Steps in which everything is computed: the first `warm_up`, and from the last of them on every
/// `interval`-th.
///
/// The authors' code warms up with two (`first_enhance`), so that every later forecast has a first
/// difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FullSteps {
    interval: usize,
    warm_up: usize,
}

impl FullSteps {
    /// Steps that the authors' code computes in full at first.
    pub const WARM_UP: usize = 2;

    /// Full steps every `interval` steps, N in the paper. 1 makes all steps full; so does 0, which
    /// counts as 1.
    pub fn every(interval: usize) -> Self {
        Self {
            interval: interval.max(1),
            warm_up: Self::WARM_UP,
        }
    }

    /// Whether a step, 0 being the first and noisiest, is full.
    pub fn is_full(&self, step: usize) -> bool {
        let last_of_warm_up = self.warm_up - 1;
        step <= last_of_warm_up || (step - last_of_warm_up).is_multiple_of(self.interval)
    }

    /// Full steps of a run.
    pub fn count(&self, steps: usize) -> usize {
        (0..steps).filter(|step| self.is_full(*step)).count()
    }
}
