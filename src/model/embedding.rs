//! Embeddings of timesteps, positions and patches.

use super::layers::{Conv, Linear, Pass, Scope};
use super::{Activation, EngineError, ModelError, TransformerConfig};
use crate::tensor::Tensor;

/// Sinusoidal projection of numbers, \[count, dim\]: cosines, then sines, of
/// value · 10000^(−i / (dim/2 − shift)).
pub(super) fn sinusoids(values: &[f32], dim: usize, shift: usize) -> Tensor {
    let half = dim / 2;
    // In f32 step by step, as the trained models have seen them.
    let exponent = |i: usize| -(10_000f64.ln() as f32) * i as f32 / (half - shift) as f32;
    let frequencies: Vec<f32> = (0..half).map(|i| exponent(i).exp()).collect();
    let mut projected = Vec::with_capacity(values.len() * dim);
    for value in values {
        projected.extend(frequencies.iter().map(|f| (value * f).cos()));
        projected.extend(frequencies.iter().map(|f| (value * f).sin()));
    }
    Tensor::new(&[values.len(), dim], projected)
}

/// Linear, SiLU, linear.
pub(super) struct TimestepEmbedding {
    linear_1: Linear,
    linear_2: Linear,
}

impl TimestepEmbedding {
    pub fn read(scope: &Scope<'_>, name: &str, k: usize, n: usize) -> Result<Self, ModelError> {
        let scope = scope.child(name);
        Ok(Self {
            linear_1: scope.linear("linear_1", k, n)?,
            linear_2: scope.linear("linear_2", n, n)?,
        })
    }

    /// \[count, K\] to \[count, N\].
    pub fn forward(&self, pass: &mut Pass<'_>, projected: &Tensor) -> Result<Tensor, EngineError> {
        let hidden = self.linear_1.activated(pass, projected, Activation::Silu)?;
        self.linear_2.forward(pass, &hidden)
    }
}

/// Cuts latents into patches, and adds to each token its fixed position.
pub(super) struct PatchEmbedding {
    proj: Conv,
    patch: usize,
    width: usize,
    /// Patches along the side of the latents the model was trained on.
    base: usize,
    /// Divisor of the positions.
    scale: f64,
    /// Positions of the trained size, which most latents have.
    positions: Tensor,
}

impl PatchEmbedding {
    pub fn read(
        scope: &Scope<'_>,
        config: &TransformerConfig,
        scale: f64,
    ) -> Result<Self, ModelError> {
        let (patch, width) = (config.patch_size, config.width());
        let channels = [config.in_channels, width];
        let base = config.sample_size / patch;
        Ok(Self {
            proj: scope
                .child("pos_embed")
                .conv("proj", channels, patch, patch, 0)?,
            patch,
            width,
            base,
            scale,
            positions: positions(width, [base, base], base, scale),
        })
    }

    /// Latents \[B, C, H, W\] to tokens \[B, H/p · W/p, D\], row by row.
    pub fn forward(&self, pass: &mut Pass<'_>, latents: &Tensor) -> Result<Tensor, EngineError> {
        let [b, _, h, w] = latents.four();
        let grid = [h / self.patch, w / self.patch];
        let tokens = self.proj.forward(pass, &latents.channels_last())?;
        let tokens = tokens.reshaped(&[b, grid[0] * grid[1], self.width]);
        Ok(if grid == [self.base, self.base] {
            tokens.plus(&self.positions)
        } else {
            tokens.plus(&positions(self.width, grid, self.base, self.scale))
        })
    }

    /// Tokens \[B, H/p · W/p, p·p·C\] back to an image \[B, C, H, W\] like `latents`.
    pub fn unpatched(&self, tokens: &Tensor, latents: &Tensor) -> Tensor {
        let [b, _, h, w] = latents.four();
        let (p, grid_width) = (self.patch, w / self.patch);
        let c = tokens.columns() / (p * p);
        Tensor::when(tokens.has_values(), &[b, c, h, w], || {
            let values = tokens.values_or_empty();
            let mut image = Vec::with_capacity(values.len());
            for index in 0..b * c * h {
                let (b, channel, y) = (index / (c * h), index / h % c, index % h);
                for x in 0..w {
                    let token = (b * (h / p) + y / p) * grid_width + x / p;
                    let within = (y % p * p + x % p) * c + channel;
                    image.push(values[token * p * p * c + within]);
                }
            }
            image
        })
    }
}

/// Sine-cosine embedding of a grid's positions, \[H·W, D\]: the first half of the
/// channels is the column, the second the row, each half sines, then cosines.
fn positions(width: usize, [rows, columns]: [usize; 2], base: usize, scale: f64) -> Tensor {
    let quarter = width / 4;
    let frequency = |i: usize| 10_000f64.powf(-(i as f64) / quarter as f64);
    let frequencies: Vec<f64> = (0..quarter).map(frequency).collect();
    // In f32, as the reference has them.
    let place = |index: usize, count: usize| {
        let position = index as f32 / (count as f64 / base as f64) as f32 / scale as f32;
        f64::from(position)
    };
    let axis = |count: usize| -> Vec<Vec<f32>> {
        let of = |index| {
            let angles: Vec<f64> = frequencies
                .iter()
                .map(|f| place(index, count) * f)
                .collect();
            let sines = angles.iter().map(|a| a.sin() as f32);
            sines.chain(angles.iter().map(|a| a.cos() as f32)).collect()
        };
        (0..count).map(of).collect()
    };
    let (of_row, of_column) = (axis(rows), axis(columns));
    let mut values = Vec::with_capacity(rows * columns * width);
    for row in &of_row {
        for column in &of_column {
            values.extend_from_slice(column);
            values.extend_from_slice(row);
        }
    }
    Tensor::new(&[rows * columns, width], values)
}
