//! The int8 weights of a model: quantised and packed once, when a layer is
//! first used, and shared by all threads.

use crate::fast::PackedWeights;
use crate::model::{EngineError, Weight};
use crate::quant::QuantisedWeights;
use ndarray::ArrayView2;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A layer's weights, both as the kernels and as the fault models read them.
#[derive(Debug)]
pub struct LayerWeights {
    /// For the product.
    pub packed: PackedWeights,
    /// Integers N×K and scale of each output channel.
    pub quantised: QuantisedWeights,
}

impl LayerWeights {
    fn new(weight: &Weight) -> Result<Self, EngineError> {
        let quantised = QuantisedWeights::new(&weight.values()?, weight.n(), weight.k());
        Ok(Self {
            packed: PackedWeights::from_transposed(quantised.q.view()),
            quantised,
        })
    }

    /// W[K×N] as a view.
    pub fn view(&self) -> ArrayView2<'_, i8> {
        self.quantised.q.t()
    }
}

/// Weights by name.
#[derive(Debug, Default)]
pub struct WeightStore {
    layers: Mutex<HashMap<String, Arc<LayerWeights>>>,
}

impl WeightStore {
    /// A layer's weights. Two threads that meet a layer for the first time may both
    /// quantise it; the result is the same.
    ///
    /// # Errors
    /// What reading the weight says.
    pub fn layer(&self, weight: &Weight) -> Result<Arc<LayerWeights>, EngineError> {
        let locked = || self.layers.lock().expect("no panic while it is held");
        if let Some(found) = locked().get(weight.name()) {
            return Ok(found.clone());
        }
        let made = Arc::new(LayerWeights::new(weight)?);
        Ok(locked().entry(weight.name().to_owned()).or_insert(made).clone())
    }
}
