//! Weights in the order in which the kernels read them.

use super::kernel::{self, LINE, Line, PANEL, SHORT};
use ndarray::{Array2, ArrayView2};
use std::ops::Range;

/// int8 weights [K×N], repacked once for the kernels: panels of 16 columns, each
/// a run of lines that hold four k of every column. Stored with an offset of 128,
/// as unsigned bytes; what is beyond K or N is zero.
#[derive(Clone, Debug)]
pub struct PackedWeights {
    depth: usize,
    columns: usize,
    lines: Vec<Line>,
}

impl PackedWeights {
    /// Packs W[K×N].
    pub fn new(w: ArrayView2<'_, i8>) -> Self {
        Self::pack(w, false)
    }

    /// Packs W[K×N] that is stored as its transpose [N×K], as diffusers stores
    /// the weights of a linear layer, and as the keys of QKᵀ are.
    pub fn from_transposed(w: ArrayView2<'_, i8>) -> Self {
        Self::pack(w.reversed_axes(), true)
    }

    fn pack(w: ArrayView2<'_, i8>, transposed: bool) -> Self {
        let (depth, columns) = w.dim();
        let groups = depth.div_ceil(LINE);
        let mut lines = vec![Line::ZERO; groups * columns.div_ceil(PANEL)];
        if groups > 0 {
            let panels = lines.chunks_exact_mut(groups);
            for (panel, first) in panels.zip((0..columns).step_by(PANEL)) {
                let end = columns.min(first + PANEL);
                let part = w.slice(ndarray::s![.., first..end]);
                if transposed {
                    kernel::pack_columns(part.reversed_axes(), panel);
                } else {
                    kernel::pack_rows(part, panel);
                }
            }
        }
        Self {
            depth,
            columns,
            lines,
        }
    }

    /// The reduction dimension K.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Columns N.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// One weight.
    ///
    /// # Panics
    /// When there is no such element.
    pub fn get(&self, k: usize, column: usize) -> i8 {
        assert!(k < self.depth && column < self.columns);
        self.panel(column / PANEL)[k / LINE].get(column % PANEL, k % LINE)
    }

    /// Σ x·w over the k from `first` on, x being the activations of these k.
    ///
    /// # Panics
    /// When the column, or one of the k, does not exist.
    pub fn dot(&self, x: &[i8], first: usize, column: usize) -> i32 {
        assert!(first + x.len() <= self.depth && column < self.columns);
        let (panel, column) = (self.panel(column / PANEL), column % PANEL);
        let add = |sum: i32, x: i8, w: i8| sum.wrapping_add(i32::from(x) * i32::from(w));
        // Up to the first whole line, whole lines, and the rest.
        let head = first.next_multiple_of(LINE).min(first + x.len()) - first;
        let (head, whole) = x.split_at(head);
        let mut sum = 0;
        for (k, &x) in (first..).zip(head) {
            sum = add(sum, x, panel[k / LINE].get(column, k % LINE));
        }
        let (quads, rest) = whole.as_chunks::<LINE>();
        let lines = &panel[(first + head.len()) / LINE..];
        for (quad, line) in quads.iter().zip(lines) {
            let weights = line.column(column);
            for k in 0..LINE {
                sum = add(sum, quad[k], weights[k]);
            }
        }
        for (k, &x) in rest.iter().enumerate() {
            sum = add(sum, x, lines[quads.len()].get(column, k));
        }
        sum
    }

    /// Σ x·w over some k, x being a whole row of X: as [`PackedWeights::dot`], and faster for
    /// the few k of a pass.
    ///
    /// # Panics
    /// When the column, or one of the k, does not exist.
    pub fn dot_of_row(&self, row: &[i8], depth: Range<usize>, column: usize) -> i32 {
        assert!(row.len() == self.depth && column < self.columns);
        let lines = &self.panel(column / PANEL)[depth.start / LINE..];
        match (row[depth.start..].first_chunk(), lines.first_chunk()) {
            (Some(x), Some(lines)) if depth.start.is_multiple_of(LINE) && depth.len() <= SHORT => {
                kernel::short_dot(x, lines, depth.len(), column % PANEL)
            }
            _ => self.dot(&row[depth.clone()], depth.start, column),
        }
    }

    /// The sum of one row of W over some columns.
    ///
    /// # Panics
    /// When one of the elements does not exist.
    pub fn row_sum(&self, k: usize, columns: Range<usize>) -> i32 {
        assert!(k < self.depth && columns.end <= self.columns);
        let mut sum = 0;
        let mut first = columns.start;
        while first < columns.end {
            let panel = first / PANEL;
            let end = columns.end.min((panel + 1) * PANEL);
            let line = &self.panel(panel)[k / LINE];
            sum += (first..end)
                .map(|column| i32::from(line.get(column % PANEL, k % LINE)))
                .sum::<i32>();
            first = end;
        }
        sum
    }

    /// W[K×N] as it was before packing.
    pub fn unpack(&self) -> Array2<i8> {
        self.unpack_columns(&(0..self.columns))
    }

    /// Some columns of it.
    ///
    /// # Panics
    /// When one of them does not exist.
    pub fn unpack_columns(&self, columns: &Range<usize>) -> Array2<i8> {
        Array2::from_shape_fn((self.depth, columns.len()), |(k, column)| {
            self.get(k, columns.start + column)
        })
    }

    /// Lines of a panel: ⌈K/4⌉.
    pub(super) fn groups(&self) -> usize {
        self.depth.div_ceil(LINE)
    }

    /// All lines, panel by panel.
    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The lines of a panel, from k = 0.
    pub(super) fn panel(&self, panel: usize) -> &[Line] {
        &self.lines[panel * self.groups()..][..self.groups()]
    }
}
