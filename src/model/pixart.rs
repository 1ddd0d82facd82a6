//! The text-conditional transformer PixArt-α, `PixArtTransformer2DModel`.

use super::attention::{Attention, Context};
use super::conditioning::TextConditioning;
use super::embedding::{PatchEmbedding, TimestepEmbedding, sinusoids};
use super::feed_forward::FeedForward;
use super::layers::{LayerNorm, Linear, Pass, Scope};
use super::modulation::Modulation;
use super::{Activation, EngineError, ModelError, Parameters, PixArtConfig};
use crate::forecast::Branch;
use crate::tensor::{Tensor, silu};

/// Width of the sinusoids of timesteps and sizes.
const TIME_DIM: usize = 256;

/// ε of the last norm.
const FIXED_EPS: f32 = 1e-6;

/// The network.
pub(super) struct PixArt {
    patches: PatchEmbedding,
    timestep: TimestepEmbedding,
    /// Embeddings of resolution and aspect ratio.
    size: Option<[TimestepEmbedding; 2]>,
    /// Shared by all blocks, each of which adds its own table.
    modulation: Linear,
    caption_1: Linear,
    caption_2: Linear,
    blocks: Vec<Block>,
    table: Tensor,
    proj_out: Linear,
}

/// One transformer block.
struct Block {
    table: Tensor,
    norm1: LayerNorm,
    self_attention: Attention,
    cross_attention: Attention,
    norm2: LayerNorm,
    mlp: FeedForward,
}

impl PixArt {
    pub fn read(config: &PixArtConfig, parameters: &Parameters) -> Result<Self, ModelError> {
        let (scope, transformer) = (Scope::root(parameters), &config.transformer);
        let width = transformer.width();
        let (adaln, caption) = (
            scope.child("adaln_single"),
            scope.child("caption_projection"),
        );
        let embedding = adaln.child("emb");
        let size = |name| TimestepEmbedding::read(&embedding, name, TIME_DIM, width / 3);
        let sizes =
            || Ok::<_, ModelError>([size("resolution_embedder")?, size("aspect_ratio_embedder")?]);
        let block = |i| {
            Block::read(
                &scope.child(format!("transformer_blocks.{i}")).in_block(i),
                config,
            )
        };
        Ok(Self {
            patches: PatchEmbedding::read(&scope, transformer, config.interpolation_scale)?,
            timestep: TimestepEmbedding::read(&embedding, "timestep_embedder", TIME_DIM, width)?,
            size: config.size_conditions.then(sizes).transpose()?,
            modulation: adaln.linear("linear", width, 6 * width)?,
            caption_1: caption.linear("linear_1", config.caption_channels, width)?,
            caption_2: caption.linear("linear_2", width, width)?,
            blocks: (0..transformer.layers)
                .map(block)
                .collect::<Result<_, _>>()?,
            table: scope
                .tensor("scale_shift_table", &[2, width])?
                .reshaped(&[2 * width]),
            proj_out: scope.linear(
                "proj_out",
                width,
                transformer.patch_size.pow(2) * transformer.out_channels,
            )?,
        })
    }

    /// Latents \[B, C, H, W\] to the prediction \[B, C or 2C, H, W\].
    pub fn forward(
        &self,
        pass: &mut Pass<'_>,
        latents: &Tensor,
        timesteps: &[f32],
        text: &TextConditioning,
    ) -> Result<Tensor, EngineError> {
        let mut x = self.patches.forward(pass, latents)?;
        let embedded = self.embedded(pass, latents.has_values(), timesteps, text)?;
        let shared = self
            .modulation
            .forward(pass, &embedded.clone().apply(silu))?;
        let captions = self
            .caption_1
            .activated(pass, &text.embeddings, Activation::GeluTanh)?;
        let captions = self.caption_2.forward(pass, &captions)?;
        let bias = text.score_bias();
        let context = Context {
            tokens: &captions,
            bias: bias.as_ref(),
        };
        for (index, block) in self.blocks.iter().enumerate() {
            x = block.forward(pass, index, x, &shared, &context)?;
        }
        // Shift and scale are the embedding itself, twice, plus the table.
        let vectors = embedded.beside(&embedded).plus(&self.table);
        let normed = LayerNorm::plain(FIXED_EPS).forward(&x);
        let normed = Modulation(&vectors).shifted_and_scaled(normed, 0, 1);
        let tokens = self.proj_out.forward(pass, &normed)?;
        Ok(self.patches.unpatched(&tokens, latents))
    }

    /// Embedding of the timestep, and of the image's size if the model takes it, \[B, D\].
    fn embedded(
        &self,
        pass: &mut Pass<'_>,
        has_values: bool,
        timesteps: &[f32],
        text: &TextConditioning,
    ) -> Result<Tensor, EngineError> {
        let projected = |values: &[f32]| {
            let projected = sinusoids(values, TIME_DIM, 0);
            if has_values {
                projected
            } else {
                Tensor::shape_only(projected.shape())
            }
        };
        let time = self.timestep.forward(pass, &projected(timesteps))?;
        let (Some([resolution, aspect_ratio]), Some(sizes)) = (&self.size, &text.sizes) else {
            return Ok(time);
        };
        let resolutions: Vec<f32> = sizes
            .iter()
            .flat_map(|size| [size.height, size.width])
            .collect();
        let ratios: Vec<f32> = sizes.iter().map(|size| size.aspect_ratio).collect();
        let resolution = resolution.forward(pass, &projected(&resolutions))?;
        let both = [sizes.len(), 2 * resolution.columns()];
        let aspect_ratio = aspect_ratio.forward(pass, &projected(&ratios))?;
        Ok(time.plus(&resolution.reshaped(&both).beside(&aspect_ratio)))
    }
}

impl Block {
    fn read(scope: &Scope<'_>, config: &PixArtConfig) -> Result<Self, ModelError> {
        let transformer = &config.transformer;
        let (width, heads) = (transformer.width(), transformer.heads);
        let attention = |name| {
            Attention::read(
                scope,
                name,
                [width, width],
                heads,
                transformer.attention_bias,
            )
        };
        Ok(Self {
            table: scope
                .tensor("scale_shift_table", &[6, width])?
                .reshaped(&[6 * width]),
            norm1: LayerNorm::plain(transformer.norm_eps),
            self_attention: attention("attn1")?,
            cross_attention: attention("attn2")?,
            norm2: LayerNorm::plain(transformer.norm_eps),
            mlp: FeedForward::gelu(scope, width)?,
        })
    }

    fn forward(
        &self,
        pass: &mut Pass<'_>,
        index: usize,
        x: Tensor,
        shared: &Tensor,
        context: &Context<'_>,
    ) -> Result<Tensor, EngineError> {
        let vectors = shared.clone().plus(&self.table);
        let modulation = Modulation(&vectors);
        let attended = pass.branch((index, Branch::SelfAttention), x.shape(), |pass| {
            let normed = modulation.shifted_and_scaled(self.norm1.forward(&x), 0, 1);
            self.self_attention.forward(pass, &normed, None)
        })?;
        let x = x.plus(&modulation.gated(attended, 2));
        // No norm before the cross-attention, and no gate after it.
        let crossed = pass.branch((index, Branch::CrossAttention), x.shape(), |pass| {
            self.cross_attention.forward(pass, &x, Some(context))
        })?;
        let x = x.plus(&crossed);
        let mapped = pass.branch((index, Branch::Mlp), x.shape(), |pass| {
            let normed = modulation.shifted_and_scaled(self.norm2.forward(&x), 3, 4);
            self.mlp.forward(pass, &normed)
        })?;
        Ok(x.plus(&modulation.gated(mapped, 5)))
    }
}
