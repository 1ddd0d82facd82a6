//! One row of activations on its way through the array, with faults: the part
//! of the golden model that knows what each PE register does.

use crate::fault::{Fault, Register, Site, StuckAt};
use ndarray::Array2;

/// A register that does not hold what was written to it: it holds
/// `(value & keep) ^ toggle`.
struct Upset {
    site: Site,
    keep: u32,
    toggle: u32,
}

impl Upset {
    /// The value that the register really holds.
    fn of(&self, value: u32) -> u32 {
        (value & self.keep) ^ self.toggle
    }

    /// As [`Upset::of`], for the int8 registers.
    fn of_byte(&self, value: i8) -> i8 {
        self.of(u32::from(value as u8)) as u8 as i8
    }
}

/// What faults do to the registers of the PEs while one row passes, from left
/// to right and from top to bottom.
pub(super) struct Upsets(Vec<Upset>);

impl Upsets {
    /// The transient faults of a row and the permanent ones, which win.
    pub fn new(flips: &[Fault], stuck: &[StuckAt]) -> Self {
        let flips = flips.iter().map(|fault| Upset {
            site: fault.site,
            keep: u32::MAX,
            toggle: fault.xor,
        });
        let stuck = stuck.iter().map(|stuck| Upset {
            site: stuck.site,
            keep: !stuck.mask,
            toggle: stuck.value,
        });
        let mut upsets: Vec<Upset> = flips.chain(stuck).collect();
        // Stable: what hits the same register stays in order.
        upsets.sort_by_key(|upset| (upset.site.pe_column, upset.site.pe_row));
        Self(upsets)
    }

    /// The upsets in a column of PEs, from top to bottom.
    fn in_column(&self, column: usize) -> &[Upset] {
        let before = |limit: usize| {
            self.0
                .partition_point(|upset| (upset.site.pe_column as usize) < limit)
        };
        &self.0[before(column)..before(column + 1)]
    }

    /// Columns whose psums can differ from the exact ones because of these
    /// faults: activations and valid bits travel on to the right.
    pub fn touched_columns(&self, lanes: usize) -> Vec<bool> {
        let mut touched = vec![false; lanes];
        for Upset { site, .. } in &self.0 {
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
