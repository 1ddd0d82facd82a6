//! Weights of a pipeline's parts for candle, with the checks and the messages of denoisers.

use super::error::TextError;
use crate::model::{ModelError, Parameters};
use candle_core::{DType, Device, Shape, Tensor};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Parameters as candle asks for them.
struct Backend {
    parameters: Parameters,
    /// The last that was refused: candle passes errors on as text only, and tries some tensors in
    /// two shapes.
    refused: Arc<Mutex<Option<ModelError>>>,
}

impl SimpleBackend for Backend {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        _: Init,
        dtype: DType,
        device: &Device,
    ) -> candle_core::Result<Tensor> {
        match self.parameters.tensor(name, shape.dims()) {
            Ok(tensor) => {
                Tensor::from_slice(tensor.values_or_empty(), shape, device)?.to_dtype(dtype)
            }
            Err(error) => {
                let message = error.to_string();
                *self.refused.lock().expect("no panic in it") = Some(error);
                Err(candle_core::Error::Msg(message))
            }
        }
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.parameters.is_stored(name)
    }
}

/// Builds a network from the safetensors files of a folder, whose names begin with `stem`; in f32.
pub(super) fn load<T>(
    folder: &Path,
    stem: &str,
    build: impl FnOnce(VarBuilder<'static>) -> candle_core::Result<T>,
) -> Result<T, TextError> {
    let refused = Arc::default();
    let backend: Box<dyn SimpleBackend> = Box::new(Backend {
        parameters: Parameters::open_named(folder, stem)?,
        refused: Arc::clone(&refused),
    });
    build(VarBuilder::from_backend(backend, DType::F32, Device::Cpu)).map_err(|error| match refused
        .lock()
        .expect("no panic in it")
        .take()
    {
        Some(refused) => refused.into(),
        None => TextError::library(folder)(error),
    })
}
