//! The small convolutional classifier of 32×32 grey images that ships with the
//! program (`assets/README.md`).

use super::MetricError;
use super::layers::{Activations, Convolution, Dense, Sides};
use super::weights::Weights;
use crate::assets;
use crate::image::{Colour, Image};

/// Number of classes.
pub const CLASSES: usize = 10;
/// Length of the feature vector in front of the last layer.
pub const FEATURES: usize = 64;
/// What the classes of Fashion-MNIST are called.
pub const CLASS_NAMES: [&str; CLASSES] = [
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
];

/// Side of the images.
const SIDE: usize = 32;
/// Inputs, outputs and stride of the 3 × 3 convolutions.
const LAYERS: [(usize, usize, usize); 5] = [
    (1, 16, 1),
    (16, 32, 2),
    (32, 32, 1),
    (32, 64, 2),
    (64, 64, 1),
];
/// Channels and places that the first linear layer sees.
const CHANNELS: usize = 64;
const PLACES: usize = 16;
/// torch's default for batch normalisation.
const EPSILON: f32 = 1e-5;
/// Images that go through the network together.
const BATCH: usize = 16;

/// The classifier.
#[derive(Clone, Debug)]
pub struct Classifier {
    convolutions: Vec<Convolution>,
    features: Dense,
    logits: Dense,
}

/// What the classifier says of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Classified {
    /// The vector that FD-clf is computed on.
    pub features: [f32; FEATURES],
    /// One value per class; the largest wins.
    pub logits: [f32; CLASSES],
}

impl Classified {
    /// The class, an index into [`CLASS_NAMES`].
    #[must_use]
    pub fn class(&self) -> usize {
        let mut best = 0;
        for (class, value) in self.logits.iter().enumerate() {
            if *value > self.logits[best] {
                best = class;
            }
        }
        best
    }

    /// Share of `labels` that the classifier agrees with.
    ///
    /// # Errors
    /// Another number of labels than of images, labels without a class, no
    /// images.
    pub fn accuracy(classified: &[Self], labels: &[usize]) -> Result<f64, MetricError> {
        if classified.len() != labels.len() || labels.is_empty() {
            return Err(MetricError::LabelCount {
                labels: labels.len(),
                images: classified.len(),
            });
        }
        if let Some(index) = labels.iter().position(|label| *label >= CLASSES) {
            return Err(MetricError::Label {
                index,
                label: labels[index],
                last: CLASSES - 1,
            });
        }
        let right = classified
            .iter()
            .zip(labels)
            .filter(|(classified, label)| classified.class() == **label)
            .count();
        Ok(right as f64 / labels.len() as f64)
    }
}

impl Classifier {
    /// The classifier that is part of the program.
    #[must_use]
    pub fn embedded() -> Self {
        Self::from_bytes(assets::CLASSIFIER).expect("the embedded weights, which tests read")
    }

    /// A classifier from the safetensors file that `tools/train` writes.
    ///
    /// # Errors
    /// Missing tensors, other shapes or types, values that are not finite.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MetricError> {
        let weights = Weights::open("classifier", bytes)?;
        let convolutions = LAYERS
            .iter()
            .enumerate()
            .map(|(index, layer)| convolution(&weights, index, *layer))
            .collect::<Result<_, _>>()?;
        let flat = CHANNELS * PLACES;
        let stored = weights.f32("fc1.weight", &[FEATURES, flat])?;
        // torch flattens [channel, place]; here the channels of a place are side by side.
        let weight: Vec<f32> = stored
            .chunks_exact(flat)
            .flat_map(|row| {
                let order = (0..PLACES).flat_map(|p| (0..CHANNELS).map(move |c| c * PLACES + p));
                order.map(|at| row[at])
            })
            .collect();
        let features = Dense::new(&weight, weights.f32("fc1.bias", &[FEATURES])?);
        let weight = weights.f32("fc2.weight", &[CLASSES, FEATURES])?;
        let logits = Dense::new(&weight, weights.f32("fc2.bias", &[CLASSES])?);
        Ok(Self {
            convolutions,
            features,
            logits,
        })
    }

    /// Whether the classifier takes the image.
    #[must_use]
    pub fn takes(image: &Image) -> bool {
        (image.width(), image.height(), image.colour()) == (SIDE, SIDE, Colour::Grey)
    }

    /// Classifies every image, in order.
    ///
    /// # Errors
    /// An image that is not 32×32 grey.
    pub fn classify(&self, images: &[&Image]) -> Result<Vec<Classified>, MetricError> {
        if let Some(index) = images.iter().position(|image| !Self::takes(image)) {
            return Err(MetricError::ClassifierInput {
                index,
                found: images[index].format(),
            });
        }
        Ok(images
            .chunks(BATCH)
            .flat_map(|batch| self.batch(batch))
            .collect())
    }

    fn batch(&self, images: &[&Image]) -> Vec<Classified> {
        let values = images.iter().flat_map(|image| image.values());
        let mut x = Activations {
            n: images.len(),
            height: SIDE,
            width: SIDE,
            channels: 1,
            values: values.map(|value| 2.0 * value - 1.0).collect(),
        };
        for convolution in &self.convolutions {
            x = convolution.forward(&x);
        }
        let mut features = self.features.forward(&x.max_pool(2, 2).values);
        for value in &mut features {
            *value = value.max(0.0);
        }
        let logits = self.logits.forward(&features);
        let rows = features.as_chunks::<FEATURES>().0.iter();
        rows.zip(logits.as_chunks::<CLASSES>().0)
            .map(|(features, logits)| Classified {
                features: *features,
                logits: *logits,
            })
            .collect()
    }
}

/// A convolution with its batch normalisation folded in.
fn convolution(
    weights: &Weights<'_>,
    index: usize,
    (inputs, outputs, stride): (usize, usize, usize),
) -> Result<Convolution, MetricError> {
    let mut weight = weights.f32(&format!("f.{index}.0.weight"), &[outputs, inputs, 3, 3])?;
    let norm = |part: &str| weights.f32(&format!("f.{index}.1.{part}"), &[outputs]);
    let (gain, mut bias) = (norm("weight")?, norm("bias")?);
    let (mean, variance) = (norm("running_mean")?, norm("running_var")?);
    for (output, filter) in weight.chunks_exact_mut(9 * inputs).enumerate() {
        let scale = gain[output] / (variance[output] + EPSILON).sqrt();
        for value in filter {
            *value *= scale;
        }
        bias[output] -= mean[output] * scale;
    }
    let sides = Sides {
        inputs,
        outputs,
        kernel: 3,
        stride,
        padding: 1,
    };
    Ok(Convolution::new(sides, &weight, bias))
}
