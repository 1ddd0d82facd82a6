//! The decoder of `AutoencoderKL`: from latents to pictures.

use super::error::TextError;
use super::part;
use super::weights::load;
use crate::model::{ModelError, Options};
use crate::tensor::Tensor;
use candle_core::Device;
use candle_transformers::models::stable_diffusion::vae::{AutoEncoderKL, AutoEncoderKLConfig};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Colours of a picture.
const COLOURS: usize = 3;

/// An autoencoder.
pub struct Decoder {
    folder: PathBuf,
    network: AutoEncoderKL,
    /// Latents are this many times what the autoencoder takes.
    scale: f32,
}

impl Decoder {
    /// Opens `vae` of a pipeline's folder, for latents of so many channels.
    ///
    /// # Errors
    /// [`TextError`] for what is missing, malformed or not supported.
    pub fn open(pipeline: &Path, channels: usize) -> Result<Self, TextError> {
        let folder = part(pipeline, "vae", "an AutoencoderKL")?;
        let (config, scale) = config(&folder.join("config.json"), channels)?;
        let network = load(&folder, "diffusion_pytorch_model", |weights| {
            AutoEncoderKL::new(weights, COLOURS, COLOURS, config)
        })?;
        Ok(Self {
            folder,
            network,
            scale,
        })
    }

    /// Latents \[1, C, H, W\] to a picture \[1, 3, H′, W′\] of values −1..=1, about.
    ///
    /// # Errors
    /// [`TextError::Library`] if they do not fit the network.
    pub fn decode(&self, latents: &Tensor) -> Result<Tensor, TextError> {
        let values = latents.values_or_empty().iter();
        let values: Vec<f32> = values.map(|value| value / self.scale).collect();
        let picture = candle_core::Tensor::from_vec(values, latents.shape(), &Device::Cpu)
            .and_then(|latents| self.network.decode(&latents))
            .and_then(|picture| Ok((picture.dims().to_vec(), picture.flatten_all()?.to_vec1()?)));
        let (shape, values) = picture.map_err(TextError::library(&self.folder))?;
        Ok(Tensor::new(&shape, values))
    }
}

/// What the network is built like, and the scale of latents.
fn config(file: &Path, channels: usize) -> Result<(AutoEncoderKLConfig, f32), ModelError> {
    let mut options = Options::read(file)?;
    options.only("_class_name", &[json!("AutoencoderKL")])?;
    let key = "block_out_channels";
    let list = options.take(key).unwrap_or(json!([64]));
    let levels = list.as_array().map_or(0, Vec::len);
    if levels == 0 {
        let allowed = "a list of positive integers".to_owned();
        return Err(options.refused(key, list.to_string(), allowed));
    }
    options.default_to(key, list);
    let config = AutoEncoderKLConfig {
        block_out_channels: options.counts(key, levels, 1)?,
        layers_per_block: options.count("layers_per_block", Some(1))?,
        latent_channels: options.count("latent_channels", Some(4))?,
        norm_num_groups: options.count("norm_num_groups", Some(32))?,
        use_quant_conv: options.flag("use_quant_conv", true)?,
        use_post_quant_conv: options.flag("use_post_quant_conv", true)?,
    };
    if config.latent_channels != channels {
        let value = config.latent_channels.to_string();
        let allowed = format!("{channels}, the channels of the denoiser's latents");
        return Err(options.refused("latent_channels", value, allowed));
    }
    for (key, block) in [
        ("down_block_types", "DownEncoderBlock2D"),
        ("up_block_types", "UpDecoderBlock2D"),
    ] {
        options.only(key, &[json!(vec![block; levels])])?;
    }
    for key in ["in_channels", "out_channels"] {
        options.only(key, &[json!(COLOURS)])?;
    }
    options.only("act_fn", &[json!("silu")])?;
    options.only("mid_block_add_attention", &[json!(true)])?;
    for key in ["shift_factor", "latents_mean", "latents_std"] {
        options.only(key, &[Value::Null])?;
    }
    let scale = options.number("scaling_factor", Some(0.18215))? as f32;
    // Sizes it was trained on, and what half precision would need.
    options.ignore(&["sample_size", "force_upcast"]);
    options.finish()?;
    Ok((config, scale))
}
