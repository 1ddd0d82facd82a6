//! One weight matrix of a denoiser.

use super::EngineError;
use crate::mapping::Bytes;
use half::{bf16, f16};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A named weight matrix W\[N×K\], row-major as diffusers stores it. A clone
/// shares the values.
#[derive(Clone)]
pub struct Weight {
    name: String,
    n: usize,
    k: usize,
    values: Values,
}

/// Where the values of a tensor are.
#[derive(Clone)]
pub(super) enum Values {
    /// In a file that is memory-mapped.
    Stored(Stored),
    /// In memory.
    Owned(Arc<[f32]>),
    /// Drawn whenever they are read.
    Drawn(Drawn),
    /// Nowhere: the tensor is only a shape.
    Absent,
}

/// Little-endian values in a file.
#[derive(Clone)]
pub(super) struct Stored {
    pub bytes: Arc<Bytes>,
    pub range: Range<usize>,
    pub format: Format,
}

/// Uniformly distributed values.
#[derive(Clone)]
pub(super) struct Drawn {
    pub key: [u8; 32],
    pub len: usize,
    pub mean: f32,
    pub deviation: f32,
}

/// Number formats of weights in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    F32,
    F16,
    Bf16,
}

impl Values {
    /// All values as f32, without a copy where the file holds them so; `None` for a shape.
    pub fn read(&self) -> Option<Cow<'_, [f32]>> {
        match self {
            Self::Stored(stored) => Some(stored.read()),
            Self::Owned(values) => Some(Cow::Borrowed(values)),
            Self::Drawn(drawn) => Some(Cow::Owned(drawn.draw())),
            Self::Absent => None,
        }
    }
}

impl Stored {
    fn read(&self) -> Cow<'_, [f32]> {
        let bytes = &self.bytes[self.range.clone()];
        match self.format {
            Format::F32 => match bytemuck::try_cast_slice(bytes) {
                Ok(values) if cfg!(target_endian = "little") => Cow::Borrowed(values),
                _ => {
                    let (words, _) = bytes.as_chunks();
                    Cow::Owned(words.iter().map(|word| f32::from_le_bytes(*word)).collect())
                }
            },
            Format::F16 => Cow::Owned(widened(bytes, |half| f16::from_le_bytes(half).to_f32())),
            Format::Bf16 => Cow::Owned(widened(bytes, |half| bf16::from_le_bytes(half).to_f32())),
        }
    }
}

impl Stored {
    /// Place and value of the first infinity or NaN.
    pub fn first_not_finite(&self) -> Option<(usize, f32)> {
        let bytes = &self.bytes[self.range.clone()];
        // All bits of the exponent set, in any of the formats.
        let half = |exponent: u16| {
            let (words, _) = bytes.as_chunks();
            words
                .iter()
                .position(|word| u16::from_le_bytes(*word) & exponent == exponent)
        };
        let place = match self.format {
            Format::F32 => {
                let (words, _) = bytes.as_chunks();
                words
                    .iter()
                    .position(|word| !f32::from_le_bytes(*word).is_finite())
            }
            Format::F16 => half(0x7c00),
            Format::Bf16 => half(0x7f80),
        };
        place.map(|index| (index, self.read()[index]))
    }
}

impl Drawn {
    fn draw(&self) -> Vec<f32> {
        // ChaCha8 at 4 KiB a time: a model's worth of weights is drawn in seconds.
        let mut rng = ChaCha8Rng::from_seed(self.key);
        let mut block = [0u8; 4096];
        let mut values = Vec::with_capacity(self.len);
        // A uniform value in -1..1 has the deviation 1/sqrt(3).
        let scale = self.deviation * 3.0f32.sqrt() / 2.0f32.powi(31);
        while values.len() < self.len {
            rng.fill_bytes(&mut block);
            let (words, _) = block.as_chunks();
            let wanted = (self.len - values.len()).min(words.len());
            let value = |word: &[u8; 4]| self.mean + i32::from_le_bytes(*word) as f32 * scale;
            values.extend(words[..wanted].iter().map(value));
        }
        values
    }
}

fn widened(bytes: &[u8], convert: impl Fn([u8; 2]) -> f32) -> Vec<f32> {
    let (words, _) = bytes.as_chunks();
    words.iter().map(|word| convert(*word)).collect()
}

impl Weight {
    /// Weights from memory.
    ///
    /// # Panics
    /// Unless there are N·K values.
    pub fn from_values(name: &str, n: usize, k: usize, values: Vec<f32>) -> Self {
        assert_eq!(values.len(), n * k, "{name}: values of W[{n}x{k}]");
        Self::new(name, n, k, Values::Owned(values.into()))
    }

    pub(super) fn new(name: &str, n: usize, k: usize, values: Values) -> Self {
        Self {
            name: name.to_owned(),
            n,
            k,
            values,
        }
    }

    /// The parameter's name in the file, `transformer_blocks.0.attn1.to_q.weight`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Output features or channels.
    pub fn n(&self) -> usize {
        self.n
    }

    /// Input features, or input channels · kernel².
    pub fn k(&self) -> usize {
        self.k
    }

    /// All N·K values: borrowed where they lie in memory as f32, else converted or
    /// drawn anew by each call.
    ///
    /// # Errors
    /// [`EngineError::NoValues`] for weights that are only a shape.
    pub fn values(&self) -> Result<Cow<'_, [f32]>, EngineError> {
        self.values.read().ok_or_else(|| EngineError::NoValues {
            weight: self.name.clone(),
        })
    }
}

impl fmt::Debug for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Weight({} [{}x{}])", self.name, self.n, self.k)
    }
}
