//! Adaptive layer norm: shift, scale and gate per row of the batch.

use crate::tensor::{Tensor, scale_rows, shift_and_scale};

/// Vectors of width D for each row of the batch, \[B, count·D\]; both transformers
/// order the six of a block: shift, scale and gate of the attention, then of the
/// MLP.
pub(super) struct Modulation<'a>(pub &'a Tensor);

impl Modulation<'_> {
    /// x·(1 + scale) + shift for tokens \[B, N, D\].
    pub fn shifted_and_scaled(&self, x: Tensor, shift: usize, scale: usize) -> Tensor {
        let d = x.columns();
        self.each(x, |x, vectors| {
            let (shift, scale) = (&vectors[shift * d..][..d], &vectors[scale * d..][..d]);
            shift_and_scale(x, shift, scale);
        })
    }

    /// gate·x for tokens \[B, N, D\].
    pub fn gated(&self, x: Tensor, gate: usize) -> Tensor {
        let d = x.columns();
        self.each(x, |x, vectors| {
            let gate = &vectors[gate * d..][..d];
            scale_rows(x, gate);
        })
    }

    /// Calls `change` with each row's tokens and vectors.
    fn each(&self, x: Tensor, change: impl Fn(&mut [f32], &[f32])) -> Tensor {
        let tokens = x.len() / x.shape()[0].max(1);
        let vectors = self.0.values_or_empty().chunks_exact(self.0.columns());
        x.apply(|x| {
            for (x, vectors) in x.chunks_exact_mut(tokens.max(1)).zip(vectors) {
                change(x, vectors);
            }
        })
    }
}
