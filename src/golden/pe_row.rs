//! One row of activations on its way through a weight-stationary array, with faults: the part
//! of the golden model that knows what each PE register does.

use super::upset::{Upset, Upsets};
use crate::fault::Register;
use ndarray::Array2;

/// Columns whose psums can differ from the exact ones because of these faults:
/// activations and valid bits travel on to the right.
pub(super) fn touched_columns(upsets: &Upsets, lanes: usize) -> Vec<bool> {
    let mut touched = vec![false; lanes];
    for Upset { site, .. } in upsets.iter() {
        let first = site.pe_column as usize;
        match site.register {
            Register::Psum | Register::Weight => touched[first] = true,
            Register::Activation | Register::Valid => {
                touched[first..].fill(true);
                // The upsets are sorted: none is further left.
                break;
            }
        }
    }
    touched
}

/// Σ a·b; a column has at most 256 PEs, so that it fits.
pub(super) fn dot(a: &[i8], b: &[i8]) -> i32 {
    let product = |(&a, &b)| i32::from(a) * i32::from(b);
    a.iter().zip(b).map(product).sum()
}

/// Sends one row (R activations) through the array and returns the psums at the
/// bottom of the columns in `wanted`; the others are zero. `weights` (lanes × R)
/// are the weight registers, which flipped weights change for the rows after.
pub(super) fn pass_row(
    x: &[i8],
    weights: &mut Array2<i8>,
    upsets: &Upsets,
    wanted: &[bool],
) -> Vec<i32> {
    let mut activation = x.to_vec();
    let mut valid = vec![true; x.len()];
    // What the multipliers see: the activation where it is valid, or zero.
    let mut factor = x.to_vec();
    let mut psums = vec![0i32; wanted.len()];

    for (c, psum_out) in psums.iter_mut().enumerate() {
        let upsets = upsets.in_column(c);
        for upset in upsets {
            let r = upset.site.pe_row as usize;
            match upset.site.register {
                Register::Activation => activation[r] = upset.of_byte(activation[r]),
                Register::Valid => valid[r] = upset.of(u32::from(valid[r])) == 1,
                Register::Weight => weights[[c, r]] = upset.of_byte(weights[[c, r]]),
                Register::Psum => {}
            }
            factor[r] = if valid[r] { activation[r] } else { 0 };
        }
        if !wanted[c] {
            continue;
        }
        let weights = weights.row(c);
        let weights = weights.as_slice().expect("standard layout");
        // From one upset psum register to the next, the sum is exact.
        let mut psum = 0i32;
        let mut top = 0;
        for upset in upsets {
            if upset.site.register == Register::Psum {
                let below = upset.site.pe_row as usize + 1;
                psum = psum.wrapping_add(dot(&factor[top..below], &weights[top..below]));
                psum = upset.of(psum as u32) as i32;
                top = below;
            }
        }
        *psum_out = psum.wrapping_add(dot(&factor[top..], &weights[top..]));
    }
    psums
}
