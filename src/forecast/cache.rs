//! The place of a cache in a denoiser's forward pass.

use super::{FullSteps, Series};
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

/// A cache of branch outputs; a forward pass asks it through [`branch`].
pub trait BlockCache {
    /// The branch's output before its gate, where it need not be computed.
    fn recall(&mut self, step: usize, block: usize, branch: Branch) -> Option<Vec<f32>>;

    /// The branch's output before its gate, as it was computed.
    fn store(&mut self, step: usize, block: usize, branch: Branch, output: &[f32]);
}

/// The output of a branch before its gate: recalled, or computed and stored. Of a recalled branch
/// nothing is computed; `compute` should do its normalisation, too.
///
/// # Errors
/// Those of `compute`.
pub fn branch<E>(
    cache: &mut dyn BlockCache,
    (step, block, branch): (usize, usize, Branch),
    compute: impl FnOnce() -> Result<Vec<f32>, E>,
) -> Result<Vec<f32>, E> {
    if let Some(output) = cache.recall(step, block, branch) {
        return Ok(output);
    }
    let output = compute()?;
    cache.store(step, block, branch, &output);
    Ok(output)
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
    /// Forecasts of order `order` (m in the paper) between the full steps.
    pub fn new(full: FullSteps, order: usize) -> Self {
        Self {
            full,
            order,
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
