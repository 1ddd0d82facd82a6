//! One GEMM, its operands and its shape.

use ndarray::{Array2, ArrayView2};

/// Largest reduction length: a psum of int8 products then stays within int32.
pub const MAX_K: u64 = 65_536;

/// Most elements of X, W or Y. A misread shape is refused with a message
/// instead of exhausting the memory.
const MAX_ELEMENTS: u128 = 1 << 31;

/// An int8 matrix, row-major and contiguous.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand(Array2<i8>);

impl Operand {
    /// `data` holds `rows`·`columns` elements, row by row.
    pub(super) fn new(rows: usize, columns: usize, data: Vec<i8>) -> Self {
        let matrix = Array2::from_shape_vec((rows, columns), data);
        Self(matrix.expect("readers deliver rows·columns elements"))
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.0.nrows()
    }

    /// Number of columns.
    pub fn columns(&self) -> usize {
        self.0.ncols()
    }

    /// The matrix as a view [rows×columns] in standard layout.
    pub fn view(&self) -> ArrayView2<'_, i8> {
        self.0.view()
    }

    /// All elements, row by row.
    pub fn as_slice(&self) -> &[i8] {
        self.0.as_slice().expect("operands are contiguous")
    }
}

impl From<Array2<i8>> for Operand {
    /// Copies only what is not already row-major.
    fn from(matrix: Array2<i8>) -> Self {
        if matrix.is_standard_layout() {
            Self(matrix)
        } else {
            Self(matrix.as_standard_layout().into_owned())
        }
    }
}

/// One int8 GEMM Y[M×N] = X[M×K]·W[K×N].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gemm {
    /// Where it stands in the model, such as `25.7.fc1` or `25.7.qk.h3`.
    pub name: String,
    /// Activations X[M×K].
    pub x: Operand,
    /// Weights W[K×N].
    pub w: Operand,
}

impl Gemm {
    /// Rows M of X and Y.
    pub fn m(&self) -> usize {
        self.x.rows()
    }

    /// Reduction length K.
    pub fn k(&self) -> usize {
        self.x.columns()
    }

    /// Columns N of W and Y.
    pub fn n(&self) -> usize {
        self.w.columns()
    }

    /// Activations X[M×K], row-major.
    pub fn x(&self) -> ArrayView2<'_, i8> {
        self.x.view()
    }

    /// Weights W[K×N], row-major.
    pub fn w(&self) -> ArrayView2<'_, i8> {
        self.w.view()
    }
}

/// A GEMM's validated dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub m: usize,
    pub k: usize,
    pub n: usize,
}

/// The dimension that makes a shape unusable; its reader adds where it stands.
#[derive(Debug)]
pub(super) struct BadShape {
    pub field: &'static str,
    pub value: String,
    pub allowed: String,
}

impl Shape {
    /// The one place where dimensions are validated, whatever file they are from.
    pub(super) fn new(m: u64, k: u64, n: u64) -> Result<Self, BadShape> {
        for (field, value, high) in [("M", m, u64::MAX), ("N", n, u64::MAX), ("K", k, MAX_K)] {
            if !(1..=high).contains(&value) {
                return Err(BadShape {
                    field,
                    value: value.to_string(),
                    allowed: allowed(field),
                });
            }
        }
        for (field, rows, columns) in [("M×K", m, k), ("K×N", k, n), ("M×N", m, n)] {
            if u128::from(rows) * u128::from(columns) > MAX_ELEMENTS {
                return Err(BadShape {
                    field,
                    value: format!("{rows}×{columns}"),
                    allowed: format!("at most {MAX_ELEMENTS} elements"),
                });
            }
        }
        Ok(Self {
            m: m as usize,
            k: k as usize,
            n: n as usize,
        })
    }
}

/// What a dimension may be, in words.
pub(super) fn allowed(field: &str) -> String {
    match field {
        "K" => format!("an integer in 1..={MAX_K}"),
        _ => "an integer of 1 or more".to_owned(),
    }
}
