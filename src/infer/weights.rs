//! The int8 weights of a model: quantised and packed once, when a layer is
//! first used, and shared by all threads.

use crate::fast::PackedWeights;
use crate::model::{EngineError, Weight};
use crate::quant::QuantisedWeights;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A layer's weights in int8.
#[derive(Debug)]
pub struct LayerWeights {
    /// W[K×N].
    pub packed: PackedWeights,
    /// Scale of each output channel.
    pub scales: Vec<f32>,
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
        let quantised = QuantisedWeights::new(&weight.values()?, weight.n(), weight.k());
        let made = Arc::new(LayerWeights {
            packed: PackedWeights::from_transposed(quantised.q.view()),
            scales: quantised.scales,
        });
        let mut layers = locked();
        let kept = layers.entry(weight.name().to_owned()).or_insert(made);
        Ok(kept.clone())
    }
}
