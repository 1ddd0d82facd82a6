//! Which scale an operand is quantised with.

use crate::quant::{Calibration, Scales};
use std::sync::Arc;

/// How activations are quantised.
#[derive(Clone, Debug)]
pub enum ActivationScales {
    /// From the values at hand, one scale for each GEMM.
    PerTensor,
    /// From the values at hand, one for each row. There is no single ratio of scales
    /// between two steps then, so that rollback is not possible.
    PerToken,
    /// From a calibration: the same in every step.
    Static(Arc<Calibration>),
}

impl ActivationScales {
    /// Scales of the M×K left operand of a layer. What a calibration does not know is dynamic.
    pub fn left(&self, layer: &str, x: &[f32], k: usize) -> Scales {
        match self {
            ActivationScales::PerTensor => Scales::of_tensor(x),
            ActivationScales::PerToken => Scales::of_tokens(x, k),
            ActivationScales::Static(calibration) => calibration
                .scale(&operand(layer, false))
                .map_or_else(|| Scales::of_tensor(x), Scales::Tensor),
        }
    }

    /// Scale of a layer's right operand that is an activation: always one, as its columns
    /// are what is accumulated over.
    pub fn right(&self, layer: &str, x: &[f32]) -> f32 {
        let scales = match self {
            ActivationScales::Static(calibration) => {
                let scale = calibration.scale(&operand(layer, true));
                scale.map(Scales::Tensor)
            }
            ActivationScales::PerTensor | ActivationScales::PerToken => None,
        };
        scales.unwrap_or_else(|| Scales::of_tensor(x)).row(0)
    }
}

/// Name of an operand in a calibration: the layer, and for products the side.
pub fn operand(layer: &str, right: bool) -> String {
    if right {
        format!("{layer}.right")
    } else {
        layer.to_owned()
    }
}
