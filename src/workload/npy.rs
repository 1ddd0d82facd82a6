//! A pair of .npy files as one GEMM.

use super::gemm::Shape;
use super::{Listed, OperandReader, WorkloadError, as_int8};
use crate::mapping::Bytes;
use npyz::{DType, NpyHeader, Order, TypeChar};
use std::path::Path;

/// Longest header text; NumPy writes 118 bytes for any 2-D int8 array.
const MAX_HEADER: usize = 1024;

/// Most opening brackets in a header; a 2-D int8 array has two.
const MAX_BRACKETS: usize = 8;

/// X[M×K] and W[K×N], each in a mapped file.
#[derive(Debug)]
pub(super) struct NpyPair {
    x: Array,
    w: Array,
}

/// A validated 2-D int8 array; its data are the last rows·columns bytes.
#[derive(Debug)]
struct Array {
    bytes: Bytes,
    rows: u64,
    columns: u64,
    data_at: usize,
}

impl NpyPair {
    /// Maps and validates both files; the GEMM is named after the file of X.
    pub(super) fn open(x_file: &Path, w_file: &Path) -> Result<(Listed, Self), WorkloadError> {
        let x = Array::open(x_file)?;
        let w = Array::open(w_file)?;
        let bad = |file: &Path, tensor: &str, found, allowed| WorkloadError::Tensor {
            file: file.to_owned(),
            tensor: tensor.to_owned(),
            found,
            allowed,
        };
        if w.rows != x.columns {
            let found = format!("shape [{}, {}]", w.rows, w.columns);
            let allowed = format!(
                "K = {} rows, the columns of {}",
                x.columns,
                x_file.display()
            );
            return Err(bad(w_file, "W", found, allowed));
        }
        let shape = Shape::new(x.rows, x.columns, w.columns).map_err(|e| {
            let (file, tensor) = if e.field.contains('N') {
                (w_file, "W")
            } else {
                (x_file, "X")
            };
            let found = format!("{} = {}", e.field, e.value);
            bad(file, tensor, found, e.allowed)
        })?;
        let name = super::stem(x_file);
        let listed = Listed {
            name,
            shape,
            scale: None,
        };
        Ok((listed, Self { x, w }))
    }

    /// The bytes of both files, for the workload's hash.
    pub(super) fn files(&self) -> [&[u8]; 2] {
        [&self.x.bytes, &self.w.bytes]
    }
}

impl OperandReader for NpyPair {
    fn read(&self, _index: usize, _shape: Shape) -> (Vec<i8>, Vec<i8>) {
        let data = |array: &Array| as_int8(&array.bytes[array.data_at..]);
        (data(&self.x), data(&self.w))
    }
}

impl Array {
    fn open(file: &Path) -> Result<Self, WorkloadError> {
        let bytes = super::map(file)?;
        let malformed = |message: String| WorkloadError::Format {
            file: file.to_owned(),
            kind: ".npy",
            message,
        };
        let refused = |found: String, allowed: &str| WorkloadError::Tensor {
            file: file.to_owned(),
            tensor: "array".to_owned(),
            found,
            allowed: allowed.to_owned(),
        };
        let data_at = check_header(&bytes).map_err(malformed)?;
        let header = NpyHeader::from_reader(&bytes[..data_at])
            .map_err(|e| malformed(format!("damaged header: {e}")))?;
        let dtype = header.dtype();
        if !is_int8(&dtype) {
            return Err(refused(format!("dtype {}", dtype.descr()), "int8 ('|i1')"));
        }
        let &[rows, columns] = header.shape() else {
            let found = format!("shape {:?}", header.shape());
            return Err(refused(found, "two dimensions"));
        };
        if header.order() != Order::C {
            return Err(refused("Fortran order".to_owned(), "C order (row-major)"));
        }
        let found = bytes.len() - data_at;
        if found as u64 != header.len() {
            let expected = header.len();
            let message =
                format!("{found} bytes of data where [{rows}, {columns}] takes {expected}");
            return Err(malformed(message));
        }
        Ok(Self {
            bytes,
            rows,
            columns,
            data_at,
        })
    }
}

fn is_int8(dtype: &DType) -> bool {
    matches!(dtype, DType::Plain(ty) if ty.type_char() == TypeChar::Int && ty.size_field() == 1)
}

/// Finds where the data begin and refuses what npyz would not survive: it
/// reserves whatever header length is claimed, takes time exponential in the depth
/// of brackets, and multiplies the shape unchecked.
fn check_header(bytes: &[u8]) -> Result<usize, String> {
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err("the magic bytes \\x93NUMPY are missing".to_owned());
    }
    let truncated = || "truncated inside the header".to_owned();
    let (text_at, length) = match *bytes.get(6..12).ok_or_else(truncated)? {
        [1, _, a, b, ..] => (10, usize::from(u16::from_le_bytes([a, b]))),
        [_, _, a, b, c, d] => (12, u32::from_le_bytes([a, b, c, d]) as usize),
        _ => return Err(truncated()),
    };
    if length > MAX_HEADER {
        return Err(format!(
            "header of {length} bytes, at most {MAX_HEADER} are allowed"
        ));
    }
    let data_at = text_at + length;
    let text = bytes.get(text_at..data_at).ok_or_else(truncated)?;
    let opening = |c: &&u8| matches!(c, b'(' | b'[' | b'{');
    if text.iter().filter(opening).count() > MAX_BRACKETS {
        return Err("the header's brackets are nested too deeply".to_owned());
    }
    // Counted as two or more each, the numbers' product also bounds their sums,
    // which are valid in the header's grammar.
    let product = text
        .split(|c| !c.is_ascii_alphanumeric() && *c != b'_')
        .filter(|word| word.first().is_some_and(u8::is_ascii_digit))
        .try_fold(1u64, |product, word| {
            let number: u64 = str::from_utf8(word).ok()?.parse().ok()?;
            product.checked_mul(number.max(2))
        });
    match product {
        Some(_) => Ok(data_at),
        None => Err("the header's shape is not made of plain, small integers".to_owned()),
    }
}
