//! The denoiser's GEMMs as the accelerator computes them: int8 operands, int32
//! outputs with faults, mended by a protection, and back to f32.

use super::audit::{Audit, Sample};
use super::backend::{Backend, Faulty};
use super::error::InferError;
use super::plan::FaultPlan;
use super::scaling::ActivationScales;
use super::weights::WeightStore;
use crate::baseline::{FaultyGemm, FaultyTile, Place, Protection, Work};
use crate::config::ArrayConfig;
use crate::fast::PackedWeights;
use crate::fault::TileFaults;
use crate::model::{EngineError, GemmEngine, GemmTag, Weight};
use crate::quant::{Quantised, Scales, quantise};
use crate::tiling::{MAX_K, Tiling};
use multiversion::multiversion;
use ndarray::Array2;
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
    /// What was done, by rule of the fault plan; `None` for GEMMs that no rule names.
    pub work: BTreeMap<Option<usize>, Work>,
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
    /// Memory for outputs, by number: sizes alternate, and growing fills with zeros.
    scratch: HashMap<usize, Vec<i32>>,
    totals: Totals,
}

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
            scratch: HashMap::new(),
            totals: Totals::default(),
        }
    }

    /// What was done so far.
    pub fn totals(&self) -> &Totals {
        &self.totals
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

    /// The mended outputs of a GEMM.
    fn compute(
        &mut self,
        tag: &GemmTag<'_>,
        operands: &Operands<'_>,
    ) -> Result<Array2<i32>, EngineError> {
        let Operands { x, w, .. } = *operands;
        let config = &self.setting.config;
        let (m, k, n) = (x.q.nrows(), x.q.ncols(), w.columns());
        if k > MAX_K {
            return Err(failed(tag, InferError::Depth { k }));
        }
        if m == 0 || n == 0 || k == 0 {
            return Ok(Array2::zeros((m, n)));
        }
        let tiling = Tiling::new(config, m, k, n);
        let gemm = self.number(tag);
        let (rule, faults): (_, Vec<(usize, TileFaults)>) = match self.plan.sampler(tag) {
            None => (None, Vec::new()),
            Some((rule, sampler)) => (Some(rule), sampler.faulty_tiles(config, gemm, &tiling)),
        };
        let job = Faulty {
            config,
            threshold_bit: self.setting.threshold_bit,
            threads: self.setting.threads,
            tiling: &tiling,
            x: x.q.view(),
            w,
            faults: &faults,
        };
        let sample = Sample {
            tag,
            gemm,
            job: &job,
        };
        let mut computed = self
            .backend
            .run(&sample, self.scratch.remove(&(m * n)).unwrap_or_default())
            .map_err(|error| failed(tag, error))?;
        if let Some(audit) = &mut self.audit {
            self.totals.audited += audit
                .check(&sample, &computed)
                .map_err(|error| failed(tag, error))?;
        }
        self.totals.gemms += 1;
        self.totals.tiles += tiling.len() as u64;
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
        let scale = match &x.scales {
            Scales::Tensor(scale) => Some(scale * operands.w_scale.unwrap_or(1.0)),
            Scales::Token(_) => None,
        };
        let faulty = FaultyGemm {
            config,
            tiling: &tiling,
            place: Place {
                step: tag.step as u32,
                block: tag.block,
                layer: tag.layer,
                instance: tag.instance,
            },
            x: x.q.view(),
            w,
            scale,
            threshold_bit: self.setting.threshold_bit,
            tiles: &tiles,
        };
        let work = self.protection.mend(&faulty, computed.y.view_mut());
        *self.totals.work.entry(rule).or_default() += work;
        Ok(computed.y)
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
        let k = weight.k();
        expect_length(tag, x, m * k)?;
        let weights = self.setting.weights.layer(weight)?;
        let scales = self.setting.scales.left(tag.layer, x, k);
        let x = quantise(x, m, k, scales);
        let y = self.compute(
            tag,
            &Operands {
                x: &x,
                w: &weights.packed,
                w_scale: None,
            },
        )?;
        let real = dequantise(&y, &x.scales, Columns::Each(&weights.scales));
        self.scratch.insert(y.len(), y.into_raw_vec_and_offset().0);
        Ok(real)
    }

    fn product(
        &mut self,
        tag: &GemmTag<'_>,
        a: &[f32],
        b: &[f32],
        m: usize,
        k: usize,
        n: usize,
    ) -> Result<Vec<f32>, EngineError> {
        expect_length(tag, a, m * k)?;
        expect_length(tag, b, k * n)?;
        let scales = &self.setting.scales;
        let a_scales = scales.left(tag.layer, a, k);
        let b_scale = scales.right(tag.layer, b);
        let x = quantise(a, m, k, a_scales);
        let w = quantise(b, k, n, Scales::Tensor(b_scale));
        let w = PackedWeights::new(w.q.view());
        let y = self.compute(
            tag,
            &Operands {
                x: &x,
                w: &w,
                w_scale: Some(b_scale),
            },
        )?;
        let real = dequantise(&y, &x.scales, Columns::Same(b_scale));
        self.scratch.insert(y.len(), y.into_raw_vec_and_offset().0);
        Ok(real)
    }
}

/// Scales of the columns of W.
#[derive(Clone, Copy)]
enum Columns<'a> {
    Same(f32),
    Each(&'a [f32]),
}

/// int32 outputs to f32, row by row.
fn dequantise(y: &Array2<i32>, rows: &Scales, columns: Columns<'_>) -> Vec<f32> {
    let (_, n) = y.dim();
    // Not filled with zeros first: the outputs of a large layer exceed the caches.
    let mut real = Vec::with_capacity(y.len());
    let y = y.as_slice().expect("outputs are row-major");
    for (m, y) in y.chunks_exact(n.max(1)).enumerate() {
        let row = rows.row(m);
        match columns {
            Columns::Same(scale) => scaled(y, row * scale, &mut real),
            Columns::Each(scales) => scaled_each(y, row, scales, &mut real),
        }
    }
    real
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn scaled(y: &[i32], scale: f32, real: &mut Vec<f32>) {
    real.extend(y.iter().map(|&y| y as f32 * scale));
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn scaled_each(y: &[i32], row: f32, scales: &[f32], real: &mut Vec<f32>) {
    let columns = y.iter().zip(scales);
    real.extend(columns.map(|(&y, &scale)| y as f32 * (row * scale)));
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
