//! The operands of an extended tile, fetched only where a fault asks for them.

use crate::config::ArrayConfig;
use crate::fast::PackedWeights;
use crate::golden;
use crate::tiling::Tile;
use ndarray::{ArrayView2, s};
use std::ops::Range;

/// X and W of a tile with their checksum digits and padding.
pub(super) struct Operands<'a> {
    /// The data rows of the tile; rows are contiguous.
    x: ArrayView2<'a, i8>,
    w: &'a PackedWeights,
    /// Columns of W that the tile covers.
    columns: Range<usize>,
    /// Columns of the array: those beyond the tile's are zero.
    array_columns: usize,
    /// Digits fetched last, to save allocations.
    digits_x: Vec<i8>,
    digits_w: Vec<i8>,
}

impl<'a> Operands<'a> {
    pub fn new(
        config: &ArrayConfig,
        tile: &Tile,
        x: ArrayView2<'a, i8>,
        w: &'a PackedWeights,
    ) -> Self {
        Self {
            x: x.slice_move(s![tile.rows.clone(), ..]),
            w,
            columns: tile.columns.clone(),
            array_columns: config.columns,
            digits_x: Vec::new(),
            digits_w: Vec::new(),
        }
    }

    pub fn data_rows(&self) -> usize {
        self.x.nrows()
    }

    /// An activation: of a data row, or a digit of the sum over them.
    pub fn activation(&self, row: usize, k: usize) -> i8 {
        match row.checked_sub(self.data_rows()) {
            None => self.x[[row, k]],
            Some(digit) => {
                let sum = self.x.column(k).iter().map(|&x| i32::from(x)).sum();
                choose(sum, digit)
            }
        }
    }

    /// A weight: of a data column, zero in a column of padding, or a digit of the
    /// sum over the columns.
    pub fn weight(&self, k: usize, column: usize) -> i8 {
        if column < self.columns.len() {
            return self.w.get(k, self.columns.start + column);
        }
        match column.checked_sub(self.array_columns) {
            None => 0,
            Some(digit) => choose(self.w.row_sum(k, self.columns.clone()), digit),
        }
    }

    /// Σ x·w over some k, the partial sum that a fault meets.
    pub fn dot(&mut self, row: usize, column: usize, depth: Range<usize>) -> i32 {
        if depth.is_empty() || (self.columns.len()..self.array_columns).contains(&column) {
            return 0;
        }
        if row >= self.data_rows() {
            let mut digits = std::mem::take(&mut self.digits_x);
            digits.clear();
            digits.extend(depth.clone().map(|k| self.activation(row, k)));
            self.digits_x = digits;
        }
        let data_column = column < self.columns.len();
        if !data_column {
            let mut digits = std::mem::take(&mut self.digits_w);
            digits.clear();
            digits.extend(depth.clone().map(|k| self.weight(k, column)));
            self.digits_w = digits;
        }
        let x = if row < self.data_rows() {
            let row = self.x.row(row).to_slice().expect("rows are contiguous");
            &row[depth.clone()]
        } else {
            &self.digits_x
        };
        if data_column {
            self.w.dot(x, depth.start, self.columns.start + column)
        } else {
            let products = x.iter().zip(&self.digits_w);
            products.fold(0i32, |sum, (&x, &w)| {
                sum.wrapping_add(i32::from(x) * i32::from(w))
            })
        }
    }
}

/// The high digit is number 0, the low one number 1.
fn choose(sum: i32, digit: usize) -> i8 {
    let (high, low) = golden::digits(sum);
    if digit == 0 { high } else { low }
}
