//! Normalisations.

use super::Scope;
use crate::model::ModelError;
use crate::tensor::{self, Tensor};

/// Normalisation of each token, with weight and bias if it has them.
pub struct LayerNorm {
    eps: f32,
    affine: Option<(Tensor, Tensor)>,
}

/// Normalisation of groups of channels.
pub struct GroupNorm {
    groups: usize,
    eps: f32,
    weight: Tensor,
    bias: Tensor,
}

impl Scope<'_> {
    pub fn layer_norm(&self, name: &str, width: usize, eps: f32) -> Result<LayerNorm, ModelError> {
        let scope = self.child(name);
        let weight = scope.tensor("weight", &[width])?;
        let bias = scope.tensor("bias", &[width])?;
        Ok(LayerNorm {
            eps,
            affine: Some((weight, bias)),
        })
    }

    pub fn group_norm(
        &self,
        name: &str,
        channels: usize,
        groups: usize,
        eps: f32,
    ) -> Result<GroupNorm, ModelError> {
        let scope = self.child(name);
        Ok(GroupNorm {
            groups,
            eps,
            weight: scope.tensor("weight", &[channels])?,
            bias: scope.tensor("bias", &[channels])?,
        })
    }
}

impl LayerNorm {
    /// A norm without weight and bias.
    pub fn plain(eps: f32) -> Self {
        Self { eps, affine: None }
    }

    pub fn forward(&self, x: &Tensor) -> Tensor {
        let columns = x.columns();
        let affine = self.affine.as_ref();
        let affine = affine.map(|(w, b)| (w.values_or_empty(), b.values_or_empty()));
        x.clone()
            .apply(|values| tensor::layer_norm(values, columns, self.eps, affine))
    }
}

impl GroupNorm {
    /// Of images \[B, H, W, C\].
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let [_, h, w, c] = x.four();
        let (weight, bias) = (self.weight.values_or_empty(), self.bias.values_or_empty());
        x.clone().apply(|values| {
            for image in values.chunks_exact_mut((h * w * c).max(1)) {
                tensor::group_norm(image, self.groups, self.eps, weight, bias);
            }
        })
    }
}
