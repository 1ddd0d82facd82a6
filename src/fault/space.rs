//! Where a fault can lie in a tile: the chosen bits of every processing element (PE) at every row
//! of every pass, as one range of positions.

use super::types::{Fault, Register, Site};
use crate::config::{ArrayConfig, Dataflow};
use crate::tiling::Tiling;

/// The coordinates of a tile at which a register can capture a wrong bit.
#[derive(Clone, Debug)]
pub(super) struct Space {
    dataflow: Dataflow,
    /// Rows of X in the tile (WS).
    data_rows: u32,
    /// Where checksum rows are counted from (WS); steps of a pass (OS).
    rows_of_pass: u32,
    /// Rows of a pass from `first_row` on, checksum rows last (WS); the steps of all passes, k (OS).
    rows: Divisor,
    first_row: u32,
    passes: usize,
    pe_rows: Divisor,
    columns: Divisor,
    bits: Bits,
}

impl Space {
    /// Of a tile with so many rows of X.
    pub(super) fn new(config: &ArrayConfig, tiling: &Tiling, data_rows: usize, bits: Bits) -> Self {
        let (pe_rows, columns) = config.faulty_pes();
        let (passes, rows, rows_of_pass) = match config.dataflow {
            Dataflow::Ws => (
                tiling.passes(),
                data_rows + config.checksum_rows(),
                config.tile_rows,
            ),
            Dataflow::Os => (1, tiling.k(), config.rows),
        };
        Self {
            dataflow: config.dataflow,
            data_rows: data_rows as u32,
            rows_of_pass: rows_of_pass as u32,
            rows: Divisor::new(rows),
            first_row: 0,
            passes,
            pe_rows: Divisor::new(pe_rows),
            columns: Divisor::new(columns),
            bits,
        }
    }

    /// The first row of the passes, and the others.
    pub(super) fn split(self) -> (Self, Self) {
        let others = self.rows.size as usize - 1;
        (
            Self {
                rows: Divisor::new(1),
                ..self.clone()
            },
            Self {
                rows: Divisor::new(others),
                first_row: self.first_row + 1,
                ..self
            },
        )
    }

    /// Number of positions.
    pub(super) fn size(&self) -> u64 {
        let factors = [self.rows, self.pe_rows, self.columns, self.bits.count];
        let factors = factors.iter().map(|factor| u64::from(factor.size));
        self.passes as u64 * factors.product::<u64>()
    }

    /// The fault at a linear position in the space.
    pub(super) fn at(&self, position: u64) -> Fault {
        let (rest, bit) = self.bits.count.divide(position);
        let (register, bit) = self.bits.all[bit as usize];
        let (rest, pe_column) = self.columns.divide(rest);
        let (rest, pe_row) = self.pe_rows.divide(rest);
        let (pass, row) = self.rows.divide(rest);
        let row = row + self.first_row;
        let (pass, row) = match self.dataflow {
            Dataflow::Ws => {
                let checksum_row = row.checked_sub(self.data_rows);
                let place = |digit| self.rows_of_pass + digit;
                (pass as u32, checksum_row.map_or(row, place))
            }
            Dataflow::Os => (row / self.rows_of_pass, row % self.rows_of_pass),
        };
        Fault {
            row,
            pass,
            site: Site {
                pe_row,
                pe_column,
                register,
            },
            xor: 1 << bit,
        }
    }
}

/// `(register, bit)` pairs in a fixed order.
#[derive(Clone, Debug)]
pub(super) struct Bits {
    all: [(Register, u8); Bits::MOST],
    count: Divisor,
}

impl Bits {
    /// All bits of all registers.
    const MOST: usize = 49;

    pub(super) fn new(bits: impl Iterator<Item = (Register, u32)>) -> Self {
        let mut all = [(Register::Psum, 0); Self::MOST];
        let mut count = 0;
        for (place, (register, bit)) in all.iter_mut().zip(bits) {
            *place = (register, bit as u8);
            count += 1;
        }
        Self {
            all,
            count: Divisor::new(count),
        }
    }

    /// The place of a psum word; which of its bits are wrong is drawn apart.
    pub(super) fn psum_word() -> Self {
        Self::new(std::iter::once((Register::Psum, 0)))
    }
}

/// A number of coordinates, by which positions are divided quickly.
#[derive(Clone, Copy, Debug)]
struct Divisor {
    size: u32,
    /// 2^64 / size, rounded up.
    magic: u64,
}

impl Divisor {
    fn new(size: usize) -> Self {
        let size = u32::try_from(size).expect("an array has fewer than 2^32 places");
        let magic = if size > 1 {
            u64::MAX / u64::from(size) + 1
        } else {
            0
        };
        Self { size, magic }
    }

    /// Quotient and remainder. Below 2^32 by multiplication, which is exact there (Lemire,
    /// Kaser, Kurz, "Faster remainder by direct computation", 2019).
    fn divide(self, position: u64) -> (u64, u32) {
        let size = u64::from(self.size);
        let quotient = if self.size == 1 {
            position
        } else if position >> 32 == 0 {
            ((u128::from(self.magic) * u128::from(position)) >> 64) as u64
        } else {
            position / size
        };
        (quotient, (position - quotient * size) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::Divisor;

    #[test]
    fn positions_are_divided_exactly() {
        for size in [1, 2, 3, 16, 18, 34, 49, 255, 65_535, 1 << 31] {
            let edges = [0, 1, u64::from(u32::MAX), 1 << 32, 1 << 60];
            let near = edges
                .iter()
                .flat_map(|at| [at.saturating_sub(1), *at, at + 1]);
            let multiples = (1..50).flat_map(|i| [i * size as u64 - 1, i * size as u64]);
            let divisor = Divisor::new(size);
            for position in near.chain(multiples) {
                let size = size as u64;
                let expected = (position / size, (position % size) as u32);
                assert_eq!(divisor.divide(position), expected, "{position} / {size}");
            }
        }
    }
}
