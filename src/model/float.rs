//! The engine without quantisation: every GEMM in f32.

use super::{EngineError, GemmEngine, GemmTag, MatMul, Weight};
use ndarray::ArrayView2;

/// Up to this many rows, packing W costs more than the product itself.
const FEW_ROWS: usize = 4;

/// Computes every GEMM in f32, on one thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct FloatEngine;

impl GemmEngine for FloatEngine {
    fn layer(
        &mut self,
        tag: &GemmTag<'_>,
        x: &[f32],
        m: usize,
        weight: &Weight,
    ) -> Result<Vec<f32>, EngineError> {
        let (n, k) = (weight.n(), weight.k());
        let x = matrix(tag, x, m, k)?;
        let values = weight.values()?;
        let w = matrix(tag, &values, n, k)?;
        if m > FEW_ROWS {
            return Ok(row_major(x.dot(&w.t())));
        }
        let mut y = Vec::with_capacity(m * n);
        for row in x.rows() {
            y.extend(w.rows().into_iter().map(|weights| row.dot(&weights)));
        }
        Ok(y)
    }

    fn product(
        &mut self,
        tag: &GemmTag<'_>,
        product: &MatMul<'_>,
    ) -> Result<Vec<f32>, EngineError> {
        let MatMul { a, b, m, k, n } = *product;
        let (a, b) = (matrix(tag, a, m, k)?, matrix(tag, b, k, n)?);
        Ok(row_major(a.dot(&b)))
    }
}

fn matrix<'a>(
    tag: &GemmTag<'_>,
    values: &'a [f32],
    rows: usize,
    columns: usize,
) -> Result<ArrayView2<'a, f32>, EngineError> {
    ArrayView2::from_shape((rows, columns), values).map_err(|_| EngineError::Length {
        layer: tag.layer.to_owned(),
        found: values.len(),
        expected: rows * columns,
    })
}

/// The values row by row; ndarray may choose columns first for a narrow result.
fn row_major(y: ndarray::Array2<f32>) -> Vec<f32> {
    if y.is_standard_layout() {
        y.into_raw_vec_and_offset().0
    } else {
        y.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GemmKind;

    const TAG: GemmTag<'_> = GemmTag {
        step: 0,
        block: None,
        layer: "layer",
        kind: GemmKind::Linear,
        instance: 0,
    };

    /// Small integers, whose sums f32 holds exactly.
    fn integers(len: usize, seed: usize) -> Vec<f32> {
        let value = |i: usize| ((i * 7919 + seed * 104_729) % 17) as f32 - 8.0;
        (0..len).map(value).collect()
    }

    fn naive(x: &[f32], w: impl Fn(usize, usize) -> f32, [m, k, n]: [usize; 3]) -> Vec<f32> {
        let element = |i: usize| (0..k).map(|l| x[i / n * k + l] * w(l, i % n)).sum();
        (0..m * n).map(element).collect()
    }

    #[test]
    fn both_products_equal_three_loops() {
        for m in [0, 1, 2, 4, 5, 31] {
            for (k, n) in [(1, 1), (3, 7), (13, 1), (1, 13), (64, 33)] {
                let (x, w) = (integers(m * k, m), integers(n * k, n));
                let weight = Weight::from_values("w", n, k, w.clone());
                let y = FloatEngine.layer(&TAG, &x, m, &weight).unwrap();
                assert_eq!(y, naive(&x, |l, j| w[j * k + l], [m, k, n]));
                let product = MatMul::new(&x, &w, [m, k, n]);
                let y = FloatEngine.product(&TAG, &product).unwrap();
                assert_eq!(y, naive(&x, |l, j| w[l * n + j], [m, k, n]));
            }
        }
    }

    #[test]
    fn an_operand_of_another_size_is_refused() {
        let weight = Weight::from_values("w", 2, 3, vec![0.0; 6]);
        let error = FloatEngine.layer(&TAG, &[0.0; 5], 2, &weight).unwrap_err();
        assert_eq!(error.to_string(), "layer: matrix of 5 values; expected 6");
    }
}
