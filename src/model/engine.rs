//! What computes a denoiser's GEMMs.

use super::Weight;
use super::heads::{Heads, by_head};
use crate::tensor::{add, gelu_tanh, silu};
use std::error::Error;
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Kind of a GEMM; its [`fmt::Display`] is the name in shape lists: `linear`,
/// `conv3x3`, `conv2x2s2`, `attn_qk_self`, `attn_pv_cross`, …
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GemmKind {
    /// A fully connected layer.
    Linear,
    /// A convolution as im2col: K = input channels · kernel², channel-major.
    Conv {
        /// Height and width of the kernel.
        kernel: usize,
        /// Step between two output pixels.
        stride: usize,
    },
    /// Scores of self-attention, QKᵀ.
    QkSelf,
    /// Scores of cross-attention.
    QkCross,
    /// Values weighted by the probabilities of self-attention, PV.
    PvSelf,
    /// Values weighted by the probabilities of cross-attention.
    PvCross,
}

impl fmt::Display for GemmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Linear => f.write_str("linear"),
            Self::Conv { kernel, stride } => {
                write!(f, "conv{kernel}x{kernel}")?;
                if *stride > 1 {
                    write!(f, "s{stride}")?;
                }
                Ok(())
            }
            Self::QkSelf => f.write_str("attn_qk_self"),
            Self::QkCross => f.write_str("attn_qk_cross"),
            Self::PvSelf => f.write_str("attn_pv_self"),
            Self::PvCross => f.write_str("attn_pv_cross"),
        }
    }
}

/// A text that names no kind of GEMM.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "{text:?} is not allowed; expected linear, attn_qk_self, attn_qk_cross, attn_pv_self, \
     attn_pv_cross, or a convolution such as conv3x3 or conv3x3s2"
)]
pub struct KindError {
    text: String,
}

impl FromStr for GemmKind {
    type Err = KindError;

    /// The inverse of its [`fmt::Display`].
    fn from_str(text: &str) -> Result<Self, KindError> {
        let conv = || {
            let (kernel, rest) = text.strip_prefix("conv")?.split_once('x')?;
            let (width, stride) = rest.split_once('s').unwrap_or((rest, "1"));
            let (kernel, stride) = (kernel.parse().ok()?, stride.parse().ok()?);
            let square = width.parse() == Ok(kernel) && kernel > 0 && stride > 0;
            square.then_some(Self::Conv { kernel, stride })
        };
        match text {
            "linear" => Ok(Self::Linear),
            "attn_qk_self" => Ok(Self::QkSelf),
            "attn_qk_cross" => Ok(Self::QkCross),
            "attn_pv_self" => Ok(Self::PvSelf),
            "attn_pv_cross" => Ok(Self::PvCross),
            _ => conv().ok_or_else(|| KindError {
                text: text.to_owned(),
            }),
        }
    }
}

impl GemmKind {
    /// Whether both operands are activations.
    pub fn is_product(self) -> bool {
        !matches!(self, Self::Linear | Self::Conv { .. })
    }
}

/// Where in a denoising run a GEMM stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GemmTag<'a> {
    /// Denoising step; 0 is the first and noisiest.
    pub step: usize,
    /// Index of the transformer block; in a UNet its down blocks, middle block and
    /// up blocks are numbered through. `None` outside the blocks: embeddings and
    /// final layers.
    pub block: Option<usize>,
    /// Module name as diffusers has it, `transformer_blocks.3.attn1.to_q`; the
    /// products of an attention are its name with `.qk` and `.pv`.
    pub layer: &'a str,
    /// Kind of layer or product.
    pub kind: GemmKind,
    /// Which of the batch × heads products, heads counting fastest; 0 for layers
    /// with weights.
    pub instance: usize,
}

impl GemmTag<'_> {
    /// Checks that a matrix is as long as its shape says.
    pub(crate) fn expect_length(&self, matrix: &[f32], expected: usize) -> Result<(), EngineError> {
        if matrix.len() == expected {
            return Ok(());
        }
        Err(EngineError::Length {
            layer: self.layer.to_owned(),
            found: matrix.len(),
            expected,
        })
    }
}

/// A layer with weights, and what follows its GEMM value by value.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// Where it stands.
    pub tag: GemmTag<'a>,
    /// Its weights.
    pub weight: &'a Weight,
    /// Added to every row, in f32.
    pub bias: Option<&'a [f32]>,
    /// Applied to the sum.
    pub activation: Activation,
}

/// A product of two activations, Y\[M×N\] = A\[M×K\]·B\[K×N\].
#[derive(Clone, Copy, Debug)]
pub struct MatMul<'a> {
    /// A \[M×K\]; none of a shape.
    pub a: &'a [f32],
    /// B \[K×N\]; none of a shape.
    pub b: &'a [f32],
    /// Rows of A and Y.
    pub m: usize,
    /// Columns of A, rows of B.
    pub k: usize,
    /// Columns of B and Y.
    pub n: usize,
}

impl<'a> MatMul<'a> {
    /// Of A and B, and \[M, K, N\].
    pub fn new(a: &'a [f32], b: &'a [f32], [m, k, n]: [usize; 3]) -> Self {
        Self { a, b, m, k, n }
    }
}

/// What is applied to a layer's outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// Nothing.
    #[default]
    None,
    /// x·σ(x).
    Silu,
    /// GELU in its tanh approximation.
    GeluTanh,
}

impl Activation {
    /// Applies it in place.
    pub fn apply(self, values: &mut [f32]) {
        match self {
            Self::None => {}
            Self::Silu => silu(values),
            Self::GeluTanh => gelu_tanh(values),
        }
    }
}

/// Computes the GEMMs of a denoiser, one after the other in the order of the
/// forward pass. All matrices are row-major.
pub trait GemmEngine {
    /// Y\[M×N\] = X\[M×K\]·Wᵀ, W stored \[N×K\] as diffusers stores it, and nothing of what
    /// follows it in [`GemmEngine::layers`].
    ///
    /// # Errors
    /// Whatever keeps the engine from computing it; the forward pass ends then.
    fn layer(
        &mut self,
        tag: &GemmTag<'_>,
        x: &[f32],
        m: usize,
        weight: &Weight,
    ) -> Result<Vec<f32>, EngineError>;

    /// A product of two activations: QKᵀ and PV.
    ///
    /// # Errors
    /// As [`GemmEngine::layer`].
    fn product(&mut self, tag: &GemmTag<'_>, product: &MatMul<'_>)
    -> Result<Vec<f32>, EngineError>;

    /// Layers of the same input X\[M×K\], one after the other, with what follows them. An
    /// engine that has something to share or to save does it itself, with the same result
    /// as here.
    ///
    /// # Errors
    /// As [`GemmEngine::layer`].
    fn layers(
        &mut self,
        x: &[f32],
        m: usize,
        layers: &[Layer<'_>],
    ) -> Result<Vec<Vec<f32>>, EngineError> {
        let each = layers.iter().map(|layer| {
            let mut y = self.layer(&layer.tag, x, m, layer.weight)?;
            if let Some(bias) = layer.bias {
                y.chunks_exact_mut(bias.len().max(1))
                    .for_each(|row| add(row, bias));
            }
            layer.activation.apply(&mut y);
            Ok(y)
        });
        each.collect()
    }

    /// softmax(QKᵀ·scale + bias)·V, all products of an attention; as
    /// [`GemmEngine::layers`], the same result as here in any engine.
    ///
    /// # Errors
    /// As [`GemmEngine::product`].
    fn attention(&mut self, heads: &Heads<'_>) -> Result<Vec<f32>, EngineError> {
        by_head(self, heads)
    }
}

/// Why an engine did not compute a GEMM.
#[derive(Debug, Error)]
pub enum EngineError {
    /// A matrix is not as long as its shape says. A tensor that is only a shape
    /// has no values, and only an engine that asks for none may be given it.
    #[error("{layer}: matrix of {found} values; expected {expected}")]
    Length {
        /// The layer.
        layer: String,
        /// Values there are.
        found: usize,
        /// Values the shape asks for.
        expected: usize,
    },
    /// The weights are only a shape.
    #[error("{weight}: has a shape but no values; expected a model with weights")]
    NoValues {
        /// The weight's name.
        weight: String,
    },
    /// Something of the engine's own.
    #[error("{layer}: {source}")]
    Failed {
        /// The layer.
        layer: String,
        /// What happened.
        source: Box<dyn Error + Send + Sync>,
    },
}
