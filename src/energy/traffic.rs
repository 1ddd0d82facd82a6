//! Bytes that a GEMM moves.
//!
//! # On chip
//! Tiles come row by row of tiles (design.md §3). Every tile streams its rows of X and its columns
//! of W from the buffer: M·K bytes per column of tiles, K·N per row of tiles. Outputs are int8 when
//! they go back: the vector unit quantises them on the way. Weight-stationary, every pass adds to
//! the accumulators, which is a write of 4 bytes per element of the extended tile and, from the
//! second pass on, a read; draining is another read. Output-stationary, a finished tile is written
//! and drained once.
//!
//! # DRAM
//! The buffer holds weights in one half, X and Y in a quarter each. If all weights of a network fit
//! into that half, they come from DRAM in the first step only; else in every step: those of a GEMM
//! once if they fit, else once per row of tiles. X and Y stay on chip if they fit; else X is
//! read (once if a row of tiles of it fits, else once per column of tiles) and Y is written, once.
//! Of a convolution, X means its input, which becomes im2col on the way from the buffer.
//! The second operand of an attention product is an activation like X, in the half of the weights.
//! A tile that is computed again, at the end of its GEMM, reads the operands that do not fit once more.

use crate::config::{ArrayConfig, Dataflow};
use crate::model::GemmShape;

/// Share of the buffer for X, and for Y.
const ACTIVATIONS: f64 = 0.25;
/// Share of the buffer for weights, or for the second operand of a product.
const WEIGHTS: f64 = 0.5;

/// Which operands of a GEMM are in the buffer as a whole, so that a tile that is computed again finds
/// them there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// X.
    pub x: bool,
    /// W.
    pub w: bool,
}

impl Held {
    /// Of one of the GEMMs of a shape.
    pub fn of(shape: &GemmShape, buffer_bytes: f64) -> Self {
        let fits = |bytes: u64, share: f64| bytes as f64 <= buffer_bytes * share;
        Self {
            x: fits(shape.input_elements(), ACTIVATIONS),
            w: fits(shape.k as u64 * shape.n as u64, WEIGHTS),
        }
    }
}

/// Bytes and DRAM rows of one GEMM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Read from or written to the buffer.
    pub buffer: u64,
    /// Read from or written to accumulators.
    pub accumulators: u64,
    /// Weights read from DRAM.
    pub weights: u64,
    /// Activations read from DRAM.
    pub activations_read: u64,
    /// Outputs written to DRAM.
    pub activations_written: u64,
}

impl Traffic {
    /// Traffic of one of the GEMMs of a shape, on an array with or without checksums.
    pub fn of(config: &ArrayConfig, checksums: bool, shape: &GemmShape, buffer_bytes: f64) -> Self {
        let (m, k, n) = (shape.m as u64, shape.k as u64, shape.n as u64);
        let tiles_m = m.div_ceil(config.tile_rows as u64);
        let tiles_n = n.div_ceil(config.columns as u64);
        let lines = if checksums { 2 } else { 0 };
        let extended = (m + lines * tiles_m) * (n + lines * tiles_n);
        let accumulations = match config.dataflow {
            Dataflow::Ws => 2 * k.div_ceil(config.rows as u64) - 1,
            Dataflow::Os => 1,
        };
        let fits = |bytes: u64, share: f64| bytes as f64 <= buffer_bytes * share;
        let held = Held::of(shape, buffer_bytes);
        let input = shape.input_elements();
        let x = match (held.x, fits(input.div_ceil(tiles_m), ACTIVATIONS)) {
            (true, _) => 0,
            (false, true) => input,
            (false, false) => tiles_n * input,
        };
        let times = if held.w { 1 } else { tiles_m };
        let (weights, second) = match (shape.kind.is_product(), held.w) {
            (false, _) => (times * k * n, 0),
            (true, true) => (0, 0),
            (true, false) => (0, times * k * n),
        };
        Self {
            buffer: tiles_n * m * k + tiles_m * k * n + m * n,
            accumulators: 4 * (extended * accumulations + m * n),
            weights,
            activations_read: x + second,
            activations_written: if fits(m * n, ACTIVATIONS) { 0 } else { m * n },
        }
    }

    /// The same with weights that are in the buffer already.
    pub fn resident(self) -> Self {
        Self { weights: 0, ..self }
    }

    /// All bytes to and from DRAM.
    pub fn dram(&self) -> u64 {
        self.weights + self.activations_read + self.activations_written
    }
}
