//! The whole accelerator without time, as [`crate::golden::accelerator`], at the
//! speed of the fast engine: rollback to checkpoints in block floating point.
//!
//! Checkpoints are kept tile by tile, not by memory address: layers must not
//! share memory, or overlap in it.

use super::checkpoint::Checkpoint;
use super::{PackedWeights, TileEffect, effects, multiply};
use crate::config::{ArrayConfig, REPEAT_DEPTH};
use crate::fault::TileFaults;
use crate::golden::Counters;
use crate::golden::accelerator::{GemmRequest, RecoveryCounters};
use crate::tiling::Tiling;
use ndarray::{Array2, ArrayView2, s};
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
        let age = layer
            .written
            .map(|step| request.step.wrapping_sub(step) & 0xffff);
        let writes = request.protect && age.is_none_or(|age| age >= request.interval);
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
                effect.apply(&tiling, &mut y.view_mut());
                if writes {
                    padding.insert(effect.tile, padded(&self.config, &tiling, &effect));
                }
            }
            if fate == Fate::RolledBack {
                let tile = &layer.tiles[effect.tile];
                let beyond = padding.entry(effect.tile).or_default();
                roll_back(&tiling, &effect, tile, request.scale, &mut y, beyond);
            }
            fates.push((effect, fate));
        }
        self.engine.tiles += run.repeats as u64;
        if writes {
            self.recovery.checkpoints += tiling.len() as u64;
            layer.tiles.resize_with(tiling.len(), Checkpoint::default);
            for (place, checkpoint) in tiling.tiles().zip(&mut layer.tiles) {
                let tile = y.slice(s![place.rows, place.columns]);
                let beyond = padding.get(&place.index).map_or(&[][..], Vec::as_slice);
                checkpoint.encode(tile, self.config.columns, beyond);
            }
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
        let (masked, unlocated) = (effect.masked() > 0, effect.unlocated() > 0);
        let rolls_back = request.protect && masked && self.valid;
        let wanted = request.protect
            && (masked && !self.valid && request.recompute_missing
                || unlocated && request.recompute_unlocated);
        let void = wanted && self.repeats < REPEAT_DEPTH;
        let kept = request.protect && (masked || unlocated) && !rolls_back && !void;
        self.recovery.rollbacks += u64::from(rolls_back);
        self.recovery.recomputes += u64::from(void);
        self.recovery.kept += u64::from(kept);
        self.recovery.overflows += u64::from(wanted && !void);
        self.repeats += usize::from(void);
        if rolls_back {
            self.recovery.restored += effect.masked() as u64;
            Fate::RolledBack
        } else if void {
            Fate::Recomputed
        } else {
            Fate::Delivered
        }
    }
}

/// The deltas in the columns of a tile beyond N: no outputs, but part of the
/// checkpoint.
fn padded(config: &ArrayConfig, tiling: &Tiling, effect: &TileEffect) -> Vec<(usize, usize, i32)> {
    let tile = tiling.tile(effect.tile);
    let beyond = tile.columns.len()..config.columns;
    let deltas = effect.deltas.iter().copied();
    deltas
        .filter(|&(row, column, _)| row < tile.rows.len() && beyond.contains(&column))
        .collect()
}

/// Replaces the masked elements of a tile by those of its checkpoint; `beyond`
/// are its elements beyond N.
fn roll_back(
    tiling: &Tiling,
    effect: &TileEffect,
    checkpoint: &Checkpoint,
    scale: u16,
    y: &mut Array2<i32>,
    beyond: &mut Vec<(usize, usize, i32)>,
) {
    let tile = tiling.tile(effect.tile);
    for &row in &effect.row_flags {
        for &column in &effect.column_flags {
            let value = checkpoint.restore(row, column, scale);
            if column < tile.columns.len() {
                y[[tile.rows.start + row, tile.columns.start + column]] = value;
            } else {
                beyond.retain(|element| (element.0, element.1) != (row, column));
                beyond.push((row, column, value));
            }
        }
    }
}
