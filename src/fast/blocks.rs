//! Products that are handed over block by block, while their sums are in a cache:
//! what follows a GEMM, such as scaling to f32, reads them from there, and the
//! matrix of sums is never in memory.

use super::PackedWeights;
use super::kernel::{self, Isa, PANEL};
use ndarray::{ArrayView2, ArrayViewMut2, Axis, s};
use std::ops::Range;

/// What a fault adds to an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delta {
    /// Row of Y.
    pub row: u32,
    /// Column of Y.
    pub column: u32,
    /// What is added to the exact sum, wrapping.
    pub value: i32,
}

/// The sums of a block of Y, with what faults added to them.
#[derive(Debug)]
pub struct Sums<'a> {
    /// Rows of Y.
    pub rows: Range<usize>,
    /// Columns of Y.
    pub columns: Range<usize>,
    /// Row by row, without gaps.
    pub values: &'a [i32],
}

/// How a product is cut into blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// As is fastest.
    Any,
    /// Into whole rows of Y.
    Rows,
}

/// Rows that the kernels compute at once, and a multiple of all that they do.
const KERNEL_ROWS: usize = 12;
/// Bytes of sums in a block: they stay in the L1 cache, or just miss it.
const SUMS_BYTES: usize = 48 * 1024;
/// Bytes of W up to which a block has all columns: W stays in the L2 cache.
const PACKED_BYTES: usize = 256 * 1024;
/// Bytes of X that meet some panels before the next ones do.
const ROWS_BYTES: usize = 256 * 1024;

/// Rows and columns of a block.
#[derive(Clone, Copy, Debug)]
struct Blocks {
    rows: usize,
    columns: usize,
}

impl Blocks {
    fn new(cut: Cut, [m, k, n]: [usize; 3]) -> Self {
        let rows = |columns: usize| {
            let rows = SUMS_BYTES / 4 / columns.max(1);
            (rows / KERNEL_ROWS * KERNEL_ROWS).max(KERNEL_ROWS)
        };
        if m * n <= 2 * SUMS_BYTES / 4 {
            // One block: nothing has to be sorted.
            return Self {
                rows: m,
                columns: n,
            };
        }
        if cut == Cut::Rows || k * n <= PACKED_BYTES {
            return Self {
                rows: rows(n),
                columns: n,
            };
        }
        // What the kernels take at once, several times: a call costs as much as a few k.
        Self {
            rows: 4 * KERNEL_ROWS,
            columns: 8 * PANEL,
        }
    }

    /// Blocks side by side.
    fn across(self, n: usize) -> usize {
        n.div_ceil(self.columns.max(1))
    }
}

/// A product X[M×K]·W, the deltas of its faults, and how it is cut.
pub struct Product<'a> {
    x: ArrayView2<'a, i8>,
    offsets: Vec<i32>,
    w: &'a PackedWeights,
    blocks: Blocks,
    /// Deltas by block.
    deltas: Buckets,
}

impl<'a> Product<'a> {
    /// X must have contiguous rows. Deltas may come in any order.
    ///
    /// # Panics
    /// When X does not have K columns, or its rows are not contiguous.
    pub fn new(x: ArrayView2<'a, i8>, w: &'a PackedWeights, cut: Cut, deltas: Vec<Delta>) -> Self {
        assert_eq!(x.ncols(), w.depth(), "K of X and W");
        let blocks = Blocks::new(cut, [x.nrows(), x.ncols(), w.columns()]);
        Self {
            x,
            offsets: kernel::offsets(x),
            w,
            blocks,
            deltas: Buckets::new(deltas, blocks, x.nrows(), w.columns()),
        }
    }

    /// Computes all blocks on up to `threads` threads. `sink` gets each, and the part of
    /// `y` from the block's first row on, `stride` elements of `y` belonging to a row.
    /// Blocks do not share rows of `y` unless they have the same thread.
    ///
    /// # Panics
    /// When `threads` is 0 or `y` is too short for the first elements of all rows.
    pub fn run<T: Send>(
        &self,
        threads: usize,
        scratch: &mut Vec<i32>,
        (y, stride): (&mut [T], usize),
        sink: impl Fn(Sums<'_>, &mut [T]) + Sync,
    ) {
        let (m, n) = (self.x.nrows(), self.w.columns());
        if m == 0 || n == 0 {
            return;
        }
        let blocks = m.div_ceil(self.blocks.rows);
        let share = blocks.div_ceil(threads) * self.blocks.rows;
        if share >= m {
            return self.part(0..m, scratch, (y, stride), &sink);
        }
        std::thread::scope(|scope| {
            let sink = &sink;
            for (first, y) in (0..m).step_by(share).zip(y.chunks_mut(share * stride)) {
                let rows = first..m.min(first + share);
                scope.spawn(move || self.part(rows, &mut Vec::new(), (y, stride), sink));
            }
        });
    }

    /// Some rows, a multiple of a block's.
    fn part<T>(
        &self,
        part: Range<usize>,
        scratch: &mut Vec<i32>,
        (y, stride): (&mut [T], usize),
        sink: &impl Fn(Sums<'_>, &mut [T]),
    ) {
        let (n, groups, isa) = (self.w.columns(), self.w.groups(), Isa::best());
        let Blocks { rows, columns } = self.blocks;
        let largest = rows.min(part.len()) * columns.min(n);
        if scratch.len() < largest {
            scratch.resize(largest, 0);
        }
        let together = (ROWS_BYTES / self.x.ncols().max(1) / rows).max(1) * rows;
        for first in part.clone().step_by(together) {
            let together = first..part.end.min(first + together);
            for first_column in (0..n).step_by(columns) {
                let columns = first_column..n.min(first_column + columns);
                let panels = columns.start / PANEL..columns.end.div_ceil(PANEL);
                let lines = &self.w.lines()[panels.start * groups..panels.end * groups];
                for first in together.clone().step_by(rows) {
                    let rows = first..together.end.min(first + rows);
                    let sums = &mut scratch[..rows.len() * columns.len()];
                    let shape = (rows.len(), columns.len());
                    kernel::multiply(
                        isa,
                        self.x.slice(s![rows.clone(), ..]),
                        &self.offsets[rows.clone()],
                        lines,
                        groups,
                        ArrayViewMut2::from_shape(shape, sums).expect("rows times columns"),
                    );
                    self.deltas.add(self.blocks, n, &rows, &columns, sums);
                    let y = &mut y[(rows.start - part.start) * stride..];
                    let values = &*sums;
                    sink(
                        Sums {
                            rows,
                            columns: columns.clone(),
                            values,
                        },
                        y,
                    );
                }
            }
        }
    }
}

/// Hands over sums that are there already, as [`Product::run`] does.
pub fn hand_over<T>(
    sums: ArrayView2<'_, i32>,
    (y, stride): (&mut [T], usize),
    sink: impl Fn(Sums<'_>, &mut [T]),
) {
    let n = sums.ncols();
    let rows = (SUMS_BYTES / 4 / n.max(1)).max(1);
    let blocks = sums.axis_chunks_iter(Axis(0), rows);
    for (block, first) in blocks.zip((0..).step_by(rows)) {
        let sums = Sums {
            rows: first..first + block.nrows(),
            columns: 0..n,
            values: block.to_slice().expect("sums are row-major"),
        };
        sink(sums, &mut y[first * stride..]);
    }
}

/// Deltas sorted by block.
struct Buckets {
    /// Where those of each block start; empty for a single block.
    starts: Vec<u32>,
    deltas: Vec<Delta>,
}

impl Buckets {
    fn new(deltas: Vec<Delta>, blocks: Blocks, m: usize, n: usize) -> Self {
        let across = blocks.across(n);
        let count = across * m.div_ceil(blocks.rows.max(1));
        if deltas.is_empty() || count <= 1 {
            let starts = Vec::new();
            return Self { starts, deltas };
        }
        let of = |delta: &Delta| {
            delta.row as usize / blocks.rows * across + delta.column as usize / blocks.columns
        };
        let places: Vec<u32> = deltas.iter().map(|delta| of(delta) as u32).collect();
        // A counting sort.
        let mut starts = vec![0u32; count + 1];
        for place in &places {
            starts[*place as usize + 1] += 1;
        }
        for block in 0..count {
            starts[block + 1] += starts[block];
        }
        let mut sorted = deltas.clone();
        let mut next = starts.clone();
        for (delta, place) in deltas.iter().zip(places) {
            let at = &mut next[place as usize];
            sorted[*at as usize] = *delta;
            *at += 1;
        }
        Self {
            starts,
            deltas: sorted,
        }
    }

    /// Adds the deltas of a block to its sums.
    fn add(
        &self,
        blocks: Blocks,
        n: usize,
        rows: &Range<usize>,
        columns: &Range<usize>,
        sums: &mut [i32],
    ) {
        if self.deltas.is_empty() {
            return;
        }
        let deltas = if self.starts.is_empty() {
            &self.deltas[..]
        } else {
            let block =
                rows.start / blocks.rows * blocks.across(n) + columns.start / blocks.columns;
            &self.deltas[self.starts[block] as usize..self.starts[block + 1] as usize]
        };
        for delta in deltas {
            let row = delta.row as usize - rows.start;
            let at = row * columns.len() + delta.column as usize - columns.start;
            sums[at] = sums[at].wrapping_add(delta.value);
        }
    }
}
