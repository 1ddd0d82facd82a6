//! The class-conditional diffusion transformer, `DiTTransformer2DModel`.

use super::attention::Attention;
use super::embedding::{PatchEmbedding, TimestepEmbedding, sinusoids};
use super::feed_forward::FeedForward;
use super::layers::{LayerNorm, Linear, Pass, Scope};
use super::modulation::Modulation;
use super::{DitConfig, EngineError, ModelError, Parameters};
use crate::forecast::Branch;
use crate::tensor::{Tensor, silu};

/// Width of the timestep's sinusoids.
const TIME_DIM: usize = 256;

/// ε of norms that the configuration does not reach.
const FIXED_EPS: f32 = 1e-6;

/// The network.
pub(super) struct Dit {
    patches: PatchEmbedding,
    blocks: Vec<Block>,
    proj_out_1: Linear,
    proj_out_2: Linear,
}

/// One transformer block. Each has its own embedding of timestep and class.
struct Block {
    timestep: TimestepEmbedding,
    classes: Tensor,
    modulation: Linear,
    norm1: LayerNorm,
    attention: Attention,
    norm3: LayerNorm,
    mlp: FeedForward,
}

impl Dit {
    pub fn read(config: &DitConfig, parameters: &Parameters) -> Result<Self, ModelError> {
        let (scope, transformer) = (Scope::root(parameters), &config.transformer);
        let width = transformer.width();
        let block = |i| {
            Block::read(
                &scope.child(format!("transformer_blocks.{i}")).in_block(i),
                config,
            )
        };
        Ok(Self {
            patches: PatchEmbedding::read(&scope, transformer, 1.0)?,
            blocks: (0..transformer.layers)
                .map(block)
                .collect::<Result<_, _>>()?,
            proj_out_1: scope.linear("proj_out_1", width, 2 * width)?,
            proj_out_2: scope.linear(
                "proj_out_2",
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
        classes: &[usize],
    ) -> Result<Tensor, EngineError> {
        let times = sinusoids(timesteps, TIME_DIM, 1);
        let times = if latents.has_values() {
            times
        } else {
            Tensor::shape_only(times.shape())
        };
        let mut x = self.patches.forward(pass, latents)?;
        for (index, block) in self.blocks.iter().enumerate() {
            x = block.forward(pass, index, x, &times, classes)?;
        }
        // The first block's embedding serves the output too, and is computed again.
        let condition = self.blocks[0].condition(pass, &times, classes)?;
        let vectors = self.proj_out_1.forward(pass, &condition)?;
        let normed = LayerNorm::plain(FIXED_EPS).forward(&x);
        let normed = Modulation(&vectors).shifted_and_scaled(normed, 0, 1);
        let tokens = self.proj_out_2.forward(pass, &normed)?;
        Ok(self.patches.unpatched(&tokens, latents))
    }
}

impl Block {
    fn read(scope: &Scope<'_>, config: &DitConfig) -> Result<Self, ModelError> {
        let transformer = &config.transformer;
        let (width, heads) = (transformer.width(), transformer.heads);
        let norm1 = scope.child("norm1");
        let embedding = norm1.child("emb");
        // One row more than there are classes: no class.
        let table = [config.classes + 1, width];
        let attention = [width, width];
        Ok(Self {
            timestep: TimestepEmbedding::read(&embedding, "timestep_embedder", TIME_DIM, width)?,
            classes: embedding.tensor("class_embedder.embedding_table.weight", &table)?,
            modulation: norm1.linear("linear", width, 6 * width)?,
            norm1: LayerNorm::plain(FIXED_EPS),
            attention: Attention::read(
                scope,
                "attn1",
                attention,
                heads,
                transformer.attention_bias,
            )?,
            norm3: LayerNorm::plain(transformer.norm_eps),
            mlp: FeedForward::gelu(scope, width)?,
        })
    }

    /// SiLU of the sum of both embeddings, \[B, D\].
    fn condition(
        &self,
        pass: &mut Pass<'_>,
        times: &Tensor,
        classes: &[usize],
    ) -> Result<Tensor, EngineError> {
        let rows: Vec<Tensor> = classes
            .iter()
            .map(|class| self.classes.slice(*class, 1))
            .collect();
        let classes = Tensor::stack(&rows.iter().collect::<Vec<_>>());
        Ok(self
            .timestep
            .forward(pass, times)?
            .plus(&classes)
            .apply(silu))
    }

    fn forward(
        &self,
        pass: &mut Pass<'_>,
        index: usize,
        x: Tensor,
        times: &Tensor,
        classes: &[usize],
    ) -> Result<Tensor, EngineError> {
        let condition = self.condition(pass, times, classes)?;
        let vectors = self.modulation.forward(pass, &condition)?;
        let modulation = Modulation(&vectors);
        let attended = pass.branch((index, Branch::SelfAttention), x.shape(), |pass| {
            let normed = modulation.shifted_and_scaled(self.norm1.forward(&x), 0, 1);
            self.attention.forward(pass, &normed, None)
        })?;
        let x = x.plus(&modulation.gated(attended, 2));
        let mapped = pass.branch((index, Branch::Mlp), x.shape(), |pass| {
            let normed = modulation.shifted_and_scaled(self.norm3.forward(&x), 3, 4);
            self.mlp.forward(pass, &normed)
        })?;
        Ok(x.plus(&modulation.gated(mapped, 5)))
    }
}
