//! Delivered tiles against those of the golden model.

use super::Divergence;
use crate::config::ArrayConfig;
use crate::golden::accelerator::DeliveredTile;
use crate::soc::ReceivedTile;

/// The first difference between delivered tiles and those of the golden model.
pub(super) fn compare(
    config: &ArrayConfig,
    gemm: &str,
    received: &[(usize, ReceivedTile)],
    expected: &[DeliveredTile],
) -> Result<(), Divergence> {
    let fail = |what: String| Divergence {
        gemm: gemm.to_owned(),
        what,
    };
    if received.len() != expected.len() {
        let (found, expected) = (received.len(), expected.len());
        return Err(fail(format!("{found} tiles, golden {expected}")));
    }
    let columns = config.columns;
    for ((number, found), expected) in received.iter().zip(expected) {
        let tile = expected.tile;
        let shape = (*number, found.rows.len());
        if shape != (tile, expected.y.nrows()) {
            let rows = expected.y.nrows();
            return Err(fail(format!(
                "tile and rows {shape:?}, golden ({tile}, {rows})"
            )));
        }
        let differs = |what: &str, found: bool, expected: bool| {
            let text = format!("{what} of tile {tile}: accelerator {found}, golden {expected}");
            (found != expected).then(|| fail(text))
        };
        let flags = [
            ("rollback", found.rolled_back(columns), expected.rolled_back),
            (
                "repetition",
                found.repeated_later(columns),
                expected.repeated_later,
            ),
        ];
        let rows = expected.row_flags.iter().enumerate();
        let rows = rows.map(|(row, flag)| ("a row flag", found.row_flag(columns, row), *flag));
        let lines = expected.column_flags.iter().enumerate();
        let lines = lines.map(|(j, flag)| ("a column flag", found.column_flag(columns, j), *flag));
        for (what, found, expected) in flags.into_iter().chain(rows).chain(lines) {
            if let Some(divergence) = differs(what, found, expected) {
                return Err(divergence);
            }
        }
        for ((row, column), &y) in expected.y.indexed_iter() {
            let found = found.rows[row][column] as i32;
            if found != y {
                return Err(fail(format!(
                    "output of tile {tile}, row {row}, column {column}: accelerator {found}, golden {y}"
                )));
            }
        }
    }
    Ok(())
}
