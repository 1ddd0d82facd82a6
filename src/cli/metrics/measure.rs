//! What `drift metrics` measures.

use crate::cli::progress::Progress;
use anyhow::{Result, bail};
use drift::image::{Image, ImageSet};
use drift::metrics::{
    Anchors, Classified, Classifier, FdClf, Lpips, LpipsFeatures, PairScores, RealImages, Summary,
    anchors, compare, matched,
};

/// Everything that was measured.
pub struct Measured {
    /// Names of the pairs.
    pub names: Vec<String>,
    /// Scores of the pairs.
    pub scores: Vec<PairScores>,
    /// Over all pairs.
    pub summary: Summary,
    /// Images of A, and of B, without a partner.
    pub unmatched: [usize; 2],
    /// What the classifier says of A and B; none unless all images are 32×32 grey.
    pub classes: Option<[SetScores; 2]>,
    /// Anchors of the error-free images B; none without labels.
    pub anchors: Option<Anchors>,
}

/// What the classifier says of a set.
pub struct SetScores {
    /// Share of images whose class is their label's; none without labels.
    pub accuracy: Option<f64>,
    /// FD-clf; none of a single image.
    pub fd_clf: Option<FdClf>,
}

/// Pairs that are compared between two reports of progress.
const CHUNK: usize = 64;
/// Values of LPIPS features that are kept for the anchors: 512 MiB.
const KEPT: usize = 1 << 27;
/// Most pairs of images per anchor; more are drawn from.
const ANCHOR_PAIRS: usize = 100_000;

/// Measures the images of A against those of B with the same names; `labels` are those of B.
///
/// # Errors
/// No pairs, or images that do not go together.
pub fn measure(a: &ImageSet, b: &ImageSet, labels: Option<&[usize]>) -> Result<Measured> {
    let pairs = matched(a, b)?;
    let of_a: Vec<&Image> = pairs.iter().map(|(at, _)| &a.images[*at]).collect();
    let of_b: Vec<&Image> = pairs.iter().map(|(_, at)| &b.images[*at]).collect();
    let labels: Option<Vec<usize>> =
        labels.map(|labels| pairs.iter().map(|(_, at)| labels[*at]).collect());

    let lpips = Lpips::embedded();
    let one_size = of_b.iter().all(|image| image.format() == of_b[0].format());
    let mut sample = AnchorSample::new(&lpips, &of_b, labels.as_deref().filter(|_| one_size))?;
    let mut scores = Vec::with_capacity(pairs.len());
    let mut progress = Progress::new(pairs.len() as u64, "pairs");
    for (a, b) in of_a.chunks(CHUNK).zip(of_b.chunks(CHUNK)) {
        let (some, features) = compare(&lpips, a, b)?;
        sample.take(scores.len(), features);
        scores.extend(some);
        progress.at(scores.len() as u64, "compared");
    }
    progress.finish();
    let Some(summary) = Summary::new(&scores) else {
        bail!("no pairs");
    };
    Ok(Measured {
        names: pairs.iter().map(|(at, _)| a.names[*at].clone()).collect(),
        summary,
        scores,
        unmatched: [&a.images, &b.images].map(|images| images.len() - pairs.len()),
        classes: classes(&of_a, &of_b, labels.as_deref())?,
        anchors: sample.anchors()?,
    })
}

/// Images for the anchors: evenly spaced ones, as many as memory allows.
struct AnchorSample<'a> {
    labels: Option<&'a [usize]>,
    stride: usize,
    features: Vec<LpipsFeatures>,
    chosen: Vec<usize>,
}

impl<'a> AnchorSample<'a> {
    fn new(lpips: &Lpips, images: &[&Image], labels: Option<&'a [usize]>) -> Result<Self> {
        let length = lpips.features(&images[..1])?[0].len();
        Ok(Self {
            labels,
            stride: images.len().div_ceil((KEPT / length).max(1)),
            features: Vec::new(),
            chosen: Vec::new(),
        })
    }

    /// Takes what is wanted of the features of images `start..`.
    fn take(&mut self, start: usize, features: Vec<LpipsFeatures>) {
        if let Some(labels) = self.labels {
            for (at, features) in (start..).zip(features) {
                if at % self.stride == 0 {
                    self.features.push(features);
                    self.chosen.push(labels[at]);
                }
            }
        }
    }

    fn anchors(&self) -> Result<Option<Anchors>> {
        Ok(match self.labels {
            Some(_) => Some(anchors(&self.features, &self.chosen, ANCHOR_PAIRS, 1)?),
            None => None,
        })
    }
}

/// The classifier's view of both sets, where it has one.
fn classes(a: &[&Image], b: &[&Image], labels: Option<&[usize]>) -> Result<Option<[SetScores; 2]>> {
    if !a.iter().all(|image| Classifier::takes(image)) {
        return Ok(None);
    }
    let (classifier, real) = (Classifier::embedded(), RealImages::embedded());
    let scores = |images: &[&Image]| -> Result<SetScores> {
        let classified = classifier.classify(images)?;
        let accuracy = labels.map(|labels| Classified::accuracy(&classified, labels));
        let many = classified.len() > 1;
        Ok(SetScores {
            accuracy: accuracy.transpose()?,
            fd_clf: many.then(|| real.distance(&classified)).transpose()?,
        })
    };
    Ok(Some([scores(a)?, scores(b)?]))
}
