//! Checkpoints of tiles in block floating point, and the merge that rolls a
//! tile back to one.

use crate::config::ArrayConfig;
use ndarray::{Array2, ArrayView2};

/// Fraction bits of the scale of a restore.
pub const SCALE_BITS: u32 = 14;
/// Largest exponent: an int32 has 31 bits of magnitude, a mantissa 7.
pub const MAX_EXPONENT: u8 = 24;

/// A tile with one exponent: element = mantissa · 2^exponent, about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Shared exponent, 0..=24.
    pub exponent: u8,
    /// Mantissas, rows × columns of the tile.
    pub mantissas: Array2<i8>,
}

/// The exponent with which a magnitude (the OR of those of a tile) fits a mantissa.
pub(super) fn exponent(magnitude: u32) -> u8 {
    let bits = u32::BITS - magnitude.leading_zeros();
    bits.saturating_sub(7) as u8
}

/// The bits that an element occupies beside its sign.
pub(super) fn magnitude(y: i32) -> u32 {
    (if y < 0 { !y } else { y }) as u32
}

/// y / 2^exponent, rounded half to even, at most 127.
pub(super) fn mantissa(y: i32, exponent: u8) -> i8 {
    let unit = 1i64 << exponent;
    let (floor, rest) = (i64::from(y).div_euclid(unit), i64::from(y).rem_euclid(unit));
    let up = 2 * rest > unit || (2 * rest == unit && floor % 2 != 0);
    (floor + i64::from(up)).clamp(-128, 127) as i8
}

/// Encodes a tile.
pub fn encode(y: ArrayView2<'_, i32>) -> Checkpoint {
    let all = y.iter().fold(0, |bits, &y| bits | magnitude(y));
    let exponent = exponent(all);
    Checkpoint {
        exponent,
        mantissas: y.mapv(|y| mantissa(y, exponent)),
    }
}

/// mantissa · scale · 2^exponent / 2^14, rounded down and saturated. `scale` has
/// 14 fraction bits; an exponent beyond 24 counts as 24.
pub fn restore(mantissa: i8, exponent: u8, scale: u16) -> i32 {
    let product = i64::from(mantissa) * i64::from(scale);
    let value = (product << exponent.min(MAX_EXPONENT)) >> SCALE_BITS;
    value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

/// A tile with its masked elements, flagged row and flagged column, replaced
/// by those of a checkpoint.
pub fn merge(
    y: ArrayView2<'_, i32>,
    row_flags: &[bool],
    column_flags: &[bool],
    checkpoint: &Checkpoint,
    scale: u16,
) -> Array2<i32> {
    Array2::from_shape_fn(y.dim(), |(m, j)| {
        if row_flags[m] && column_flags[j] {
            restore(checkpoint.mantissas[[m, j]], checkpoint.exponent, scale)
        } else {
            y[[m, j]]
        }
    })
}

impl Checkpoint {
    /// The header beat as it lies in memory.
    pub fn header_bytes(&self, config: &ArrayConfig) -> Vec<u8> {
        let mut beat = vec![0; config.memory_bytes];
        beat[0] = self.exponent;
        beat
    }

    /// A row as it lies in memory: mantissas, padded with zeros to whole beats.
    pub fn row_bytes(&self, config: &ArrayConfig, row: usize) -> Vec<u8> {
        let mut bytes: Vec<u8> = self.mantissas.row(row).iter().map(|&m| m as u8).collect();
        bytes.resize(config.row_bytes(), 0);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_exponent_is_the_smallest_that_fits() {
        for (y, expected) in [
            (0, 0),
            (-1, 0),
            (127, 0),
            (128, 1),
            (-128, 0),
            (-129, 1),
            (255, 1),
            (256, 2),
            (i32::MAX, 24),
            (i32::MIN, 24),
        ] {
            assert_eq!(encode(array![[y, 0]].view()).exponent, expected, "{y}");
        }
    }

    #[test]
    fn mantissas_round_half_to_even_and_saturate() {
        let found = encode(array![[512, 513, 514, 515, 518, 522, 526, -514, -518, -515]].view());
        assert_eq!(found.exponent, 3);
        // In units of 8: 64, 64.125, 64.25, 64.375, 64.75, 65.25, 65.75, ...
        assert_eq!(
            found.mantissas,
            array![[64, 64, 64, 64, 65, 65, 66, -64, -65, -64]]
        );
        let ties = encode(array![[255, 1, 3, 5, -1, -3, -5, -256]].view());
        assert_eq!(ties.exponent, 1);
        // 127.5 would be 128, which does not fit.
        assert_eq!(ties.mantissas, array![[127, 0, 2, 2, 0, -2, -2, -128]]);
    }

    #[test]
    fn extremes_survive() {
        let found = encode(array![[i32::MIN, i32::MAX], [0, -1]].view());
        assert_eq!(found.exponent, 24);
        assert_eq!(found.mantissas, array![[-128, 127], [0, 0]]);
        assert_eq!(restore(-128, 24, 1 << SCALE_BITS), i32::MIN);
        assert_eq!(restore(127, 24, 1 << SCALE_BITS), 127 << 24);
        let zeros = encode(Array2::zeros((3, 4)).view());
        assert_eq!((zeros.exponent, zeros.mantissas.sum()), (0, 0));
    }

    #[test]
    fn restoring_scales_rounds_down_and_saturates() {
        assert_eq!(restore(100, 3, 1 << 14), 800);
        assert_eq!(restore(-3, 0, 1 << 13), -2);
        assert_eq!(restore(3, 0, 1 << 13), 1);
        assert_eq!(restore(-1, 0, 1), -1);
        assert_eq!(restore(127, 24, u16::MAX), i32::MAX);
        assert_eq!(restore(-128, 24, u16::MAX), i32::MIN);
        assert_eq!(restore(1, 200, 1 << 14), 1 << 24);
    }

    #[test]
    fn unscaled_elements_come_back_within_half_a_unit() {
        let y = array![[70_000, -12_345, 3, -70_001, 65_535]];
        let found = encode(y.view());
        for (&y, &m) in y.iter().zip(&found.mantissas) {
            let back = restore(m, found.exponent, 1 << SCALE_BITS);
            assert!((back - y).abs() <= 1 << (found.exponent - 1), "{y} {back}");
        }
    }

    #[test]
    fn a_merge_changes_exactly_the_mask() {
        let y = array![[1, 2, 3], [4, 5, 6]];
        let old = encode(array![[10, 20, 30], [40, 50, 60]].view());
        let merged = merge(
            y.view(),
            &[false, true],
            &[true, false, true],
            &old,
            1 << 14,
        );
        assert_eq!(merged, array![[1, 2, 3], [40, 5, 60]]);
    }
}
