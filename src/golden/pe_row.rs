//! One row of activations on its way through the array, with faults: the part
//! of the golden model that knows what each PE register does.

use crate::fault::{Fault, Register, StuckAt};
use ndarray::{Array2, ArrayView1};

/// What faults do to the registers of the PEs while one row passes.
pub(super) struct Upsets<'a> {
    /// Transient faults of this row.
    pub flips: &'a [Fault],
    /// Permanent faults.
    pub stuck: &'a [StuckAt],
}

impl Upsets<'_> {
    /// The value that a register really captures.
    fn captured(&self, register: Register, r: usize, c: usize, value: u32) -> u32 {
        let here = |site: &crate::fault::Site| {
            site.register == register && site.pe_row == r as u32 && site.pe_column == c as u32
        };
        let mut value = value;
        for fault in self.flips.iter().filter(|fault| here(&fault.site)) {
            value ^= fault.xor;
        }
        for stuck in self.stuck.iter().filter(|stuck| here(&stuck.site)) {
            value = (value & !stuck.mask) | stuck.value;
        }
        value
    }

    /// Columns whose psums can differ from the exact ones because of these
    /// faults: activations and valid bits travel on to the right.
    pub fn touched_columns(&self, lanes: usize) -> Vec<bool> {
        let mut touched = vec![false; lanes];
        let sites = self
            .flips
            .iter()
            .map(|fault| fault.site)
            .chain(self.stuck.iter().map(|stuck| stuck.site));
        for site in sites {
            let first = site.pe_column as usize;
            match site.register {
                Register::Psum | Register::Weight => touched[first] = true,
                Register::Activation | Register::Valid => touched[first..].fill(true),
            }
        }
        touched
    }
}

/// Sends one row (R activations) through the array and returns the psums at the
/// bottom of the columns in `wanted`; the others are zero. `weights` (R × lanes)
/// are the weight registers, which flipped weights change for the rows after.
pub(super) fn pass_row(
    x: ArrayView1<'_, i8>,
    weights: &mut Array2<i8>,
    upsets: &Upsets<'_>,
    wanted: &[bool],
) -> Vec<i32> {
    let rows = weights.nrows();
    let mut activation: Vec<i8> = x.to_vec();
    let mut valid = vec![true; rows];
    let mut psums = vec![0i32; wanted.len()];
    let travels = |register| matches!(register, Register::Activation | Register::Valid);
    let any_travelling = upsets.flips.iter().any(|f| travels(f.site.register))
        || upsets.stuck.iter().any(|s| travels(s.site.register));

    for (c, psum_out) in psums.iter_mut().enumerate() {
        if any_travelling {
            for r in 0..rows {
                let act = upsets.captured(Register::Activation, r, c, u32::from(activation[r] as u8));
                activation[r] = act as u8 as i8;
                valid[r] = upsets.captured(Register::Valid, r, c, u32::from(valid[r])) == 1;
            }
        }
        if !wanted[c] {
            continue;
        }
        let mut psum = 0i32;
        for r in 0..rows {
            let weight = upsets.captured(Register::Weight, r, c, u32::from(weights[[r, c]] as u8));
            weights[[r, c]] = weight as u8 as i8;
            if valid[r] {
                psum = psum.wrapping_add(i32::from(activation[r]) * i32::from(weights[[r, c]]));
            }
            psum = upsets.captured(Register::Psum, r, c, psum as u32) as i32;
        }
        *psum_out = psum;
    }
    psums
}
