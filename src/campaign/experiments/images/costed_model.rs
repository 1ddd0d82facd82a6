//! The models whose images can be costed, by their GEMMs.

use crate::infer::{EMBEDDED, ModelSource};
use crate::model::{GemmShape, ModelConfig, ModelError, gemm_shapes, model_folder};
use std::path::Path;

/// The GEMMs of a model.
#[derive(Clone, Debug)]
pub struct CostedModel {
    /// Name.
    pub name: String,
    /// GEMMs of one step, one row.
    pub shapes: Vec<GemmShape>,
    /// Blocks of the network.
    pub blocks: usize,
    /// Whether its blocks can be forecast: those of a UNet cannot.
    pub takes_forecast: bool,
}

impl CostedModel {
    /// The embedded model, `tiny-dit`, one of the architectures that [`ModelConfig::built_in`] knows,
    /// or the folder of a model or pipeline as diffusers saves it.
    ///
    /// # Errors
    /// [`ModelError::Name`] for another name, and those of the folder's config.json.
    pub fn named(name: &str) -> Result<Self, ModelError> {
        let config = match (name, ModelConfig::built_in(name)) {
            (EMBEDDED, _) => ModelSource::embedded().denoiser.config().clone(),
            (_, Some(config)) => config,
            (folder, None) if Path::new(folder).is_dir() => {
                ModelConfig::read(&model_folder(Path::new(folder)).join("config.json"))?
            }
            (_, None) => {
                let built_in = ModelConfig::built_in_names();
                let names: Vec<&str> = std::iter::once(EMBEDDED).chain(built_in).collect();
                return Err(ModelError::Name {
                    text: name.to_owned(),
                    allowed: names.join(", "),
                });
            }
        };
        Ok(Self {
            name: name.to_owned(),
            shapes: gemm_shapes(&config, 1, None)?,
            blocks: config.blocks(),
            takes_forecast: !matches!(config, ModelConfig::Unet(_)),
        })
    }
}
