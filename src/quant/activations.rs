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
    let mut lanes = [0; 32];
    let (chunks, rest) = x.as_chunks::<32>();
    for chunk in chunks {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = finite_bits(value).max(*lane);
        }
    }
    let rest = rest.iter().map(|value| finite_bits(*value));
    let bits = lanes.into_iter().chain(rest).fold(0, u32::max);
    f32::from_bits(bits)
}

/// The bits of a magnitude, which order magnitudes; 0 for what is not finite.
#[inline(always)]
pub(super) fn finite_bits(value: f32) -> u32 {
    let bits = value.abs().to_bits();
    if bits < f32::INFINITY.to_bits() {
        bits
    } else {
        0
    }
}

/// An int8 activation matrix.
#[derive(Clone, Debug)]
pub struct Quantised {
    /// Integers, M×K.
    pub q: Array2<i8>,
    /// Their scales.
    pub scales: Scales,
}

/// Rounds to nearest even and saturates to ±127; NaN becomes 0.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
pub(super) fn round(x: &[f32], inverse: f32, q: &mut [i8]) {
    for (q, &x) in q.iter_mut().zip(x) {
        *q = nearest(x * inverse);
    }
}

/// The nearest integer, ties to even, saturated to ±127; NaN becomes 0. In plain arithmetic
/// because `as`, which saturates too, is computed one value at a time.
#[inline(always)]
pub(super) fn nearest(scaled: f32) -> i8 {
    /// 1.5·2²³: the sum with it has no room for fractions, and rounds; its low bits are
    /// the integer.
    const ROUND: f32 = 12_582_912.0;
    let number = if scaled.is_nan() { 0.0 } else { scaled };
    let rounded = number.clamp(-LEVELS, LEVELS) + ROUND;
    rounded.to_bits() as u8 as i8
}
