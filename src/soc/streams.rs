//! The operand streams: which beats a GEMM takes, in which order, and a source
//! that offers them.

use super::Stalls;
use crate::config::{ArrayConfig, Dataflow};
use crate::tiling::Tiling;
use ndarray::Array2;
use std::collections::VecDeque;

/// A beat of an operand stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beat {
    /// int8 lanes, lane 0 lowest.
    pub words: Vec<u32>,
    /// Last beat of its pass.
    pub ends_pass: bool,
}

/// Offers beats on an AXI4-Stream: a beat that is offered stays until it is taken.
#[derive(Clone, Debug, Default)]
pub struct Source {
    beats: VecDeque<Beat>,
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
    pub fn push(&mut self, beats: impl IntoIterator<Item = Beat>) {
        self.beats.extend(beats);
    }

    /// Beats that are not taken yet.
    pub fn left(&self) -> usize {
        self.beats.len()
    }

    /// The beat on the stream in this cycle, if any.
    pub fn offer(&mut self, cycle: u64) -> Option<&Beat> {
        if !self.offered {
            self.offered = !self.beats.is_empty() && !self.stalls.hit(cycle);
        }
        self.beats.front().filter(|_| self.offered)
    }

    /// The offered beat was taken.
    pub fn taken(&mut self) -> Beat {
        self.offered = false;
        self.beats.pop_front().expect("a beat was offered")
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

    /// Beats of the activation stream for a tile, in ascending order: its rows
    /// for every pass (WS), or its columns for every k (OS).
    pub fn act_beats(&self, tile: usize) -> Vec<Beat> {
        let tile = self.tiling.tile(tile);
        let mut beats = Vec::new();
        for pass in 0..self.tiling.passes() {
            let depth = self.tiling.pass_depth(pass);
            match self.config.dataflow {
                Dataflow::Ws => beats.extend(tile.rows.clone().map(|m| Beat {
                    words: pack(depth.clone().map(|k| self.x[[m, k]]), self.config.rows),
                    ends_pass: m + 1 == tile.rows.end,
                })),
                Dataflow::Os => beats.extend(depth.clone().map(|k| Beat {
                    words: pack(tile.rows.clone().map(|m| self.x[[m, k]]), self.config.rows),
                    ends_pass: k + 1 == depth.end,
                })),
            }
        }
        beats
    }

    /// Beats of the weight stream for a tile: for every pass its rows from the
    /// last to the first (WS), or every k in ascending order (OS).
    pub fn weight_beats(&self, tile: usize) -> Vec<Beat> {
        let tile = self.tiling.tile(tile);
        let mut beats = Vec::new();
        for pass in 0..self.tiling.passes() {
            let depth = self.tiling.pass_depth(pass);
            let beat = |k: usize| Beat {
                words: pack(
                    tile.columns.clone().map(|n| self.w[[k, n]]),
                    self.config.columns,
                ),
                ends_pass: k + 1 == depth.end,
            };
            match self.config.dataflow {
                Dataflow::Ws => beats.extend(depth.clone().rev().map(beat)),
                Dataflow::Os => beats.extend(depth.clone().map(beat)),
            }
        }
        beats
    }
}
