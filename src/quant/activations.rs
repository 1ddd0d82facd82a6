//! Activations: int8 with one scale per tensor or per token.

use super::LEVELS;
use multiversion::multiversion;
use ndarray::Array2;

/// Real value = integer · scale.
#[derive(Clone, Debug, PartialEq)]
pub enum Scales {
    /// One scale for all rows.
    Tensor(f32),
    /// One scale for each row (token).
    Token(Vec<f32>),
}

impl Scales {
    /// Dynamic scale of a whole tensor.
    pub fn of_tensor(x: &[f32]) -> Self {
        Scales::Tensor(scale_of(magnitude(x)))
    }

    /// Dynamic scales of the rows of an M×K tensor.
    pub fn of_tokens(x: &[f32], k: usize) -> Self {
        Scales::Token(x.chunks(k).map(|row| scale_of(magnitude(row))).collect())
    }

    /// Scale of a row.
    pub fn row(&self, m: usize) -> f32 {
        match self {
            Scales::Tensor(scale) => *scale,
            Scales::Token(scales) => scales[m],
        }
    }
}

/// The scale with which a magnitude becomes 127; 1 where everything is zero.
pub(super) fn scale_of(magnitude: f32) -> f32 {
    let scale = magnitude / LEVELS;
    // A subnormal scale would have no finite inverse.
    if scale.is_normal() { scale } else { 1.0 }
}

/// Largest finite magnitude. Infinities, which only a faulty run has, saturate
/// instead of making every other value zero; NaN counts as nothing.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
pub fn magnitude(x: &[f32]) -> f32 {
    let mut lanes = [0f32; 32];
    let mut chunks = x.chunks_exact(32);
    for chunk in &mut chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            let value = value.abs();
            // False for NaN and infinity.
            *lane = if value <= f32::MAX && value > *lane {
                value
            } else {
                *lane
            };
        }
    }
    let rest = chunks.remainder().iter().map(|value| value.abs());
    let rest = rest.filter(|value| *value <= f32::MAX);
    lanes.into_iter().chain(rest).fold(0.0, f32::max)
}

/// An int8 activation matrix.
#[derive(Clone, Debug)]
pub struct Quantised {
    /// Integers, M×K.
    pub q: Array2<i8>,
    /// Their scales.
    pub scales: Scales,
}

/// Quantises an M×K matrix: round to nearest even, saturated to ±127.
///
/// # Panics
/// When `x` is not m·k long, or there is not a scale for each row.
pub fn quantise(x: &[f32], m: usize, k: usize, scales: Scales) -> Quantised {
    assert_eq!(x.len(), m * k, "an M×K matrix");
    let mut q = vec![0i8; m * k];
    match &scales {
        Scales::Tensor(scale) => round(x, scale.recip(), &mut q),
        Scales::Token(scales) => {
            assert_eq!(scales.len(), m, "a scale for each row");
            if k > 0 {
                let rows = x.chunks_exact(k).zip(q.chunks_exact_mut(k));
                for ((x, q), scale) in rows.zip(scales) {
                    round(x, scale.recip(), q);
                }
            }
        }
    }
    Quantised {
        q: Array2::from_shape_vec((m, k), q).expect("m·k elements"),
        scales,
    }
}

/// Rounds to nearest even and saturates to ±127; NaN becomes 0. In plain arithmetic
/// because `as`, which saturates too, is computed one value at a time.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
pub(super) fn round(x: &[f32], inverse: f32, q: &mut [i8]) {
    /// 1.5·2²³: the sum with it has no room for fractions, and rounds; its low bits are
    /// the integer.
    const ROUND: f32 = 12_582_912.0;
    for (q, &x) in q.iter_mut().zip(x) {
        let scaled = x * inverse;
        let number = if scaled.is_nan() { 0.0 } else { scaled };
        let rounded = number.clamp(-LEVELS, LEVELS) + ROUND;
        *q = rounded.to_bits() as u8 as i8;
    }
}
