//! The anchors of quality loss: what LPIPS is between error-free images that
//! have nothing to do with each other but their class, or not even that.

use super::{LpipsFeatures, MetricError};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// LPIPS over pairs of one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    /// Pairs that it is the mean of.
    pub pairs: usize,
    /// Mean LPIPS.
    pub mean: f64,
    /// Standard deviation over the pairs.
    pub deviation: f64,
}

/// The two anchors; none where there is no such pair.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchors {
    /// Same class, other seed.
    pub same_class: Option<Anchor>,
    /// Other class.
    pub other_class: Option<Anchor>,
}

/// The anchors of error-free images, each made from another seed. Of each kind
/// all pairs are taken or, where there are more than `limit`, that many drawn
/// with replacement from `seed`.
///
/// # Errors
/// Another number of labels than of images, images of different sizes.
pub fn anchors(
    features: &[LpipsFeatures],
    labels: &[usize],
    limit: usize,
    seed: u64,
) -> Result<Anchors, MetricError> {
    if features.len() != labels.len() {
        return Err(MetricError::LabelCount {
            labels: labels.len(),
            images: features.len(),
        });
    }
    let anchor = |same: bool| {
        let pairs = pairs(labels, same, limit, seed);
        let distances = pairs
            .iter()
            .map(|(a, b)| features[*a].distance(&features[*b]))
            .collect::<Result<Vec<f64>, _>>()?;
        Ok(Anchor::new(&distances))
    };
    Ok(Anchors {
        same_class: anchor(true)?,
        other_class: anchor(false)?,
    })
}

impl Anchor {
    fn new(distances: &[f64]) -> Option<Self> {
        if distances.is_empty() {
            return None;
        }
        let pairs = distances.len();
        let mean = distances.iter().sum::<f64>() / pairs as f64;
        let squares: f64 = distances.iter().map(|value| (value - mean).powi(2)).sum();
        Some(Self {
            pairs,
            mean,
            deviation: (squares / pairs as f64).sqrt(),
        })
    }
}

/// Pairs of images whose labels are the same, or not.
fn pairs(labels: &[usize], same: bool, limit: usize, seed: u64) -> Vec<(usize, usize)> {
    let n = labels.len();
    let all = || {
        (0..n)
            .flat_map(move |a| (a + 1..n).map(move |b| (a, b)))
            .filter(|(a, b)| (labels[*a] == labels[*b]) == same)
    };
    if all().take(limit.saturating_add(1)).count() <= limit {
        return all().collect();
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(u64::from(same));
    // Rejection ends soon: more than `limit` pairs of the kind exist.
    std::iter::repeat_with(|| {
        let mut below_n = || (random.next_u64() % n as u64) as usize;
        (below_n(), below_n())
    })
    .filter(|(a, b)| a != b && (labels[*a] == labels[*b]) == same)
    .take(limit)
    .collect()
}
