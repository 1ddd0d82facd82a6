//! The denoiser's GEMMs as the accelerator computes them: operands become int8, and
//! mended int32 sums f32 with what follows them.

use super::audit::Audit;
use super::backend::Backend;
use super::finish::{Columns, Real, Scores};
use super::gemm::{Operands, ProtectedGemms, Totals};
use super::plan::FaultPlan;
use super::setting::Setting;
use crate::baseline::Protection;
use crate::fast::{Cut, PackedWeights};
use crate::model::{
    Activation, EngineError, GemmEngine, GemmTag, Heads, Layer, MatMul, Strided, Weight,
};
use crate::quant::{Quantised, Rows, Scales};
use crate::tensor;

/// Computes the GEMMs of one image.
pub struct ProtectedEngine<'a> {
    setting: &'a Setting,
    gemms: ProtectedGemms<'a>,
    /// Scores of an attention; memory that is used again.
    scores: Vec<f32>,
}

/// Values in a line of a cache.
const ALIGNED: usize = 16;

impl<'a> ProtectedEngine<'a> {
    /// For one image. The plan is the image's own: see [`FaultPlan::for_image`].
    pub fn new(
        setting: &'a Setting,
        plan: FaultPlan,
        protection: Box<dyn Protection + 'a>,
        backend: Backend,
        audit: Option<Audit>,
    ) -> Self {
        Self {
            setting,
            gemms: ProtectedGemms::new(setting, plan, protection, backend, audit),
            scores: Vec::new(),
        }
    }

    /// What was done so far.
    pub fn totals(&self) -> Totals {
        self.gemms.totals()
    }

    /// A product in f32, written to rows that are `stride` apart.
    fn real_product(
        &mut self,
        tag: &GemmTag<'_>,
        a: &Rows<'_>,
        b: &Rows<'_>,
        (y, stride): (&mut [f32], usize),
    ) -> Result<(), EngineError> {
        let scales = &self.setting.scales;
        let x = a.quantise(scales.left(tag.layer, a));
        let b_scale = scales.right(tag.layer, b);
        let w = PackedWeights::new(b.quantise(Scales::Tensor(b_scale)).q.view());
        let real = Real {
            rows: &x.scales,
            columns: Columns::Same(b_scale),
            activation: Activation::None,
            stride,
        };
        let operands = Operands {
            x: &x,
            w: &w,
            w_scale: Some(b_scale),
        };
        self.gemms
            .run(tag, &operands, Cut::Any, (y, stride), |sums, y| {
                real.put(&sums, y);
            })
    }
}

impl GemmEngine for ProtectedEngine<'_> {
    fn layer(
        &mut self,
        tag: &GemmTag<'_>,
        x: &[f32],
        m: usize,
        weight: &Weight,
    ) -> Result<Vec<f32>, EngineError> {
        let layer = Layer {
            tag: *tag,
            weight,
            bias: None,
            activation: Activation::None,
        };
        let mut outputs = self.layers(x, m, &[layer])?;
        Ok(outputs.pop().expect("one layer"))
    }

    fn product(
        &mut self,
        tag: &GemmTag<'_>,
        product: &MatMul<'_>,
    ) -> Result<Vec<f32>, EngineError> {
        let MatMul { a, b, m, k, n } = *product;
        tag.expect_length(a, m * k)?;
        tag.expect_length(b, k * n)?;
        let mut y = tensor::take(m * n);
        let (a, b) = (Rows::dense(a, m, k), Rows::dense(b, k, n));
        self.real_product(tag, &a, &b, (&mut y, n))?;
        Ok(y)
    }

    /// The input is quantised once where all layers want the same of it.
    fn layers(
        &mut self,
        x: &[f32],
        m: usize,
        layers: &[Layer<'_>],
    ) -> Result<Vec<Vec<f32>>, EngineError> {
        let mut shared: Option<Quantised> = None;
        let mut outputs = Vec::with_capacity(layers.len());
        for layer in layers {
            let (k, n) = (layer.weight.k(), layer.weight.n());
            layer.tag.expect_length(x, m * k)?;
            let weights = self.setting.weights.layer(layer.weight)?;
            let scales = &self.setting.scales;
            let x = match shared.take() {
                Some(shared) if scales.are_of_the_input() && shared.q.ncols() == k => shared,
                shared => {
                    let x = Rows::dense(x, m, k);
                    let scales = scales.left(layer.tag.layer, &x);
                    let same = shared.filter(|s| s.scales == scales && s.q.ncols() == k);
                    same.unwrap_or_else(|| x.quantise(scales))
                }
            };
            let real = Real {
                rows: &x.scales,
                columns: Columns::Each {
                    scales: &weights.scales,
                    bias: layer.bias,
                },
                activation: layer.activation,
                stride: n,
            };
            let operands = Operands {
                x: &x,
                w: &weights.packed,
                w_scale: None,
            };
            let mut y = tensor::take(m * n);
            self.gemms
                .run(&layer.tag, &operands, Cut::Any, (&mut y, n), |sums, y| {
                    real.put(&sums, y);
                })?;
            outputs.push(y);
            shared = Some(x);
        }
        Ok(outputs)
    }

    /// Heads are quantised where they lie, and scores exist in f32 only between the two
    /// products.
    fn attention(&mut self, heads: &Heads<'_>) -> Result<Vec<f32>, EngineError> {
        let (queries, keys, width) = (heads.queries, heads.keys, heads.width());
        let [qk, _] = heads.tags(0);
        qk.expect_length(heads.q, heads.batch * queries * width)?;
        qk.expect_length(heads.k, heads.batch * keys * width)?;
        qk.expect_length(heads.v, heads.batch * keys * width)?;
        let mut mixed = tensor::take(heads.q.len());
        // Room for what follows a row, and rows that start alike.
        let stride = (keys + 1).next_multiple_of(ALIGNED);
        let mut scores = std::mem::take(&mut self.scores);
        scores.resize(queries * stride, 0.0);
        for instance in 0..heads.instances() {
            let [qk, pv] = heads.tags(instance);
            let [q, k, v] = heads.parts(instance).map(rows);
            let scales = &self.setting.scales;
            let x = q.quantise(scales.left(qk.layer, &q));
            let k_scale = scales.right(qk.layer, &k);
            let w = k.quantise(Scales::Tensor(k_scale));
            let w = PackedWeights::from_transposed(w.q.view());
            let of_scores = Scores {
                queries: &x.scales,
                keys: k_scale,
                scale: heads.scale(),
                bias: heads.bias(instance),
                stride,
            };
            let operands = Operands {
                x: &x,
                w: &w,
                w_scale: Some(k_scale),
            };
            let y = (scores.as_mut_slice(), stride);
            self.gemms.run(&qk, &operands, Cut::Rows, y, |sums, y| {
                of_scores.put(&sums, y);
            })?;
            let scores = Rows::weighted(&scores, [queries, keys], stride);
            let y = (&mut mixed[heads.place(instance, queries)..], width);
            self.real_product(&pv, &scores, &v, y)?;
        }
        self.scores = scores;
        Ok(mixed)
    }
}

/// A head's values, to be quantised.
fn rows(part: Strided<'_>) -> Rows<'_> {
    Rows::strided(part.values, [part.rows, part.columns], part.stride)
}
