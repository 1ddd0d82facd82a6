//! What the verilated RTL delivers for a tile, beside what the fast engine expects.

use crate::config::ArrayConfig;
use crate::cosim::RtlResult;
use crate::fast::{TileEffect, rollback};
use crate::tiling::Tile;
use ndarray::{Array2, ArrayView2, s};
use std::fmt;

/// A tile on the result stream: columns beyond N included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileOutput {
    /// Outputs, data rows × C.
    pub y: Array2<i32>,
    /// Flag of every row.
    pub row_flags: Vec<bool>,
    /// Flag of every column.
    pub column_flags: Vec<bool>,
}

/// The first place at which hardware and fast engine disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Output, row flag or column flag.
    pub what: &'static str,
    /// Row of the tile.
    pub row: usize,
    /// Column of the tile.
    pub column: usize,
    /// The hardware's value.
    pub rtl: i64,
    /// The fast engine's value.
    pub fast: i64,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, row {}, column {}: RTL {}, fast engine {}",
            self.what, self.row, self.column, self.rtl, self.fast
        )
    }
}

impl TileOutput {
    /// What the fast engine says of a tile of the outputs `y`, M×N with faults.
    pub fn expected(
        config: &ArrayConfig,
        tile: &Tile,
        y: ArrayView2<'_, i32>,
        effect: Option<&TileEffect>,
    ) -> Self {
        let (rows, width) = (tile.rows.len(), tile.columns.len());
        let mut expected = Self {
            y: Array2::zeros((rows, config.columns)),
            row_flags: vec![false; rows],
            column_flags: vec![false; config.columns],
        };
        expected
            .y
            .slice_mut(s![.., ..width])
            .assign(&y.slice(s![tile.rows.clone(), tile.columns.clone()]));
        if let Some(effect) = effect {
            for (row, column, value) in rollback::beyond(config, tile, &effect.deltas) {
                expected.y[[row, column]] = value;
            }
            for &row in &effect.row_flags {
                expected.row_flags[row] = true;
            }
            for &column in &effect.column_flags {
                expected.column_flags[column] = true;
            }
        }
        expected
    }

    /// A tile of the hardware's results; `first_row` is its first row on the stream.
    pub fn delivered(
        config: &ArrayConfig,
        result: &RtlResult,
        tile: usize,
        first_row: usize,
        rows: usize,
    ) -> Self {
        let columns = config.columns;
        let values = &result.y[first_row * columns..][..rows * columns];
        let flags = |flags: &[u8]| flags.iter().map(|flag| *flag != 0).collect();
        Self {
            y: Array2::from_shape_vec((rows, columns), values.to_vec()).expect("whole rows"),
            row_flags: flags(&result.row_flags[first_row..][..rows]),
            column_flags: flags(&result.column_flags[tile * columns..][..columns]),
        }
    }

    /// The first difference of what the hardware delivered from `self`.
    pub fn differs(&self, rtl: &Self) -> Option<Difference> {
        let outputs = self.y.indexed_iter().zip(&rtl.y);
        let output =
            outputs
                .filter(|((_, fast), rtl)| fast != rtl)
                .map(|(((row, column), &fast), &rtl)| Difference {
                    what: "output",
                    row,
                    column,
                    rtl: rtl.into(),
                    fast: fast.into(),
                });
        let flag = |what, by_row: bool, fast: &[bool], rtl: &[bool]| {
            let at = fast.iter().zip(rtl).position(|(fast, rtl)| fast != rtl)?;
            Some(Difference {
                what,
                row: if by_row { at } else { 0 },
                column: if by_row { 0 } else { at },
                rtl: rtl[at].into(),
                fast: fast[at].into(),
            })
        };
        output
            .chain(flag("row flag", true, &self.row_flags, &rtl.row_flags))
            .chain(flag(
                "column flag",
                false,
                &self.column_flags,
                &rtl.column_flags,
            ))
            .next()
    }
}
