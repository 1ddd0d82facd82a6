//! What the levels of the UNet are made of.

use super::attention::{Attention, Context};
use super::feed_forward::FeedForward;
use super::layers::{Conv, GroupNorm, LayerNorm, Linear, Pass, Scope};
use super::{EngineError, ModelError, UnetConfig};
use crate::tensor::{Tensor, silu};

/// ε of the group norm before attention.
const GROUP_EPS: f32 = 1e-6;

/// ε of the layer norms within attention.
const LAYER_EPS: f32 = 1e-5;

/// Two convolutions with the timestep between them, and a way around both.
pub(super) struct ResnetBlock {
    norm1: GroupNorm,
    conv1: Conv,
    time_emb_proj: Linear,
    norm2: GroupNorm,
    conv2: Conv,
    conv_shortcut: Option<Conv>,
}

/// A transformer block whose tokens are pixels.
pub(super) struct SpatialTransformer {
    norm: GroupNorm,
    proj_in: Conv,
    norms: [LayerNorm; 3],
    self_attention: Attention,
    cross_attention: Attention,
    mlp: FeedForward,
    proj_out: Conv,
}

impl ResnetBlock {
    pub fn read(
        scope: &Scope<'_>,
        config: &UnetConfig,
        [input, out]: [usize; 2],
        time: usize,
    ) -> Result<Self, ModelError> {
        let norm = |name, channels| {
            if !usize::is_multiple_of(channels, config.norm_groups) {
                return Err(ModelError::input(
                    "norm_num_groups",
                    config.norm_groups.to_string(),
                    format!(
                        "a divisor of {channels}, the channels of {}",
                        scope.name(name)
                    ),
                ));
            }
            scope.group_norm(name, channels, config.norm_groups, config.norm_eps)
        };
        let shortcut = || scope.conv("conv_shortcut", [input, out], 1, 1, 0);
        Ok(Self {
            norm1: norm("norm1", input)?,
            conv1: scope.conv("conv1", [input, out], 3, 1, 1)?,
            time_emb_proj: scope.linear("time_emb_proj", time, out)?,
            norm2: norm("norm2", out)?,
            conv2: scope.conv("conv2", [out, out], 3, 1, 1)?,
            conv_shortcut: (input != out).then(shortcut).transpose()?,
        })
    }

    /// \[B, H, W, C\] to \[B, H, W, C'\]; `time` \[B, T\] after SiLU.
    pub fn forward(
        &self,
        pass: &mut Pass<'_>,
        x: &Tensor,
        time: &Tensor,
    ) -> Result<Tensor, EngineError> {
        let hidden = self
            .conv1
            .forward(pass, &self.norm1.forward(x).apply(silu))?;
        let time = self.time_emb_proj.forward(pass, time)?;
        let hidden = plus_per_image(hidden, &time);
        let hidden = self
            .conv2
            .forward(pass, &self.norm2.forward(&hidden).apply(silu))?;
        Ok(match &self.conv_shortcut {
            Some(shortcut) => hidden.plus(&shortcut.forward(pass, x)?),
            None => hidden.plus(x),
        })
    }
}

/// Adds \[B, C\] to every pixel of \[B, H, W, C\].
fn plus_per_image(x: Tensor, added: &Tensor) -> Tensor {
    let [_, h, w, c] = x.four();
    let images = added.values_or_empty().chunks_exact(c);
    x.apply(|values| {
        for (image, added) in values.chunks_exact_mut((h * w * c).max(1)).zip(images) {
            for pixel in image.chunks_exact_mut(c) {
                pixel.iter_mut().zip(added).for_each(|(x, more)| *x += more);
            }
        }
    })
}

impl SpatialTransformer {
    pub fn read(
        scope: &Scope<'_>,
        config: &UnetConfig,
        width: usize,
        heads: usize,
    ) -> Result<Self, ModelError> {
        let block = scope.child("transformer_blocks.0");
        let norm = |name| block.layer_norm(name, width, LAYER_EPS);
        let cross = [width, config.text_channels];
        Ok(Self {
            norm: scope.group_norm("norm", width, config.norm_groups, GROUP_EPS)?,
            proj_in: scope.conv("proj_in", [width, width], 1, 1, 0)?,
            norms: [norm("norm1")?, norm("norm2")?, norm("norm3")?],
            self_attention: Attention::read(&block, "attn1", [width, width], heads, false)?,
            cross_attention: Attention::read(&block, "attn2", cross, heads, false)?,
            mlp: FeedForward::geglu(&block, width)?,
            proj_out: scope.conv("proj_out", [width, width], 1, 1, 0)?,
        })
    }

    /// \[B, H, W, C\] to the same shape.
    pub fn forward(
        &self,
        pass: &mut Pass<'_>,
        image: Tensor,
        context: &Context<'_>,
    ) -> Result<Tensor, EngineError> {
        let [b, h, w, c] = image.four();
        let x = self.proj_in.forward(pass, &self.norm.forward(&image))?;
        let x = x.reshaped(&[b, h * w, c]);
        let [norm1, norm2, norm3] = &self.norms;
        let attended = self
            .self_attention
            .forward(pass, &norm1.forward(&x), None)?;
        let x = x.plus(&attended);
        let attended = self
            .cross_attention
            .forward(pass, &norm2.forward(&x), Some(context))?;
        let x = x.plus(&attended);
        let x = self.mlp.forward(pass, &norm3.forward(&x))?.plus(&x);
        let x = self.proj_out.forward(pass, &x.reshaped(&[b, h, w, c]))?;
        Ok(x.plus(&image))
    }
}
