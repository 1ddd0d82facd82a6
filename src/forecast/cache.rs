//! A cache of branch outputs, which a denoiser's forward pass asks.

use super::{Forecast, FullSteps, Series};
use std::collections::BTreeMap;

/// A residual branch of a block whose output a cache may replace: `x ← x + gate · branch(x)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Branch {
    /// Self-attention.
    SelfAttention,
    /// Cross-attention.
    CrossAttention,
    /// The MLP.
    Mlp,
}

/// A cache of branch outputs. A forward pass asks for a branch's output, and stores it if it had to
/// compute it.
pub trait BlockCache {
    /// The branch's output before its gate, where it need not be computed.
    fn recall(&mut self, step: usize, block: usize, branch: Branch) -> Option<Vec<f32>>;

    /// The branch's output before its gate, as it was computed.
    fn store(&mut self, step: usize, block: usize, branch: Branch, output: &[f32]);
}

/// Computes everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCache;

impl BlockCache for NoCache {
    fn recall(&mut self, _step: usize, _block: usize, _branch: Branch) -> Option<Vec<f32>> {
        None
    }

    fn store(&mut self, _step: usize, _block: usize, _branch: Branch, _output: &[f32]) {}
}

/// TaylorSeer for one image (both halves of guidance are rows of the same features).
#[derive(Clone, Debug)]
pub struct TaylorSeer {
    full: FullSteps,
    order: usize,
    series: BTreeMap<(usize, Branch), Series>,
}

impl TaylorSeer {
    /// Nothing computed yet.
    pub fn new(forecast: Forecast) -> Self {
        Self {
            full: forecast.full_steps(),
            order: forecast.order(),
            series: BTreeMap::new(),
        }
    }
}

impl BlockCache for TaylorSeer {
    fn recall(&mut self, step: usize, block: usize, branch: Branch) -> Option<Vec<f32>> {
        if self.full.is_full(step) {
            return None;
        }
        self.series.get(&(block, branch))?.forecast(step)
    }

    fn store(&mut self, step: usize, block: usize, branch: Branch, output: &[f32]) {
        let series = self.series.entry((block, branch)).or_default();
        series.update(step, output, self.order);
    }
}
