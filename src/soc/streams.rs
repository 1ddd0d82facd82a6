//! The operand streams: which beats a GEMM takes, in which order, and a source
//! that offers them.

use super::Stalls;
use crate::config::ArrayConfig;
use crate::tiling::Tiling;
use ndarray::Array2;
use std::collections::VecDeque;

/// Offers beats on an AXI4-Stream: a beat that is offered stays until it is taken.
#[derive(Clone, Debug, Default)]
pub struct Source {
    beats: VecDeque<Vec<u32>>,
    stalls: Stalls,
    offered: bool,
}

impl Source {
    /// A source that hesitates as `stalls` says.
    pub fn new(stalls: Stalls) -> Self {
        Self {
            stalls,
            ..Self::default()
        }
    }

    /// Appends beats.
    pub fn push(&mut self, beats: impl IntoIterator<Item = Vec<u32>>) {
        self.beats.extend(beats);
    }

    /// Beats that are not taken yet.
    pub fn left(&self) -> usize {
        self.beats.len()
    }

    /// The beat on the stream in this cycle, if any.
    pub fn offer(&mut self, cycle: u64) -> Option<Vec<u32>> {
        if !self.offered {
            self.offered = !self.beats.is_empty() && !self.stalls.hit(cycle);
        }
        self.offered.then(|| self.beats[0].clone())
    }

    /// The offered beat was taken.
    pub fn taken(&mut self) {
        self.beats.pop_front().expect("a beat was offered");
        self.offered = false;
    }
}

/// The operands of a GEMM, cut into the beats of its tiles.
#[derive(Clone, Debug)]
pub struct OperandFeed {
    config: ArrayConfig,
    tiling: Tiling,
    x: Array2<i8>,
    w: Array2<i8>,
}

/// int8 lanes as 32-bit words, lane 0 lowest.
fn pack(lanes: impl Iterator<Item = i8>, count: usize) -> Vec<u32> {
    let mut words = vec![0u32; count.div_ceil(4)];
    for (i, lane) in lanes.enumerate() {
        words[i / 4] |= u32::from(lane as u8) << (8 * (i % 4));
    }
    words
}

impl OperandFeed {
    /// Operands X[M×K] and W[K×N] of one GEMM.
    pub fn new(config: &ArrayConfig, x: Array2<i8>, w: Array2<i8>) -> Self {
        Self {
            config: config.clone(),
            tiling: Tiling::new(config, x.nrows(), x.ncols(), w.ncols()),
            x,
            w,
        }
    }

    /// Its tiles.
    pub fn tiling(&self) -> &Tiling {
        &self.tiling
    }

    /// Activations M×K.
    pub fn x(&self) -> &Array2<i8> {
        &self.x
    }

    /// Weights K×N.
    pub fn w(&self) -> &Array2<i8> {
        &self.w
    }

    /// Beats of the activation stream for a tile: for every pass, its rows.
    pub fn act_beats(&self, tile: usize) -> Vec<Vec<u32>> {
        let tile = self.tiling.tile(tile);
        let mut beats = Vec::new();
        for pass in 0..self.tiling.passes() {
            let depth = self.tiling.pass_depth(pass);
            for m in tile.rows.clone() {
                let lanes = depth.clone().map(|k| self.x[[m, k]]);
                beats.push(pack(lanes, self.config.rows));
            }
        }
        beats
    }

    /// Beats of the weight stream for a tile: for every pass, its rows from the
    /// last to the first.
    pub fn weight_beats(&self, tile: usize) -> Vec<Vec<u32>> {
        let tile = self.tiling.tile(tile);
        let mut beats = Vec::new();
        for pass in 0..self.tiling.passes() {
            for k in self.tiling.pass_depth(pass).rev() {
                let lanes = tile.columns.clone().map(|n| self.w[[k, n]]);
                beats.push(pack(lanes, self.config.columns));
            }
        }
        beats
    }
}
