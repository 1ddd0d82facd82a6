//! Two sets of images, pair by pair.

use super::{Lpips, LpipsFeatures, MetricError, mean_squared_error, psnr, ssim};
use crate::image::{Image, ImageSet};
use std::collections::HashMap;

/// What a pair of images scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairScores {
    /// Mean squared error of values 0..=1.
    pub mean_squared_error: f64,
    /// Structural similarity, 1 for equal images.
    pub ssim: f64,
    /// LPIPS, 0 for equal images.
    pub lpips: f64,
}

impl PairScores {
    /// Scores of `a` against `b`, whose LPIPS features are known.
    ///
    /// # Errors
    /// Images of different formats, or too small.
    pub fn new(
        a: (&Image, &LpipsFeatures),
        b: (&Image, &LpipsFeatures),
    ) -> Result<Self, MetricError> {
        Ok(Self {
            mean_squared_error: mean_squared_error(a.0, b.0)?,
            ssim: ssim(a.0, b.0)?,
            lpips: a.1.distance(b.1)?,
        })
    }

    /// Peak signal-to-noise ratio in dB; infinite for equal images.
    #[must_use]
    pub fn psnr(&self) -> f64 {
        psnr(self.mean_squared_error)
    }
}

/// Scores of many pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Pairs.
    pub n: usize,
    /// PSNR in dB of the mean squared error over all pairs: finite unless all
    /// pairs are equal, which a mean of PSNRs is not.
    pub psnr: f64,
    /// Mean SSIM.
    pub ssim: f64,
    /// Mean LPIPS.
    pub lpips: f64,
}

impl Summary {
    /// The summary of some scores; none of no scores.
    #[must_use]
    pub fn new(scores: &[PairScores]) -> Option<Self> {
        let n = scores.len();
        let mean = |value: fn(&PairScores) -> f64| scores.iter().map(value).sum::<f64>() / n as f64;
        (n > 0).then(|| Self {
            n,
            psnr: psnr(mean(|scores| scores.mean_squared_error)),
            ssim: mean(|scores| scores.ssim),
            lpips: mean(|scores| scores.lpips),
        })
    }
}

/// Indices into both sets of images of one name, in the order of the first set.
/// Two single images are a pair whatever they are called.
///
/// # Errors
/// No name in common, or a pair of different formats.
pub fn matched(a: &ImageSet, b: &ImageSet) -> Result<Vec<(usize, usize)>, MetricError> {
    let pairs: Vec<(usize, usize)> = if a.images.len() == 1 && b.images.len() == 1 {
        vec![(0, 0)]
    } else {
        let places: HashMap<&str, usize> = b.names.iter().map(String::as_str).zip(0..).collect();
        let names = a.names.iter().enumerate();
        names
            .filter_map(|(at, name)| Some((at, *places.get(name.as_str())?)))
            .collect()
    };
    if pairs.is_empty() {
        let first = |set: &ImageSet| set.names.first().cloned().unwrap_or_default();
        return Err(MetricError::NoCommonNames {
            a: a.source.display().to_string(),
            b: b.source.display().to_string(),
            first_a: first(a),
            first_b: first(b),
        });
    }
    for (in_a, in_b) in &pairs {
        let formats = (a.images[*in_a].format(), b.images[*in_b].format());
        if formats.0 != formats.1 {
            return Err(MetricError::Format {
                name: a.names[*in_a].clone(),
                a: formats.0,
                b: formats.1,
            });
        }
    }
    Ok(pairs)
}

/// Scores of every pair (`a[i]`, `b[i]`), and the LPIPS features of the second
/// images, for the anchors.
///
/// # Errors
/// Pairs of different formats, images that are too
/// small.
pub fn compare(
    lpips: &Lpips,
    a: &[&Image],
    b: &[&Image],
) -> Result<(Vec<PairScores>, Vec<LpipsFeatures>), MetricError> {
    debug_assert_eq!(a.len(), b.len());
    let of_a = lpips.features(a)?;
    let of_b = lpips.features(b)?;
    let scores = (0..a.len().min(b.len()))
        .map(|at| PairScores::new((a[at], &of_a[at]), (b[at], &of_b[at])))
        .collect::<Result<_, _>>()?;
    Ok((scores, of_b))
}
