//! How a GEMM is cut into output tiles and passes, the same for every engine.

use crate::config::ArrayConfig;
use std::ops::Range;

/// Largest reduction dimension K: 65 536 products of magnitude 2^14 fit an int32.
pub const MAX_K: usize = 65_536;
/// Largest M and N: the width of the hardware's dimension registers.
pub const MAX_MN: usize = (1 << 24) - 1;

/// The tiles of a GEMM Y[M×N] = X[M×K]·W[K×N] on an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiling {
    m: usize,
    k: usize,
    n: usize,
    tile_rows: usize,
    depth: usize,
    columns: usize,
}

/// One output tile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Position in streaming order.
    pub index: usize,
    /// Rows of Y that it covers, at most T.
    pub rows: Range<usize>,
    /// Columns of Y that it covers, at most C.
    pub columns: Range<usize>,
}

impl Tiling {
    /// Cuts an M×K×N GEMM.
    ///
    /// # Panics
    /// When a dimension is zero or too large; workloads are validated before.
    pub fn new(config: &ArrayConfig, m: usize, k: usize, n: usize) -> Self {
        assert!(
            (1..=MAX_MN).contains(&m) && (1..=MAX_MN).contains(&n) && (1..=MAX_K).contains(&k),
            "GEMM {m}x{k}x{n} was not validated"
        );
        Self {
            m,
            k,
            n,
            tile_rows: config.tile_rows,
            depth: config.rows,
            columns: config.columns,
        }
    }

    /// The reduction dimension K.
    pub fn k(&self) -> usize {
        self.k
    }

    /// Passes over K per tile: ⌈K/R⌉.
    pub fn passes(&self) -> usize {
        self.k.div_ceil(self.depth)
    }

    /// The slice of K that a pass reduces, at most R.
    pub fn pass_depth(&self, pass: usize) -> Range<usize> {
        let start = pass * self.depth;
        start..self.k.min(start + self.depth)
    }

    /// Number of tiles.
    pub fn len(&self) -> usize {
        self.m.div_ceil(self.tile_rows) * self.n.div_ceil(self.columns)
    }

    /// Tiles side by side: ⌈N/C⌉.
    pub fn across(&self) -> usize {
        self.n.div_ceil(self.columns)
    }

    /// Never: a GEMM has at least one tile.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tile at a position in streaming order: rows of tiles from top to
    /// bottom, within a row of tiles from left to right.
    pub fn tile(&self, index: usize) -> Tile {
        let across = self.across();
        let row = index / across * self.tile_rows;
        let column = index % across * self.columns;
        Tile {
            index,
            rows: row..self.m.min(row + self.tile_rows),
            columns: column..self.n.min(column + self.columns),
        }
    }

    /// All tiles in streaming order.
    pub fn tiles(&self) -> impl Iterator<Item = Tile> + '_ {
        (0..self.len()).map(|index| self.tile(index))
    }
}
