//! Dense f32 tensors, row-major, of which some are only a shape.
//!
//! A tensor without values goes through the same code as one with: every operation
//! then works out the shape alone, like torch's meta device. A result has values
//! if all its operands have.

mod elementary;
mod norm;
mod pool;

pub use elementary::{add, gelu_erf, gelu_tanh, scale_rows, shift_and_scale, silu, softmax_rows};
/// Functions of one value, for loops over more than a slice.
pub(crate) mod inlined {
    pub(crate) use super::elementary::{exp, gelu_tanh_of as gelu_tanh, larger, silu_of as silu};
}

pub use norm::{group_norm, layer_norm};
pub use pool::take;

use std::fmt;

/// A dense row-major tensor, or only its shape. Its memory is used again.
#[derive(PartialEq)]
pub struct Tensor {
    shape: Vec<usize>,
    values: Option<Vec<f32>>,
}

impl Tensor {
    /// A tensor of the given values, the last dimension counting fastest.
    ///
    /// # Panics
    /// Unless there are as many values as the shape says.
    pub fn new(shape: &[usize], values: Vec<f32>) -> Self {
        let expected: usize = shape.iter().product();
        assert_eq!(values.len(), expected, "values of shape {shape:?}");
        Self {
            shape: shape.to_vec(),
            values: Some(values),
        }
    }

    /// A tensor without values.
    pub fn shape_only(shape: &[usize]) -> Self {
        Self {
            shape: shape.to_vec(),
            values: None,
        }
    }

    /// A tensor of zeros.
    pub fn zeros(shape: &[usize]) -> Self {
        Self::new(shape, vec![0.0; shape.iter().product()])
    }

    /// Values that are only worked out if `exist`.
    ///
    /// # Panics
    /// Unless `values` returns as many as the shape says.
    pub fn when(exist: bool, shape: &[usize], values: impl FnOnce() -> Vec<f32>) -> Self {
        if exist {
            Self::new(shape, values())
        } else {
            Self::shape_only(shape)
        }
    }

    /// The dimensions.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of values the shape has room for.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether a dimension is zero.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Size of the last dimension; 1 for a scalar.
    pub fn columns(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    /// Product of all dimensions but the last.
    pub fn rows(&self) -> usize {
        self.shape
            .split_last()
            .map_or(1, |(_, rest)| rest.iter().product())
    }

    /// The values, unless it is only a shape.
    pub fn values(&self) -> Option<&[f32]> {
        self.values.as_deref()
    }

    /// The values to be changed in place, unless it is only a shape.
    pub fn values_mut(&mut self) -> Option<&mut [f32]> {
        self.values.as_deref_mut()
    }

    /// The values, none for a shape.
    pub fn values_or_empty(&self) -> &[f32] {
        self.values().unwrap_or_default()
    }

    /// Whether there are values.
    pub fn has_values(&self) -> bool {
        self.values.is_some()
    }

    /// The same values in another shape.
    ///
    /// # Panics
    /// Unless the shape has room for as many values.
    pub fn reshaped(mut self, shape: &[usize]) -> Self {
        let len: usize = shape.iter().product();
        assert_eq!(len, self.len(), "{:?} as {shape:?}", self.shape);
        self.shape = shape.to_vec();
        self
    }

    /// Changes all values in place.
    #[must_use]
    pub fn apply(mut self, change: impl FnOnce(&mut [f32])) -> Self {
        if let Some(values) = self.values_mut() {
            change(values);
        }
        self
    }

    /// The sum with a tensor of the same shape, or with one that repeats along the
    /// leading dimensions, such as a bias of the last dimension's size.
    ///
    /// # Panics
    /// Unless the other's size divides this one's.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        assert!(
            self.is_empty() || self.len().is_multiple_of(other.len()),
            "{:?} plus {:?}",
            self.shape,
            other.shape
        );
        match (&mut self.values, &other.values) {
            (Some(values), Some(added)) => {
                for part in values.chunks_exact_mut(added.len().max(1)) {
                    elementary::add(part, added);
                }
            }
            (values, _) => *values = None,
        }
        self
    }

    /// Rows `start..start + rows` of the first dimension.
    ///
    /// # Panics
    /// If they are not all there.
    pub fn slice(&self, start: usize, rows: usize) -> Self {
        assert!(start + rows <= self.shape[0], "rows of {:?}", self.shape);
        let row: usize = self.shape[1..].iter().product();
        let mut shape = self.shape.clone();
        shape[0] = rows;
        Self::when(self.has_values(), &shape, || {
            self.values_or_empty()[start * row..][..rows * row].to_vec()
        })
    }

    /// Tensors one after the other along the first dimension.
    ///
    /// # Panics
    /// Without tensors, or if their other dimensions differ.
    pub fn stack(parts: &[&Self]) -> Self {
        let mut shape = parts[0].shape.clone();
        shape[0] = parts.iter().map(|part| part.shape[0]).sum();
        for part in parts {
            assert_eq!(part.shape[1..], shape[1..], "dimensions below the first");
        }
        Self::when(parts.iter().all(|part| part.has_values()), &shape, || {
            parts
                .iter()
                .flat_map(|part| part.values_or_empty())
                .copied()
                .collect()
        })
    }

    /// Two tensors side by side in the last dimension.
    ///
    /// # Panics
    /// If their other dimensions differ.
    pub fn beside(&self, other: &Self) -> Self {
        assert_eq!(
            self.rows(),
            other.rows(),
            "{:?} beside {:?}",
            self.shape,
            other.shape
        );
        let (left, right) = (self.columns(), other.columns());
        let mut shape = self.shape.clone();
        *shape.last_mut().expect("a dimension to join") = left + right;
        Self::when(self.has_values() && other.has_values(), &shape, || {
            let mut values = Vec::with_capacity(self.len() + other.len());
            for row in 0..self.rows() {
                values.extend_from_slice(&self.values_or_empty()[row * left..][..left]);
                values.extend_from_slice(&other.values_or_empty()[row * right..][..right]);
            }
            values
        })
    }

    /// From \[B, C, H, W\] to \[B, H, W, C\].
    pub fn channels_last(&self) -> Self {
        let [b, c, h, w] = self.four();
        self.swapped(&[b, h, w, c], c, h * w)
    }

    /// From \[B, H, W, C\] to \[B, C, H, W\].
    pub fn channels_first(&self) -> Self {
        let [b, h, w, c] = self.four();
        self.swapped(&[b, c, h, w], h * w, c)
    }

    /// The dimensions of an image.
    ///
    /// # Panics
    /// Unless there are four.
    pub fn four(&self) -> [usize; 4] {
        let shape = self.shape.as_slice();
        shape
            .try_into()
            .unwrap_or_else(|_| panic!("four dimensions, not {shape:?}"))
    }

    /// Transposes matrices of `rows` × `columns`.
    fn swapped(&self, shape: &[usize], rows: usize, columns: usize) -> Self {
        Self::when(self.has_values(), shape, || {
            let mut values = Vec::with_capacity(self.len());
            for matrix in self.values_or_empty().chunks_exact((rows * columns).max(1)) {
                for column in 0..columns {
                    values.extend(matrix.iter().skip(column).step_by(columns));
                }
            }
            values
        })
    }
}

impl Clone for Tensor {
    fn clone(&self) -> Self {
        Self {
            shape: self.shape.clone(),
            values: self.values.as_ref().map(|values| {
                let mut copy = take(values.len());
                copy.copy_from_slice(values);
                copy
            }),
        }
    }
}

impl Drop for Tensor {
    fn drop(&mut self) {
        if let Some(values) = self.values.take() {
            pool::give(values);
        }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.has_values() {
            ""
        } else {
            ", shape only"
        };
        write!(f, "Tensor({:?}{kind})", self.shape)
    }
}

#[cfg(test)]
mod tests;
