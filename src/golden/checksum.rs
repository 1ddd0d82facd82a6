//! Checksum digits and syndromes (Huang and Abraham 1984, with the sums split
//! into base-256 digits so that they fit the array's int8 operands).

use ndarray::{Array1, Array2, ArrayView2, Axis, s};

/// Signed base-256 digits `(hi, lo)` of an operand sum: `sum = 256·hi + lo`
/// with `lo` in −128..=127. A sum of at most 256 int8 values always fits.
pub fn digits(sum: i32) -> (i8, i8) {
    let lo = sum as i8;
    let hi = (sum - i32::from(lo)) / 256;
    (
        i8::try_from(hi).expect("sum of at most 256 int8 values"),
        lo,
    )
}

/// Whether |syndrome| ≥ 2^θ, the syndrome read as signed.
pub fn exceeds(syndrome: i32, threshold_bit: u32) -> bool {
    syndrome.unsigned_abs() >> threshold_bit != 0
}

/// Appends to `x` (rows × k) the two rows of digits of its column sums.
pub(super) fn with_checksum_rows(x: ArrayView2<'_, i8>) -> Array2<i8> {
    let sums: Array1<i32> = x.map(|&v| i32::from(v)).sum_axis(Axis(0));
    let mut extended = Array2::zeros((x.nrows() + 2, x.ncols()));
    extended.slice_mut(s![..x.nrows(), ..]).assign(&x);
    for (k, &sum) in sums.iter().enumerate() {
        let (hi, lo) = digits(sum);
        extended[[x.nrows(), k]] = hi;
        extended[[x.nrows() + 1, k]] = lo;
    }
    extended
}

/// Appends to `w` (k × columns) the two columns of digits of its row sums.
pub(super) fn with_checksum_columns(w: ArrayView2<'_, i8>) -> Array2<i8> {
    with_checksum_rows(w.t()).reversed_axes()
}

/// Row syndromes e[m] = Σ_j Y[m][j] − (256·Y[m][hi] + Y[m][lo]) mod 2³² of the
/// data rows of an extended tile ((rows + 2) × (columns + 2)).
pub(super) fn row_syndromes(y: ArrayView2<'_, i32>) -> Vec<i32> {
    let (rows, columns) = (y.nrows() - 2, y.ncols() - 2);
    (0..rows)
        .map(|m| {
            let data = (0..columns).fold(0i32, |sum, j| sum.wrapping_add(y[[m, j]]));
            data.wrapping_sub(y[[m, columns]].wrapping_mul(256))
                .wrapping_sub(y[[m, columns + 1]])
        })
        .collect()
}

/// Column syndromes of the data columns, likewise.
pub(super) fn column_syndromes(y: ArrayView2<'_, i32>) -> Vec<i32> {
    row_syndromes(y.t())
}
