//! Exact int8 micro-kernels, chosen at run time by what the CPU can do.
//!
//! All of them compute Σ x·(w + 128) − 128·Σ x: `vpdpbusd` multiplies unsigned
//! with signed bytes, and its sums wrap, so that the offset comes out exactly.
//! Activations are broadcast four k at a time, straight from their rows.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

use ndarray::{ArrayView2, ArrayViewMut2};

/// Columns of a panel of packed weights.
pub(super) const PANEL: usize = 16;
/// Consecutive k in a line of a panel.
pub(super) const LINE: usize = 4;
/// Depth of a pass through the default array: a sum of no more is computed at once.
pub(super) const SHORT: usize = 16;
/// What is added to a weight to make it unsigned.
const OFFSET: u8 = 128;

/// Four consecutive k of the 16 columns of a panel, column by column.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(super) struct Line(pub [u8; PANEL * LINE]);

impl Line {
    /// Weights that are all zero.
    pub const ZERO: Self = Self([OFFSET; PANEL * LINE]);

    /// The weight of a column of the panel and a k of the line.
    pub fn get(&self, column: usize, k: usize) -> i8 {
        (self.0[column * LINE + k] ^ OFFSET) as i8
    }

    fn set(&mut self, column: usize, k: usize, weight: i8) {
        self.0[column * LINE + k] = weight as u8 ^ OFFSET;
    }

    /// Sets the four weights of a column of the panel.
    fn set_column(&mut self, column: usize, weights: &[i8]) {
        for (byte, weight) in self.0[column * LINE..][..LINE].iter_mut().zip(weights) {
            *byte = *weight as u8 ^ OFFSET;
        }
    }

    /// The four weights of a column of the panel.
    pub fn column(&self, column: usize) -> [i8; LINE] {
        std::array::from_fn(|k| self.get(column, k))
    }
}

/// The instructions that a kernel is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// Plain Rust, vectorised by the compiler for AVX2 or AVX-512 where there is one.
    Portable,
    /// 256-bit `vpdpbusd` of AVX-VNNI.
    AvxVnni,
    /// 512-bit `vpdpbusd` of AVX512-VNNI.
    Avx512Vnni,
}

impl Isa {
    /// All that this CPU can run, the fastest last.
    pub fn available() -> Vec<Self> {
        let mut all = vec![Self::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avxvnni") {
                all.push(Self::AvxVnni);
            }
            if std::arch::is_x86_feature_detected!("avx512vnni")
                && std::arch::is_x86_feature_detected!("avx512bw")
            {
                all.push(Self::Avx512Vnni);
            }
        }
        all
    }

    /// The fastest that this CPU can run.
    pub fn best() -> Self {
        static BEST: std::sync::OnceLock<Isa> = std::sync::OnceLock::new();
        *BEST.get_or_init(|| *Self::available().last().expect("one is portable"))
    }

    /// Most rows that a kernel computes at once, `panels` panels wide.
    fn rows(self) -> usize {
        match self {
            Self::Portable => 4,
            Self::AvxVnni => 6,
            Self::Avx512Vnni => 12,
        }
    }
}

/// 128·Σ x of every row, which the kernels take away again.
///
/// # Panics
/// When the elements of a row are not contiguous.
pub(super) fn offsets(x: ArrayView2<'_, i8>) -> Vec<i32> {
    #[cfg(target_arch = "x86_64")]
    if Isa::best() == Isa::Avx512Vnni {
        return x86::offsets(x);
    }
    plain_offsets(x)
}

#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2"))]
fn plain_offsets(x: ArrayView2<'_, i8>) -> Vec<i32> {
    let sum = |row: &[i8]| row.iter().map(|&x| i32::from(x)).sum::<i32>();
    let rows = x.rows().into_iter();
    rows.map(|row| sum(row.to_slice().expect("contiguous rows")).wrapping_mul(i32::from(OFFSET)))
        .collect()
}

/// Y[rows×columns] = X[rows×K]·W, W being some panels of `groups` lines each;
/// `offsets` as [`offsets`] gives them for X.
///
/// # Panics
/// When the sizes do not fit each other, or the elements of a row of X or Y are
/// not contiguous, or the CPU lacks the instructions.
pub(super) fn multiply(
    isa: Isa,
    x: ArrayView2<'_, i8>,
    offsets: &[i32],
    panels: &[Line],
    groups: usize,
    y: ArrayViewMut2<'_, i32>,
) {
    assert_eq!(x.ncols().div_ceil(LINE), groups);
    assert_eq!((x.nrows(), x.nrows()), (y.nrows(), offsets.len()));
    assert_eq!(panels.len(), groups * y.ncols().div_ceil(PANEL));
    if groups == 0 || x.nrows() == 0 || y.ncols() == 0 {
        let mut y = y;
        y.fill(0);
        return;
    }
    match isa {
        Isa::Portable => portable::multiply(x, panels, groups, y),
        #[cfg(target_arch = "x86_64")]
        Isa::AvxVnni | Isa::Avx512Vnni => x86::multiply(isa, x, offsets, panels, groups, y),
        #[cfg(not(target_arch = "x86_64"))]
        Isa::AvxVnni | Isa::Avx512Vnni => panic!("{isa:?} is not of this CPU"),
    }
}

/// Σ x·w of the first `count` of sixteen k, w being a column of the panel of the lines.
///
/// # Panics
/// When the column does not exist, or `count` is above sixteen.
pub(super) fn short_dot(
    x: &[i8; SHORT],
    lines: &[Line; SHORT / LINE],
    count: usize,
    column: usize,
) -> i32 {
    assert!(count <= SHORT);
    #[cfg(target_arch = "x86_64")]
    return x86::short_dot(x, lines, count, column);
    #[cfg(not(target_arch = "x86_64"))]
    return (0..count)
        .map(|k| i32::from(x[k]) * i32::from(lines[k / LINE].get(column, k % LINE)))
        .sum();
}

/// Fills a panel with up to 16 columns of W, given as rows of them (K×columns).
pub(super) fn pack_rows(w: ArrayView2<'_, i8>, panel: &mut [Line]) {
    #[cfg(target_arch = "x86_64")]
    let done = x86::pack_rows(w, panel);
    #[cfg(not(target_arch = "x86_64"))]
    let done = 0;
    for (k, row) in w.rows().into_iter().enumerate().skip(done) {
        for (column, &weight) in row.iter().enumerate() {
            panel[k / LINE].set(column, k % LINE, weight);
        }
    }
}

/// Fills a panel with up to 16 columns of W, given column by column (columns×K).
pub(super) fn pack_columns(w: ArrayView2<'_, i8>, panel: &mut [Line]) {
    #[cfg(target_arch = "x86_64")]
    let done = x86::pack_columns(w, panel);
    #[cfg(not(target_arch = "x86_64"))]
    let done = 0;
    for (column, weights) in w.rows().into_iter().enumerate() {
        for (k, &weight) in weights.iter().enumerate().skip(done) {
            panel[k / LINE].set(column, k % LINE, weight);
        }
    }
}
