//! Normalisation: mean 0 and variance 1, biased variance, ε inside the root.

use super::elementary::fold;
use multiversion::multiversion;

/// Normalises each row of `columns` values in place, then applies
/// `weight`·x + `bias` if they are given.
///
/// # Panics
/// If weight or bias is shorter than a row.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
pub fn layer_norm(values: &mut [f32], columns: usize, eps: f32, affine: Option<(&[f32], &[f32])>) {
    for row in values.chunks_exact_mut(columns.max(1)) {
        let mean = fold(row, 0.0, |x| x, |a, b| a + b) / columns as f32;
        row.iter_mut().for_each(|x| *x -= mean);
        let variance = fold(row, 0.0, |x| x * x, |a, b| a + b) / columns as f32;
        let factor = 1.0 / (variance + eps).sqrt();
        match affine {
            Some((weight, bias)) => {
                let (weight, bias) = (&weight[..columns], &bias[..columns]);
                for ((x, w), b) in row.iter_mut().zip(weight).zip(bias) {
                    *x = *x * factor * w + b;
                }
            }
            None => row.iter_mut().for_each(|x| *x *= factor),
        }
    }
}

/// Normalises each of `groups` groups of channels of one image, \[H·W, C\], in place, then
/// applies `weight`·x + `bias` per channel.
///
/// # Panics
/// If there are no channels, or fewer weights or biases than channels.
pub fn group_norm(image: &mut [f32], groups: usize, eps: f32, weight: &[f32], bias: &[f32]) {
    let channels = weight.len();
    let width = channels / groups;
    let count = (image.len() / channels * width) as f64;
    let (mut sums, mut squares) = (vec![0.0f64; groups], vec![0.0f64; groups]);
    for pixel in image.chunks_exact(channels) {
        for (group, sum) in pixel.chunks_exact(width).zip(&mut sums) {
            *sum += f64::from(fold(group, 0.0, |x| x, |a, b| a + b));
        }
    }
    let means: Vec<f32> = sums.iter().map(|sum| (sum / count) as f32).collect();
    for pixel in image.chunks_exact(channels) {
        for ((group, square), mean) in pixel.chunks_exact(width).zip(&mut squares).zip(&means) {
            *square += f64::from(fold(group, 0.0, |x| (x - mean) * (x - mean), |a, b| a + b));
        }
    }
    let (mut scale, mut shift) = (weight.to_vec(), bias.to_vec());
    for c in 0..channels {
        let group = c / width;
        let variance = squares[group] / count;
        scale[c] *= (1.0 / (variance + f64::from(eps)).sqrt()) as f32;
        shift[c] -= means[group] * scale[c];
    }
    for pixel in image.chunks_exact_mut(channels) {
        for ((x, a), b) in pixel.iter_mut().zip(&scale).zip(&shift) {
            *x = *x * a + b;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(len: usize) -> Vec<f32> {
        (0..len)
            .map(|i| ((i * 7919) % 101) as f32 * 0.1 + 2.0)
            .collect()
    }

    /// Mean and reciprocal deviation in f64.
    fn moments(values: &[f64], eps: f64) -> (f64, f64) {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
        (mean, 1.0 / (variance / values.len() as f64 + eps).sqrt())
    }

    #[test]
    fn rows_are_normalised() {
        for columns in [1, 3, 16, 19, 128] {
            let before = values(3 * columns);
            let (weight, bias) = (values(columns), values(columns + 1)[1..].to_vec());
            for affine in [false, true] {
                let mut after = before.clone();
                let given = affine.then_some((weight.as_slice(), bias.as_slice()));
                layer_norm(&mut after, columns, 1e-5, given);
                for (i, y) in after.iter().enumerate() {
                    let row = &before[i / columns * columns..][..columns];
                    let row: Vec<f64> = row.iter().map(|x| f64::from(*x)).collect();
                    let (mean, factor) = moments(&row, 1e-5);
                    let mut expected = (row[i % columns] - mean) * factor;
                    if affine {
                        let (w, b) = (weight[i % columns], bias[i % columns]);
                        expected = expected * f64::from(w) + f64::from(b);
                    }
                    assert!((f64::from(*y) - expected).abs() < 1e-4 * (1.0 + expected.abs()));
                }
            }
        }
    }

    #[test]
    fn groups_are_normalised() {
        let (pixels, channels) = (35, 12);
        let before = values(pixels * channels);
        let (weight, bias) = (values(channels), values(channels + 3)[3..].to_vec());
        for groups in [1, 3, 12] {
            let width = channels / groups;
            let mut after = before.clone();
            group_norm(&mut after, groups, 1e-5, &weight, &bias);
            for (i, y) in after.iter().enumerate() {
                let (pixel, c) = (i / channels, i % channels);
                let members = (0..pixels * channels).filter(|j| j % channels / width == c / width);
                let group: Vec<f64> = members.map(|j| f64::from(before[j])).collect();
                let (mean, factor) = moments(&group, 1e-5);
                let x = f64::from(before[pixel * channels + c]);
                let expected = (x - mean) * factor * f64::from(weight[c]) + f64::from(bias[c]);
                assert!((f64::from(*y) - expected).abs() < 1e-4 * (1.0 + expected.abs()));
            }
        }
    }
}
