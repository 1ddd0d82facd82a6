//! A setting that layers may have of their own.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A value for every layer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PerLayer<T> {
    /// Of layers that are not listed.
    pub default: T,
    /// By layer name.
    #[serde(default = "BTreeMap::new")]
    pub layers: BTreeMap<String, T>,
}

impl<T> PerLayer<T> {
    /// The same value for all layers.
    pub fn uniform(value: T) -> Self {
        Self {
            default: value,
            layers: BTreeMap::new(),
        }
    }

    /// The value of a layer.
    pub fn of(&self, layer: &str) -> &T {
        self.layers.get(layer).unwrap_or(&self.default)
    }
}
