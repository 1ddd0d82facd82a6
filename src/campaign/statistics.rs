//! Confidence intervals: Wilson's for proportions, the bootstrap's for means.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

/// Bootstrap samples.
const RESAMPLES: usize = 2000;
/// Seed of the bootstrap: the same data give the same interval.
const SEED: u64 = 0x6472_6966_7400;

/// An estimate with its confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimated value.
    pub value: f64,
    /// Lower and upper end; `None` where the data give none.
    pub interval: Option<[f64; 2]>,
    /// Values or trials that it rests on.
    pub samples: u64,
}

fn normal() -> Normal {
    Normal::standard()
}

/// Proportion with Wilson's score interval (E. B. Wilson, JASA 22, 1927),
/// which stays within 0 and 1 and is sensible at 0 and 1. `None` without
/// trials.
pub fn wilson(successes: u64, trials: u64, confidence: f64) -> Option<Estimate> {
    if trials == 0 {
        return None;
    }
    let (n, p) = (trials as f64, successes as f64 / trials as f64);
    let z = normal().inverse_cdf(0.5 + confidence / 2.0);
    let scale = 1.0 + z * z / n;
    let centre = (p + z * z / (2.0 * n)) / scale;
    let half = z / scale * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    // The ends meet 0 and 1 exactly there, which rounding would miss.
    let low = if successes == 0 { 0.0 } else { centre - half };
    let high = if successes == trials {
        1.0
    } else {
        centre + half
    };
    Some(Estimate {
        value: p,
        interval: Some([low, high]),
        samples: trials,
    })
}

/// Mean with the bias-corrected and accelerated bootstrap interval (B. Efron,
/// JASA 82, 1987). One value has no interval; equal values have one of no
/// width, which says only that no spread was seen. `None` without values.
pub fn bootstrap_mean(values: &[f64], confidence: f64) -> Option<Estimate> {
    if values.is_empty() {
        return None;
    }
    let mean = average(values.iter().copied(), values.len());
    let estimate = |interval| {
        Some(Estimate {
            value: mean,
            interval,
            samples: values.len() as u64,
        })
    };
    if values.len() == 1 || !mean.is_finite() {
        return estimate(None);
    }
    if values.iter().all(|value| *value == values[0]) {
        return estimate(Some([mean, mean]));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn = (0..values.len()).map(|_| values[below(&mut rng, values.len())]);
            average(drawn, values.len())
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let interval = bca(&means, values, mean, confidence);
    estimate(Some(interval))
}

/// The BCa quantiles of sorted bootstrap means.
fn bca(means: &[f64], values: &[f64], mean: f64, confidence: f64) -> [f64; 2] {
    let normal = normal();
    // Bias: how far the mean lies from the median of the bootstrap; ties count half.
    let below = means.partition_point(|m| *m < mean);
    let at_most = means.partition_point(|m| *m <= mean);
    let share = (below + at_most) as f64 / 2.0 / means.len() as f64;
    let edge = 0.5 / means.len() as f64;
    let bias = normal.inverse_cdf(share.clamp(edge, 1.0 - edge));
    // Acceleration, from the jackknife; for a mean its differences are those of the values.
    let (mut second, mut third) = (0.0, 0.0);
    for value in values {
        let difference = value - mean;
        second += difference.powi(2);
        third += difference.powi(3);
    }
    let acceleration = third / (6.0 * second.powf(1.5));
    let quantile = |probability: f64| {
        let z = bias + normal.inverse_cdf(probability);
        let adjusted = normal.cdf(bias + z / (1.0 - acceleration * z));
        let position = adjusted.clamp(0.0, 1.0) * (means.len() - 1) as f64;
        let (low, rest) = (position.floor(), position.fract());
        let at = |index: f64| means[(index as usize).min(means.len() - 1)];
        at(low) + (at(low + 1.0) - at(low)) * rest
    };
    let tail = (1.0 - confidence) / 2.0;
    [quantile(tail), quantile(1.0 - tail)]
}

fn average(values: impl Iterator<Item = f64>, count: usize) -> f64 {
    values.sum::<f64>() / count as f64
}

/// Uniform in 0..size, by multiplication; the bias is below 2^-32 for any
/// number of values that memory holds.
fn below(rng: &mut ChaCha8Rng, size: usize) -> usize {
    ((u128::from(rng.next_u64()) * size as u128) >> 64) as usize
}
