//! TaylorSeer (arXiv 2503.06923, ICCV 2025): features forecast over denoising steps.
//!
//! The output of every residual branch of a block, attention and MLP, before its gate, is computed
//! in full steps only; between them it is forecast from the finite differences of the last full
//! steps. Embeddings, modulation (adaLN) and final layers run in every step. It needs no training.
//!
//! Followed: equations of the abstract page and the authors' code for DiT (`taylor_utils` and
//! `cache_functions` of TaylorSeer-DiT), whose rules for the first steps are those of [`FullSteps`].
//! A [`BlockCache`] sits in the denoiser's forward pass, which asks it with [`branch`];
//! [`TaylorSeer`] is the one of this method.

mod cache;
mod series;
mod steps;

pub use cache::{BlockCache, Branch, NoCache, TaylorSeer, branch};
pub use series::Series;
pub use steps::FullSteps;

/// Whether a layer of the diffusers library lies in a branch that is forecast: attention and MLP of
/// transformer blocks.
pub fn is_forecast(layer: &str) -> bool {
    [".attn1.", ".attn2.", ".ff."]
        .iter()
        .any(|part| layer.contains(part))
}

#[cfg(test)]
mod tests;
