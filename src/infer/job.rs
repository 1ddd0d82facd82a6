//! A GEMM of a denoiser as the engines compute it, and what came out.

use crate::config::ArrayConfig;
use crate::fast::{PackedWeights, TileEffect};
use crate::fault::TileFaults;
use crate::model::GemmTag;
use crate::tiling::Tiling;
use ndarray::{Array2, ArrayView2};

/// A GEMM and its faults.
pub struct Faulty<'a> {
    /// The array.
    pub config: &'a ArrayConfig,
    /// θ.
    pub threshold_bit: u32,
    /// Threads for the product.
    pub threads: usize,
    /// Its tiles.
    pub tiling: &'a Tiling,
    /// Activations M×K.
    pub x: ArrayView2<'a, i8>,
    /// Weights K×N.
    pub w: &'a PackedWeights,
    /// Tiles that have faults, in streaming order.
    pub faults: &'a [(usize, TileFaults)],
}

/// What came out.
pub struct Computed {
    /// Outputs M×N with all faults in them.
    pub y: Array2<i32>,
    /// What the faults of each faulty tile did.
    pub effects: Vec<TileEffect>,
}

/// A GEMM that may be audited.
pub struct Sample<'a> {
    /// Where it stands.
    pub tag: &'a GemmTag<'a>,
    /// Its number.
    pub gemm: usize,
    /// The GEMM.
    pub job: &'a Faulty<'a>,
}
