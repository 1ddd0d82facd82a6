//! Equal quality: the bounds below which images count as good as error-free ones, and whether
//! records keep within them. Everything that says "at equal quality" asks here.

use super::experiments::images::Outcome;
use super::statistics::{Estimate, bootstrap_mean, jackknife, paired_difference};
use crate::metrics::{CLASSES, Classified, FEATURES, RealImages};

/// Highest mean LPIPS to the error-free twins.
pub const LPIPS: f64 = 0.02;
/// Highest loss of class accuracy, as a share of all images.
pub const ACCURACY: f64 = 0.01;
/// Highest relative increase of FD-clf.
pub const FD_CLF: f64 = 0.05;
/// Groups of the jackknife for FD-clf.
const GROUPS: usize = 10;

/// The definition in words.
pub fn definition() -> String {
    format!(
        "Equal quality means: mean LPIPS to the error-free twins at most {LPIPS}, class accuracy at most {:.0} point lower, FD-clf at \
         most {:.0}% higher. LPIPS decides by its mean; the other two must not be broken with 95% confidence, since few images leave \
         them open.",
        100.0 * ACCURACY,
        100.0 * FD_CLF
    )
}

/// Whether a bound is kept, by the confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The whole interval is within.
    Kept,
    /// The whole interval is beyond.
    Broken,
    /// The interval holds the bound.
    Open,
}

/// A loss and the bound that it has to keep.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Criterion {
    /// The loss; 0: none.
    pub loss: Estimate,
    /// Its bound.
    pub bound: f64,
}

impl Criterion {
    /// Whether the bound is kept.
    pub fn answer(&self) -> Answer {
        let [low, high] = self
            .loss
            .interval
            .unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
        if high <= self.bound {
            Answer::Kept
        } else if low > self.bound {
            Answer::Broken
        } else {
            Answer::Open
        }
    }
}

/// The three criteria.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Mean LPIPS.
    pub lpips: Criterion,
    /// Accuracy of the twins minus that of the images.
    pub accuracy: Criterion,
    /// Relative increase of FD-clf over that of the twins; `None` with fewer than ten images, or
    /// where the features of the twins are not known.
    pub fd_clf: Option<Criterion>,
}

impl Quality {
    /// Whether these images are of equal quality.
    pub fn is_equal(&self) -> bool {
        let others = [Some(self.accuracy), self.fd_clf];
        let broken = |criterion: &Criterion| criterion.answer() == Answer::Broken;
        self.lpips.loss.value <= LPIPS && !others.iter().flatten().any(broken)
    }

    /// The criteria by name; FD-clf only where it is known.
    pub fn criteria(&self) -> Vec<(&'static str, Criterion)> {
        let mut all = vec![("LPIPS", self.lpips), ("accuracy", self.accuracy)];
        all.extend(self.fd_clf.map(|criterion| ("FD-clf", criterion)));
        all
    }
}

/// Judges images, each with the features of its error-free twin where they are known. `None`
/// without images.
pub fn judge(
    images: &[(&Outcome, Option<&[f32]>)],
    real: &RealImages,
    confidence: f64,
) -> Option<Quality> {
    let losses: Vec<f64> = images.iter().map(|(image, _)| image.lpips).collect();
    let classes: Vec<(bool, bool)> = images
        .iter()
        .map(|(image, _)| (image.twin_right, image.right))
        .collect();
    Some(Quality {
        lpips: Criterion {
            loss: bootstrap_mean(&losses, confidence)?,
            bound: LPIPS,
        },
        accuracy: Criterion {
            loss: paired_difference(&classes, confidence)?,
            bound: ACCURACY,
        },
        fd_clf: fd_clf(images, real, confidence).map(|loss| Criterion {
            loss,
            bound: FD_CLF,
        }),
    })
}

/// Relative increase of FD-clf.
fn fd_clf(
    images: &[(&Outcome, Option<&[f32]>)],
    real: &RealImages,
    confidence: f64,
) -> Option<Estimate> {
    let own = images.iter().map(|(image, _)| classified(&image.features));
    let own: Vec<Classified> = own.collect::<Option<_>>()?;
    let twins = images.iter().map(|(_, twin)| classified((*twin)?));
    let twins: Vec<Classified> = twins.collect::<Option<_>>()?;
    let distance = |all: &[Classified], of: &[usize]| {
        let chosen: Vec<Classified> = of.iter().map(|at| all[*at].clone()).collect();
        real.distance(&chosen)
            .map_or(f64::NAN, |found| found.distance)
    };
    jackknife(images.len(), GROUPS, confidence, |of| {
        distance(&own, of) / distance(&twins, of) - 1.0
    })
}

/// Recorded features as FD-clf wants them; the logits are not looked at.
pub fn classified(features: &[f32]) -> Option<Classified> {
    let features: [f32; FEATURES] = features.try_into().ok()?;
    Some(Classified {
        features,
        logits: [0.0; CLASSES],
    })
}
