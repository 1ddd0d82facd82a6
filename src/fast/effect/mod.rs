//! What faults do to a tile, as sparse deltas: a fault costs the sum that it
//! meets and the elements that it reaches, and nothing else is computed again.
//!
//! The exact product has no syndrome (design §4, padding included), so that the
//! syndromes of a faulty tile are those of its deltas, by linearity.

mod operands;
mod os;
mod outputs;
mod registers;
mod ws;

use super::PackedWeights;
use crate::config::{ArrayConfig, Dataflow};
use crate::fault::TileFaults;
use crate::golden::{self, Counters, FaultCounts, TileResult};
use crate::tiling::Tiling;
use ndarray::{Array2, ArrayView2, ArrayViewMut2, s};
use operands::Operands;
use std::borrow::Borrow;

pub use outputs::output_deltas;

/// What the faults of one tile do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TileEffect {
    /// The tile, in streaming order.
    pub tile: usize,
    /// What was added to the exact sums, by row and column of the extended tile,
    /// in that order and never zero: rows and columns beyond the data are the
    /// checksum digits.
    pub deltas: Vec<(usize, usize, i32)>,
    /// Flagged data rows, ascending.
    pub row_flags: Vec<usize>,
    /// Flagged columns, ascending.
    pub column_flags: Vec<usize>,
}

impl TileEffect {
    /// What the golden model found of a tile.
    pub fn of_golden(tile: usize, result: &TileResult) -> Self {
        let set = |flags: &[bool]| {
            let lines = flags.iter().enumerate().filter(|(_, flag)| **flag);
            lines.map(|(line, _)| line).collect()
        };
        let deltas = result.deltas.iter();
        Self {
            tile,
            deltas: deltas.map(|(&(m, j), &delta)| (m, j, delta)).collect(),
            row_flags: set(&result.row_flags),
            column_flags: set(&result.column_flags),
        }
    }

    /// Flagged data rows and columns.
    pub fn flags(&self) -> [&[usize]; 2] {
        [&self.row_flags, &self.column_flags]
    }

    /// Elements of the correction mask: flagged row and flagged column.
    pub fn masked(&self) -> usize {
        self.row_flags.len() * self.column_flags.len()
    }

    /// Lines flagged although no line of the other direction is.
    pub fn unlocated(&self) -> usize {
        if self.masked() == 0 {
            self.row_flags.len() + self.column_flags.len()
        } else {
            0
        }
    }

    /// Counts flags and mask.
    pub(super) fn count(&self, counters: &mut Counters) {
        counters.flagged_rows += self.row_flags.len() as u64;
        counters.flagged_columns += self.column_flags.len() as u64;
        counters.masked += self.masked() as u64;
        counters.unlocated += self.unlocated() as u64;
    }

    /// Adds the deltas to the exact product Y[M×N]. What is padding or a checksum
    /// digit has no place there.
    pub fn apply(&self, tiling: &Tiling, y: &mut ArrayViewMut2<'_, i32>) {
        let tile = tiling.tile(self.tile);
        for &(row, column, delta) in &self.deltas {
            if row < tile.rows.len() && column < tile.columns.len() {
                let y = &mut y[[tile.rows.start + row, tile.columns.start + column]];
                *y = y.wrapping_add(delta);
            }
        }
    }

    /// What became of the faults, as [`golden::classify`] judges them.
    pub fn classify(
        &self,
        config: &ArrayConfig,
        tiling: &Tiling,
        faults: &TileFaults,
        threshold_bit: u32,
    ) -> FaultCounts {
        let flags = |lines: &[usize], count: usize| {
            let mut flags = vec![false; count];
            lines.iter().for_each(|&line| flags[line] = true);
            flags
        };
        let result = TileResult {
            // Faults are judged by what they changed, not by the values.
            y: Array2::zeros((0, 0)),
            row_flags: flags(&self.row_flags, tiling.tile(self.tile).rows.len()),
            column_flags: flags(&self.column_flags, config.columns),
            deltas: self.deltas.iter().map(|&(m, j, d)| ((m, j), d)).collect(),
        };
        golden::classify(config, faults, &result, threshold_bit)
    }
}

/// What the faults of a GEMM X[M×K]·W do, tile by tile; equal to
/// [`golden::tile`] bit for bit. Tiles without faults have no effect.
///
/// # Panics
/// When X and W do not fit the tiling.
pub fn effects(
    config: &ArrayConfig,
    tiling: &Tiling,
    x: ArrayView2<'_, i8>,
    w: &PackedWeights,
    faults: impl IntoIterator<Item = (usize, impl Borrow<TileFaults>)>,
    threshold_bit: u32,
) -> Vec<TileEffect> {
    assert_eq!((x.ncols(), w.depth()), (tiling.k(), tiling.k()));
    let contiguous = x.ncols() < 2 || x.strides()[1] == 1;
    let owned = (!contiguous).then(|| x.as_standard_layout());
    let x = owned.as_ref().map_or(x, |x| x.view());
    let mut syndromes = Syndromes::default();
    let faults = faults.into_iter();
    let mut found = Vec::with_capacity(faults.size_hint().0);
    for (tile, faults) in faults {
        let faults = faults.borrow();
        if faults.is_empty() {
            continue;
        }
        if !faults.stuck.is_empty() {
            found.push(dense(config, tiling, tile, x, w, faults, threshold_bit));
            continue;
        }
        let mut operands = Operands::new(config, &tiling.tile(tile), x, w);
        let deltas = match config.dataflow {
            Dataflow::Ws => ws::deltas(config, tiling, &mut operands, &faults.flips),
            Dataflow::Os => os::deltas(config, &mut operands, &faults.flips),
        };
        let (row_flags, column_flags) =
            syndromes.flags(config, operands.data_rows(), &deltas, threshold_bit);
        found.push(TileEffect {
            tile,
            deltas,
            row_flags,
            column_flags,
        });
    }
    found
}

/// The event counters of a GEMM, as [`golden::gemm`] counts, streams never
/// stalling. The cycles follow from the shape alone: see [`golden::schedule`].
pub fn counters(config: &ArrayConfig, tiling: &Tiling, effects: &[TileEffect]) -> Counters {
    let mut counters = Counters {
        cycles: golden::schedule(config, tiling).cycles,
        tiles: tiling.len() as u64,
        ..Counters::default()
    };
    effects
        .iter()
        .for_each(|effect| effect.count(&mut counters));
    counters
}

/// A tile with permanent faults, which upset every row of every pass: nothing
/// about it is sparse, and the golden model computes it.
fn dense(
    config: &ArrayConfig,
    tiling: &Tiling,
    tile: usize,
    x: ArrayView2<'_, i8>,
    w: &PackedWeights,
    faults: &TileFaults,
    threshold_bit: u32,
) -> TileEffect {
    let place = tiling.tile(tile);
    let x = x.slice(s![place.rows.clone(), ..]);
    let w = w.unpack_columns(&place.columns);
    let alone = Tiling::new(config, x.nrows(), tiling.k(), w.ncols());
    let first = alone.tile(0);
    let result = golden::tile(config, &alone, &first, x, w.view(), faults, threshold_bit);
    TileEffect::of_golden(tile, &result)
}

/// Sorts deltas, adds up those of the same element, and drops what cancels.
fn merge(deltas: &mut Vec<(usize, usize, i32)>) {
    deltas.sort_unstable_by_key(|&(row, column, _)| (row, column));
    deltas.dedup_by(|next, kept| {
        let same = (next.0, next.1) == (kept.0, kept.1);
        if same {
            kept.2 = kept.2.wrapping_add(next.2);
        }
        same
    });
    deltas.retain(|delta| delta.2 != 0);
}

/// What the delta of an element adds to the syndrome of a line through it: `place` in the line,
/// whose data end at `data`.
pub fn syndrome_share(delta: i32, place: usize, data: usize) -> i32 {
    match place.checked_sub(data) {
        None => delta,
        Some(0) => delta.wrapping_mul(-256),
        Some(_) => delta.wrapping_neg(),
    }
}

/// Column syndromes, kept from tile to tile to save their allocation.
#[derive(Default)]
struct Syndromes {
    columns: Vec<i32>,
    touched: Vec<usize>,
}

impl Syndromes {
    /// The flagged rows and columns that sorted deltas lead to.
    fn flags(
        &mut self,
        config: &ArrayConfig,
        data_rows: usize,
        deltas: &[(usize, usize, i32)],
        threshold_bit: u32,
    ) -> (Vec<usize>, Vec<usize>) {
        if !config.checksum {
            return (Vec::new(), Vec::new());
        }
        self.columns.resize(config.columns, 0);
        let mut rows = Vec::new();
        for row in deltas.chunk_by(|a, b| a.0 == b.0) {
            let mut syndrome = 0i32;
            for &(row, column, delta) in row {
                syndrome = syndrome.wrapping_add(syndrome_share(delta, column, config.columns));
                if column < config.columns {
                    let sum = &mut self.columns[column];
                    *sum = sum.wrapping_add(syndrome_share(delta, row, data_rows));
                    self.touched.push(column);
                }
            }
            if row[0].0 < data_rows && golden::exceeds(syndrome, threshold_bit) {
                rows.push(row[0].0);
            }
        }
        self.touched.sort_unstable();
        let mut columns = Vec::new();
        for column in self.touched.drain(..) {
            // A column met before has been cleared.
            let syndrome = std::mem::take(&mut self.columns[column]);
            if golden::exceeds(syndrome, threshold_bit) {
                columns.push(column);
            }
        }
        (rows, columns)
    }
}
