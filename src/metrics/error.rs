//! What can be wrong with images, labels or weights.

use thiserror::Error;

/// Images that cannot be measured, or weights that cannot be used.
#[derive(Debug, Error)]
pub enum MetricError {
    /// Two images of different formats.
    #[error("{name}: {a} against {b}; images that are compared have the same size and colours")]
    Format {
        /// Name of the pair.
        name: String,
        /// Format of the first image.
        a: String,
        /// Format of the second image.
        b: String,
    },
    /// Sets of images that have nothing in common.
    #[error("{a} and {b} have no image names in common (first ones: {first_a:?}, {first_b:?})")]
    NoCommonNames {
        /// The first set.
        a: String,
        /// The second set.
        b: String,
        /// A name of the first set.
        first_a: String,
        /// A name of the second set.
        first_b: String,
    },
    /// An image too small for a metric.
    #[error("{metric} of {found} is not defined; sides of at least {allowed} pixels are needed")]
    TooSmall {
        /// The metric.
        metric: &'static str,
        /// Format of the image.
        found: String,
        /// The smallest side.
        allowed: usize,
    },
    /// An image that the classifier does not take.
    #[error("image {index} is {found}; the classifier takes 32x32 grey")]
    ClassifierInput {
        /// Index of the image.
        index: usize,
        /// Its format.
        found: String,
    },
    /// Labels that do not fit the images.
    #[error("{labels} labels for {images} images")]
    LabelCount {
        /// Labels.
        labels: usize,
        /// Images.
        images: usize,
    },
    /// A label without a class.
    #[error("label {label} of image {index} is not allowed; expected 0..={last}")]
    Label {
        /// Index of the image.
        index: usize,
        /// Its label.
        label: usize,
        /// The last class.
        last: usize,
    },
    /// A distribution of too few images.
    #[error("{images} images have no covariance; expected at least 2")]
    TooFew {
        /// Images.
        images: usize,
    },
    /// Weights that are no safetensors file.
    #[error("{network}: not a complete safetensors file: {message}")]
    Weights {
        /// The network.
        network: &'static str,
        /// What the reader said.
        message: String,
    },
    /// A tensor that is missing or not what the network needs.
    #[error("{network}: tensor {tensor}: {found}; expected {allowed}")]
    Tensor {
        /// The network.
        network: &'static str,
        /// The tensor's name.
        tensor: String,
        /// What was found.
        found: String,
        /// What would be allowed.
        allowed: String,
    },
}
