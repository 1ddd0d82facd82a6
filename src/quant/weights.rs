//! Weights: int8 with a scale per output channel.

use super::activations::{magnitude, round, scale_of};
use ndarray::Array2;

/// An int8 weight matrix as diffusers stores it, one output channel per row.
#[derive(Clone, Debug)]
pub struct QuantisedWeights {
    /// Integers, N×K.
    pub q: Array2<i8>,
    /// Scale of each of the N output channels.
    pub scales: Vec<f32>,
}

impl QuantisedWeights {
    /// Quantises an N×K matrix.
    ///
    /// # Panics
    /// When `w` is not n·k long.
    pub fn new(w: &[f32], n: usize, k: usize) -> Self {
        assert_eq!(w.len(), n * k, "an N×K matrix");
        let mut q = vec![0i8; n * k];
        let mut scales = Vec::with_capacity(n);
        for channel in 0..n {
            let row = channel * k..(channel + 1) * k;
            let scale = scale_of(magnitude(&w[row.clone()]));
            round(&w[row.clone()], scale.recip(), &mut q[row]);
            scales.push(scale);
        }
        Self {
            q: Array2::from_shape_vec((n, k), q).expect("n·k elements"),
            scales,
        }
    }
}
