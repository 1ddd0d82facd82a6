//! TaylorSeer (arXiv 2503.06923, ICCV 2025): features forecast over denoising steps.
//!
//! The output of every residual branch of a block, attention and MLP, before its gate, is computed
//! in full steps only; between them it is forecast from the finite differences of the last full
//! steps. Embeddings, modulation (adaLN) and final layers run in every step. It needs no training.
//!
//! Followed: equations of the abstract page and the authors' code for DiT (`taylor_utils` and
//! `cache_functions` of TaylorSeer-DiT), whose rules for the first steps are those of [`FullSteps`].
//! A [`BlockCache`] sits in the denoiser's forward pass
//! ([`Denoiser::forward_cached`](crate::model::Denoiser::forward_cached)); [`TaylorSeer`] is the one
//! of this method, set by a [`Forecast`].
//!
//! With rollback: a GEMM of a branch that is forecast does not run, so that nothing is flagged, written
//! or fetched for it, and its checkpoint stays as it is. A checkpoint is due in the first full step that
//! is an interval or more after the one before; a rollback in a full step takes values that are at
//! least one interval of full steps old. Faults of full steps reach the forecast steps through
//! the differences, which amplify them: order 1 up to twice.

mod cache;
mod series;
mod spec;
mod steps;

pub use cache::{BlockCache, Branch, NoCache, TaylorSeer};
pub use series::Series;
pub use spec::{Forecast, ForecastError};
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
