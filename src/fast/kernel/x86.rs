//! Kernels of AVX512-VNNI and AVX-VNNI, packing and short sums with SSE2: all `unsafe` of
//! the fast engine.

use super::{Isa, LINE, Line, OFFSET, PANEL, SHORT};
use ndarray::{ArrayView2, ArrayViewMut2};
use std::arch::x86_64::*;

/// Where the operands of a block of rows and panels lie.
#[derive(Clone, Copy)]
struct Block {
    /// First row of X.
    x: *const i8,
    /// Elements from one row of X to the next.
    x_stride: isize,
    /// Elements of a row of X: K.
    depth: usize,
    /// First line of the first panel.
    panels: *const Line,
    /// Lines of a panel: ⌈K/4⌉.
    groups: usize,
    /// First output.
    y: *mut i32,
    /// Elements from one row of Y to the next.
    y_stride: isize,
    /// 128·Σ x of every row.
    offsets: *const i32,
    /// Columns of Y: more than 16·(panels − 1), at most 16·panels.
    columns: usize,
}

impl Block {
    /// The last activations of each row, K mod 4 of them and then zeros, as the
    /// bytes of an integer.
    ///
    /// # Safety
    /// The block has ROWS rows.
    #[inline(never)]
    unsafe fn last_quads<const ROWS: usize>(&self) -> [i32; ROWS] {
        let first = self.depth / LINE * LINE;
        std::array::from_fn(|r| {
            let mut quad = [0; LINE];
            for (k, quad) in quad.iter_mut().enumerate().take(self.depth - first) {
                // SAFETY: first + k < depth, and the row exists.
                *quad = unsafe { *self.row(r).add(first + k) } as u8;
            }
            i32::from_le_bytes(quad)
        })
    }

    /// # Safety
    /// The row is one of the block.
    #[inline(always)]
    unsafe fn row(&self, row: usize) -> *const i8 {
        // SAFETY: the caller's.
        unsafe { self.x.offset(row as isize * self.x_stride) }
    }
}

/// Calls `$kernel` with as many rows and panels as there are.
macro_rules! dispatch {
    ($kernel:ident, $block:expr, $rows:expr, $panels:expr, [$(($r:literal, $p:literal)),* $(,)?]) => {
        match ($rows, $panels) {
            // SAFETY: `multiply` has checked the sizes and the instructions.
            $(($r, $p) => unsafe { $kernel::<$r, $p>($block) },)*
            _ => unreachable!("{} rows, {} panels", $rows, $panels),
        }
    };
}

/// See [`super::multiply`], which has checked the sizes.
pub(super) fn multiply(
    isa: Isa,
    x: ArrayView2<'_, i8>,
    offsets: &[i32],
    panels: &[Line],
    groups: usize,
    mut y: ArrayViewMut2<'_, i32>,
) {
    // A list of all would be allocated for each product.
    assert!(
        isa == Isa::best() || Isa::available().contains(&isa),
        "{isa:?} is not of this CPU"
    );
    assert!(x.ncols() == 1 || x.strides()[1] == 1, "rows of X");
    assert!(y.ncols() == 1 || y.strides()[1] == 1, "rows of Y");
    let (rows, columns) = y.dim();
    let panel_count = columns.div_ceil(PANEL);
    let most = isa.rows();
    // As equal as they can be: 64 rows are four times 11 and twice 10.
    let row_blocks = rows.div_ceil(most);
    // Few rows leave registers for more panels, which hides the latency.
    let wide = if rows <= 3 && isa == Isa::Avx512Vnni {
        4
    } else {
        isa.panels()
    };
    let mut panel = 0;
    while panel < panel_count {
        let width = match panel_count - panel {
            left if left >= wide => wide,
            left if left >= 2 && wide >= 2 => 2,
            _ => 1,
        };
        let mut first = 0;
        for block in 0..row_blocks {
            let count = (rows - first).div_ceil(row_blocks - block);
            // SAFETY: panel < panel_count, first < rows.
            let job = unsafe {
                Block {
                    x: x.as_ptr().offset(first as isize * x.strides()[0]),
                    x_stride: x.strides()[0],
                    depth: x.ncols(),
                    panels: panels.as_ptr().add(panel * groups),
                    groups,
                    y: y.as_mut_ptr()
                        .offset(first as isize * y.strides()[0] + (panel * PANEL) as isize),
                    y_stride: y.strides()[0],
                    offsets: offsets.as_ptr().add(first),
                    columns: (columns - panel * PANEL).min(width * PANEL),
                }
            };
            match isa {
                Isa::Avx512Vnni => dispatch!(
                    block_512,
                    &job,
                    count,
                    width,
                    [
                        (1, 1),
                        (2, 1),
                        (3, 1),
                        (4, 1),
                        (5, 1),
                        (6, 1),
                        (7, 1),
                        (8, 1),
                        (9, 1),
                        (10, 1),
                        (11, 1),
                        (12, 1),
                        (1, 2),
                        (2, 2),
                        (3, 2),
                        (4, 2),
                        (5, 2),
                        (6, 2),
                        (7, 2),
                        (8, 2),
                        (9, 2),
                        (10, 2),
                        (11, 2),
                        (12, 2),
                        (1, 4),
                        (2, 4),
                        (3, 4),
                    ]
                ),
                _ => dispatch!(
                    block_256,
                    &job,
                    count,
                    width,
                    [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1)]
                ),
            }
            first += count;
        }
        panel += width;
    }
}

impl Isa {
    /// Panels that a kernel computes at once.
    fn panels(self) -> usize {
        match self {
            Self::Avx512Vnni => 2,
            Self::AvxVnni | Self::Portable => 1,
        }
    }
}

/// ROWS rows times PANELS panels, one vector of sums for each of both.
///
/// # Safety
/// The block is as its fields say, with ROWS rows and PANELS panels, and the
/// CPU has the instructions.
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn block_512<const ROWS: usize, const PANELS: usize>(block: &Block) {
    // SAFETY: all pointers stay in the block: rows below ROWS, bytes of a row below
    // 4·⌊K/4⌋ (the rest is read one by one), lines below `groups` of PANELS panels,
    // outputs below `columns` (masked).
    unsafe {
        let mut rows = [block.x; ROWS];
        for (r, row) in rows.iter_mut().enumerate() {
            *row = block.row(r);
        }
        let mut panels = [block.panels.cast::<__m512i>(); PANELS];
        for (p, panel) in panels.iter_mut().enumerate() {
            *panel = panel.add(p * block.groups);
        }
        let mut sums = [[_mm512_setzero_si512(); PANELS]; ROWS];
        let whole = block.depth / LINE;
        for group in 0..whole {
            let mut weights = [_mm512_setzero_si512(); PANELS];
            for (weights, panel) in weights.iter_mut().zip(panels) {
                *weights = _mm512_load_si512(panel.add(group));
            }
            for (sums, row) in sums.iter_mut().zip(rows) {
                let quad = row.add(group * LINE).cast::<i32>().read_unaligned();
                let quad = _mm512_set1_epi32(quad);
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = _mm512_dpbusd_epi32(*sum, weights, quad);
                }
            }
        }
        if whole < block.groups {
            let quads = block.last_quads::<ROWS>();
            let mut weights = [_mm512_setzero_si512(); PANELS];
            for (weights, panel) in weights.iter_mut().zip(panels) {
                *weights = _mm512_load_si512(panel.add(whole));
            }
            for (sums, quad) in sums.iter_mut().zip(quads) {
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = _mm512_dpbusd_epi32(*sum, weights, _mm512_set1_epi32(quad));
                }
            }
        }
        let offsets = *block.offsets.cast::<[i32; ROWS]>();
        let last = block.columns - (PANELS - 1) * PANEL;
        let last = ((1u32 << last) - 1) as u16;
        let mut y = block.y;
        for (sums, offset) in sums.into_iter().zip(offsets) {
            for (p, sum) in sums.into_iter().enumerate() {
                let sum = _mm512_sub_epi32(sum, _mm512_set1_epi32(offset));
                let mask = if p == PANELS - 1 { last } else { u16::MAX };
                _mm512_mask_storeu_epi32(y.add(p * PANEL), mask, sum);
            }
            y = y.wrapping_offset(block.y_stride);
        }
    }
}

/// As [`block_512`], with two vectors of sums for each row and panel.
///
/// # Safety
/// As [`block_512`].
#[target_feature(enable = "avx2,avxvnni")]
unsafe fn block_256<const ROWS: usize, const PANELS: usize>(block: &Block) {
    const { assert!(PANELS == 1) };
    // SAFETY: as in `block_512`.
    unsafe {
        let mut rows = [block.x; ROWS];
        for (r, row) in rows.iter_mut().enumerate() {
            *row = block.row(r);
        }
        let mut sums = [[_mm256_setzero_si256(); 2]; ROWS];
        let whole = block.depth / LINE;
        let panel = block.panels.cast::<[__m256i; 2]>();
        for group in 0..whole {
            let weights = *panel.add(group);
            for (sums, row) in sums.iter_mut().zip(rows) {
                let quad = row.add(group * LINE).cast::<i32>().read_unaligned();
                let quad = _mm256_set1_epi32(quad);
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = _mm256_dpbusd_avx_epi32(*sum, weights, quad);
                }
            }
        }
        if whole < block.groups {
            let quads = block.last_quads::<ROWS>();
            let weights = *panel.add(whole);
            for (sums, quad) in sums.iter_mut().zip(quads) {
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum = _mm256_dpbusd_avx_epi32(*sum, weights, _mm256_set1_epi32(quad));
                }
            }
        }
        let offsets = *block.offsets.cast::<[i32; ROWS]>();
        let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        let columns = _mm256_set1_epi32(block.columns as i32);
        let masks = [
            _mm256_cmpgt_epi32(columns, lane),
            _mm256_cmpgt_epi32(columns, _mm256_add_epi32(lane, _mm256_set1_epi32(8))),
        ];
        let mut y = block.y;
        for (sums, offset) in sums.into_iter().zip(offsets) {
            for (half, (sum, mask)) in sums.into_iter().zip(masks).enumerate() {
                let sum = _mm256_sub_epi32(sum, _mm256_set1_epi32(offset));
                _mm256_maskstore_epi32(y.wrapping_add(8 * half), mask, sum);
            }
            y = y.wrapping_offset(block.y_stride);
        }
    }
}

/// See [`super::offsets`]; the CPU has AVX512-VNNI.
pub(super) fn offsets(x: ArrayView2<'_, i8>) -> Vec<i32> {
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn offset(row: &[i8]) -> i32 {
        let ones = _mm512_set1_epi8(1);
        let mut sums = _mm512_setzero_si512();
        let (lines, rest) = row.as_chunks::<64>();
        for line in lines {
            // SAFETY: 64 bytes.
            let x = unsafe { _mm512_loadu_si512(line.as_ptr().cast()) };
            sums = _mm512_dpbusd_epi32(sums, ones, x);
        }
        if !rest.is_empty() {
            // SAFETY: as many bytes as the mask has bits.
            let x = unsafe { _mm512_maskz_loadu_epi8((1 << rest.len()) - 1, rest.as_ptr()) };
            sums = _mm512_dpbusd_epi32(sums, ones, x);
        }
        _mm512_reduce_add_epi32(sums).wrapping_mul(i32::from(OFFSET))
    }
    #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
    fn all(x: ArrayView2<'_, i8>) -> Vec<i32> {
        let mut offsets = Vec::with_capacity(x.nrows());
        for row in x.rows() {
            offsets.push(offset(row.to_slice().expect("contiguous rows")));
        }
        offsets
    }
    assert_eq!(Isa::best(), Isa::Avx512Vnni);
    // SAFETY: the CPU has the instructions.
    unsafe { all(x) }
}

/// See [`super::short_dot`]. `count` is at most sixteen.
pub(super) fn short_dot(
    x: &[i8; SHORT],
    lines: &[Line; SHORT / LINE],
    count: usize,
    column: usize,
) -> i32 {
    #[target_feature(enable = "sse2")]
    fn sum(x: u128, weights: [i32; SHORT / LINE], count: i8) -> i32 {
        let [a, b, c, d] = weights;
        let w = _mm_xor_si128(_mm_setr_epi32(a, b, c, d), _mm_set1_epi8(OFFSET as i8));
        let place = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let wanted = _mm_cmpgt_epi8(_mm_set1_epi8(count), place);
        let x = _mm_and_si128(_mm_set_epi64x((x >> 64) as i64, x as i64), wanted);
        let low = _mm_madd_epi16(
            _mm_srai_epi16::<8>(_mm_unpacklo_epi8(x, x)),
            _mm_srai_epi16::<8>(_mm_unpacklo_epi8(w, w)),
        );
        let high = _mm_madd_epi16(
            _mm_srai_epi16::<8>(_mm_unpackhi_epi8(x, x)),
            _mm_srai_epi16::<8>(_mm_unpackhi_epi8(w, w)),
        );
        let sums = _mm_add_epi32(low, high);
        let sums = _mm_add_epi32(sums, _mm_shuffle_epi32::<0b01_00_11_10>(sums));
        _mm_cvtsi128_si32(_mm_add_epi32(
            sums,
            _mm_shuffle_epi32::<0b10_11_00_01>(sums),
        ))
    }
    let quad = |line: usize| i32::from_le_bytes(lines[line].0.as_chunks().0[column]);
    let x = u128::from_le_bytes(x.map(|x| x as u8));
    // SAFETY: SSE2 is part of x86-64.
    unsafe { sum(x, std::array::from_fn(quad), count as i8) }
}

/// Packs as many whole lines as it can of W given by rows; returns how many k.
pub(super) fn pack_rows(w: ArrayView2<'_, i8>, panel: &mut [Line]) -> usize {
    let (depth, columns) = w.dim();
    if columns > PANEL || (columns > 1 && w.strides()[1] != 1) {
        return 0;
    }
    let stride = w.strides()[0];
    for (line, k) in panel.iter_mut().zip((0..depth / LINE * LINE).step_by(LINE)) {
        // SAFETY: rows k..k + 4 exist and have `columns` contiguous elements, at most
        // 16; a line has 64 bytes, aligned. SSE2 is part of x86-64.
        unsafe {
            let offset = _mm_set1_epi8(OFFSET as i8);
            let row = |r: usize| {
                let row = w.as_ptr().offset((k + r) as isize * stride);
                let row = if columns == PANEL {
                    _mm_loadu_si128(row.cast())
                } else {
                    let mut padded = [0i8; PANEL];
                    std::ptr::copy_nonoverlapping(row, padded.as_mut_ptr(), columns);
                    _mm_loadu_si128(padded.as_ptr().cast())
                };
                _mm_xor_si128(row, offset)
            };
            let (a, b, c, d) = (row(0), row(1), row(2), row(3));
            let (ab_low, ab_high) = (_mm_unpacklo_epi8(a, b), _mm_unpackhi_epi8(a, b));
            let (cd_low, cd_high) = (_mm_unpacklo_epi8(c, d), _mm_unpackhi_epi8(c, d));
            let out = line.0.as_mut_ptr().cast::<__m128i>();
            _mm_store_si128(out, _mm_unpacklo_epi16(ab_low, cd_low));
            _mm_store_si128(out.add(1), _mm_unpackhi_epi16(ab_low, cd_low));
            _mm_store_si128(out.add(2), _mm_unpacklo_epi16(ab_high, cd_high));
            _mm_store_si128(out.add(3), _mm_unpackhi_epi16(ab_high, cd_high));
        }
    }
    depth / LINE * LINE
}

/// Packs as many lines as it can of W given by columns; returns how many k.
pub(super) fn pack_columns(w: ArrayView2<'_, i8>, panel: &mut [Line]) -> usize {
    /// Elements that a vector takes from a column: four lines.
    const STEP: usize = 16;
    let (columns, depth) = w.dim();
    if depth < STEP || w.strides()[1] != 1 {
        return 0;
    }
    let stride = w.strides()[0];
    let whole = depth / STEP * STEP;
    for first in (0..columns / 4 * 4).step_by(4) {
        for k in (0..whole).step_by(STEP) {
            // SAFETY: columns first..first + 4 exist and have 16 contiguous elements
            // from k on; the panel has the lines of these, each 64 bytes, aligned.
            // SSE2 is part of x86-64.
            unsafe {
                let offset = _mm_set1_epi8(OFFSET as i8);
                let column = |c: usize| {
                    let column = w.as_ptr().offset((first + c) as isize * stride).add(k);
                    _mm_xor_si128(_mm_loadu_si128(column.cast()), offset)
                };
                let (a, b, c, d) = (column(0), column(1), column(2), column(3));
                let (ab_low, ab_high) = (_mm_unpacklo_epi32(a, b), _mm_unpackhi_epi32(a, b));
                let (cd_low, cd_high) = (_mm_unpacklo_epi32(c, d), _mm_unpackhi_epi32(c, d));
                let quads = [
                    _mm_unpacklo_epi64(ab_low, cd_low),
                    _mm_unpackhi_epi64(ab_low, cd_low),
                    _mm_unpacklo_epi64(ab_high, cd_high),
                    _mm_unpackhi_epi64(ab_high, cd_high),
                ];
                let lines = &mut panel[k / LINE..k / LINE + 4];
                for (line, quad) in lines.iter_mut().zip(quads) {
                    let out = line.0.as_mut_ptr().add(first * LINE);
                    _mm_store_si128(out.cast(), quad);
                }
            }
        }
    }
    // The columns beyond the last four, and the lines beyond the last sixteen k.
    let lines = depth / LINE * LINE;
    for column in 0..columns {
        let first = if column < columns / 4 * 4 { whole } else { 0 };
        let weights = w.row(column);
        let weights = weights.to_slice().expect("the stride is 1");
        let quads = weights[first..lines].chunks_exact(LINE);
        for (line, quad) in panel[first / LINE..].iter_mut().zip(quads) {
            line.set_column(column, quad);
        }
    }
    lines
}
