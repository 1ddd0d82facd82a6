//! What all images of a run have in common.

use super::scaling::ActivationScales;
use super::weights::WeightStore;
use crate::config::ArrayConfig;

/// What all images of a run have in common.
#[derive(Debug)]
pub struct Setting {
    /// The array.
    pub config: ArrayConfig,
    /// θ.
    pub threshold_bit: u32,
    /// How activations are quantised.
    pub scales: ActivationScales,
    /// Threads that share one GEMM; images on several threads are faster where there are enough.
    pub threads: usize,
    /// Weights in int8.
    pub weights: WeightStore,
}
