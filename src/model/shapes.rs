//! The list of a model's GEMMs, from a forward pass without values.

use super::{
    Conditioning, Denoiser, EngineError, GemmEngine, GemmKind, GemmTag, ImageSize, MatMul,
    ModelConfig, ModelError, Parameters, TextConditioning, Weight,
};
use crate::tensor::Tensor;
use std::path::Path;

/// Tokens of PixArt-α's texts.
const PIXART_TOKENS: usize = 120;

/// Tokens of Stable Diffusion 1.x's texts.
const CLIP_TOKENS: usize = 77;

/// A GEMM of a forward pass, as often as it is repeated with other operands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GemmShape {
    /// Module name, see [`GemmTag::layer`].
    pub layer: String,
    /// See [`GemmTag::block`].
    pub block: Option<usize>,
    /// Kind.
    pub kind: GemmKind,
    /// Rows of X and Y.
    pub m: usize,
    /// Columns of W and Y.
    pub n: usize,
    /// Columns of X, rows of W.
    pub k: usize,
    /// Products of this shape: 1 for layers, batch × heads in attention.
    pub count: usize,
}

impl GemmShape {
    /// Blocks of the network that these are the GEMMs of.
    pub fn blocks(shapes: &[Self]) -> usize {
        let last = shapes.iter().filter_map(|shape| shape.block).max();
        last.map_or(0, |last| last + 1)
    }

    /// Multiply-accumulate operations of all its products.
    pub fn macs(&self) -> u64 {
        [self.m, self.n, self.k, self.count]
            .iter()
            .map(|size| *size as u64)
            .product()
    }

    /// Elements that the rows of X are made of: a convolution's X, im2col, repeats each element of
    /// its input up to kernel² times, and skips none.
    pub fn input_elements(&self) -> u64 {
        let elements = self.m as u64 * self.k as u64;
        match self.kind {
            GemmKind::Conv { kernel, stride } if kernel > stride => {
                (elements * stride.pow(2) as u64).div_ceil(kernel.pow(2) as u64)
            }
            _ => elements,
        }
    }

    /// The same with classifier-free guidance: the conditional and the unconditional half are rows of
    /// the same GEMM where there are weights, and products of their own in attention.
    #[must_use]
    pub fn guided(mut self) -> Self {
        if self.kind.is_product() {
            self.count *= 2;
        } else {
            self.m *= 2;
        }
        self
    }
}

/// An engine that computes nothing and lists what it is asked for.
#[derive(Debug, Default)]
pub struct ShapeRecorder {
    gemms: Vec<GemmShape>,
}

impl ShapeRecorder {
    /// The GEMMs in the order in which diffusers' modules finish: an attention's
    /// products after its output layer.
    pub fn finish(self) -> Vec<GemmShape> {
        let mut sorted = Vec::with_capacity(self.gemms.len());
        let mut products = Vec::new();
        for gemm in self.gemms {
            if gemm.kind.is_product() {
                products.push(gemm);
            } else {
                sorted.push(gemm);
                sorted.append(&mut products);
            }
        }
        sorted.append(&mut products);
        sorted
    }

    fn record(&mut self, tag: &GemmTag<'_>, [m, n, k]: [usize; 3]) {
        if tag.instance > 0 {
            // Two products of each head alternate.
            let repeated = self
                .gemms
                .iter_mut()
                .rev()
                .take(2)
                .find(|gemm| gemm.kind == tag.kind);
            if let Some(gemm) = repeated.filter(|gemm| gemm.layer == tag.layer) {
                gemm.count += 1;
                return;
            }
        }
        self.gemms.push(GemmShape {
            layer: tag.layer.to_owned(),
            block: tag.block,
            kind: tag.kind,
            m,
            n,
            k,
            count: 1,
        });
    }
}

impl GemmEngine for ShapeRecorder {
    fn layer(
        &mut self,
        tag: &GemmTag<'_>,
        _x: &[f32],
        m: usize,
        weight: &Weight,
    ) -> Result<Vec<f32>, EngineError> {
        self.record(tag, [m, weight.n(), weight.k()]);
        Ok(Vec::new())
    }

    fn product(
        &mut self,
        tag: &GemmTag<'_>,
        product: &MatMul<'_>,
    ) -> Result<Vec<f32>, EngineError> {
        self.record(tag, [product.m, product.n, product.k]);
        Ok(Vec::new())
    }
}

/// Name of the list of a model, built-in or a folder: built-in models have the names
/// of the lists that were made with diffusers, `_cfg2` with a second row for guidance.
pub fn shape_list_name(model: &str, batch: usize) -> String {
    let name = match model {
        "dit-xl-2-512" => "dit_xl2_512",
        "dit-xl-2-256" => "dit_xl2_256",
        "pixart-alpha-512" => "pixart_alpha_512",
        "pixart-alpha-1024" => "pixart_alpha_1024",
        "sd15-512" => "sd15_unet_512",
        folder => {
            let name = Path::new(folder).file_name().unwrap_or_default();
            &name.to_string_lossy().replace(',', "_")
        }
    };
    match batch {
        1 => name.to_owned(),
        rows => format!("{name}_cfg{rows}"),
    }
}

/// The list as CSV: model, layer_name, block_index (−1 outside the blocks), kind, M, N,
/// K, count. `drift cosim --workload` reads it too.
pub fn shape_list(name: &str, gemms: &[GemmShape]) -> String {
    let mut text = String::from("model,layer_name,block_index,kind,M,N,K,count\n");
    for gemm in gemms {
        let GemmShape {
            layer,
            kind,
            m,
            n,
            k,
            count,
            ..
        } = gemm;
        let block = gemm
            .block
            .map_or("-1".to_owned(), |block| block.to_string());
        text += &format!("{name},{layer},{block},{kind},{m},{n},{k},{count}\n");
    }
    text
}

/// The GEMMs of one forward pass of `batch` rows at the size the model was trained
/// on, with `tokens` tokens of text if the model takes text; by default as many as
/// PixArt's (120) or Stable Diffusion's (77) pipeline gives it.
///
/// # Errors
/// [`ModelError`] if the configuration's parts do not fit each other.
pub fn gemm_shapes(
    config: &ModelConfig,
    batch: usize,
    tokens: Option<usize>,
) -> Result<Vec<GemmShape>, ModelError> {
    let size = config.sample_size();
    let latents = Tensor::shape_only(&[batch, config.in_channels(), size, size]);
    let text = |channels, default, sizes| {
        let tokens = tokens.unwrap_or(default);
        Conditioning::Text(TextConditioning {
            embeddings: Tensor::shape_only(&[batch, tokens, channels]),
            mask: None,
            sizes,
        })
    };
    let conditioning = match config {
        ModelConfig::Dit(_) => Conditioning::Classes(vec![0; batch]),
        ModelConfig::PixArt(pixart) => {
            let sizes = || vec![ImageSize::new(1.0, 1.0); batch];
            text(
                pixart.caption_channels,
                PIXART_TOKENS,
                pixart.size_conditions.then(sizes),
            )
        }
        ModelConfig::Unet(unet) => text(unet.text_channels, CLIP_TOKENS, None),
    };
    let denoiser = Denoiser::new(config.clone(), &Parameters::absent())?;
    let mut recorder = ShapeRecorder::default();
    denoiser.forward(&mut recorder, 0, &latents, &vec![0.0; batch], &conditioning)?;
    Ok(recorder.finish())
}
