//! Reading the weights of the small networks.

use super::MetricError;
use half::f16;
use safetensors::{Dtype, SafeTensors};

/// The tensors of one network.
pub(super) struct Weights<'a> {
    network: &'static str,
    tensors: SafeTensors<'a>,
}

impl<'a> Weights<'a> {
    /// Opens a safetensors file; `network` names it in messages.
    pub(super) fn open(network: &'static str, bytes: &'a [u8]) -> Result<Self, MetricError> {
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| MetricError::Weights {
            network,
            message: error.to_string(),
        })?;
        Ok(Self { network, tensors })
    }

    /// An f16 or f32 tensor of the given shape.
    pub(super) fn f32(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, MetricError> {
        let refused = |found, allowed: &str| self.refused(name, found, allowed);
        let stored = self
            .tensors
            .tensor(name)
            .map_err(|_| refused("missing".to_owned(), &format!("shape {shape:?}")))?;
        if stored.shape() != shape {
            let found = format!("shape {:?}", stored.shape());
            return Err(refused(found, &format!("{shape:?}")));
        }
        let data = stored.data();
        let values: Vec<f32> = match stored.dtype() {
            Dtype::F32 => {
                let values = data.as_chunks().0.iter();
                values.map(|bytes| f32::from_le_bytes(*bytes)).collect()
            }
            Dtype::F16 => {
                let values = data.as_chunks().0.iter();
                values
                    .map(|bytes| f16::from_le_bytes(*bytes).to_f32())
                    .collect()
            }
            other => return Err(refused(format!("type {other:?}"), "F32 or F16")),
        };
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(refused(value.to_string(), "finite values")),
            None => Ok(values),
        }
    }

    /// An f64 tensor of one dimension, or of two that are given.
    pub(super) fn f64(&self, name: &str, shape: Option<&[usize]>) -> Result<Vec<f64>, MetricError> {
        let refused = |found, allowed: &str| self.refused(name, found, allowed);
        let stored = self
            .tensors
            .tensor(name)
            .map_err(|_| refused("missing".to_owned(), "F64"))?;
        if stored.dtype() != Dtype::F64 {
            return Err(refused(format!("type {:?}", stored.dtype()), "F64"));
        }
        if let Some(shape) = shape.filter(|shape| *shape != stored.shape()) {
            let found = format!("shape {:?}", stored.shape());
            return Err(refused(found, &format!("{shape:?}")));
        }
        let values = stored.data().as_chunks().0.iter();
        let values: Vec<f64> = values.map(|bytes| f64::from_le_bytes(*bytes)).collect();
        match values.iter().find(|value| !value.is_finite()) {
            Some(value) => Err(refused(value.to_string(), "finite values")),
            None => Ok(values),
        }
    }

    /// What is wrong with a tensor.
    pub(super) fn refused(&self, tensor: &str, found: String, allowed: &str) -> MetricError {
        MetricError::Tensor {
            network: self.network,
            tensor: tensor.to_owned(),
            found,
            allowed: allowed.to_owned(),
        }
    }
}
