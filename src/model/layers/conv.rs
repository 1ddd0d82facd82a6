//! Convolutions.

use super::linear::{Linear, rows};
use super::{Pass, Scope};
use crate::model::{Activation, EngineError, GemmKind, ModelError};
use crate::tensor::Tensor;

/// A convolution with a square kernel and zeros around the image.
pub struct Conv {
    gemm: Linear,
    channels: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
}

impl Scope<'_> {
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
            .map(|values| self.im2col(values, [h, w], [height, width]));
        let shape = [b, height, width, self.gemm.weight.k()];
        let [y] = rows(
            [&self.gemm],
            pass,
            patches.as_deref(),
            &shape,
            Activation::None,
        )?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forecast::NoCache;
    use crate::model::FloatEngine;
    use crate::model::Parameters;

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
