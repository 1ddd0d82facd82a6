//! LPIPS v0.1 with the AlexNet backbone (Zhang, Isola, Efros, Shechtman, Wang:
//! "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", 2018).
//!
//! The metric is a sum over five layers of the mean over places of
//! Σ_c w_c (â_c − b̂_c)², â being the activations of a place scaled to unit length.
//! As no w_c is negative, it is the squared Euclidean distance of vectors
//! √(w_c / places) · â_c: an image's [`LpipsFeatures`], computed once and then
//! compared at the cost of a pass over 32 000 numbers (64×64 pixels).

use super::MetricError;
use super::layers::{Activations, Convolution, Sides};
use super::weights::Weights;
use crate::assets;
use crate::image::{Colour, Image};

/// Images with a side below this are doubled first, bilinearly.
const DOUBLED_BELOW: usize = 64;
/// The smallest side: AlexNet's last pooling needs 31 pixels after doubling.
const SMALLEST: usize = 16;
/// Images that go through the network together: more make the activations leave
/// the cache, fewer read the weights more often.
const BATCH: usize = 16;

/// Sides of the convolutions, and whether a 3 × 3 max-pooling of stride 2 comes
/// before.
const LAYERS: [(Sides, bool); 5] = [
    (sides(3, 64, 11, 4, 2), false),
    (sides(64, 192, 5, 1, 2), true),
    (sides(192, 384, 3, 1, 1), true),
    (sides(384, 256, 3, 1, 1), false),
    (sides(256, 256, 3, 1, 1), false),
];

const fn sides(
    inputs: usize,
    outputs: usize,
    kernel: usize,
    stride: usize,
    padding: usize,
) -> Sides {
    Sides {
        inputs,
        outputs,
        kernel,
        stride,
        padding,
    }
}

/// Added to the length of a place's activations, as in the original.
const EPSILON: f32 = 1e-10;
/// Mean and deviation per channel of the backbone's inputs (−1..=1).
const SHIFT: [f32; 3] = [-0.030, -0.088, -0.188];
const SCALE: [f32; 3] = [0.458, 0.448, 0.450];

/// The network with its heads.
#[derive(Clone, Debug)]
pub struct Lpips {
    layers: Vec<(Convolution, Vec<f32>)>,
}

/// What LPIPS compares: one vector per image.
#[derive(Clone, Debug, PartialEq)]
pub struct LpipsFeatures {
    width: usize,
    height: usize,
    values: Vec<f32>,
}

impl Lpips {
    /// The network that is part of the program.
    #[must_use]
    pub fn embedded() -> Self {
        Self::from_bytes(assets::LPIPS_ALEXNET).expect("the embedded weights, which tests read")
    }

    /// A network from a safetensors file: `conv{0..4}.weight`, `.bias` as torch
    /// stores them, and `lin{0..4}.weight`, one value per channel.
    ///
    /// # Errors
    /// Missing tensors, other shapes or types, values that are not finite, and
    /// negative weights of heads.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MetricError> {
        let weights = Weights::open("LPIPS-AlexNet", bytes)?;
        let layers = LAYERS
            .iter()
            .enumerate()
            .map(|(index, (sides, _))| {
                let name = format!("conv{index}.weight");
                let shape = [sides.outputs, sides.inputs, sides.kernel, sides.kernel];
                let weight = weights.f32(&name, &shape)?;
                let bias = weights.f32(&format!("conv{index}.bias"), &[sides.outputs])?;
                let name = format!("lin{index}.weight");
                let head = weights.f32(&name, &[sides.outputs])?;
                if let Some(value) = head.iter().find(|value| **value < 0.0) {
                    return Err(weights.refused(&name, value.to_string(), "0 or more"));
                }
                let roots = head.iter().map(|value| value.sqrt()).collect();
                Ok((Convolution::new(*sides, &weight, bias), roots))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { layers })
    }

    /// Features of every image, in order. Images with a side of less than 64
    /// pixels are first doubled in both directions, bilinearly; grey ones become
    /// RGB of three equal channels.
    ///
    /// # Errors
    /// An image with a side of less than 16 pixels.
    pub fn features(&self, images: &[&Image]) -> Result<Vec<LpipsFeatures>, MetricError> {
        for image in images {
            if image.width().min(image.height()) < SMALLEST {
                return Err(MetricError::TooSmall {
                    metric: "LPIPS",
                    found: image.format(),
                    allowed: SMALLEST,
                });
            }
        }
        let size = |image: &&Image| (image.width(), image.height());
        Ok(images
            .chunk_by(|a, b| size(a) == size(b))
            .flat_map(|alike| alike.chunks(BATCH))
            .flat_map(|batch| self.batch(batch))
            .collect())
    }

    /// LPIPS of one pair. Where an image is compared more than once, keep its
    /// [`Lpips::features`].
    ///
    /// # Errors
    /// Images of different sizes, or with a side of less than 16 pixels.
    pub fn distance(&self, a: &Image, b: &Image) -> Result<f64, MetricError> {
        let features = self.features(&[a, b])?;
        features[0].distance(&features[1])
    }

    /// Features of images of one size.
    fn batch(&self, images: &[&Image]) -> Vec<LpipsFeatures> {
        let mut x = inputs(images);
        let mut features = vec![Vec::new(); images.len()];
        for ((convolution, head), (_, pool)) in self.layers.iter().zip(&LAYERS) {
            if *pool {
                x = x.max_pool(3, 2);
            }
            x = convolution.forward(&x);
            let places = (x.height * x.width) as f32;
            let weights: Vec<f32> = head.iter().map(|root| root / places.sqrt()).collect();
            for (image, features) in x.values.chunks_exact(x.image_len()).zip(&mut features) {
                features.reserve(image.len());
                for place in image.chunks_exact(x.channels) {
                    let length = place.iter().map(|value| value * value).sum::<f32>().sqrt();
                    let scale = 1.0 / (length + EPSILON);
                    features.extend(place.iter().zip(&weights).map(|(v, w)| v * scale * w));
                }
            }
        }
        images
            .iter()
            .zip(features)
            .map(|(image, values)| LpipsFeatures {
                width: image.width(),
                height: image.height(),
                values,
            })
            .collect()
    }
}

impl LpipsFeatures {
    /// Number of values: 31 872 for 64×64 pixels.
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// LPIPS between the two images.
    ///
    /// # Errors
    /// Images of different sizes.
    pub fn distance(&self, other: &Self) -> Result<f64, MetricError> {
        if (self.width, self.height) != (other.width, other.height) {
            let size = |features: &Self| format!("{}x{}", features.width, features.height);
            return Err(MetricError::Format {
                name: "LPIPS".to_owned(),
                a: size(self),
                b: size(other),
            });
        }
        // Sixteen sums side by side for the vector unit; f64 from block to block.
        const LANES: usize = 16;
        const BLOCK: usize = 64 * LANES;
        let blocks = self.values.chunks(BLOCK).zip(other.values.chunks(BLOCK));
        Ok(blocks
            .map(|(a, b)| {
                let mut sums = [0.0_f32; LANES];
                for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
                    for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
                        *sum += (a - b) * (a - b);
                    }
                }
                f64::from(sums.iter().sum::<f32>())
            })
            .sum())
    }
}

/// The backbone's inputs: three channels, doubled where the images are small,
/// shifted and scaled.
fn inputs(images: &[&Image]) -> Activations {
    let (width, height) = (images[0].width(), images[0].height());
    let double = width.min(height) < DOUBLED_BELOW;
    let factor = if double { 2 } else { 1 };
    let mut values = Vec::with_capacity(images.len() * 3 * width * height * factor * factor);
    for image in images {
        let doubled = double.then(|| doubled(image));
        let pixels = doubled.as_deref().unwrap_or(image.values());
        let channels = image.colour().channels();
        for pixel in pixels.chunks_exact(channels) {
            values.extend((0..3).map(|channel| {
                let value = match image.colour() {
                    Colour::Grey => pixel[0],
                    Colour::Rgb => pixel[channel],
                };
                (2.0 * value - 1.0 - SHIFT[channel]) / SCALE[channel]
            }));
        }
    }
    Activations {
        n: images.len(),
        height: height * factor,
        width: width * factor,
        channels: 3,
        values,
    }
}

/// Twice as many rows and columns, bilinear between pixel centres: torch's
/// `interpolate(scale_factor=2, mode="bilinear", align_corners=False)`.
fn doubled(image: &Image) -> Vec<f32> {
    let line = image.width() * image.colour().channels();
    let tall = between(image.values(), image.height(), line);
    tall.chunks_exact(line)
        .flat_map(|row| between(row, image.width(), image.colour().channels()))
        .collect()
}

/// Doubles `count` items of `size` values each.
fn between(items: &[f32], count: usize, size: usize) -> Vec<f32> {
    let mut doubled = Vec::with_capacity(2 * items.len());
    for at in 0..count {
        let item = &items[at * size..][..size];
        for neighbour in [at.saturating_sub(1), (at + 1).min(count - 1)] {
            let other = &items[neighbour * size..][..size];
            doubled.extend(
                item.iter()
                    .zip(other)
                    .map(|(near, far)| 0.75 * near + 0.25 * far),
            );
        }
    }
    doubled
}
