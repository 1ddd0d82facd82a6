//! The denoiser's GEMMs as the accelerator computes them: int8 operands, int32
//! outputs with faults, mended by a protection, and back to f32.

use super::audit::Audit;
use super::backend::Backend;
use super::error::InferError;
use super::finish::{Columns, Real, Scores};
use super::job::{Faulty, Sample};
use super::monitored::PointsUsed;
use super::plan::FaultPlan;
use super::scaling::ActivationScales;
use super::weights::WeightStore;
use crate::baseline::{FaultyGemm, FaultyTile, Place, Protection, Work};
use crate::config::ArrayConfig;
use crate::fast::{self, Cut, PackedWeights, Product, Sums, TileEffect, hand_over, output_deltas};
use crate::fault::{TileFaults, TileFlips};
use crate::model::{
    Activation, EngineError, GemmEngine, GemmTag, Heads, Layer, MatMul, Strided, Weight,
};
use crate::quant::{Quantised, Rows, Scales};
use crate::tensor;
use crate::tiling::{MAX_K, Tiling};
use ndarray::{Array2, ArrayViewMut2};
use std::collections::{BTreeMap, HashMap};

/// What all images of a run have in common.
#[derive(Debug)]
pub struct Setting {
    /// The array.
    pub config: ArrayConfig,
    /// θ.
    pub threshold_bit: u32,
    /// How activations are quantised.
    pub scales: ActivationScales,
    /// Threads that share one GEMM; images on several threads are faster where there are enough.
    pub threads: usize,
    /// Weights in int8.
    pub weights: WeightStore,
}

/// Sums over the GEMMs of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Number of GEMMs.
    pub gemms: u64,
    /// Tiles computed.
    pub tiles: u64,
    /// Injected faults.
    pub faults: u64,
    /// Tiles that the hardware was asked about as well.
    pub audited: u64,
    /// What was done, by rule of the fault plan; `None` for GEMMs that no rule names. In the adaptive
    /// mode all GEMMs count as rule 0.
    pub work: BTreeMap<Option<usize>, Work>,
    /// What the tiles ran at, in the adaptive mode.
    pub points: Option<PointsUsed>,
}

/// Computes the GEMMs of one image.
pub struct ProtectedEngine<'a> {
    setting: &'a Setting,
    plan: FaultPlan,
    protection: Box<dyn Protection + 'a>,
    backend: Backend,
    audit: Option<Audit>,
    /// Number of each layer's instances, in the order of their first use.
    layers: HashMap<String, HashMap<usize, usize>>,
    /// How many there are.
    numbered: usize,
    scratch: Scratch,
    totals: Totals,
}

/// Memory that is used again.
#[derive(Default)]
struct Scratch {
    /// Outputs, by number: sizes alternate, and growing fills with zeros.
    outputs: HashMap<usize, Vec<i32>>,
    /// Sums of a block.
    sums: Vec<i32>,
    /// Scores of an attention.
    scores: Vec<f32>,
    flips: TileFlips,
}

/// Values in a line of a cache.
const ALIGNED: usize = 16;

/// Operands of a GEMM in int8.
struct Operands<'a> {
    x: &'a Quantised,
    /// W[K×N].
    w: &'a PackedWeights,
    /// Scale of W where it has only one.
    w_scale: Option<f32>,
}

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
            plan,
            protection,
            backend,
            audit,
            layers: HashMap::new(),
            numbered: 0,
            scratch: Scratch::default(),
            totals: Totals::default(),
        }
    }

    /// What was done so far.
    pub fn totals(&self) -> Totals {
        Totals {
            points: self.plan.points_used().cloned(),
            ..self.totals.clone()
        }
    }

    /// Number of a GEMM for its fault streams: step and layer.
    fn number(&mut self, tag: &GemmTag<'_>) -> usize {
        let known = self
            .layers
            .get(tag.layer)
            .and_then(|l| l.get(&tag.instance));
        let layer = known.copied().unwrap_or_else(|| {
            let instances = self.layers.entry(tag.layer.to_owned()).or_default();
            instances.insert(tag.instance, self.numbered);
            self.numbered += 1;
            self.numbered - 1
        });
        tag.step << 16 | layer
    }

    /// Hands the mended sums of a GEMM over to `sink`, block by block; `y` is what it writes
    /// to, with so many elements for a row.
    fn gemm<T: Send>(
        &mut self,
        tag: &GemmTag<'_>,
        operands: &Operands<'_>,
        cut: Cut,
        (y, stride): (&mut [T], usize),
        sink: impl Fn(Sums<'_>, &mut [T]) + Sync,
    ) -> Result<(), EngineError> {
        let Operands { x, w, .. } = *operands;
        let (m, k, n) = (x.q.nrows(), x.q.ncols(), w.columns());
        if k > MAX_K {
            return Err(failed(tag, InferError::Depth { k }));
        }
        if m == 0 || n == 0 || k == 0 {
            hand_over(Array2::zeros((m, n)).view(), (y, stride), sink);
            return Ok(());
        }
        let setting = self.setting;
        let tiling = Tiling::new(&setting.config, m, k, n);
        let number = self.number(tag);
        let mut gemm = FaultyGemm {
            config: &setting.config,
            tiling: &tiling,
            place: Place {
                step: tag.step as u32,
                block: tag.block,
                layer: tag.layer,
                instance: tag.instance,
            },
            x: x.q.view(),
            w,
            scale: match &x.scales {
                Scales::Tensor(scale) => Some(scale * operands.w_scale.unwrap_or(1.0)),
                Scales::Token(_) => None,
            },
            threshold_bit: setting.threshold_bit,
            tiles: &[],
        };
        let flips = &mut self.scratch.flips;
        let by_tile = self.plan.monitored().map(|monitored| {
            let flags = |faults: &[(usize, TileFaults)]| {
                let faults = faults.iter().map(|(tile, faults)| (*tile, faults));
                let theta = setting.threshold_bit;
                let effects = fast::effects(&setting.config, &tiling, x.q.view(), w, faults, theta);
                let flagged =
                    |effect: &TileEffect| effect.row_flags.len() + effect.column_flags.len();
                effects
                    .iter()
                    .map(|effect| flagged(effect) as u32)
                    .collect()
            };
            let cell = monitored.cell(tag.step, tag.block);
            monitored.faults((&setting.config, &tiling), number, cell, flags)
        });
        let sampled = self.plan.sampler(tag);
        let rule = match &by_tile {
            Some(_) => Some(0),
            None => sampled.map(|(rule, _)| rule),
        };
        let transient = match (by_tile, sampled) {
            (Some(tiles), _) => {
                flips.clear();
                for (tile, faults) in &tiles {
                    flips.push(*tile, &faults.flips);
                }
                true
            }
            (None, None) => {
                flips.clear();
                true
            }
            (None, Some((_, sampler))) => sampler.flips(&setting.config, number, &tiling, flips),
        };
        self.totals.gemms += 1;
        self.totals.tiles += tiling.len() as u64;
        let unseen = matches!(self.backend, Backend::Fast) && self.audit.is_none();
        if unseen && transient && !self.protection.looks_at(&gemm, !flips.is_empty()) {
            // Nobody wants to see the sums.
            self.totals.faults += flips.len() as u64;
            let deltas = output_deltas(&setting.config, &tiling, x.q.view(), w, flips);
            let product = Product::new(x.q.view(), w, cut, deltas);
            product.run(setting.threads, &mut self.scratch.sums, (y, stride), sink);
            let nothing = ArrayViewMut2::from_shape((0, 0), &mut []).expect("no elements");
            let mut work = self.protection.mend(&gemm, nothing);
            work.faulty_tiles += self.scratch.flips.tiles() as u64;
            *self.totals.work.entry(rule).or_default() += work;
            return Ok(());
        }
        let faults = match sampled {
            _ if transient => flips.to_tiles(),
            Some((_, sampler)) => sampler.faulty_tiles(&setting.config, number, &tiling),
            None => Vec::new(),
        };
        let job = Faulty {
            config: &setting.config,
            threshold_bit: setting.threshold_bit,
            threads: setting.threads,
            tiling: &tiling,
            x: x.q.view(),
            w,
            faults: &faults,
        };
        let sample = Sample {
            tag,
            gemm: number,
            job: &job,
        };
        let outputs = self.scratch.outputs.remove(&(m * n)).unwrap_or_default();
        let computed = self.backend.run(&sample, outputs);
        let mut computed = computed.map_err(|error| failed(tag, error))?;
        if let Some(audit) = &mut self.audit {
            self.totals.audited += audit
                .check(&sample, &computed)
                .map_err(|error| failed(tag, error))?;
        }
        self.totals.faults += faults
            .iter()
            .map(|(_, faults)| (faults.flips.len() + faults.stuck.len()) as u64)
            .sum::<u64>();
        let tiles: Vec<FaultyTile<'_>> = faults
            .iter()
            .zip(&computed.effects)
            .map(|((tile, faults), effect)| FaultyTile {
                tile: tiling.tile(*tile),
                faults,
                deltas: &effect.deltas,
            })
            .collect();
        gemm.tiles = &tiles;
        let work = self.protection.mend(&gemm, computed.y.view_mut());
        if let Some(monitored) = self.plan.monitored() {
            monitored.repeated(work.recomputed_tiles);
        }
        *self.totals.work.entry(rule).or_default() += work;
        hand_over(computed.y.view(), (y, stride), sink);
        let outputs = computed.y.into_raw_vec_and_offset().0;
        self.scratch.outputs.insert(m * n, outputs);
        Ok(())
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
            bias: None,
            activation: Activation::None,
            stride,
        };
        let operands = Operands {
            x: &x,
            w: &w,
            w_scale: Some(b_scale),
        };
        self.gemm(tag, &operands, Cut::Any, (y, stride), |sums, y| {
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
        expect_length(tag, a, m * k)?;
        expect_length(tag, b, k * n)?;
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
            expect_length(&layer.tag, x, m * k)?;
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
                columns: Columns::Each(&weights.scales),
                bias: layer.bias,
                activation: layer.activation,
                stride: n,
            };
            let operands = Operands {
                x: &x,
                w: &weights.packed,
                w_scale: None,
            };
            let mut y = tensor::take(m * n);
            self.gemm(&layer.tag, &operands, Cut::Any, (&mut y, n), |sums, y| {
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
        expect_length(&qk, heads.q, heads.batch * queries * width)?;
        expect_length(&qk, heads.k, heads.batch * keys * width)?;
        expect_length(&qk, heads.v, heads.batch * keys * width)?;
        let mut mixed = tensor::take(heads.q.len());
        // Room for what follows a row, and rows that start alike.
        let stride = (keys + 1).next_multiple_of(ALIGNED);
        let mut scores = std::mem::take(&mut self.scratch.scores);
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
            self.gemm(&qk, &operands, Cut::Rows, y, |sums, y| {
                of_scores.put(&sums, y);
            })?;
            let scores = Rows::weighted(&scores, [queries, keys], stride);
            let y = (&mut mixed[heads.place(instance, queries)..], width);
            self.real_product(&pv, &scores, &v, y)?;
        }
        self.scratch.scores = scores;
        Ok(mixed)
    }
}

/// A head's values, to be quantised.
fn rows(part: Strided<'_>) -> Rows<'_> {
    Rows::strided(part.values, [part.rows, part.columns], part.stride)
}

fn expect_length(tag: &GemmTag<'_>, x: &[f32], expected: usize) -> Result<(), EngineError> {
    if x.len() == expected {
        return Ok(());
    }
    Err(EngineError::Length {
        layer: tag.layer.to_owned(),
        found: x.len(),
        expected,
    })
}

fn failed(tag: &GemmTag<'_>, error: InferError) -> EngineError {
    EngineError::Failed {
        layer: tag.layer.to_owned(),
        source: Box::new(error),
    }
}
