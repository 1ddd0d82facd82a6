//! A denoiser of any kind.

use super::dit::Dit;
use super::layers::Pass;
use super::pixart::PixArt;
use super::unet::Unet;
use super::{Conditioning, GemmEngine, ModelConfig, ModelError, Parameters};
use crate::forecast::{BlockCache, NoCache};
use crate::tensor::Tensor;
use std::path::{Path, PathBuf};

/// Folders of a denoiser within a pipeline's.
const PARTS: [&str; 2] = ["transformer", "unet"];

/// A network that predicts the noise in latents.
pub struct Denoiser {
    config: ModelConfig,
    network: Network,
}

enum Network {
    Dit(Box<Dit>),
    PixArt(Box<PixArt>),
    Unet(Box<Unet>),
}

/// The folder with a denoiser's config.json: the given one, or the one within a
/// pipeline's folder.
pub fn model_folder(folder: &Path) -> PathBuf {
    let has_config = |folder: &Path| folder.join("config.json").exists();
    let parts = PARTS.iter().map(|part| folder.join(part));
    let part = parts.into_iter().find(|part| has_config(part));
    match part {
        Some(part) if !has_config(folder) => part,
        _ => folder.to_owned(),
    }
}

impl Denoiser {
    /// Reads config.json and maps the weights of a folder as diffusers saves it: a
    /// model's, or that of a pipeline with a model in it.
    ///
    /// # Errors
    /// [`ModelError`] for anything missing, malformed, not finite or not supported.
    pub fn open(folder: &Path) -> Result<Self, ModelError> {
        let folder = model_folder(folder);
        let config = ModelConfig::read(&folder.join("config.json"))?;
        Self::new(config, &Parameters::open(&folder)?)
    }

    /// A denoiser with the given parameters.
    ///
    /// # Errors
    /// [`ModelError`] if a parameter is missing or does not fit.
    pub fn new(config: ModelConfig, parameters: &Parameters) -> Result<Self, ModelError> {
        let network = match &config {
            ModelConfig::Dit(dit) => Network::Dit(Box::new(Dit::read(dit, parameters)?)),
            ModelConfig::PixArt(pixart) => {
                Network::PixArt(Box::new(PixArt::read(pixart, parameters)?))
            }
            ModelConfig::Unet(unet) => Network::Unet(Box::new(Unet::read(unet, parameters)?)),
        };
        Ok(Self { config, network })
    }

    /// What it is built like.
    pub fn config(&self) -> &ModelConfig {
        &self.config
    }

    /// Predicts from latents \[B, C, H, W\] the noise (or whatever the scheduler takes it
    /// for), \[B, C, H, W\]; \[B, 2C, H, W\] with a learned variance, whose second half
    /// it is. `step` only goes into the tags; each row has its timestep.
    ///
    /// # Errors
    /// [`ModelError::Input`] if an input does not fit the model,
    /// [`ModelError::Engine`] if the engine fails.
    pub fn forward(
        &self,
        engine: &mut dyn GemmEngine,
        step: usize,
        latents: &Tensor,
        timesteps: &[f32],
        conditioning: &Conditioning,
    ) -> Result<Tensor, ModelError> {
        let cache = &mut NoCache;
        self.forward_cached(engine, cache, step, latents, timesteps, conditioning)
    }

    /// As [`Denoiser::forward`], with a cache that may replace residual branches of transformer
    /// blocks. It belongs to one image: its rows must be the same in every step.
    ///
    /// # Errors
    /// As [`Denoiser::forward`].
    pub fn forward_cached(
        &self,
        engine: &mut dyn GemmEngine,
        cache: &mut dyn BlockCache,
        step: usize,
        latents: &Tensor,
        timesteps: &[f32],
        conditioning: &Conditioning,
    ) -> Result<Tensor, ModelError> {
        self.check(latents, timesteps, conditioning)?;
        let mut pass = Pass {
            engine,
            step,
            cache,
        };
        let output = match (&self.network, conditioning) {
            (Network::Dit(dit), Conditioning::Classes(classes)) => {
                dit.forward(&mut pass, latents, timesteps, classes)
            }
            (Network::PixArt(pixart), Conditioning::Text(text)) => {
                pixart.forward(&mut pass, latents, timesteps, text)
            }
            (Network::Unet(unet), Conditioning::Text(text)) => {
                unet.forward(&mut pass, latents, timesteps, text)
            }
            _ => unreachable!("the kind of conditioning has been checked"),
        };
        Ok(output?)
    }

    /// Whether its blocks ask a cache for their branches: DiT and PixArt-α do, the UNet does not.
    pub fn takes_cache(&self) -> bool {
        !matches!(self.network, Network::Unet(_))
    }

    fn check(
        &self,
        latents: &Tensor,
        timesteps: &[f32],
        conditioning: &Conditioning,
    ) -> Result<(), ModelError> {
        let (channels, patch) = (self.config.in_channels(), self.patch_size());
        let fits = match *latents.shape() {
            [b, c, h, w] => {
                let whole = |length: usize| length > 0 && length.is_multiple_of(patch);
                b > 0 && c == channels && whole(h) && whole(w)
            }
            _ => false,
        };
        if !fits {
            let found = format!("shape {:?}", latents.shape());
            let allowed = format!("[B, {channels}, H, W], H and W multiples of {patch}");
            return Err(ModelError::input("latents", found, allowed));
        }
        let batch = latents.shape()[0];
        for (input, rows) in [
            ("timesteps", timesteps.len()),
            ("conditioning", conditioning.rows()),
        ] {
            if rows != batch {
                let allowed = format!("{batch}, as latents have");
                return Err(ModelError::input(input, format!("{rows} rows"), allowed));
            }
        }
        match (conditioning, self.config.classes()) {
            (Conditioning::Classes(classes), Some(none)) => {
                match classes.iter().find(|class| **class > none) {
                    Some(class) => {
                        let allowed = format!("0 to {none}; {none} is no class");
                        Err(ModelError::input("class", class.to_string(), allowed))
                    }
                    None => Ok(()),
                }
            }
            (Conditioning::Text(text), None) => self.check_text(text, batch),
            (Conditioning::Classes(_), None) => {
                let allowed = "text embeddings: the model takes text".to_owned();
                Err(ModelError::input(
                    "conditioning",
                    "a class".to_owned(),
                    allowed,
                ))
            }
            (Conditioning::Text(_), Some(_)) => {
                let allowed = "a class: the model takes classes".to_owned();
                Err(ModelError::input(
                    "conditioning",
                    "text".to_owned(),
                    allowed,
                ))
            }
        }
    }

    fn check_text(&self, text: &super::TextConditioning, batch: usize) -> Result<(), ModelError> {
        let Some(channels) = self.config.text_channels() else {
            return Ok(());
        };
        let shape = text.embeddings.shape();
        if shape.len() != 3 || shape[1] == 0 || shape[2] != channels {
            let allowed = format!("[{batch}, L, {channels}]");
            return Err(ModelError::input(
                "embeddings",
                format!("shape {shape:?}"),
                allowed,
            ));
        }
        if let Some(mask) = text
            .mask
            .as_ref()
            .filter(|mask| mask.shape() != &shape[..2])
        {
            let found = format!("shape {:?}", mask.shape());
            return Err(ModelError::input(
                "mask",
                found,
                format!("{:?}", &shape[..2]),
            ));
        }
        let given = text.sizes.as_ref().map_or(0, Vec::len);
        let sizes = matches!(&self.config, ModelConfig::PixArt(pixart) if pixart.size_conditions);
        if sizes && given != batch {
            let allowed = format!("{batch}: the model takes the size of each image");
            return Err(ModelError::input("sizes", given.to_string(), allowed));
        }
        Ok(())
    }

    fn patch_size(&self) -> usize {
        match &self.config {
            ModelConfig::Dit(dit) => dit.transformer.patch_size,
            ModelConfig::PixArt(pixart) => pixart.transformer.patch_size,
            ModelConfig::Unet(_) => 1,
        }
    }
}
