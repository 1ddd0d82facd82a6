use super::multiply::multiply_with;
use super::{Isa, PackedWeights, multiply};
use ndarray::{Array2, s};

/// Reproducible int8 values with all extremes.
fn values(rows: usize, columns: usize, seed: u32) -> Array2<i8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    Array2::from_shape_simple_fn((rows, columns), || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        match state >> 28 {
            0 => -128,
            1 => 127,
            _ => (state >> 20) as i8,
        }
    })
}

fn naive(x: &Array2<i8>, w: &Array2<i8>) -> Array2<i32> {
    x.map(|&v| i32::from(v)).dot(&w.map(|&v| i32::from(v)))
}

const SIZES: [usize; 14] = [0, 1, 2, 3, 4, 5, 7, 11, 13, 16, 17, 31, 48, 67];

#[test]
fn every_kernel_equals_the_naive_product() {
    for isa in Isa::available() {
        for m in SIZES {
            for k in SIZES {
                for n in SIZES {
                    let (x, w) = (values(m, k, 1), values(k, n, 2));
                    let packed = PackedWeights::new(w.view());
                    let mut y = Array2::from_elem((m, n), 77);
                    multiply_with(isa, x.view(), &packed, y.view_mut(), 1);
                    assert_eq!(y, naive(&x, &w), "{isa:?} {m}x{k}x{n}");
                }
            }
        }
    }
}

#[test]
fn packing_both_ways_is_the_same_and_undone() {
    for k in SIZES {
        for n in SIZES {
            let w = values(k, n, 3);
            let packed = PackedWeights::new(w.view());
            let transposed = w.t().as_standard_layout().to_owned();
            let other = PackedWeights::from_transposed(transposed.view());
            assert_eq!(packed.unpack(), w, "{k}x{n}");
            assert_eq!(other.unpack(), w, "{k}x{n} transposed");
            assert_eq!((packed.depth(), packed.columns()), (k, n));
        }
    }
}

#[test]
fn extremes_at_the_largest_depth_are_exact() {
    let depth = crate::tiling::MAX_K;
    for (a, b) in [(-128, -128), (127, -128), (127, 127), (-128, 127)] {
        let x = Array2::from_elem((2, depth), a);
        let w = Array2::from_elem((depth, 3), b);
        let sum = i32::from(a) * i32::from(b) * depth as i32;
        for isa in Isa::available() {
            let mut y = Array2::zeros((2, 3));
            let packed = PackedWeights::new(w.view());
            multiply_with(isa, x.view(), &packed, y.view_mut(), 1);
            assert_eq!(y, Array2::from_elem((2, 3), sum), "{isa:?} {a} {b}");
        }
    }
}

#[test]
fn any_layout_and_number_of_threads_gives_the_same() {
    let (x, w) = (values(131, 90, 4), values(90, 83, 5));
    let expected = naive(&x, &w);
    let packed = PackedWeights::new(w.view());
    for threads in [1, 2, 3, 200] {
        for rows in [1, 5, 131] {
            let mut y = Array2::zeros((rows, 83));
            let x = x.slice(s![..rows, ..]);
            multiply_with(Isa::best(), x, &packed, y.view_mut(), threads);
            assert_eq!(y, expected.slice(s![..rows, ..]), "{threads} threads");
        }
    }
    // Columns of X apart from each other; columns of Y as well.
    let reversed = x.t().as_standard_layout().to_owned();
    assert_eq!(multiply(reversed.t(), &packed), expected);
    let mut y = Array2::zeros((83, 131));
    multiply_with(
        Isa::best(),
        x.view(),
        &packed,
        y.view_mut().reversed_axes(),
        2,
    );
    assert_eq!(y.t(), expected);
    // Part of a larger matrix.
    let wide = values(40, 200, 6);
    let part = wide.slice(s![3..29, 50..140]);
    assert_eq!(multiply(part, &packed), naive(&part.to_owned(), &w));
}

#[test]
fn sums_of_packed_weights_are_those_of_the_matrix() {
    let (x, w) = (values(1, 37, 7), values(37, 45, 8));
    let packed = PackedWeights::new(w.view());
    let x = x.row(0).to_vec();
    for first in 0..37 {
        for end in first..=37 {
            let products = (first..end).map(|k| i32::from(x[k]) * i32::from(w[[k, 17]]));
            let expected: i32 = products.sum();
            assert_eq!(packed.dot(&x[first..end], first, 17), expected);
            assert_eq!(packed.dot_of_row(&x, first..end, 17), expected);
        }
    }
    for first in 0..45 {
        for end in first..=45 {
            let expected: i32 = w
                .slice(s![5, first..end])
                .iter()
                .map(|&v| i32::from(v))
                .sum();
            assert_eq!(packed.row_sum(5, first..end), expected);
        }
    }
}
