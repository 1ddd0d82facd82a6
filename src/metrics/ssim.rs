//! Structural similarity (Wang, Bovik, Sheikh, Simoncelli: "Image quality
//! assessment: from error visibility to structural similarity", 2004).

use super::MetricError;
use super::pixels::same_format;
use crate::image::Image;

/// Side of the window.
const WINDOW: usize = 11;
/// Standard deviation of its Gaussian, in pixels.
const SIGMA: f64 = 1.5;
/// (K1 · L)² and (K2 · L)² with L = 1, the range of the values.
const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// Mean structural similarity: 11 × 11 Gaussian windows of σ = 1.5 that lie
/// wholly on the image, K1 = 0.01, K2 = 0.03, population moments; RGB is the mean
/// of its channels. These are the settings of the paper, and scikit-image's with
/// `gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1`.
///
/// # Errors
/// Images of different formats, or with a side of less than 11 pixels.
pub fn ssim(a: &Image, b: &Image) -> Result<f64, MetricError> {
    same_format(a, b)?;
    if a.width().min(a.height()) < WINDOW {
        return Err(MetricError::TooSmall {
            metric: "SSIM",
            found: a.format(),
            allowed: WINDOW,
        });
    }
    let channels = a.colour().channels();
    let sum: f64 = (0..channels)
        .map(|channel| {
            let plane = |image: &Image| -> Vec<f64> {
                let values = image.values().iter().skip(channel).step_by(channels);
                values.map(|value| f64::from(*value)).collect()
            };
            plane_similarity(&plane(a), &plane(b), a.width())
        })
        .sum();
    Ok(sum / channels as f64)
}

fn plane_similarity(a: &[f64], b: &[f64], width: usize) -> f64 {
    let window = gaussian();
    let smooth = |values: Vec<f64>| filtered(&values, width, &window);
    let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).collect();
    let mean_a = smooth(a.to_vec());
    let mean_b = smooth(b.to_vec());
    let [square_a, square_b, cross] = [(a, a), (b, b), (a, b)].map(|(x, y)| smooth(product(x, y)));
    let sum: f64 = (0..mean_a.len())
        .map(|at| {
            let (ua, ub) = (mean_a[at], mean_b[at]);
            let (va, vb) = (square_a[at] - ua * ua, square_b[at] - ub * ub);
            let covariance = cross[at] - ua * ub;
            (2.0 * ua * ub + C1) * (2.0 * covariance + C2)
                / ((ua * ua + ub * ub + C1) * (va + vb + C2))
        })
        .sum();
    sum / mean_a.len() as f64
}

fn gaussian() -> [f64; WINDOW] {
    let centre = (WINDOW / 2) as f64;
    let weights: [f64; WINDOW] =
        std::array::from_fn(|at| (-0.5 * ((at as f64 - centre) / SIGMA).powi(2)).exp());
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

/// The window's mean at every place where it lies wholly on the image.
fn filtered(values: &[f64], width: usize, window: &[f64; WINDOW]) -> Vec<f64> {
    let mean = |values: &mut dyn Iterator<Item = f64>| -> f64 {
        window
            .iter()
            .zip(values)
            .map(|(weight, value)| weight * value)
            .sum()
    };
    let narrow = width - (WINDOW - 1);
    let rows: Vec<f64> = values
        .chunks_exact(width)
        .flat_map(|row| row.windows(WINDOW))
        .map(|part| mean(&mut part.iter().copied()))
        .collect();
    (0..rows.len() - (WINDOW - 1) * narrow)
        .map(|at| mean(&mut rows[at..].iter().step_by(narrow).copied()))
        .collect()
}
