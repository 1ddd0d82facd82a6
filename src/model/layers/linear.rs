//! Layers that are GEMMs.

use super::{Pass, Scope};
use crate::model::{Activation, EngineError, GemmKind, GemmTag, Layer, ModelError, Weight};
use crate::tensor::Tensor;

/// A fully connected layer, or the GEMM of a convolution.
pub struct Linear {
    name: String,
    block: Option<usize>,
    kind: GemmKind,
    pub(super) weight: Weight,
    pub(super) bias: Option<Tensor>,
}

impl Scope<'_> {
    /// A layer of K inputs and N outputs, with a bias.
    pub fn linear(&self, name: &str, k: usize, n: usize) -> Result<Linear, ModelError> {
        self.gemm(name, &[n, k], GemmKind::Linear, true)
    }

    /// A layer of K inputs and N outputs, with or without a bias.
    pub fn projection(
        &self,
        name: &str,
        k: usize,
        n: usize,
        bias: bool,
    ) -> Result<Linear, ModelError> {
        self.gemm(name, &[n, k], GemmKind::Linear, bias)
    }

    pub(super) fn gemm(
        &self,
        name: &str,
        shape: &[usize],
        kind: GemmKind,
        bias: bool,
    ) -> Result<Linear, ModelError> {
        let scope = self.child(name);
        let bias = bias
            .then(|| scope.tensor("bias", &shape[..1]))
            .transpose()?;
        Ok(Linear {
            name: self.name(name),
            block: self.block(),
            kind,
            weight: scope.weight(shape)?,
            bias,
        })
    }
}

impl Linear {
    /// \[…, K\] to \[…, N\].
    pub fn forward(&self, pass: &mut Pass<'_>, x: &Tensor) -> Result<Tensor, EngineError> {
        self.activated(pass, x, Activation::None)
    }

    /// As [`Linear::forward`], and an activation.
    pub fn activated(
        &self,
        pass: &mut Pass<'_>,
        x: &Tensor,
        activation: Activation,
    ) -> Result<Tensor, EngineError> {
        let [y] = rows([self], pass, x.values(), x.shape(), activation)?;
        Ok(y)
    }

    /// Several layers of the same input.
    pub fn all<const COUNT: usize>(
        layers: [&Self; COUNT],
        pass: &mut Pass<'_>,
        x: &Tensor,
    ) -> Result<[Tensor; COUNT], EngineError> {
        rows(layers, pass, x.values(), x.shape(), Activation::None)
    }
}

/// Layers of X given as values, if there are any, and the shape \[…, K\].
pub(super) fn rows<const COUNT: usize>(
    layers: [&Linear; COUNT],
    pass: &mut Pass<'_>,
    x: Option<&[f32]>,
    shape: &[usize],
    activation: Activation,
) -> Result<[Tensor; COUNT], EngineError> {
    let m = shape.iter().product::<usize>() / layers[0].weight.k();
    let jobs = layers.map(|linear| Layer {
        tag: GemmTag {
            step: pass.step,
            block: linear.block,
            layer: &linear.name,
            kind: linear.kind,
            instance: 0,
        },
        weight: &linear.weight,
        bias: linear.bias.as_ref().and_then(Tensor::values),
        activation,
    });
    let outputs = pass.engine.layers(x.unwrap_or_default(), m, &jobs)?;
    let tensors = outputs.into_iter().zip(&jobs).map(|(y, job)| {
        let mut shape = shape.to_vec();
        *shape.last_mut().expect("the features are a dimension") = job.weight.n();
        result(&job.tag, y, x.is_some(), &shape)
    });
    let tensors = tensors.collect::<Result<Vec<_>, _>>()?;
    Ok(tensors
        .try_into()
        .expect("an engine answers for every layer"))
}

/// What an engine returned, as a tensor; nothing, for a GEMM without values.
pub fn result(
    tag: &GemmTag<'_>,
    y: Vec<f32>,
    has_values: bool,
    shape: &[usize],
) -> Result<Tensor, EngineError> {
    let len = shape.iter().product();
    tag.expect_length(&y, if has_values { len } else { 0 })?;
    Ok(Tensor::when(has_values, shape, || y))
}
