//! Which scale an operand is quantised with.

use crate::quant::{Calibration, Rows, Scales};
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
    pub fn left(&self, layer: &str, x: &Rows<'_>) -> Scales {
        match self {
            ActivationScales::PerTensor => Scales::Tensor(x.tensor_scale()),
            ActivationScales::PerToken => Scales::Token(x.token_scales()),
            ActivationScales::Static(calibration) => {
                let scale = calibration.scale(&operand(layer, false));
                Scales::Tensor(scale.unwrap_or_else(|| x.tensor_scale()))
            }
        }
    }

    /// Scale of a layer's right operand that is an activation: always one, as its columns
    /// are what is accumulated over.
    pub fn right(&self, layer: &str, x: &Rows<'_>) -> f32 {
        let scale = match self {
            ActivationScales::Static(calibration) => calibration.scale(&operand(layer, true)),
            ActivationScales::PerTensor | ActivationScales::PerToken => None,
        };
        scale.unwrap_or_else(|| x.tensor_scale())
    }

    /// Whether layers of the same input have the same scales.
    pub fn are_of_the_input(&self) -> bool {
        !matches!(self, ActivationScales::Static(_))
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
