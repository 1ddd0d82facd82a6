//! The kernel without intrinsics.

use super::{LINE, Line, OFFSET, PANEL};
use ndarray::{ArrayView2, ArrayViewMut2, Axis};

/// See [`super::multiply`].
pub(super) fn multiply(
    x: ArrayView2<'_, i8>,
    panels: &[Line],
    groups: usize,
    mut y: ArrayViewMut2<'_, i32>,
) {
    let mut padded = vec![0; groups * LINE];
    for (x, mut y) in x.rows().into_iter().zip(y.rows_mut()) {
        for (padded, &x) in padded.iter_mut().zip(x) {
            *padded = x;
        }
        let outputs = y.axis_chunks_iter_mut(Axis(0), PANEL);
        for (panel, outputs) in panels.chunks_exact(groups).zip(outputs) {
            let sums = row(&padded, panel);
            for (y, sum) in outputs.into_iter().zip(sums) {
                *y = sum;
            }
        }
    }
}

/// One row of activations, padded to whole lines, times one panel.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn row(x: &[i8], panel: &[Line]) -> [i32; PANEL] {
    // Sums of even and odd pairs of k apart: the products of a pair are what
    // `vpmaddwd` adds.
    let mut pairs = [0i32; 2 * PANEL];
    for (x, line) in x.chunks_exact(LINE).zip(panel) {
        let x: [i16; LINE] = std::array::from_fn(|k| i16::from(x[k]));
        for (pair, sum) in pairs.iter_mut().enumerate() {
            let weight = |k: usize| i16::from((line.0[2 * pair + k] ^ OFFSET) as i8);
            let at = pair % 2 * 2;
            let product = |k: usize| i32::from(x[at + k]) * i32::from(weight(k));
            *sum = sum.wrapping_add(product(0) + product(1));
        }
    }
    std::array::from_fn(|column| pairs[2 * column].wrapping_add(pairs[2 * column + 1]))
}
