//! The layers that all denoisers are made of. Images are \[B, H, W, C\], so that
//! a convolution's GEMM takes and leaves them as rows of pixels.

use super::{
    Activation, EngineError, GemmEngine, GemmKind, GemmTag, Layer, ModelError, Parameters, Weight,
};
use crate::forecast::{BlockCache, Branch};
use crate::tensor::{self, Tensor};
use std::borrow::Cow;

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

/// A place among a model's parameters, from which layers are read.
#[derive(Clone)]
pub(super) struct Scope<'a> {
    parameters: &'a Parameters,
    prefix: String,
    block: Option<usize>,
}

/// A fully connected layer, or the GEMM of a convolution.
pub(super) struct Linear {
    name: String,
    block: Option<usize>,
    kind: GemmKind,
    weight: Weight,
    bias: Option<Tensor>,
}

/// A convolution with a square kernel and zeros around the image.
pub(super) struct Conv {
    gemm: Linear,
    channels: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
}

/// Normalisation of each token, with weight and bias if it has them.
pub(super) struct LayerNorm {
    eps: f32,
    affine: Option<(Tensor, Tensor)>,
}

/// Normalisation of groups of channels.
pub(super) struct GroupNorm {
    groups: usize,
    eps: f32,
    weight: Tensor,
    bias: Tensor,
}

impl<'a> Scope<'a> {
    pub fn root(parameters: &'a Parameters) -> Self {
        Self {
            parameters,
            prefix: String::new(),
            block: None,
        }
    }

    /// The place of a module within this one.
    pub fn child(&self, name: impl std::fmt::Display) -> Self {
        Self {
            prefix: format!("{}{name}.", self.prefix),
            ..self.clone()
        }
    }

    /// The same place as part of a block.
    pub fn in_block(self, block: usize) -> Self {
        Self {
            block: Some(block),
            ..self
        }
    }

    /// The full name of a module or parameter.
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub fn block(&self) -> Option<usize> {
        self.block
    }

    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor, ModelError> {
        self.parameters.tensor(&self.name(name), shape)
    }

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

    /// A convolution from `channels` to `n` channels.
    pub fn conv(
        &self,
        name: &str,
        [channels, n]: [usize; 2],
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> Result<Conv, ModelError> {
        let kind = GemmKind::Conv { kernel, stride };
        Ok(Conv {
            gemm: self.gemm(name, &[n, channels, kernel, kernel], kind, true)?,
            channels,
            kernel,
            stride,
            padding,
        })
    }

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

    fn gemm(
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
            block: self.block,
            kind,
            weight: self.parameters.weight(&scope.name("weight"), shape)?,
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
        let values = x.values().map(Cow::Borrowed);
        let [y] = rows([self], pass, values, x.shape(), activation)?;
        Ok(y)
    }

    /// Several layers of the same input.
    pub fn all<const COUNT: usize>(
        layers: [&Self; COUNT],
        pass: &mut Pass<'_>,
        x: &Tensor,
    ) -> Result<[Tensor; COUNT], EngineError> {
        let values = x.values().map(Cow::Borrowed);
        rows(layers, pass, values, x.shape(), Activation::None)
    }
}

/// Layers of X given as values, if there are any, and the shape \[…, K\].
fn rows<const COUNT: usize>(
    layers: [&Linear; COUNT],
    pass: &mut Pass<'_>,
    x: Option<Cow<'_, [f32]>>,
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
    let values = x.as_deref().unwrap_or_default();
    let outputs = pass.engine.layers(values, m, &jobs)?;
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
pub(super) fn result(
    tag: &GemmTag<'_>,
    y: Vec<f32>,
    has_values: bool,
    shape: &[usize],
) -> Result<Tensor, EngineError> {
    let len = shape.iter().product();
    tag.expect_length(&y, if has_values { len } else { 0 })?;
    Ok(Tensor::when(has_values, shape, || y))
}

impl Conv {
    /// \[B, H, W, C\] to \[B, H', W', N\].
    pub fn forward(&self, pass: &mut Pass<'_>, image: &Tensor) -> Result<Tensor, EngineError> {
        if self.kernel == 1 && self.stride == 1 {
            return self.gemm.forward(pass, image);
        }
        let [b, h, w, _] = image.four();
        let size = |length: usize| (length + 2 * self.padding - self.kernel) / self.stride + 1;
        let (height, width) = (size(h), size(w));
        let patches = image
            .values()
            .map(|values| Cow::Owned(self.im2col(values, [h, w], [height, width])));
        let shape = [b, height, width, self.gemm.weight.k()];
        let [y] = rows([&self.gemm], pass, patches, &shape, Activation::None)?;
        Ok(y)
    }

    /// The inputs of each output pixel as a row: channel-major, then row and column
    /// of the kernel, as the weights are stored.
    fn im2col(&self, image: &[f32], [h, w]: [usize; 2], [height, width]: [usize; 2]) -> Vec<f32> {
        let (area, k) = (self.kernel * self.kernel, self.gemm.weight.k());
        let images = image.len() / (h * w * self.channels);
        let mut patches = vec![0.0; images * height * width * k];
        for (index, patch) in patches.chunks_exact_mut(k).enumerate() {
            let (b, y, x) = (
                index / (height * width),
                index / width % height,
                index % width,
            );
            for tap in 0..area {
                let row = y * self.stride + tap / self.kernel;
                let column = x * self.stride + tap % self.kernel;
                let inside = self.padding..;
                if !(inside.contains(&row) && inside.contains(&column)) {
                    continue;
                }
                let (row, column) = (row - self.padding, column - self.padding);
                if row >= h || column >= w {
                    continue;
                }
                let pixel = &image[((b * h + row) * w + column) * self.channels..][..self.channels];
                for (target, value) in patch[tap..].iter_mut().step_by(area).zip(pixel) {
                    *target = *value;
                }
            }
        }
        patches
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::NoCache;
    use crate::model::FloatEngine;

    #[test]
    fn convolutions_equal_their_definition() {
        for (h, w, kernel, stride, padding) in [
            (1, 1, 3, 1, 1),
            (4, 7, 3, 1, 1),
            (5, 4, 3, 2, 1),
            (6, 4, 2, 2, 0),
            (3, 3, 1, 1, 0),
        ] {
            let (channels, n) = (3, 5);
            let parameters = Parameters::drawn(7);
            let conv = Scope::root(&parameters)
                .conv("c", [channels, n], kernel, stride, padding)
                .unwrap();
            let values = (0..2 * h * w * channels)
                .map(|i| (i * 31 % 17) as f32 - 8.0)
                .collect();
            let image = Tensor::new(&[2, h, w, channels], values);
            let mut pass = Pass {
                engine: &mut FloatEngine,
                step: 0,
                cache: &mut NoCache,
            };
            let y = conv.forward(&mut pass, &image).unwrap();
            let weight = conv.gemm.weight.values().unwrap();
            let bias = conv.gemm.bias.as_ref().unwrap().values().unwrap();
            let [_, height, width, _] = y.four();
            assert_eq!(
                [height, width],
                [h, w].map(|s| (s + 2 * padding - kernel) / stride + 1)
            );
            for (index, value) in y.values().unwrap().iter().enumerate() {
                let (pixel, o) = (index / n, index % n);
                let (b, oy, ox) = (
                    pixel / (height * width),
                    pixel / width % height,
                    pixel % width,
                );
                let mut expected = bias[o];
                for (i, weight) in weight[o * conv.gemm.weight.k()..][..conv.gemm.weight.k()]
                    .iter()
                    .enumerate()
                {
                    let (c, ky, kx) = (i / (kernel * kernel), i / kernel % kernel, i % kernel);
                    let (iy, ix) = (oy * stride + ky, ox * stride + kx);
                    let inside = (padding..h + padding).contains(&iy)
                        && (padding..w + padding).contains(&ix);
                    if inside {
                        let at = ((b * h + iy - padding) * w + ix - padding) * channels + c;
                        expected += weight * image.values().unwrap()[at];
                    }
                }
                assert!((value - expected).abs() < 1e-4, "{value}, not {expected}");
            }
        }
    }
}
