//! Confidence intervals: Wilson's for proportions and Newcombe's for paired ones, the bootstrap's
//! for means, the jackknife's for what repeated values would bias.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Confidence of the intervals that are printed and reported.
pub const CONFIDENCE: f64 = 0.95;
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

/// Difference p₁ − p₂ of two proportions of the same trials with Newcombe's interval (R. G.
/// Newcombe, Statistics in Medicine 17, 1998, method 10): Wilson's two intervals, joined by the
/// correlation of the pairs. `None` without pairs.
pub fn paired_difference(pairs: &[(bool, bool)], confidence: f64) -> Option<Estimate> {
    let count = |first, second| {
        pairs
            .iter()
            .filter(|pair| **pair == (first, second))
            .count() as u64
    };
    let (both, one, two, none) = (
        count(true, true),
        count(true, false),
        count(false, true),
        count(false, false),
    );
    let n = pairs.len() as u64;
    let a = wilson(both + one, n, confidence)?;
    let b = wilson(both + two, n, confidence)?;
    let ([a_low, a_high], [b_low, b_high]) = (a.interval?, b.interval?);
    let margins = [both + one, two + none, both + two, one + none];
    let product: f64 = margins.iter().map(|margin| *margin as f64).product();
    let correlation = if product == 0.0 {
        0.0
    } else {
        ((both * none) as f64 - (one * two) as f64) / product.sqrt()
    };
    let joined = |x: f64, y: f64| (x * x - 2.0 * correlation * x * y + y * y).max(0.0).sqrt();
    let value = a.value - b.value;
    Some(Estimate {
        value,
        interval: Some([
            value - joined(a.value - a_low, b_high - b.value),
            value + joined(a_high - a.value, b.value - b_low),
        ]),
        samples: n,
    })
}

/// Percentile bootstrap interval of anything that is computed from a choice, with repetition, of
/// `count` items; the statistic gets their numbers.
pub fn bootstrap_interval(
    count: usize,
    confidence: f64,
    statistic: impl Fn(&[usize]) -> f64,
) -> Option<[f64; 2]> {
    if count < 2 {
        return None;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let mut values: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn: Vec<usize> = (0..count).map(|_| below(&mut rng, count)).collect();
            statistic(&drawn)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let last = (values.len() - 1) as f64;
    let tail = (1.0 - confidence) / 2.0;
    Some([tail, 1.0 - tail].map(|share| values[(share * last).round() as usize]))
}

/// Mean change of a statistic with its delete-a-group jackknife interval (Student's t): for what
/// repeated items would bias, such as covariances. The statistic gets the numbers of the items
/// that are left; `None` with fewer items than groups.
pub fn jackknife(
    count: usize,
    groups: usize,
    confidence: f64,
    statistic: impl Fn(&[usize]) -> f64,
) -> Option<Estimate> {
    if groups < 2 || count < groups {
        return None;
    }
    let value = statistic(&(0..count).collect::<Vec<_>>());
    let without: Vec<f64> = (0..groups)
        .map(|group| {
            let left: Vec<usize> = (0..count).filter(|item| item % groups != group).collect();
            statistic(&left)
        })
        .collect();
    let mean = average(without.iter().copied(), groups);
    let squares: f64 = without.iter().map(|value| (value - mean).powi(2)).sum();
    let n = groups as f64;
    let error = ((n - 1.0) / n * squares).sqrt();
    let student = StudentsT::new(0.0, 1.0, n - 1.0).expect("more than one group");
    let half = error * student.inverse_cdf(0.5 + confidence / 2.0);
    Some(Estimate {
        value,
        interval: Some([value - half, value + half]),
        samples: count as u64,
    })
}

fn average(values: impl Iterator<Item = f64>, count: usize) -> f64 {
    values.sum::<f64>() / count as f64
}

/// Uniform in 0..size, by multiplication; the bias is below 2^-32 for any
/// number of values that memory holds.
fn below(rng: &mut ChaCha8Rng, size: usize) -> usize {
    ((u128::from(rng.next_u64()) * size as u128) >> 64) as usize
}
