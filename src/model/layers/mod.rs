//! The layers that all denoisers are made of. Images are \[B, H, W, C\], so that
//! a convolution's GEMM takes and leaves them as rows of pixels.

mod conv;
mod linear;
mod norm;
mod scope;

pub(super) use conv::Conv;
pub(super) use linear::{Linear, result};
pub(super) use norm::{GroupNorm, LayerNorm};
pub(super) use scope::Scope;

use super::{EngineError, GemmEngine};
use crate::forecast::{BlockCache, Branch};
use crate::tensor::Tensor;

/// One forward pass: the engine, the step it belongs to, and what remembers branches.
pub(super) struct Pass<'a> {
    pub engine: &'a mut dyn GemmEngine,
    pub step: usize,
    pub cache: &'a mut dyn BlockCache,
}

impl Pass<'_> {
    /// The output of a block's residual branch before its gate, of the given shape: recalled, or
    /// computed and stored. Of a recalled branch nothing is computed, its norm included.
    pub fn branch(
        &mut self,
        (block, branch): (usize, Branch),
        shape: &[usize],
        compute: impl FnOnce(&mut Self) -> Result<Tensor, EngineError>,
    ) -> Result<Tensor, EngineError> {
        if let Some(values) = self.cache.recall(self.step, block, branch) {
            return Ok(Tensor::new(shape, values));
        }
        let output = compute(self)?;
        if let Some(values) = output.values() {
            self.cache.store(self.step, block, branch, values);
        }
        Ok(output)
    }
}
