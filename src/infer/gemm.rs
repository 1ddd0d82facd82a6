//! The int8 GEMMs of one image: faults by the plan, outputs by a backend, mended by the
//! protection, and audited.

use super::audit::Audit;
use super::backend::Backend;
use super::error::InferError;
use super::job::{Faulty, Sample};
use super::monitored::PointsUsed;
use super::plan::FaultPlan;
use super::setting::Setting;
use crate::baseline::{FaultyGemm, FaultyTile, Place, Protection, Work};
use crate::fast::{self, Cut, PackedWeights, Product, Sums, TileEffect, hand_over, output_deltas};
use crate::fault::{Known, TileFaults, TileFlips};
use crate::model::{EngineError, GemmTag};
use crate::quant::{Quantised, Scales};
use crate::tiling::{MAX_K, Tiling};
use ndarray::{Array2, ArrayViewMut2};
use std::collections::{BTreeMap, HashMap};

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

/// Operands of a GEMM in int8.
pub(super) struct Operands<'a> {
    pub x: &'a Quantised,
    /// W[K×N].
    pub w: &'a PackedWeights,
    /// Scale of W where it has only one.
    pub w_scale: Option<f32>,
}

/// Computes the GEMMs of one image in int8.
pub(super) struct ProtectedGemms<'a> {
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
    flips: TileFlips,
    /// What the sampler of each rule knows.
    known: Vec<Known>,
}

impl<'a> ProtectedGemms<'a> {
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
    pub fn run<T: Send>(
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
        let gemm = FaultyGemm {
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
        self.totals.gemms += 1;
        self.totals.tiles += tiling.len() as u64;
        let by_tile = self.by_tile(tag, &gemm, number);
        let sampled = self.plan.sampler(tag);
        let rule = match &by_tile {
            Some(_) => Some(0),
            None => sampled.map(|(rule, _)| rule),
        };
        let flips = &mut self.scratch.flips;
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
            (None, Some((rule, sampler))) => {
                let known = &mut self.scratch.known;
                if known.len() <= rule {
                    known.resize_with(rule + 1, Known::default);
                }
                sampler.flips(&setting.config, number, &tiling, &mut known[rule], flips)
            }
        };
        let work = if transient && self.is_unseen(&gemm) {
            self.unseen(&gemm, cut, (y, stride), sink)
        } else {
            let faults = match sampled {
                _ if transient => self.scratch.flips.to_tiles(),
                Some((_, sampler)) => sampler.faulty_tiles(&setting.config, number, &tiling),
                None => Vec::new(),
            };
            let job = Faulty {
                config: gemm.config,
                threshold_bit: gemm.threshold_bit,
                threads: setting.threads,
                tiling: &tiling,
                x: gemm.x,
                w,
                faults: &faults,
            };
            let sample = Sample {
                tag,
                gemm: number,
                job: &job,
            };
            self.seen(&sample, gemm, (y, stride), sink)
                .map_err(|error| failed(tag, error))?
        };
        *self.totals.work.entry(rule).or_default() += work;
        Ok(())
    }

    /// The faults of a GEMM in the adaptive mode, by tile.
    fn by_tile(
        &mut self,
        tag: &GemmTag<'_>,
        gemm: &FaultyGemm<'_>,
        number: usize,
    ) -> Option<Vec<(usize, TileFaults)>> {
        let monitored = self.plan.monitored()?;
        let flags = |faults: &[(usize, TileFaults)]| {
            let faults = faults.iter().map(|(tile, faults)| (*tile, faults));
            let theta = gemm.threshold_bit;
            let effects = fast::effects(gemm.config, gemm.tiling, gemm.x, gemm.w, faults, theta);
            let flagged = |effect: &TileEffect| effect.row_flags.len() + effect.column_flags.len();
            effects
                .iter()
                .map(|effect| flagged(effect) as u32)
                .collect()
        };
        let cell = monitored.cell(tag.step, tag.block);
        Some(monitored.faults((gemm.config, gemm.tiling), number, cell, flags))
    }

    /// Whether nobody wants to see the sums, the faults in `scratch` being all there are.
    fn is_unseen(&self, gemm: &FaultyGemm<'_>) -> bool {
        matches!(self.backend, Backend::Fast)
            && self.audit.is_none()
            && !self
                .protection
                .looks_at(gemm, !self.scratch.flips.is_empty())
    }

    /// A GEMM with the faults in `scratch`, whose sums are handed over while they are in a cache.
    fn unseen<T: Send>(
        &mut self,
        gemm: &FaultyGemm<'_>,
        cut: Cut,
        (y, stride): (&mut [T], usize),
        sink: impl Fn(Sums<'_>, &mut [T]) + Sync,
    ) -> Work {
        let Scratch { flips, sums, .. } = &mut self.scratch;
        self.totals.faults += flips.len() as u64;
        let deltas = output_deltas(gemm.config, gemm.tiling, gemm.x, gemm.w, flips);
        let product = Product::new(gemm.x, gemm.w, cut, deltas);
        product.run(self.setting.threads, sums, (y, stride), sink);
        let nothing = ArrayViewMut2::from_shape((0, 0), &mut []).expect("no elements");
        let mut work = self.protection.mend(gemm, nothing);
        work.faulty_tiles += flips.tiles() as u64;
        work
    }

    /// A GEMM whose outputs are complete before they are mended and handed over.
    fn seen<T>(
        &mut self,
        sample: &Sample<'_>,
        gemm: FaultyGemm<'_>,
        (y, stride): (&mut [T], usize),
        sink: impl Fn(Sums<'_>, &mut [T]),
    ) -> Result<Work, InferError> {
        let faults = sample.job.faults;
        let size = gemm.x.nrows() * gemm.w.columns();
        let outputs = self.scratch.outputs.remove(&size).unwrap_or_default();
        let mut computed = self.backend.run(sample, outputs)?;
        if let Some(audit) = &mut self.audit {
            self.totals.audited += audit.check(sample, &computed)?;
        }
        let count = |faults: &TileFaults| (faults.flips.len() + faults.stuck.len()) as u64;
        self.totals.faults += faults.iter().map(|(_, faults)| count(faults)).sum::<u64>();
        let tiles: Vec<FaultyTile<'_>> = faults
            .iter()
            .zip(&computed.effects)
            .map(|((tile, faults), effect)| FaultyTile {
                tile: gemm.tiling.tile(*tile),
                faults,
                deltas: &effect.deltas,
            })
            .collect();
        let gemm = FaultyGemm {
            tiles: &tiles,
            ..gemm
        };
        let work = self.protection.mend(&gemm, computed.y.view_mut());
        if let Some(monitored) = self.plan.monitored() {
            monitored.repeated(work.recomputed_tiles);
        }
        hand_over(computed.y.view(), (y, stride), sink);
        let outputs = computed.y.into_raw_vec_and_offset().0;
        self.scratch.outputs.insert(size, outputs);
        Ok(work)
    }
}

fn failed(tag: &GemmTag<'_>, error: InferError) -> EngineError {
    EngineError::Failed {
        layer: tag.layer.to_owned(),
        source: Box::new(error),
    }
}
