//! Checkpoints of tiles in block floating point, encoded at memory speed.

use crate::golden::checkpoint::restore;
use ndarray::ArrayView2;

/// A tile with one exponent: element = mantissa · 2^exponent, about; the same
/// numbers as [`crate::golden::Checkpoint`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Shared exponent, 0..=24.
    pub exponent: u8,
    /// Mantissas row by row, C to a row: columns beyond N included.
    pub mantissas: Vec<i8>,
    /// C.
    columns: usize,
}

impl Checkpoint {
    /// An element as a rollback restores it; `scale` has 14 fraction bits.
    ///
    /// # Panics
    /// When there is no such element.
    pub fn restore(&self, row: usize, column: usize, scale: u16) -> i32 {
        let mantissa = self.mantissas[row * self.columns + column];
        restore(mantissa, self.exponent, scale)
    }

    /// Encodes a tile of an array with `columns` columns, in place: y is what it has
    /// within N, `beyond` the few elements that are not zero beyond.
    ///
    /// # Panics
    /// When the elements of a row of y are not contiguous.
    pub(super) fn encode(
        &mut self,
        y: ArrayView2<'_, i32>,
        columns: usize,
        beyond: &[(usize, usize, i32)],
    ) {
        let rows = || y.rows().into_iter();
        let contiguous = "Y is in standard layout";
        let outputs = rows().map(|row| magnitude(row.to_slice().expect(contiguous)));
        let bits = outputs.fold(0, |all, bits| all | bits)
            | beyond.iter().fold(0, |all, e| all | magnitude(&[e.2]));
        self.columns = columns;
        self.exponent = (u32::BITS - bits.leading_zeros()).saturating_sub(7) as u8;
        self.mantissas.clear();
        self.mantissas.resize(y.nrows() * columns, 0);
        for (row, mantissas) in rows().zip(self.mantissas.chunks_exact_mut(columns)) {
            round(row.to_slice().expect(contiguous), self.exponent, mantissas);
        }
        for &(row, column, y) in beyond {
            let mantissa = &mut self.mantissas[row * columns + column..][..1];
            round(&[y], self.exponent, mantissa);
        }
    }
}

/// The OR of the bits that elements occupy beside their signs.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn magnitude(y: &[i32]) -> u32 {
    y.iter().fold(0, |all, &y| all | (y ^ (y >> 31)) as u32)
}

/// y / 2^exponent, rounded half to even, at most 127; into the first mantissas.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn round(y: &[i32], exponent: u8, mantissas: &mut [i8]) {
    let unit = 1u32 << exponent;
    for (mantissa, &y) in mantissas.iter_mut().zip(y) {
        let floor = y >> exponent;
        let twice = 2 * (y as u32 & (unit - 1));
        let up = (twice > unit) | ((twice == unit) & (floor & 1 == 1));
        *mantissa = (floor + i32::from(up)).min(127) as i8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::checkpoint::encode;
    use ndarray::Array2;

    #[test]
    fn checkpoints_equal_those_of_the_golden_model() {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state ^ state >> 16
        };
        for case in 0..400 {
            let (rows, columns) = (1 + next() as usize % 9, 1 + next() as usize % 40);
            let shift = case % 32;
            let mut y = Array2::from_shape_simple_fn((rows, columns), || next() as i32 >> shift);
            match case % 7 {
                0 => y[[0, 0]] = i32::MIN,
                1 => y[[0, 0]] = i32::MAX,
                2 => y.fill(0),
                _ => {}
            }
            let expected = encode(y.view());
            let mut found = Checkpoint::default();
            found.encode(y.view(), columns, &[]);
            assert_eq!(found.exponent, expected.exponent);
            assert_eq!(
                found.mantissas,
                expected.mantissas.into_raw_vec_and_offset().0
            );
            // The last column as one beyond N.
            let within = y.slice(ndarray::s![.., ..columns - 1]).to_owned();
            let last = |row: usize| (row, columns - 1, y[[row, columns - 1]]);
            let beyond: Vec<_> = (0..rows).map(last).collect();
            let mut other = Checkpoint::default();
            other.encode(within.view(), columns, &beyond);
            assert_eq!(other, found);
        }
    }
}
