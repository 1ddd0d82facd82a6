//! From int32 sums to what follows a GEMM, block by block while the sums are in a
//! cache: f32 with bias and activation, or the scores of an attention.

use crate::fast::Sums;
use crate::model::Activation;
use crate::quant::Scales;
use crate::tensor::inlined::{exp, gelu_tanh, larger, silu};
use multiversion::multiversion;

/// Values that are computed side by side.
const LANES: usize = 16;

/// A layer or a product in f32: sum · (scale of the row · scale of the column) + bias,
/// and the activation of that.
pub(super) struct Real<'a> {
    /// Scales of the rows of X.
    pub rows: &'a Scales,
    /// Scales of the columns of W, and the bias.
    pub columns: Columns<'a>,
    /// Applied to the sum.
    pub activation: Activation,
    /// From one row of the outputs to the next.
    pub stride: usize,
}

/// Scales of the columns of W, and what is added to them.
#[derive(Clone, Copy)]
pub(super) enum Columns<'a> {
    /// One scale: of a product of activations, which has no bias.
    Same(f32),
    /// Those of a layer.
    Each {
        scales: &'a [f32],
        /// Added to every row.
        bias: Option<&'a [f32]>,
    },
}

impl Real<'_> {
    /// Writes the outputs of a block; `y` starts with its first row.
    pub fn put(&self, sums: &Sums<'_>, y: &mut [f32]) {
        let finish = Block {
            sums,
            real: self,
            y,
        };
        match self.activation {
            Activation::None => plain(finish),
            Activation::Silu => with_silu(finish),
            Activation::GeluTanh => with_gelu(finish),
        }
    }
}

/// What [`Real::put`] is given.
struct Block<'a, 'b> {
    sums: &'a Sums<'a>,
    real: &'a Real<'b>,
    y: &'a mut [f32],
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
fn plain(block: Block<'_, '_>) {
    put(block, |x| x);
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
fn with_silu(block: Block<'_, '_>) {
    put(block, silu);
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
fn with_gelu(block: Block<'_, '_>) {
    put(block, gelu_tanh);
}

#[inline(always)]
fn put(block: Block<'_, '_>, activation: impl Fn(f32) -> f32) {
    let Block { sums, real, y } = block;
    let width = sums.columns.len();
    let rows = sums.rows.clone().zip(sums.values.chunks_exact(width));
    for ((m, sums_of_row), y) in rows.zip(y.chunks_mut(real.stride)) {
        let row = real.rows.row(m);
        let y = &mut y[sums.columns.clone()];
        match real.columns {
            Columns::Each { scales, bias } => {
                let scales = &scales[sums.columns.clone()];
                let scaled = y.iter_mut().zip(sums_of_row).zip(scales);
                match bias {
                    Some(bias) => {
                        let bias = &bias[sums.columns.clone()];
                        for (((y, sum), scale), bias) in scaled.zip(bias) {
                            *y = activation(*sum as f32 * (row * scale) + bias);
                        }
                    }
                    None => {
                        for ((y, sum), scale) in scaled {
                            *y = activation(*sum as f32 * (row * scale));
                        }
                    }
                }
            }
            Columns::Same(scale) => {
                let factor = row * scale;
                for (y, sum) in y.iter_mut().zip(sums_of_row) {
                    *y = activation(*sum as f32 * factor);
                }
            }
        }
    }
}

/// Scores of an attention up to the division of a softmax: a row becomes
/// exp(sum · factor · scale + bias − largest), and the value behind it the reciprocal of
/// their sum.
pub(super) struct Scores<'a> {
    /// Scales of the queries.
    pub queries: &'a Scales,
    /// Scale of the keys.
    pub keys: f32,
    /// Of the attention.
    pub scale: f32,
    /// Added to the scores of each key.
    pub bias: Option<&'a [f32]>,
    /// From one row of the scores to the next.
    pub stride: usize,
}

impl Scores<'_> {
    /// Writes the scores of a block of whole rows; `y` starts with its first row.
    pub fn put(&self, sums: &Sums<'_>, y: &mut [f32]) {
        scores(self, sums, y);
    }
}

/// In the order of [`softmax_rows`](crate::tensor::softmax_rows), with its result but for
/// the division.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
fn scores(job: &Scores<'_>, sums: &Sums<'_>, y: &mut [f32]) {
    let keys = sums.columns.len();
    let rows = sums.rows.clone().zip(sums.values.chunks_exact(keys));
    for ((m, sums), y) in rows.zip(y.chunks_mut(job.stride)) {
        let (factor, scale) = (job.queries.row(m) * job.keys, job.scale);
        let (row, rest) = y.split_at_mut(keys);
        let mut lanes = [f32::NEG_INFINITY; LANES];
        match job.bias {
            None => {
                let (chunks, last) = row.as_chunks_mut::<LANES>();
                let (sums, last_sums) = sums.as_chunks::<LANES>();
                for (y, sums) in chunks.iter_mut().zip(sums) {
                    for lane in 0..LANES {
                        y[lane] = sums[lane] as f32 * factor * scale;
                        lanes[lane] = larger(lanes[lane], y[lane]);
                    }
                }
                for ((y, sum), lane) in last.iter_mut().zip(last_sums).zip(&mut lanes) {
                    *y = *sum as f32 * factor * scale;
                    *lane = larger(*lane, *y);
                }
            }
            Some(bias) => {
                assert_eq!(bias.len(), keys, "bias of a row");
                for (at, ((y, sum), bias)) in row.iter_mut().zip(sums).zip(bias).enumerate() {
                    *y = *sum as f32 * factor * scale + bias;
                    let lane = &mut lanes[at % LANES];
                    *lane = larger(*lane, *y);
                }
            }
        }
        let largest = lanes.into_iter().fold(f32::NEG_INFINITY, larger);
        let mut lanes = [0.0; LANES];
        let (chunks, last) = row.as_chunks_mut::<LANES>();
        for y in chunks {
            for lane in 0..LANES {
                y[lane] = exp(y[lane] - largest);
                lanes[lane] += y[lane];
            }
        }
        for (y, lane) in last.iter_mut().zip(&mut lanes) {
            *y = exp(*y - largest);
            *lane += *y;
        }
        rest[0] = 1.0 / lanes.into_iter().fold(0.0, |a, b| a + b);
    }
}
