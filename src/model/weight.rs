//! One weight matrix of a denoiser.

use super::EngineError;
use crate::mapping::Bytes;
use half::{bf16, f16};
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
