//! Denoisers as the diffusers library saves them (config.json and safetensors), and
//! the engines that compute their GEMMs.
//!
//! [`Denoiser::open`] reads `DiTTransformer2DModel`, `PixArtTransformer2DModel` and the
//! `UNet2DConditionModel` of Stable Diffusion 1.x. [`Denoiser::forward`] predicts the noise
//! in latents; every GEMM of it, convolutions and attention included, goes through a
//! [`GemmEngine`] with a [`GemmTag`] that says where it stands; everything else is f32.
//! [`FloatEngine`] computes them in f32. [`gemm_shapes`] lists them, from the same
//! forward pass with tensors that are only shapes.

mod attention;
mod conditioning;
mod config;
mod denoiser;
mod dit;
mod embedding;
mod engine;
mod error;
mod feed_forward;
mod float;
mod heads;
mod layers;
mod modulation;
mod options;
mod parameters;
mod pixart;
mod shapes;
mod unet;
mod unet_block;
mod weight;

pub use conditioning::{Conditioning, ImageSize, TextConditioning};
pub use config::{DitConfig, ModelConfig, PixArtConfig, TransformerConfig, UnetConfig};
pub use denoiser::{Denoiser, model_folder};
pub use engine::{
    Activation, EngineError, GemmEngine, GemmKind, GemmTag, KindError, Layer, MatMul,
};
pub use error::ModelError;
pub use float::FloatEngine;
pub use heads::{Heads, Strided};
pub(crate) use options::Options;
pub use parameters::Parameters;
pub use shapes::{GemmShape, ShapeRecorder, gemm_shapes, shape_list, shape_list_name};
pub use weight::Weight;
