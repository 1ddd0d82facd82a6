//! CLIP and T5: from prompts to what a denoiser is conditioned on.

use super::error::TextError;
use super::part;
use super::tokens::Tokens;
use super::weights::load;
use crate::model::{ModelError, Options, TextConditioning};
use crate::tensor;
use candle_core::{Device, Tensor};
use candle_transformers::models::clip::text_model::{
    Activation, ClipTextConfig, ClipTextTransformer,
};
use candle_transformers::models::t5::{self, ActivationWithOptionalGating, T5EncoderModel};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Tokens of PixArt-α's prompts.
const T5_TOKENS: usize = 120;
/// Beginning of the names under which transformers saves weights.
const STEM: &str = "model";

/// A text encoder with its tokenizer.
pub struct TextEncoder {
    folder: PathBuf,
    tokens: Tokens,
    network: Network,
    /// Tokens of a prompt, padding included.
    length: usize,
}

enum Network {
    Clip(ClipTextTransformer),
    T5(Box<T5EncoderModel>),
}

/// A prompt, embedded.
pub struct Embedded {
    /// What a denoiser takes.
    pub text: TextConditioning,
    /// Tokens at its end that the encoder has no room for.
    pub left_out: usize,
}

impl TextEncoder {
    /// Opens `tokenizer` and `text_encoder` of a pipeline's folder, for embeddings of `width`
    /// channels.
    ///
    /// # Errors
    /// [`TextError`] for what is missing, malformed or not supported.
    pub fn open(pipeline: &Path, width: usize) -> Result<Self, TextError> {
        let folder = part(
            pipeline,
            "text_encoder",
            "a CLIPTextModel or T5EncoderModel",
        )?;
        let tokenizer = part(pipeline, "tokenizer", "a tokenizer")?;
        let mut options = Options::read(&folder.join("config.json"))?;
        let class = options.take("architectures").unwrap_or_default();
        let (network, length, vocabulary) = match class.pointer("/0").and_then(Value::as_str) {
            Some("CLIPTextModel") => {
                let config = clip(&mut options, width)?;
                let network = load(&folder, STEM, |weights| {
                    ClipTextTransformer::new(weights.pp("text_model"), &config)
                })?;
                let length = config.max_position_embeddings;
                (Network::Clip(network), length, config.vocab_size)
            }
            Some("T5EncoderModel") => {
                let config = t5(&mut options, width)?;
                let network = load(&folder, STEM, |weights| {
                    T5EncoderModel::load(weights, &config)
                })?;
                (Network::T5(Box::new(network)), T5_TOKENS, config.vocab_size)
            }
            _ => {
                let allowed = r#"["CLIPTextModel"] or ["T5EncoderModel"]"#.to_owned();
                return Err(options
                    .refused("architectures", class.to_string(), allowed)
                    .into());
            }
        };
        Ok(Self {
            tokens: Tokens::read(&tokenizer, vocabulary)?,
            folder,
            network,
            length,
        })
    }

    /// Embeds a prompt as diffusers' pipelines do, without their cleaning of captions: with CLIP
    /// all tokens count, padding among them; with T5 the prompt is in lower case, and padding is
    /// masked.
    ///
    /// # Errors
    /// [`TextError`] if candle or the tokenizer fails.
    pub fn embed(&mut self, prompt: &str) -> Result<Embedded, TextError> {
        let failed = TextError::library(&self.folder);
        let (mut tokens, left_out) = match &self.network {
            Network::Clip(_) => self.tokens.encode(prompt, self.length)?,
            Network::T5(_) => {
                let prompt = prompt.to_lowercase();
                self.tokens.encode(prompt.trim(), self.length)?
            }
        };
        let (values, mask) = match &mut self.network {
            Network::Clip(network) => {
                tokens.resize(self.length, self.tokens.padding());
                let output = batch(&tokens)
                    .and_then(|tokens| network.forward_with_mask(&tokens, usize::MAX));
                (output.and_then(|y| values(&y)).map_err(failed)?, None)
            }
            Network::T5(network) => {
                // Masked tokens would change nothing in the others, and nobody looks at them.
                let output = batch(&tokens).and_then(|tokens| network.forward(&tokens));
                let mut values = output.and_then(|y| values(&y)).map_err(failed)?;
                let width = values.len() / tokens.len();
                values.resize(self.length * width, 0.0);
                let is_token = |at: usize| f32::from(u8::from(at < tokens.len()));
                (values, Some((0..self.length).map(is_token).collect()))
            }
        };
        let width = values.len() / self.length;
        let text = TextConditioning {
            embeddings: tensor::Tensor::new(&[1, self.length, width], values),
            mask: mask.map(|mask| tensor::Tensor::new(&[1, self.length], mask)),
            sizes: None,
        };
        Ok(Embedded { text, left_out })
    }
}

/// Of the options that transformers writes, only these make a difference to a forward pass in
/// f32; the others come and go with its versions.
fn clip(options: &mut Options, width: usize) -> Result<ClipTextConfig, ModelError> {
    options.only("hidden_act", &[json!("quick_gelu")])?;
    options.only("layer_norm_eps", &[json!(1e-5)])?;
    let config = ClipTextConfig {
        vocab_size: options.count("vocab_size", None)?,
        embed_dim: channels(options, "hidden_size", width)?,
        activation: Activation::QuickGelu,
        intermediate_size: options.count("intermediate_size", None)?,
        max_position_embeddings: options.count("max_position_embeddings", None)?,
        pad_with: None,
        num_hidden_layers: options.count("num_hidden_layers", None)?,
        num_attention_heads: options.count("num_attention_heads", None)?,
        projection_dim: options.count("projection_dim", Some(512))?,
    };
    if !config.embed_dim.is_multiple_of(config.num_attention_heads) {
        let value = config.num_attention_heads.to_string();
        let allowed = format!("a divisor of hidden_size, {}", config.embed_dim);
        return Err(options.refused("num_attention_heads", value, allowed));
    }
    Ok(config)
}

/// As [`clip`].
fn t5(options: &mut Options, width: usize) -> Result<t5::Config, ModelError> {
    options.only("feed_forward_proj", &[json!("gated-gelu")])?;
    options.only("dense_act_fn", &[json!("gelu_new")])?;
    let config = t5::Config {
        vocab_size: options.count("vocab_size", None)?,
        d_model: channels(options, "d_model", width)?,
        d_kv: options.count("d_kv", None)?,
        d_ff: options.count("d_ff", None)?,
        num_layers: options.count("num_layers", None)?,
        num_heads: options.count("num_heads", None)?,
        relative_attention_num_buckets: options
            .count("relative_attention_num_buckets", Some(32))?,
        relative_attention_max_distance: options
            .count("relative_attention_max_distance", Some(128))?,
        layer_norm_epsilon: options.number("layer_norm_epsilon", Some(1e-6))?,
        feed_forward_proj: ActivationWithOptionalGating {
            gated: true,
            activation: candle_nn::Activation::NewGelu,
        },
        ..t5::Config::default()
    };
    // Half of the buckets look back; half of these hold a distance each, the others up to the
    // largest.
    let buckets = config.relative_attention_num_buckets;
    if !buckets.is_multiple_of(4) {
        let key = "relative_attention_num_buckets";
        return Err(options.refused(key, buckets.to_string(), "a multiple of 4".to_owned()));
    }
    if config.relative_attention_max_distance <= buckets / 4 {
        let value = config.relative_attention_max_distance.to_string();
        let allowed = format!("more than {}", buckets / 4);
        return Err(options.refused("relative_attention_max_distance", value, allowed));
    }
    Ok(config)
}

/// The channels of the embeddings, which the denoiser must take.
fn channels(options: &mut Options, key: &str, width: usize) -> Result<usize, ModelError> {
    let found = options.count(key, None)?;
    if found == width {
        return Ok(found);
    }
    let allowed = format!("{width}, the channels of text that the denoiser takes");
    Err(options.refused(key, found.to_string(), allowed))
}

/// Tokens as a batch of one.
fn batch(tokens: &[u32]) -> candle_core::Result<Tensor> {
    Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)
}

fn values(output: &Tensor) -> candle_core::Result<Vec<f32>> {
    output.flatten_all()?.to_vec1()
}
