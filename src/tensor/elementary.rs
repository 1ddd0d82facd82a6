//! Elementary functions of whole slices. The standard library's are called one
//! value at a time; these are plain arithmetic, which the compiler turns into
//! vector instructions. Errors are measured in the tests.

use multiversion::multiversion;
use std::f32::consts::LOG2_E;

/// Independent partial sums, so that a sum has no serial dependence and is the
/// same on every machine.
const LANES: usize = 16;

/// eˣ to 2e-7 relative, by the Cephes library's polynomial. Below −87 it is
/// 1.6e-38 rather than 0.
#[inline(always)]
pub(crate) fn exp(x: f32) -> f32 {
    // Added and taken away, it rounds to an integer, which its low bits hold.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts: the first has so few bits that its multiples are exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let rounded = x.mul_add(LOG2_E, ROUND);
    let n = rounded - ROUND;
    // Fused, as the targets below can: one rounding for two operations, on any machine.
    let r = n.mul_add(-LN_2_LOW, n.mul_add(-LN_2_HIGH, x));
    let mut p = 1.987_569_1e-4;
    p = r.mul_add(p, 1.398_199_9e-3);
    p = r.mul_add(p, 8.333_452e-3);
    p = r.mul_add(p, 4.166_579_6e-2);
    p = r.mul_add(p, 1.666_666_5e-1);
    p = r.mul_add(p, 0.5);
    let exponent = rounded.to_bits().wrapping_sub(ROUND.to_bits());
    let power = f32::from_bits(exponent.wrapping_add(127) << 23);
    (r * r).mul_add(p, r + 1.0) * power
}

/// The error function to 2e-7: Abramowitz and Stegun, Handbook of Mathematical
/// Functions, 7.1.26.
#[inline(always)]
fn erf(x: f32) -> f32 {
    let a = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * a);
    let mut p = 1.061_405_4;
    p = p * t - 1.453_152;
    p = p * t + 1.421_413_7;
    p = p * t - 0.284_496_74;
    p = p * t + 0.254_829_6;
    (1.0 - p * t * exp(-a * a)).copysign(x)
}

/// Adds value by value, in place.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
pub fn add(values: &mut [f32], more: &[f32]) {
    for (value, more) in values.iter_mut().zip(more) {
        *value += more;
    }
}

/// Multiplies each row by a vector of its length, in place.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
pub fn scale_rows(values: &mut [f32], factors: &[f32]) {
    for row in values.chunks_exact_mut(factors.len().max(1)) {
        for (x, factor) in row.iter_mut().zip(factors) {
            *x *= factor;
        }
    }
}

/// x·(1 + scale) + shift for each row, in place.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
pub fn shift_and_scale(values: &mut [f32], shift: &[f32], scale: &[f32]) {
    for row in values.chunks_exact_mut(shift.len().max(1)) {
        for ((x, scale), shift) in row.iter_mut().zip(scale).zip(shift) {
            *x = *x * (1.0 + scale) + shift;
        }
    }
}

/// x·σ(x) of one value.
#[inline(always)]
pub(crate) fn silu_of(x: f32) -> f32 {
    x / (1.0 + exp(-x))
}

/// x·σ(x), in place.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
pub fn silu(values: &mut [f32]) {
    values.iter_mut().for_each(|x| *x = silu_of(*x));
}

/// GELU of one value in its tanh approximation; (1 + tanh u) / 2 is σ(2u).
#[inline(always)]
pub(crate) fn gelu_tanh_of(x: f32) -> f32 {
    const TWICE_SQRT_2_OVER_PI: f32 = 1.595_769;
    let u = TWICE_SQRT_2_OVER_PI * (0.044_715 * x * x).mul_add(x, x);
    x / (1.0 + exp(-u))
}

/// GELU in its tanh approximation, in place.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
pub fn gelu_tanh(values: &mut [f32]) {
    values.iter_mut().for_each(|x| *x = gelu_tanh_of(*x));
}

/// Exact GELU, x·Φ(x), in place.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
pub fn gelu_erf(values: &mut [f32]) {
    for x in values {
        *x *= 0.5 * (1.0 + erf(*x * std::f32::consts::FRAC_1_SQRT_2));
    }
}

/// Softmax of `scale`·row + `bias` for each row of `columns` values, in place.
///
/// # Panics
/// If there is a bias of another length than a row.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
pub fn softmax_rows(values: &mut [f32], columns: usize, scale: f32, bias: Option<&[f32]>) {
    for row in values.chunks_exact_mut(columns.max(1)) {
        let largest = match bias {
            Some(bias) => {
                assert_eq!(bias.len(), columns, "bias of a row");
                for (x, b) in row.iter_mut().zip(bias) {
                    *x = *x * scale + b;
                }
                fold_mut(row, f32::NEG_INFINITY, |x| x, larger)
            }
            None => fold_mut(row, f32::NEG_INFINITY, |x| x * scale, larger),
        };
        let sum = fold_mut(row, 0.0, |x| exp(x - largest), |a, b| a + b);
        let reciprocal = 1.0 / sum;
        row.iter_mut().for_each(|x| *x *= reciprocal);
    }
}

/// The larger one; the second unless they can be compared.
#[inline(always)]
pub(crate) fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

/// As [`fold`], and leaves what `map` makes of the values in their place.
#[inline(always)]
fn fold_mut(
    values: &mut [f32],
    neutral: f32,
    map: impl Fn(f32) -> f32,
    combine: impl Fn(f32, f32) -> f32,
) -> f32 {
    let mut lanes = [neutral; LANES];
    let mut chunks = values.chunks_exact_mut(LANES);
    for chunk in &mut chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *value = map(*value);
            *lane = combine(*lane, *value);
        }
    }
    for (lane, value) in lanes.iter_mut().zip(chunks.into_remainder()) {
        *value = map(*value);
        *lane = combine(*lane, *value);
    }
    lanes.into_iter().fold(neutral, combine)
}

/// Combines what `map` makes of the values in [`LANES`] strands, then the strands.
#[inline(always)]
pub(super) fn fold(
    values: &[f32],
    neutral: f32,
    map: impl Fn(f32) -> f32,
    combine: impl Fn(f32, f32) -> f32,
) -> f32 {
    let mut lanes = [neutral; LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane = combine(*lane, map(*value));
        }
    }
    for (lane, value) in lanes.iter_mut().zip(rest) {
        *lane = combine(*lane, map(*value));
    }
    lanes.into_iter().fold(neutral, combine)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From −30 to 30 in uneven steps.
    fn points() -> Vec<f32> {
        (-3000..=3000).map(|i| i as f32 * 0.009_99).collect()
    }

    /// Checks `ours` against a function of f64, to `bound` absolute plus relative.
    fn check(ours: impl Fn(&mut [f32]), exact: impl Fn(f64) -> f64, bound: f64) {
        let points = points();
        let mut values = points.clone();
        ours(&mut values);
        for (x, y) in points.iter().zip(values) {
            let expected = exact(f64::from(*x));
            let error = (f64::from(y) - expected).abs();
            assert!(
                error <= bound * (1.0 + expected.abs()),
                "at {x}: {y}, not {expected}"
            );
        }
    }

    #[test]
    fn exponentials_agree_with_the_standard_library() {
        for x in points().into_iter().chain([-87.0, 88.0, 0.0]) {
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) / exact - 1.0).abs() < 2e-7, "at {x}");
        }
        assert!(exp(-1e30) < 2e-38 && exp(f32::NAN).is_nan());
    }

    #[test]
    fn activations_agree_with_their_definitions() {
        check(silu, |x| x / (1.0 + (-x).exp()), 2e-7);
        let tanh = |x: f64| (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3));
        check(gelu_tanh, |x| 0.5 * x * (1.0 + tanh(x).tanh()), 4e-7);
        check(
            gelu_erf,
            |x| 0.5 * x * (1.0 + erf_integral(x / 2.0_f64.sqrt())),
            4e-7,
        );
    }

    /// The error function by Simpson's rule.
    fn erf_integral(x: f64) -> f64 {
        let intervals = 2000;
        let at = |i: i32| (-(x * f64::from(i) / f64::from(intervals)).powi(2)).exp();
        let inner: f64 = (1..intervals)
            .map(|i| at(i) * if i % 2 == 1 { 4.0 } else { 2.0 })
            .sum();
        let integral = (at(0) + inner + at(intervals)) * x / f64::from(3 * intervals);
        integral * 2.0 / std::f64::consts::PI.sqrt()
    }

    #[test]
    fn softmax_agrees_with_its_definition() {
        for columns in [1, 2, 15, 16, 17, 77, 131] {
            let row: Vec<f32> = (0..columns).map(|i| ((i * 37) % 23) as f32 - 9.0).collect();
            let bias: Vec<f32> = (0..columns)
                .map(|i| if i % 3 == 1 { -1e4 } else { 0.0 })
                .collect();
            for bias in [None, Some(bias.as_slice())] {
                let mut values = [row.clone(), row.clone()].concat();
                softmax_rows(&mut values, columns, 0.3, bias);
                let score = |i: usize| {
                    (f64::from(row[i]) * f64::from(0.3f32) + bias.map_or(0.0, |b| f64::from(b[i])))
                        .exp()
                };
                let sum: f64 = (0..columns).map(score).sum();
                for (i, value) in values.iter().enumerate() {
                    let expected = score(i % columns) / sum;
                    assert!((f64::from(*value) - expected).abs() < 1e-6);
                }
            }
        }
        softmax_rows(&mut [], 0, 1.0, None);
    }
}
