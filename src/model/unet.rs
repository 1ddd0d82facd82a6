//! The text-conditional UNet of Stable Diffusion 1.x, `UNet2DConditionModel`.
//! Inside, images are \[B, H, W, C\].

use super::attention::Context;
use super::conditioning::TextConditioning;
use super::embedding::{TimestepEmbedding, sinusoids};
use super::layers::{Conv, GroupNorm, Pass, Scope};
use super::unet_block::{ResnetBlock, SpatialTransformer};
use super::{EngineError, ModelError, Parameters, UnetConfig};
use crate::tensor::{Tensor, silu};

/// Ratio of the timestep embedding's width to the finest level's channels.
const TIME_RATIO: usize = 4;

/// The network.
pub(super) struct Unet {
    time_dim: usize,
    time_embedding: TimestepEmbedding,
    conv_in: Conv,
    down: Vec<DownBlock>,
    middle: (ResnetBlock, SpatialTransformer, ResnetBlock),
    up: Vec<UpBlock>,
    norm_out: GroupNorm,
    conv_out: Conv,
}

/// Residual layers, each perhaps with attention.
type Layers = Vec<(ResnetBlock, Option<SpatialTransformer>)>;

/// One level on the way down; the coarsest has no down-sampling after it.
struct DownBlock {
    layers: Layers,
    downsampler: Option<Conv>,
}

/// One level on the way up; the finest has no up-sampling after it.
struct UpBlock {
    layers: Layers,
    upsampler: Option<Conv>,
}

impl Unet {
    pub fn read(config: &UnetConfig, parameters: &Parameters) -> Result<Self, ModelError> {
        let scope = Scope::root(parameters);
        let (first, levels) = (config.channels[0], config.channels.len());
        let (coarsest, heads) = (config.channels[levels - 1], config.heads[levels - 1]);
        let middle = scope.child("mid_block").in_block(levels);
        let resnet = |i| {
            let channels = [coarsest, coarsest];
            ResnetBlock::read(
                &middle.child(format!("resnets.{i}")),
                config,
                channels,
                TIME_RATIO * first,
            )
        };
        let attention = middle.child("attentions.0");
        Ok(Self {
            time_dim: first,
            time_embedding: TimestepEmbedding::read(
                &scope,
                "time_embedding",
                first,
                TIME_RATIO * first,
            )?,
            conv_in: scope.conv("conv_in", [config.in_channels, first], 3, 1, 1)?,
            down: (0..levels)
                .map(|i| DownBlock::read(&scope, config, i))
                .collect::<Result<_, _>>()?,
            middle: (
                resnet(0)?,
                SpatialTransformer::read(&attention, config, coarsest, heads)?,
                resnet(1)?,
            ),
            up: (0..levels)
                .map(|i| UpBlock::read(&scope, config, i))
                .collect::<Result<_, _>>()?,
            norm_out: scope.group_norm(
                "conv_norm_out",
                first,
                config.norm_groups,
                config.norm_eps,
            )?,
            conv_out: scope.conv("conv_out", [first, config.out_channels], 3, 1, 1)?,
        })
    }

    /// Latents \[B, C, H, W\] to the prediction of the same size.
    pub fn forward(
        &self,
        pass: &mut Pass<'_>,
        latents: &Tensor,
        timesteps: &[f32],
        text: &TextConditioning,
    ) -> Result<Tensor, EngineError> {
        let times = sinusoids(timesteps, self.time_dim, 0);
        let times = if latents.has_values() {
            times
        } else {
            Tensor::shape_only(times.shape())
        };
        // Every residual layer wants it after SiLU.
        let time = self.time_embedding.forward(pass, &times)?.apply(silu);
        let bias = text.score_bias();
        let context = Context {
            tokens: &text.embeddings,
            bias: bias.as_ref(),
        };
        let mut x = self.conv_in.forward(pass, &latents.channels_last())?;
        let mut skips = vec![x.clone()];
        for block in &self.down {
            for (resnet, attention) in &block.layers {
                x = layer(pass, resnet, attention.as_ref(), &x, &time, &context)?;
                skips.push(x.clone());
            }
            if let Some(downsampler) = &block.downsampler {
                x = downsampler.forward(pass, &x)?;
                skips.push(x.clone());
            }
        }
        let (first, attention, second) = &self.middle;
        x = layer(pass, first, Some(attention), &x, &time, &context)?;
        x = second.forward(pass, &x, &time)?;
        for block in &self.up {
            for (resnet, attention) in &block.layers {
                let skip = skips.pop().expect("a skip for every layer on the way up");
                x = layer(
                    pass,
                    resnet,
                    attention.as_ref(),
                    &x.beside(&skip),
                    &time,
                    &context,
                )?;
            }
            if let Some(upsampler) = &block.upsampler {
                let next = skips.last().expect("a finer level");
                x = upsampler.forward(pass, &upsampled(&x, next))?;
            }
        }
        let x = self.norm_out.forward(&x).apply(silu);
        Ok(self.conv_out.forward(pass, &x)?.channels_first())
    }
}

/// One residual layer, then attention.
fn layer(
    pass: &mut Pass<'_>,
    resnet: &ResnetBlock,
    attention: Option<&SpatialTransformer>,
    x: &Tensor,
    time: &Tensor,
    context: &Context<'_>,
) -> Result<Tensor, EngineError> {
    let x = resnet.forward(pass, x, time)?;
    match attention {
        Some(attention) => attention.forward(pass, x, context),
        None => Ok(x),
    }
}

/// Every pixel twice in both directions; once at the end, where a finer level of
/// odd size was halved and rounded up.
fn upsampled(x: &Tensor, finer: &Tensor) -> Tensor {
    let [b, h, w, c] = x.four();
    let [_, height, width, _] = finer.four();
    Tensor::when(x.has_values(), &[b, height, width, c], || {
        let mut values = Vec::with_capacity(b * height * width * c);
        for pixel in 0..b * height * width {
            let (b, row, column) = (
                pixel / (height * width),
                pixel / width % height,
                pixel % width,
            );
            let at = ((b * h + row / 2) * w + column / 2) * c;
            values.extend_from_slice(&x.values_or_empty()[at..at + c]);
        }
        values
    })
}

/// Reads the layers of one block, whose widths of input and output are given.
fn layers(
    scope: &Scope<'_>,
    config: &UnetConfig,
    widths: impl Iterator<Item = [usize; 2]>,
    heads: Option<usize>,
) -> Result<Layers, ModelError> {
    let time = TIME_RATIO * config.channels[0];
    let one = |(i, channels): (usize, [usize; 2])| {
        let resnet =
            ResnetBlock::read(&scope.child(format!("resnets.{i}")), config, channels, time)?;
        let attention = scope.child(format!("attentions.{i}"));
        let attention =
            heads.map(|heads| SpatialTransformer::read(&attention, config, channels[1], heads));
        Ok((resnet, attention.transpose()?))
    };
    widths.enumerate().map(one).collect()
}

impl DownBlock {
    fn read(scope: &Scope<'_>, config: &UnetConfig, level: usize) -> Result<Self, ModelError> {
        let scope = scope.child(format!("down_blocks.{level}")).in_block(level);
        let out = config.channels[level];
        let input = |i| match i {
            0 => config.channels[level.saturating_sub(1)],
            _ => out,
        };
        let widths = (0..config.layers_per_block).map(|i| [input(i), out]);
        let heads = config.down_attention[level].then_some(config.heads[level]);
        let downsampler = || scope.conv("downsamplers.0.conv", [out, out], 3, 2, 1);
        Ok(Self {
            layers: layers(&scope, config, widths, heads)?,
            downsampler: (level + 1 < config.channels.len())
                .then(downsampler)
                .transpose()?,
        })
    }
}

impl UpBlock {
    /// `index` counts from the coarsest level.
    fn read(scope: &Scope<'_>, config: &UnetConfig, index: usize) -> Result<Self, ModelError> {
        let levels = config.channels.len();
        // Blocks are numbered through: down, middle, up.
        let scope = scope
            .child(format!("up_blocks.{index}"))
            .in_block(levels + 1 + index);
        let level = levels - 1 - index;
        let out = config.channels[level];
        let before = config.channels[(level + 1).min(levels - 1)];
        // The last skip of a level comes from the down-sampling of the next finer one.
        let finer = config.channels[level.saturating_sub(1)];
        let last = config.layers_per_block;
        let widths = (0..=last).map(|i| {
            let skip = if i == last { finer } else { out };
            [if i == 0 { before } else { out } + skip, out]
        });
        let heads = config.up_attention[index].then_some(config.heads[level]);
        let upsampler = || scope.conv("upsamplers.0.conv", [out, out], 3, 1, 1);
        Ok(Self {
            layers: layers(&scope, config, widths, heads)?,
            upsampler: (index + 1 < levels).then(upsampler).transpose()?,
        })
    }
}
