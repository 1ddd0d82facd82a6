//! What a denoiser is told besides latents and timestep.

use super::ModelError;
use crate::mapping;
use crate::tensor::Tensor;
use half::{bf16, f16};
use safetensors::{Dtype, SafeTensors};
use std::path::Path;

/// Added to the score of a masked token, as diffusers does.
const MASKED: f32 = -10_000.0;

/// Conditions for the rows of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Conditioning {
    /// A class for each row; the number of classes stands for none.
    Classes(Vec<usize>),
    /// Text for each row.
    Text(TextConditioning),
}

/// Text, as a text encoder has embedded it.
#[derive(Clone, Debug, PartialEq)]
pub struct TextConditioning {
    /// \[B, L, C\]: L tokens of C channels for each row.
    pub embeddings: Tensor,
    /// \[B, L\]: 1 for a token, 0 for padding; `None` if all are tokens.
    pub mask: Option<Tensor>,
    /// Size of each row's image, for models that take it.
    pub sizes: Option<Vec<ImageSize>>,
}

/// Size of an image in pixels, as a condition.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImageSize {
    /// Height in pixels.
    pub height: f32,
    /// Width in pixels.
    pub width: f32,
    /// Height by width.
    pub aspect_ratio: f32,
}

impl ImageSize {
    /// A size with the aspect ratio that follows from it.
    pub fn new(height: f32, width: f32) -> Self {
        Self {
            height,
            width,
            aspect_ratio: height / width,
        }
    }
}

impl Conditioning {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Text(text) => text.embeddings.shape().first().copied().unwrap_or(0),
        }
    }

    /// The rows of both, one after the other, for guidance: conditional, then
    /// unconditional.
    ///
    /// # Errors
    /// [`ModelError::Input`] if they are not of the same kind and shape.
    pub fn stack(&self, other: &Self) -> Result<Self, ModelError> {
        match (self, other) {
            (Self::Classes(a), Self::Classes(b)) => Ok(Self::Classes([a.as_slice(), b].concat())),
            (Self::Text(a), Self::Text(b)) => Ok(Self::Text(a.stack(b)?)),
            _ => Err(ModelError::input(
                "conditioning",
                "a class with a text".to_owned(),
                "two of the same kind".to_owned(),
            )),
        }
    }
}

impl TextConditioning {
    /// Reads a safetensors file with `prompt_embeds` \[B, L, C\] and perhaps
    /// `prompt_attention_mask` \[B, L\], the names that diffusers' pipelines give
    /// them. The first dimension may be missing.
    ///
    /// # Errors
    /// [`ModelError`] names the file, the tensor, and what is allowed.
    pub fn read(file: &Path) -> Result<Self, ModelError> {
        let bytes = mapping::map(file).map_err(|source| ModelError::Read {
            file: file.to_owned(),
            source,
        })?;
        let tensors = SafeTensors::deserialize(&bytes).map_err(|e| ModelError::Format {
            file: file.to_owned(),
            kind: "safetensors",
            message: e.to_string(),
        })?;
        let refused = |tensor: &str, found: String, allowed: String| ModelError::Tensor {
            file: file.to_owned(),
            tensor: tensor.to_owned(),
            found,
            allowed,
        };
        let name = "prompt_embeds";
        let embeddings = tensors
            .tensor(name)
            .map_err(|_| refused(name, "nothing".to_owned(), "a tensor [B, L, C]".to_owned()))?;
        let shape = match *embeddings.shape() {
            [l, c] => [1, l, c],
            [b, l, c] => [b, l, c],
            ref other => {
                let allowed = "shape [L, C] or [B, L, C]".to_owned();
                return Err(refused(name, format!("shape {other:?}"), allowed));
            }
        };
        let read = |tensor: &str, view: &safetensors::tensor::TensorView<'_>| {
            let values = numbers(view.dtype(), view.data()).ok_or_else(|| {
                let allowed = "dtype F32, F16, BF16, I64, I32, U8 or BOOL".to_owned();
                refused(tensor, format!("dtype {}", view.dtype()), allowed)
            })?;
            match values.iter().find(|value| !value.is_finite()) {
                Some(value) => Err(refused(
                    tensor,
                    value.to_string(),
                    "finite values".to_owned(),
                )),
                None => Ok(values),
            }
        };
        let values = read(name, &embeddings)?;
        let name = "prompt_attention_mask";
        let mask = match tensors.tensor(name) {
            Ok(mask) => {
                let values = read(name, &mask)?;
                if values.len() != shape[0] * shape[1] {
                    let allowed = format!("{} values, one for each token", shape[0] * shape[1]);
                    return Err(refused(name, format!("shape {:?}", mask.shape()), allowed));
                }
                Some(Tensor::new(&shape[..2], values))
            }
            Err(_) => None,
        };
        Ok(Self {
            embeddings: Tensor::new(&shape, values),
            mask,
            sizes: None,
        })
    }

    /// What is added to the scores of each token, \[B, L\].
    pub(super) fn score_bias(&self) -> Option<Tensor> {
        let to_bias = |values: &mut [f32]| {
            values
                .iter_mut()
                .for_each(|keep| *keep = (1.0 - *keep) * MASKED);
        };
        self.mask.as_ref().map(|mask| mask.clone().apply(to_bias))
    }

    fn stack(&self, other: &Self) -> Result<Self, ModelError> {
        if self.embeddings.shape()[1..] != other.embeddings.shape()[1..] {
            return Err(ModelError::input(
                "embeddings",
                format!("shape {:?}", other.embeddings.shape()),
                format!(
                    "as many tokens and channels as {:?}",
                    self.embeddings.shape()
                ),
            ));
        }
        let all = |text: &Self| {
            let shape = &text.embeddings.shape()[..2];
            let ones = || Tensor::new(shape, vec![1.0; shape.iter().product()]);
            text.mask.clone().unwrap_or_else(ones)
        };
        let masked = self.mask.is_some() || other.mask.is_some();
        Ok(Self {
            embeddings: Tensor::stack(&[&self.embeddings, &other.embeddings]),
            mask: masked.then(|| Tensor::stack(&[&all(self), &all(other)])),
            sizes: match (&self.sizes, &other.sizes) {
                (Some(a), Some(b)) => Some([a.as_slice(), b].concat()),
                _ => None,
            },
        })
    }
}

/// Little-endian numbers as f32; `None` for a type that is not read.
fn numbers(dtype: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    fn each<const N: usize>(bytes: &[u8], read: impl Fn([u8; N]) -> f32) -> Vec<f32> {
        bytes.as_chunks().0.iter().map(|word| read(*word)).collect()
    }
    Some(match dtype {
        Dtype::F32 => each(bytes, f32::from_le_bytes),
        Dtype::F16 => each(bytes, |word| f16::from_le_bytes(word).to_f32()),
        Dtype::BF16 => each(bytes, |word| bf16::from_le_bytes(word).to_f32()),
        Dtype::I64 => each(bytes, |word| i64::from_le_bytes(word) as f32),
        Dtype::I32 => each(bytes, |word| i32::from_le_bytes(word) as f32),
        Dtype::U8 | Dtype::BOOL => each(bytes, |[byte]: [u8; 1]| f32::from(byte)),
        _ => return None,
    })
}
