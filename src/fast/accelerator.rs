//! The whole accelerator without time, as [`crate::golden::accelerator`], at the
//! speed of the fast engine: rollback to checkpoints in block floating point.
//!
//! Checkpoints are kept tile by tile, not by memory address: layers must not
//! share memory, or overlap in it.

use super::checkpoint::Checkpoint;
use super::rollback::{self, Recompute, Verdict};
use super::{PackedWeights, TileEffect, effects, multiply};
use crate::config::ArrayConfig;
use crate::fault::TileFaults;
use crate::golden::Counters;
use crate::golden::accelerator::{GemmRequest, RecoveryCounters};
use crate::tiling::Tiling;
use ndarray::{Array2, ArrayView2};
use std::collections::{BTreeMap, HashMap};

/// What is programmed for a GEMM, as [`GemmRequest`].
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Activations M×K.
    pub x: ArrayView2<'a, i8>,
    /// Weights K×N.
    pub w: &'a PackedWeights,
    /// θ.
    pub threshold_bit: u32,
    /// Whether tiles are rolled back and checkpointed.
    pub protect: bool,
    /// Layer, for the books of checkpoints.
    pub layer: u32,
    /// Denoising step, modulo 2^16.
    pub step: u32,
    /// Steps from one checkpoint of a layer to the next.
    pub interval: u32,
    /// Scale of restored elements, 14 fraction bits.
    pub scale: u16,
    /// Recompute masked tiles without a checkpoint instead of keeping them.
    pub recompute_missing: bool,
    /// Recompute tiles with flags in one direction only instead of keeping them.
    pub recompute_unlocated: bool,
}

impl<'a> Request<'a> {
    /// As a request to the golden model, but for its faults and the place in memory;
    /// `w` are its weights.
    pub fn new(request: &GemmRequest<'a>, w: &'a PackedWeights) -> Self {
        Self {
            x: request.x,
            w,
            threshold_bit: request.threshold_bit,
            protect: request.protect,
            layer: request.layer,
            step: request.step,
            interval: request.interval,
            scale: request.scale,
            recompute_missing: request.recompute_missing,
            recompute_unlocated: request.recompute_unlocated,
        }
    }
}

/// What became of a tile with faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Delivered as it was computed.
    Delivered,
    /// Its masked elements come from the checkpoint.
    RolledBack,
    /// Void, and computed again at the end of the GEMM: delivered exact.
    Recomputed,
}

/// What a GEMM delivers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Y[M×N] as the host receives it: with the faults, rolled back or recomputed.
    pub y: Array2<i32>,
    /// The tiles that had faults, and their fates.
    pub effects: Vec<(TileEffect, Fate)>,
}

/// The accelerator and the checkpoints in its memory.
#[derive(Clone, Debug)]
pub struct Accelerator {
    config: ArrayConfig,
    layers: BTreeMap<u32, Layer>,
    /// Events of recovery since reset.
    pub recovery: RecoveryCounters,
    /// Events of the engine since reset, cycles left out.
    pub engine: Counters,
}

/// What memory holds of a layer.
#[derive(Clone, Debug, Default)]
struct Layer {
    /// Step in which the checkpoint was written; none when it is forgotten.
    written: Option<u32>,
    tiles: Vec<Checkpoint>,
}

impl Accelerator {
    /// After reset.
    pub fn new(config: &ArrayConfig) -> Self {
        Self {
            config: config.clone(),
            layers: BTreeMap::new(),
            recovery: RecoveryCounters::default(),
            engine: Counters::default(),
        }
    }

    /// Forgets all checkpoints, as the register does.
    pub fn clear_checkpoints(&mut self) {
        self.layers.values_mut().for_each(|l| l.written = None);
    }

    /// The checkpoint of a layer, tile by tile in streaming order, as memory holds
    /// it; empty when none was ever written.
    pub fn checkpoint(&self, layer: u32) -> &[Checkpoint] {
        self.layers
            .get(&layer)
            .map_or(&[], |layer| layer.tiles.as_slice())
    }

    /// Runs a GEMM with the faults of its tiles, in streaming order; a repeated
    /// tile, at the nominal point, has none.
    ///
    /// # Panics
    /// When X does not have K columns, or a layer with a checkpoint has another
    /// shape than before.
    pub fn run(
        &mut self,
        request: &Request<'_>,
        faults: impl IntoIterator<Item = (usize, TileFaults)>,
    ) -> Delivered {
        let (x, w) = (request.x, request.w);
        let tiling = Tiling::new(&self.config, x.nrows(), x.ncols(), w.columns());
        let mut y = multiply(x, w);
        let effects = effects(&self.config, &tiling, x, w, faults, request.threshold_bit);
        self.engine.tiles += tiling.len() as u64;

        let layer = self.layers.entry(request.layer).or_default();
        let writes =
            request.protect && rollback::is_due(request.step, layer.written, request.interval);
        let valid = request.protect && layer.written.is_some();
        assert!(
            !valid || layer.tiles.len() == tiling.len(),
            "layer {} had {} tiles when its checkpoint was written, now {}",
            request.layer,
            layer.tiles.len(),
            tiling.len()
        );
        let mut run = Run {
            request,
            valid,
            repeats: 0,
            recovery: &mut self.recovery,
        };
        let mut padding = HashMap::new();
        let mut fates = Vec::with_capacity(effects.len());
        for effect in effects {
            effect.count(&mut self.engine);
            let fate = run.decide(&effect);
            if fate != Fate::Recomputed {
                let tile = tiling.tile(effect.tile);
                effect.apply(&tiling, &mut y.view_mut());
                let mut beyond = rollback::beyond(&self.config, &tile, &effect.deltas);
                if fate == Fate::RolledBack {
                    let old = &layer.tiles[effect.tile];
                    let with = |row, column| old.restore(row, column, request.scale);
                    rollback::replace(&tile, effect.flags(), &mut y.view_mut(), &mut beyond, with);
                }
                if writes {
                    padding.insert(effect.tile, beyond);
                }
            }
            fates.push((effect, fate));
        }
        self.engine.tiles += run.repeats as u64;
        if writes {
            self.recovery.checkpoints += tiling.len() as u64;
            rollback::encode(&self.config, &tiling, y.view(), &padding, &mut layer.tiles);
            layer.written = Some(request.step);
        }
        Delivered { y, effects: fates }
    }
}

/// What holds during a GEMM.
struct Run<'a, 'b> {
    request: &'a Request<'b>,
    /// The layer had a checkpoint when the GEMM started.
    valid: bool,
    /// Tiles to be computed again.
    repeats: usize,
    recovery: &'a mut RecoveryCounters,
}

impl Run<'_, '_> {
    /// Decides what becomes of a tile, and counts it.
    fn decide(&mut self, effect: &TileEffect) -> Fate {
        let request = self.request;
        if !request.protect {
            return Fate::Delivered;
        }
        let recompute = Recompute {
            missing: request.recompute_missing,
            unlocated: request.recompute_unlocated,
        };
        let recovery = &mut *self.recovery;
        match recompute.verdict(effect.flags(), self.valid, self.repeats) {
            Verdict::Clean => Fate::Delivered,
            Verdict::Keep => {
                recovery.kept += 1;
                Fate::Delivered
            }
            Verdict::Overflow => {
                recovery.kept += 1;
                recovery.overflows += 1;
                Fate::Delivered
            }
            Verdict::RollBack => {
                recovery.rollbacks += 1;
                recovery.restored += effect.masked() as u64;
                Fate::RolledBack
            }
            Verdict::Recompute => {
                recovery.recomputes += 1;
                self.repeats += 1;
                Fate::Recomputed
            }
        }
    }
}
