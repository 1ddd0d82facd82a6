//! Matrices that are quantised where they lie: dense ones, a head's part of the
//! tokens, and rows that a softmax has left to be divided by their sums.

use super::activations::{Quantised, Scales, finite_bits, magnitude, nearest, round, scale_of};
use multiversion::multiversion;
use ndarray::Array2;

/// An M×K matrix in f32.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    stride: usize,
    /// Each row is multiplied by the value that follows it.
    weighted: bool,
}

impl<'a> Rows<'a> {
    /// Rows without gaps.
    ///
    /// # Panics
    /// When `values` is not m·k long.
    pub fn dense(values: &'a [f32], m: usize, k: usize) -> Self {
        assert_eq!(values.len(), m * k, "an M×K matrix");
        Self::strided(values, [m, k], k)
    }

    /// Rows that start `stride` values apart.
    ///
    /// # Panics
    /// When `values` is too short.
    pub fn strided(values: &'a [f32], [m, k]: [usize; 2], stride: usize) -> Self {
        assert!(m == 0 || (m - 1) * stride + k <= values.len() && k <= stride);
        Self {
            values,
            rows: m,
            columns: k,
            stride,
            weighted: false,
        }
    }

    /// As [`Rows::strided`], each row being multiplied by the value that follows its last.
    /// The largest magnitude in a row must be 1, as it is before a softmax divides.
    ///
    /// # Panics
    /// When `values` is too short, or nothing can follow a row.
    pub fn weighted(values: &'a [f32], [m, k]: [usize; 2], stride: usize) -> Self {
        assert!(k < stride && m * stride <= values.len());
        Self {
            weighted: true,
            ..Self::strided(values, [m, k], stride)
        }
    }

    /// The values with their weights, row by row.
    pub fn to_vec(&self) -> Vec<f32> {
        let row = |row: usize| {
            let weight = self.weight(row).unwrap_or(1.0);
            self.row(row).iter().map(move |x| x * weight)
        };
        (0..self.rows).flat_map(row).collect()
    }

    fn row(&self, row: usize) -> &'a [f32] {
        &self.values[row * self.stride..][..self.columns]
    }

    fn weight(&self, row: usize) -> Option<f32> {
        let at = row * self.stride + self.columns;
        self.weighted.then(|| self.values[at])
    }

    /// Dynamic scale of all values.
    pub fn tensor_scale(&self) -> f32 {
        let largest = if self.weighted {
            let weights = (0..self.rows).filter_map(|row| self.weight(row));
            f32::from_bits(weights.map(finite_bits).fold(0, u32::max))
        } else if self.stride == self.columns {
            magnitude(&self.values[..self.rows * self.columns])
        } else {
            largest(self.values, [self.rows, self.columns], self.stride)
        };
        scale_of(largest)
    }

    /// Dynamic scales of the rows.
    pub fn token_scales(&self) -> Vec<f32> {
        let of = |row: usize| match self.weight(row) {
            Some(weight) => scale_of(f32::from_bits(finite_bits(weight))),
            None => scale_of(magnitude(self.row(row))),
        };
        (0..self.rows).map(of).collect()
    }

    /// Quantises: round to nearest even, saturated to ±127.
    ///
    /// # Panics
    /// When there is not a scale for each row.
    pub fn quantise(&self, scales: Scales) -> Quantised {
        let (m, k) = (self.rows, self.columns);
        let mut q = vec![0i8; m * k];
        match &scales {
            Scales::Tensor(scale) if self.stride == k => {
                round(&self.values[..m * k], scale.recip(), &mut q);
            }
            Scales::Tensor(scale) => {
                let inverse = scale.recip();
                self.round_by_row(|_| inverse, &mut q);
            }
            Scales::Token(scales) => {
                assert_eq!(scales.len(), m, "a scale for each row");
                self.round_by_row(|row| scales[row].recip(), &mut q);
            }
        }
        Quantised {
            q: Array2::from_shape_vec((m, k), q).expect("m·k elements"),
            scales,
        }
    }

    /// Multiplies each row by its inverse scale, and rounds.
    fn round_by_row(&self, inverse: impl Fn(usize) -> f32, q: &mut [i8]) {
        match self.columns {
            0 => {}
            columns if self.weighted => {
                round_weighted(self.values, self.stride, columns, inverse, q);
            }
            columns => round_rows(self.values, self.stride, columns, inverse, q),
        }
    }
}

/// As [`magnitude`], of rows with gaps.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
fn largest(values: &[f32], [rows, columns]: [usize; 2], stride: usize) -> f32 {
    let mut lanes = [0; 16];
    for row in 0..rows {
        let (chunks, rest) = values[row * stride..][..columns].as_chunks::<16>();
        for chunk in chunks {
            for (lane, &value) in lanes.iter_mut().zip(chunk) {
                *lane = finite_bits(value).max(*lane);
            }
        }
        for (lane, &value) in lanes.iter_mut().zip(rest) {
            *lane = finite_bits(value).max(*lane);
        }
    }
    f32::from_bits(lanes.into_iter().fold(0, u32::max))
}

/// As [`round`], of rows with gaps.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
fn round_rows(
    values: &[f32],
    stride: usize,
    columns: usize,
    inverse: impl Fn(usize) -> f32,
    q: &mut [i8],
) {
    for (row, q) in q.chunks_exact_mut(columns).enumerate() {
        let x = &values[row * stride..][..columns];
        let inverse = inverse(row);
        for (q, &x) in q.iter_mut().zip(x) {
            *q = nearest(x * inverse);
        }
    }
}

/// As [`round_rows`], every value being multiplied by what follows its row.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2+fma"))]
fn round_weighted(
    values: &[f32],
    stride: usize,
    columns: usize,
    inverse: impl Fn(usize) -> f32,
    q: &mut [i8],
) {
    for (row, q) in q.chunks_exact_mut(columns).enumerate() {
        let (x, rest) = values[row * stride..].split_at(columns);
        let (weight, inverse) = (rest[0], inverse(row));
        for (q, &x) in q.iter_mut().zip(x) {
            *q = nearest(x * weight * inverse);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quant::LEVELS;

    fn noise(len: usize) -> Vec<f32> {
        let value = |i: usize| ((i * 7919 + 13) % 1009) as f32 * 0.01 - 5.0;
        (0..len).map(value).collect()
    }

    /// Rows have the scales and become the integers of their values without gaps and weights.
    fn is_as_dense(rows: Rows<'_>) {
        let dense = rows.to_vec();
        let dense = Rows::dense(&dense, rows.rows, rows.columns);
        assert_eq!(rows.tensor_scale(), dense.tensor_scale());
        assert_eq!(rows.token_scales(), dense.token_scales());
        for scales in [
            Scales::Tensor(dense.tensor_scale()),
            Scales::Token(dense.token_scales()),
        ] {
            let [a, b] = [rows, dense].map(|rows| rows.quantise(scales.clone()).q);
            assert_eq!(a, b);
        }
    }

    #[test]
    fn rows_with_gaps_are_quantised_as_rows_without() {
        let values = noise(7 * 90);
        for columns in [1, 15, 16, 17, 33, 72, 90] {
            is_as_dense(Rows::strided(&values, [7, columns], 90));
        }
    }

    #[test]
    fn weighted_rows_are_those_that_the_weight_was_multiplied_into() {
        let (m, k, stride) = (5, 37, 48);
        let mut values = noise(m * stride);
        values.iter_mut().for_each(|x| *x = x.abs() / 6.0);
        for row in 0..m {
            values[row * stride + row] = 1.0;
            values[row * stride + k] = 0.013 * (row + 1) as f32;
        }
        is_as_dense(Rows::weighted(&values, [m, k], stride));
    }

    #[test]
    fn weights_that_are_not_finite_count_as_nothing() {
        let values = [1.0, 0.5, f32::NAN, 0.0, 1.0, 0.25, 0.5, 0.0];
        let rows = Rows::weighted(&values, [2, 2], 4);
        assert_eq!(rows.tensor_scale(), 0.5 / LEVELS);
        let q = rows.quantise(Scales::Tensor(rows.tensor_scale())).q;
        assert_eq!(q.as_slice().unwrap(), [0, 0, 127, 32]);
    }
}
