//! Bit-for-bit comparison of the hardware's results with the golden model's.

use super::rtl_run::RtlResult;
use crate::config::ArrayConfig;
use crate::golden::GemmResult;
use crate::units::Cycles;
use std::fmt;

/// What differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// An output element.
    Output,
    /// A row flag.
    RowFlag,
    /// A column flag.
    ColumnFlag,
    /// A counter, by name.
    Counter(&'static str),
}

/// The first place at which hardware and golden model disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// What differs.
    pub quantity: Quantity,
    /// Tile in streaming order.
    pub tile: usize,
    /// Row within the tile.
    pub row: usize,
    /// Column within the tile.
    pub column: usize,
    /// Cycle of the GEMM in which the golden model expects the row on the result stream.
    pub cycle: Cycles,
    /// The hardware's value.
    pub rtl: i64,
    /// The golden model's value.
    pub golden: i64,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.quantity {
            Quantity::Output => "output",
            Quantity::RowFlag => "row flag",
            Quantity::ColumnFlag => "column flag",
            Quantity::Counter(name) => {
                return write!(
                    f,
                    "counter {name}: RTL {}, golden {}",
                    self.rtl, self.golden
                );
            }
        };
        write!(
            f,
            "{what} of tile {}, row {}, column {}, cycle {}: RTL {}, golden {}",
            self.tile, self.row, self.column, self.cycle, self.rtl, self.golden
        )
    }
}

/// Compares outputs, flags and counters; `with_cycles` says whether the cycle
/// counts must agree as well (they cannot when streams stalled).
pub fn compare(
    config: &ArrayConfig,
    rtl: &RtlResult,
    golden: &GemmResult,
    with_cycles: bool,
) -> Option<Divergence> {
    let columns = config.columns;
    let mut first_row = 0;
    for (index, tile) in golden.tiles.iter().enumerate() {
        let at = |quantity, row: usize, column, rtl, golden_value| Divergence {
            quantity,
            tile: index,
            row,
            column,
            cycle: golden.schedule.result_cycle(index, row),
            rtl,
            golden: golden_value,
        };
        for (row, expected) in tile.y.rows().into_iter().enumerate() {
            let found = &rtl.y[(first_row + row) * columns..][..columns];
            for (column, (&found, &expected)) in found.iter().zip(expected).enumerate() {
                if found != expected {
                    let (found, expected) = (i64::from(found), i64::from(expected));
                    return Some(at(Quantity::Output, row, column, found, expected));
                }
            }
            let (found, expected) = (rtl.row_flags[first_row + row] != 0, tile.row_flags[row]);
            if found != expected {
                return Some(at(Quantity::RowFlag, row, 0, found.into(), expected.into()));
            }
        }
        for (column, &expected) in tile.column_flags.iter().enumerate() {
            let found = rtl.column_flags[index * columns + column] != 0;
            if found != expected {
                return Some(at(
                    Quantity::ColumnFlag,
                    0,
                    column,
                    found.into(),
                    expected.into(),
                ));
            }
        }
        first_row += tile.y.nrows();
    }
    let (a, b) = (&rtl.counters, &golden.counters);
    let counters = [
        ("tiles", a.tiles, b.tiles),
        ("flagged_rows", a.flagged_rows, b.flagged_rows),
        ("flagged_columns", a.flagged_columns, b.flagged_columns),
        ("masked", a.masked, b.masked),
        ("unlocated", a.unlocated, b.unlocated),
        ("cycles", a.cycles.0, b.cycles.0),
    ];
    counters
        .into_iter()
        .find(|&(name, found, expected)| found != expected && (with_cycles || name != "cycles"))
        .map(|(name, found, expected)| Divergence {
            quantity: Quantity::Counter(name),
            tile: golden.tiles.len() - 1,
            row: 0,
            column: 0,
            cycle: b.cycles,
            rtl: found as i64,
            golden: expected as i64,
        })
}
