//! What the cargo feature `text` adds to `drift infer`: prompts are embedded, and latents become
//! pictures. Without it, prompts are refused, and latents stay what they are.

use anyhow::Result;
use drift::infer::ModelSource;
use drift::model::TextConditioning;
use drift::tensor::Tensor;
use std::path::Path;

/// Prompts as a denoiser takes them.
pub struct Prompts {
    /// What they say.
    pub lines: Vec<String>,
    /// The same, embedded.
    pub texts: Vec<TextConditioning>,
    /// The empty prompt, for guidance.
    pub none: TextConditioning,
}

#[cfg(feature = "text")]
pub use with_text::{Decoder, embed};
#[cfg(not(feature = "text"))]
pub use without_text::{Decoder, embed};

#[cfg(feature = "text")]
mod with_text {
    use super::{ModelSource, Path, Prompts, Result, Tensor};
    use anyhow::Context;
    use drift::text::{TextEncoder, read_prompts};

    /// The autoencoder's decoder.
    pub struct Decoder(drift::text::Decoder);

    impl Decoder {
        /// Opens that of the model's pipeline. Without one there is an error if one is `needed`.
        pub fn open(source: &ModelSource, needed: bool) -> Result<Option<Self>> {
            let Some(pipeline) = source.pipeline() else {
                return Ok(None);
            };
            if !needed && !pipeline.join("vae").exists() {
                return Ok(None);
            }
            let channels = source.denoiser.config().in_channels();
            let decoder = drift::text::Decoder::open(pipeline, channels)?;
            Ok(Some(Self(decoder)))
        }

        /// Latents as a picture.
        pub fn decode(&self, latents: &Tensor) -> Result<Tensor> {
            Ok(self.0.decode(latents)?)
        }
    }

    /// Reads the first `most` prompts of a file and embeds them with the text encoder of the
    /// model's pipeline.
    pub fn embed(file: &Path, source: &ModelSource, most: usize) -> Result<Prompts> {
        let width = source.denoiser.config().text_channels();
        let width = width.with_context(|| {
            let file = file.display();
            format!("--prompts {file}: the model takes classes; expected --classes")
        })?;
        let pipeline = source.pipeline().with_context(|| {
            let file = file.display();
            format!("--prompts {file}: drawn weights have no text encoder; expected --model FOLDER")
        })?;
        let lines = read_prompts(file, most)?;
        let mut encoder = TextEncoder::open(pipeline, width)?;
        let mut texts = Vec::with_capacity(lines.len());
        for line in &lines {
            let embedded = encoder.embed(line)?;
            if embedded.left_out > 0 {
                let tokens = embedded.left_out;
                eprintln!("{line:?} is too long: the last {tokens} tokens are left out");
            }
            texts.push(embedded.text);
        }
        Ok(Prompts {
            texts,
            none: encoder.embed("")?.text,
            lines,
        })
    }
}

#[cfg(not(feature = "text"))]
mod without_text {
    use super::{ModelSource, Path, Prompts, Result, Tensor};

    /// There is none.
    pub enum Decoder {}

    impl Decoder {
        /// None.
        pub fn open(_: &ModelSource, _: bool) -> Result<Option<Self>> {
            Ok(None)
        }

        /// Never called.
        pub fn decode(&self, _: &Tensor) -> Result<Tensor> {
            match *self {}
        }
    }

    /// Says how to get a program that can.
    pub fn embed(file: &Path, _: &ModelSource, _: usize) -> Result<Prompts> {
        anyhow::bail!(
            "--prompts {}: this program was built without text encoders; expected --text, or a \
             program of `cargo build --release --features text`",
            file.display()
        )
    }
}
