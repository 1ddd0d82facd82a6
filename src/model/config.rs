//! The configurations of denoisers, diffusers' config.json.

use super::ModelError;
use super::options::Options;
use serde_json::{Value, json};
use std::path::Path;

/// Names of the built-in models, with their configurations.
const BUILT_IN: [(&str, &str); 5] = [
    ("dit-xl-2-512", include_str!("presets/dit-xl-2-512.json")),
    ("dit-xl-2-256", include_str!("presets/dit-xl-2-256.json")),
    (
        "pixart-alpha-512",
        include_str!("presets/pixart-alpha-512.json"),
    ),
    (
        "pixart-alpha-1024",
        include_str!("presets/pixart-alpha-1024.json"),
    ),
    ("sd15-512", include_str!("presets/sd15-512.json")),
];

/// What a denoiser is built like.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelConfig {
    /// Class-conditional diffusion transformer.
    Dit(DitConfig),
    /// Text-conditional transformer, PixArt-α.
    PixArt(PixArtConfig),
    /// Text-conditional UNet of Stable Diffusion 1.x.
    Unet(UnetConfig),
}

/// What both transformers have.
#[derive(Clone, Debug, PartialEq)]
pub struct TransformerConfig {
    /// Attention heads.
    pub heads: usize,
    /// Width of a head; the width D of the model is heads times this.
    pub head_dim: usize,
    /// Transformer blocks.
    pub layers: usize,
    /// Channels of the latents.
    pub in_channels: usize,
    /// Channels predicted: as many, or twice as many with a learned variance.
    pub out_channels: usize,
    /// Height and width of the latents the model was trained on.
    pub sample_size: usize,
    /// Height and width of a patch, which makes one token.
    pub patch_size: usize,
    /// ε of the norms in the blocks.
    pub norm_eps: f32,
    /// Whether queries, keys and values have biases.
    pub attention_bias: bool,
}

impl TransformerConfig {
    /// Width of the model, D.
    pub fn width(&self) -> usize {
        self.heads * self.head_dim
    }
}

/// `DiTTransformer2DModel`.
#[derive(Clone, Debug, PartialEq)]
pub struct DitConfig {
    /// The transformer.
    pub transformer: TransformerConfig,
    /// Classes; the class of this number is none, for guidance.
    pub classes: usize,
}

/// `PixArtTransformer2DModel`.
#[derive(Clone, Debug, PartialEq)]
pub struct PixArtConfig {
    /// The transformer.
    pub transformer: TransformerConfig,
    /// Width of the text embeddings.
    pub caption_channels: usize,
    /// Whether the image's size and aspect ratio are conditions too.
    pub size_conditions: bool,
    /// Divisor of the positions.
    pub interpolation_scale: f64,
}

/// `UNet2DConditionModel`.
#[derive(Clone, Debug, PartialEq)]
pub struct UnetConfig {
    /// Channels of the latents.
    pub in_channels: usize,
    /// Channels predicted.
    pub out_channels: usize,
    /// Height and width of the latents the model was trained on.
    pub sample_size: usize,
    /// Channels of each level, finest first.
    pub channels: Vec<usize>,
    /// Attention heads of each level. (The key is called `attention_head_dim`.)
    pub heads: Vec<usize>,
    /// Whether a level's down block has attention.
    pub down_attention: Vec<bool>,
    /// Whether an up block has attention, coarsest level first.
    pub up_attention: Vec<bool>,
    /// Residual layers of a down block; an up block has one more.
    pub layers_per_block: usize,
    /// Width of the text embeddings.
    pub text_channels: usize,
    /// Groups of the group norms.
    pub norm_groups: usize,
    /// ε of the residual layers' norms.
    pub norm_eps: f32,
}

impl ModelConfig {
    /// Names that [`ModelConfig::built_in`] knows.
    pub fn built_in_names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The configuration of a well-known model; `None` for another name.
    pub fn built_in(name: &str) -> Option<Self> {
        let (name, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
        let options = Options::parse(Path::new(name), text);
        Some(
            options
                .and_then(Self::from_options)
                .expect("built-in configurations are valid"),
        )
    }

    /// Reads a config.json.
    ///
    /// # Errors
    /// [`ModelError`] names the key, its value and what is allowed: also for
    /// options that diffusers has and this reader does not support.
    pub fn read(file: &Path) -> Result<Self, ModelError> {
        Self::from_options(Options::read(file)?)
    }

    /// Reads text; `file` names it in messages.
    ///
    /// # Errors
    /// As [`ModelConfig::read`].
    pub fn parse(file: &Path, text: &str) -> Result<Self, ModelError> {
        Self::from_options(Options::parse(file, text)?)
    }

    fn from_options(mut options: Options) -> Result<Self, ModelError> {
        let class = options.text("_class_name", None)?;
        // The class that older files of both transformers name.
        let legacy = options.text("norm_type", None);
        let config = match (class.as_str(), legacy.as_deref()) {
            ("Transformer2DModel", Ok("ada_norm_zero")) | ("DiTTransformer2DModel", _) => {
                options.refuse_norm_type(legacy.ok(), "ada_norm_zero")?;
                Self::Dit(DitConfig::read(&mut options)?)
            }
            ("Transformer2DModel", Ok("ada_norm_single")) | ("PixArtTransformer2DModel", _) => {
                options.refuse_norm_type(legacy.ok(), "ada_norm_single")?;
                Self::PixArt(PixArtConfig::read(&mut options)?)
            }
            ("UNet2DConditionModel", _) => Self::Unet(UnetConfig::read(&mut options)?),
            _ => {
                let allowed =
                    "DiTTransformer2DModel, PixArtTransformer2DModel or UNet2DConditionModel";
                return Err(options.refused(
                    "_class_name",
                    format!("{class:?}"),
                    allowed.to_owned(),
                ));
            }
        };
        options.finish()?;
        Ok(config)
    }

    /// Channels of the latents.
    pub fn in_channels(&self) -> usize {
        match self {
            Self::Dit(dit) => dit.transformer.in_channels,
            Self::PixArt(pixart) => pixart.transformer.in_channels,
            Self::Unet(unet) => unet.in_channels,
        }
    }

    /// Channels predicted; twice those of the latents where the second half is a
    /// learned variance.
    pub fn out_channels(&self) -> usize {
        match self {
            Self::Dit(dit) => dit.transformer.out_channels,
            Self::PixArt(pixart) => pixart.transformer.out_channels,
            Self::Unet(unet) => unet.out_channels,
        }
    }

    /// Height and width of the latents the model was trained on.
    pub fn sample_size(&self) -> usize {
        match self {
            Self::Dit(dit) => dit.transformer.sample_size,
            Self::PixArt(pixart) => pixart.transformer.sample_size,
            Self::Unet(unet) => unet.sample_size,
        }
    }

    /// Number of classes, which is also the number of the class that is none;
    /// `None` if the model takes text.
    pub fn classes(&self) -> Option<usize> {
        match self {
            Self::Dit(dit) => Some(dit.classes),
            Self::PixArt(_) | Self::Unet(_) => None,
        }
    }

    /// Width of the text embeddings; `None` if the model takes classes.
    pub fn text_channels(&self) -> Option<usize> {
        match self {
            Self::Dit(_) => None,
            Self::PixArt(pixart) => Some(pixart.caption_channels),
            Self::Unet(unet) => Some(unet.text_channels),
        }
    }

    /// Number of blocks: see [`GemmTag::block`](super::GemmTag::block).
    pub fn blocks(&self) -> usize {
        match self {
            Self::Dit(dit) => dit.transformer.layers,
            Self::PixArt(pixart) => pixart.transformer.layers,
            Self::Unet(unet) => 2 * unet.channels.len() + 1,
        }
    }
}

impl Options {
    fn refuse_norm_type(&self, found: Option<String>, allowed: &str) -> Result<(), ModelError> {
        match found {
            Some(found) if found != allowed => {
                Err(self.refused("norm_type", format!("{found:?}"), format!("{allowed:?}")))
            }
            _ => Ok(()),
        }
    }
}

impl TransformerConfig {
    fn read(options: &mut Options, sample_size: usize, eps: f64) -> Result<Self, ModelError> {
        let in_channels = options.count("in_channels", Some(4))?;
        let config = Self {
            heads: options.count("num_attention_heads", Some(16))?,
            head_dim: options.count("attention_head_dim", Some(72))?,
            layers: options.count("num_layers", Some(28))?,
            in_channels,
            out_channels: options.count("out_channels", Some(in_channels))?,
            sample_size: options.count("sample_size", Some(sample_size))?,
            patch_size: options.count("patch_size", Some(2))?,
            norm_eps: options.number("norm_eps", Some(eps))? as f32,
            attention_bias: options.flag("attention_bias", true)?,
        };
        // The sine-cosine positions have four parts.
        if !config.width().is_multiple_of(4) {
            let value = config.head_dim.to_string();
            let allowed = "a multiple of 4 as num_attention_heads · attention_head_dim".to_owned();
            return Err(options.refused("attention_head_dim", value, allowed));
        }
        if !config.sample_size.is_multiple_of(config.patch_size) {
            let allowed = format!("a multiple of patch_size, {}", config.patch_size);
            return Err(options.refused("sample_size", config.sample_size.to_string(), allowed));
        }
        if config.out_channels != in_channels && config.out_channels != 2 * in_channels {
            let allowed = format!("in_channels, {in_channels}, or twice that");
            return Err(options.refused("out_channels", config.out_channels.to_string(), allowed));
        }
        options.only("activation_fn", &[json!("gelu-approximate")])?;
        options.only("norm_elementwise_affine", &[json!(false)])?;
        options.ignore(&["dropout", "norm_num_groups", "upcast_attention"]);
        Ok(config)
    }
}

impl DitConfig {
    fn read(options: &mut Options) -> Result<Self, ModelError> {
        Ok(Self {
            transformer: TransformerConfig::read(options, 32, 1e-5)?,
            classes: options.count("num_embeds_ada_norm", Some(1000))?,
        })
    }
}

impl PixArtConfig {
    fn read(options: &mut Options) -> Result<Self, ModelError> {
        options.default_to("out_channels", json!(8));
        let transformer = TransformerConfig::read(options, 128, 1e-6)?;
        let sample_size = transformer.sample_size;
        let width = transformer.width();
        let size_conditions = options.flag("use_additional_conditions", sample_size == 128)?;
        if size_conditions && !width.is_multiple_of(3) {
            let allowed = "false unless the model's width is a multiple of 3".to_owned();
            return Err(options.refused("use_additional_conditions", "true".to_owned(), allowed));
        }
        let scale = (sample_size / 64).max(1) as f64;
        let config = Self {
            caption_channels: options.count("caption_channels", None)?,
            size_conditions,
            interpolation_scale: options.number("interpolation_scale", Some(scale))?,
            transformer,
        };
        options.only("cross_attention_dim", &[json!(width)])?;
        options.only("attention_type", &[json!("default")])?;
        options.ignore(&["num_embeds_ada_norm"]);
        Ok(config)
    }
}

impl UnetConfig {
    fn read(options: &mut Options) -> Result<Self, ModelError> {
        let default = json!([320, 640, 1280, 1280]);
        let list = options.take("block_out_channels").unwrap_or(default);
        let len = list.as_array().map_or(0, Vec::len);
        if len == 0 {
            let allowed = "a list of positive integers".to_owned();
            return Err(options.refused("block_out_channels", list.to_string(), allowed));
        }
        options.default_to("block_out_channels", list);
        let channels = options.counts("block_out_channels", len, 1)?;
        // Attention everywhere but at the coarsest level.
        let down: Vec<bool> = (0..len).map(|level| level + 1 < len).collect();
        let up = down.iter().rev().copied().collect();
        let down_attention = options.attention("down_block_types", "DownBlock2D", len, down)?;
        let up_attention = options.attention("up_block_types", "UpBlock2D", len, up)?;
        let config = Self {
            in_channels: options.count("in_channels", Some(4))?,
            out_channels: options.count("out_channels", Some(4))?,
            sample_size: options.count("sample_size", Some(64))?,
            heads: options.counts("attention_head_dim", len, 8)?,
            down_attention,
            up_attention,
            layers_per_block: options.count("layers_per_block", Some(2))?,
            text_channels: options.count("cross_attention_dim", Some(1280))?,
            norm_groups: options.count("norm_num_groups", Some(32))?,
            norm_eps: options.number("norm_eps", Some(1e-5))? as f32,
            channels,
        };
        for (channels, heads) in config.channels.iter().zip(&config.heads) {
            if !channels.is_multiple_of(*heads) || !channels.is_multiple_of(config.norm_groups) {
                let allowed = format!(
                    "multiples of norm_num_groups, {}, and of attention_head_dim, {heads}",
                    config.norm_groups
                );
                return Err(options.refused("block_out_channels", channels.to_string(), allowed));
            }
        }
        options.only("mid_block_type", &[json!("UNetMidBlock2DCrossAttn")])?;
        options.only("act_fn", &[json!("silu")])?;
        options.only("flip_sin_to_cos", &[json!(true)])?;
        options.only("freq_shift", &[json!(0)])?;
        options.only("downsample_padding", &[json!(1)])?;
        options.only("transformer_layers_per_block", &[json!(1)])?;
        options.only("resnet_time_scale_shift", &[json!("default")])?;
        options.only("time_embedding_type", &[json!("positional")])?;
        options.only("attention_type", &[json!("default")])?;
        for key in ["mid_block_scale_factor", "resnet_out_scale_factor"] {
            options.only(key, &[json!(1), json!(1.0)])?;
        }
        for key in ["conv_in_kernel", "conv_out_kernel"] {
            options.only(key, &[json!(3)])?;
        }
        options.ignore(&[
            "dropout",
            "upcast_attention",
            "addition_embed_type_num_heads",
        ]);
        Ok(config)
    }
}

impl Options {
    /// Which of a list of block types have attention.
    fn attention(
        &mut self,
        key: &str,
        plain: &str,
        len: usize,
        default: Vec<bool>,
    ) -> Result<Vec<bool>, ModelError> {
        let Some(value) = self.take(key) else {
            return Ok(default);
        };
        let with = format!("CrossAttn{plain}");
        let one = |block: &Value| match block.as_str() {
            Some(name) if name == with => Some(true),
            Some(name) if name == plain => Some(false),
            _ => None,
        };
        let list: Option<Vec<bool>> = value.as_array().and_then(|l| l.iter().map(one).collect());
        list.filter(|list| list.len() == len).ok_or_else(|| {
            let allowed = format!("a list of {len} of {with:?} and {plain:?}");
            self.refused(key, value.to_string(), allowed)
        })
    }
}
