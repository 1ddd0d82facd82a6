//! Products into memory: blocks that fit the caches, and threads.

use super::PackedWeights;
use super::kernel::{self, Isa, PANEL};
use ndarray::{Array2, ArrayView2, ArrayViewMut2, Axis};

/// Bytes of X that are multiplied with all panels before the next ones: they
/// share the L2 cache with a pair of panels.
const BLOCK_BYTES: usize = 256 * 1024;
/// Rows of a block at least, and a multiple of what the kernels compute at once.
const BLOCK_ROWS: usize = 48;

/// Y[M×N] = X[M×K]·W, exact, wrapping.
///
/// # Panics
/// When X does not have K columns.
pub fn multiply(x: ArrayView2<'_, i8>, w: &PackedWeights) -> Array2<i32> {
    let mut y = Array2::zeros((x.nrows(), w.columns()));
    multiply_into(x, w, y.view_mut(), 1);
    y
}

/// As [`multiply`], into Y, which is overwritten whatever it holds, on up to
/// `threads` threads. The result does not depend on their number.
///
/// # Panics
/// When the sizes do not fit each other, or `threads` is 0.
pub fn multiply_into(
    x: ArrayView2<'_, i8>,
    w: &PackedWeights,
    y: ArrayViewMut2<'_, i32>,
    threads: usize,
) {
    multiply_with(Isa::best(), x, w, y, threads);
}

/// As [`multiply_into`], with the instructions of choice.
pub(super) fn multiply_with(
    isa: Isa,
    x: ArrayView2<'_, i8>,
    w: &PackedWeights,
    mut y: ArrayViewMut2<'_, i32>,
    threads: usize,
) {
    assert_eq!(x.ncols(), w.depth(), "K of X and W");
    assert_eq!(y.dim(), (x.nrows(), w.columns()), "shape of Y");
    assert!(threads > 0, "no threads");
    if y.is_empty() {
        return;
    }
    if x.ncols() > 1 && x.strides()[1] != 1 {
        let x = x.as_standard_layout();
        return multiply_with(isa, x.view(), w, y, threads);
    }
    if y.ncols() > 1 && y.strides()[1] != 1 {
        let mut rows = Array2::zeros(y.dim());
        multiply_with(isa, x, w, rows.view_mut(), threads);
        y.assign(&rows);
        return;
    }
    let offsets = kernel::offsets(x);
    let job = Job {
        isa,
        x,
        offsets: &offsets,
        w,
    };
    let panels = w.columns().div_ceil(PANEL);
    if threads == 1 {
        job.run(0..panels, y);
    } else if x.nrows() >= BLOCK_ROWS {
        job.split_rows(threads, y);
    } else {
        job.split_panels(threads, panels, y);
    }
}

/// A product; X has contiguous rows.
#[derive(Clone, Copy)]
struct Job<'a> {
    isa: Isa,
    x: ArrayView2<'a, i8>,
    offsets: &'a [i32],
    w: &'a PackedWeights,
}

impl Job<'_> {
    /// The columns of some panels of W, all rows.
    fn run(self, panels: std::ops::Range<usize>, mut y: ArrayViewMut2<'_, i32>) {
        let groups = self.w.groups();
        let lines = &self.w.lines()[panels.start * groups..panels.end * groups];
        let rows = BLOCK_BYTES / self.x.ncols().max(1) / BLOCK_ROWS * BLOCK_ROWS;
        let rows = rows.max(BLOCK_ROWS);
        let blocks = self.x.axis_chunks_iter(Axis(0), rows);
        let blocks = blocks.zip(self.offsets.chunks(rows));
        for ((x, offsets), y) in blocks.zip(y.axis_chunks_iter_mut(Axis(0), rows)) {
            kernel::multiply(self.isa, x, offsets, lines, groups, y);
        }
    }

    /// Threads that share the rows of X.
    fn split_rows(self, threads: usize, mut y: ArrayViewMut2<'_, i32>) {
        let share = self.x.nrows().div_ceil(threads);
        let panels = self.w.columns().div_ceil(PANEL);
        std::thread::scope(|scope| {
            let parts = self.x.axis_chunks_iter(Axis(0), share);
            let parts = parts.zip(self.offsets.chunks(share));
            for ((x, offsets), y) in parts.zip(y.axis_chunks_iter_mut(Axis(0), share)) {
                scope.spawn(move || Job { x, offsets, ..self }.run(0..panels, y));
            }
        });
    }

    /// Threads that share the columns of W.
    fn split_panels(self, threads: usize, panels: usize, mut y: ArrayViewMut2<'_, i32>) {
        let share = panels.div_ceil(threads).max(1);
        std::thread::scope(|scope| {
            let parts = y.axis_chunks_iter_mut(Axis(1), share * PANEL);
            for (part, y) in parts.enumerate() {
                let first = part * share;
                scope.spawn(move || self.run(first..panels.min(first + share), y));
            }
        });
    }
}
