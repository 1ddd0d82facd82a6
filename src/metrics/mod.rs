//! Quality of images: how far two images are apart, and how far a set of images
//! is from real ones.
//!
//! ```text
//! comparison ─► pixels (PSNR), ssim, lpips        anchors ─► lpips
//! frechet (FD-clf) ─► classifier                  lpips, classifier ─► layers, weights
//! ```
//!
//! *Quality loss* is LPIPS between the image of a faulty run and that of the
//! error-free run of the same int8 model, seed, class and sampler. A number only
//! means something beside the [`anchors`]: LPIPS between error-free images of the
//! same class from other seeds, and of other classes.
//!
//! No result depends on what else is in a batch. Whoever compares many images with the
//! same one computes its [`LpipsFeatures`] once:
//!
//! ```
//! use drift::image::{Colour, Image};
//! use drift::metrics::{Lpips, PairScores};
//!
//! let lpips = Lpips::embedded();
//! let clean = Image::new(32, 32, Colour::Grey, vec![0.5; 1024])?;
//! let faulty = Image::new(32, 32, Colour::Grey, vec![0.6; 1024])?;
//! let kept = lpips.features(&[&clean])?;
//! let found = lpips.features(&[&faulty])?;
//! let scores = PairScores::new((&faulty, &found[0]), (&clean, &kept[0]))?;
//! assert!((scores.psnr() - 20.0).abs() < 1e-3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod anchors;
mod classifier;
mod comparison;
mod error;
mod frechet;
mod layers;
mod lpips;
mod pixels;
mod ssim;
#[cfg(test)]
mod tests;
mod weights;

pub use anchors::{Anchor, Anchors, anchors};
pub use classifier::{CLASS_NAMES, CLASSES, Classified, Classifier, FEATURES};
pub use comparison::{PairScores, Summary, compare, matched};
pub use error::MetricError;
pub use frechet::{FdClf, Floor, RealImages};
pub use lpips::{Lpips, LpipsFeatures};
pub use pixels::{mean_squared_error, psnr};
pub use ssim::ssim;
