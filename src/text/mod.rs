//! Prompts in, pictures out: the text encoders and the autoencoder's decoder of a diffusers
//! pipeline's folder, by candle-transformers. Only with the cargo feature `text`.
//!
//! They run in f32 outside the accelerator: their GEMMs are none of the denoiser's, and have
//! no faults.

mod decoder;
mod encoder;
mod error;
mod prompts;
mod tokens;
mod weights;

pub use decoder::Decoder;
pub use encoder::{Embedded, TextEncoder};
pub use error::TextError;
pub use prompts::read_prompts;

use crate::input::InputError;
use std::path::{Path, PathBuf};

/// The folder of a pipeline's part, such as `text_encoder`.
fn part(pipeline: &Path, name: &str, holds: &str) -> Result<PathBuf, InputError> {
    let folder = pipeline.join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    let allowed = format!("expected a folder with {holds}, as diffusers saves pipelines");
    Err(InputError::value(pipeline, name, "nothing", allowed))
}
