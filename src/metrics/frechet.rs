//! FD-clf: the Fréchet distance between the Gaussians of two sets of images in
//! the feature space of the shipped classifier. It is no FID, whose feature space
//! is another network's, and the two must not be compared.

use super::MetricError;
use super::classifier::{Classified, FEATURES};
use super::weights::Weights;
use crate::assets;
use nalgebra::{DMatrix, DVector};

/// Mean and covariance (divided by n − 1) of features.
#[derive(Clone, Debug, PartialEq)]
struct Moments {
    n: usize,
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
}

impl Moments {
    /// The moments of a set of images.
    ///
    /// # Errors
    /// Fewer than two images.
    fn new(classified: &[Classified]) -> Result<Self, MetricError> {
        let n = classified.len();
        if n < 2 {
            return Err(MetricError::TooFew { images: n });
        }
        let mut centred = DMatrix::from_fn(n, FEATURES, |image, feature| {
            f64::from(classified[image].features[feature])
        });
        let mean = centred.row_mean();
        for mut row in centred.row_iter_mut() {
            row -= &mean;
        }
        Ok(Self {
            n,
            mean: mean.transpose(),
            covariance: centred.tr_mul(&centred) / (n - 1) as f64,
        })
    }
}

/// FD-clf of a set of images to real ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FdClf {
    /// Number of images.
    pub n: usize,
    /// The distance.
    pub distance: f64,
    /// What as many real images reach; none is known below 10 and above 10 000.
    pub floor: Option<Floor>,
}

/// FD-clf of real images to real images: what a perfect generator would reach. It
/// falls with about 1/n, as the covariance of few images is a poor estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Floor {
    /// Mean over draws of n real images.
    pub mean: f64,
    /// Standard deviation from draw to draw.
    pub deviation: f64,
}

/// The real images that FD-clf is measured against: the 10 000 test images of
/// Fashion-MNIST.
#[derive(Clone, Debug)]
pub struct RealImages {
    mean: DVector<f64>,
    covariance_trace: f64,
    /// Symmetric root of the covariance.
    root: DMatrix<f64>,
    /// Number of images, floor; ascending.
    floors: Vec<(f64, Floor)>,
}

impl RealImages {
    /// The statistics that are part of the program.
    #[must_use]
    pub fn embedded() -> Self {
        Self::from_bytes(assets::REAL_STATISTICS).expect("the embedded statistics")
    }

    /// Statistics from the file that `tools/metrics/real_statistics.py` writes.
    ///
    /// # Errors
    /// Missing tensors, other shapes or types, values that are not finite.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MetricError> {
        let stored = Weights::open("real statistics", bytes)?;
        let mean = DVector::from_vec(stored.f64("mean", Some(&[FEATURES]))?);
        let covariance = stored.f64("covariance", Some(&[FEATURES, FEATURES]))?;
        let covariance = DMatrix::from_vec(FEATURES, FEATURES, covariance);
        let sizes = stored.f64("floor.n", None)?;
        let column = |name| stored.f64(name, Some(&[sizes.len()]));
        let (means, deviations) = (column("floor.mean")?, column("floor.sd")?);
        let floors = (0..sizes.len()).map(|at| {
            let floor = Floor {
                mean: means[at],
                deviation: deviations[at],
            };
            (sizes[at], floor)
        });
        Ok(Self {
            mean,
            covariance_trace: covariance.trace(),
            root: root(covariance),
            floors: floors.collect(),
        })
    }

    /// FD-clf of a set of images.
    ///
    /// # Errors
    /// Fewer than two images.
    pub fn distance(&self, classified: &[Classified]) -> Result<FdClf, MetricError> {
        let moments = Moments::new(classified)?;
        Ok(FdClf {
            n: moments.n,
            distance: self.distance_of(&moments),
            floor: self.floor(moments.n),
        })
    }

    /// |μ − μ'|² + tr(Σ + Σ' − 2 (Σ Σ')^½): the trace of the root is that of
    /// (Σ'^½ Σ Σ'^½)^½, a symmetric matrix.
    fn distance_of(&self, moments: &Moments) -> f64 {
        let inner = &self.root * &moments.covariance * &self.root;
        let eigenvalues = inner.symmetric_eigenvalues();
        let trace: f64 = eigenvalues.iter().map(|value| value.max(0.0).sqrt()).sum();
        (&moments.mean - &self.mean).norm_squared()
            + moments.covariance.trace()
            + self.covariance_trace
            - 2.0 * trace
    }

    /// FD-clf of n real images, between the sizes that were measured by a power
    /// law.
    #[must_use]
    pub fn floor(&self, n: usize) -> Option<Floor> {
        let n = n as f64;
        if let Some((_, floor)) = self.floors.iter().find(|(size, _)| *size == n) {
            return Some(*floor);
        }
        let pair = self
            .floors
            .windows(2)
            .find(|pair| (pair[0].0..pair[1].0).contains(&n))?;
        let ((small, above), (large, below)) = (pair[0], pair[1]);
        let share = (n / small).ln() / (large / small).ln();
        let between = |from: f64, to: f64| from * (to / from).powf(share);
        Some(Floor {
            mean: between(above.mean, below.mean),
            deviation: between(above.deviation, below.deviation),
        })
    }
}

/// The symmetric root of a positive semidefinite matrix.
fn root(matrix: DMatrix<f64>) -> DMatrix<f64> {
    let eigen = matrix.symmetric_eigen();
    let roots = eigen.eigenvalues.map(|value| value.max(0.0).sqrt());
    &eigen.eigenvectors * DMatrix::from_diagonal(&roots) * eigen.eigenvectors.transpose()
}
