//! Static scales: the largest magnitudes seen in error-free runs, kept beside
//! the model. A rollback then needs no ratio of scales between steps.

use super::activations::scale_of;
use super::{QuantError, magnitude};
use crate::atomic;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Version of the file.
pub const CALIBRATION_SCHEMA: &str = "drift-calibration/1";

/// Largest magnitudes of the operands of every layer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// [`CALIBRATION_SCHEMA`].
    pub schema: String,
    /// Hash of the model that it was made with.
    pub model: String,
    /// How it was made, in words.
    pub origin: String,
    /// Operand (layer, or layer and side of a product) to largest magnitude.
    pub magnitudes: BTreeMap<String, f32>,
}

impl Calibration {
    /// Scale of an operand, if it was seen.
    pub fn scale(&self, operand: &str) -> Option<f32> {
        self.magnitudes.get(operand).copied().map(scale_of)
    }

    /// Reads and checks a calibration of the model with this hash.
    ///
    /// # Errors
    /// [`QuantError`] with the file and what is wrong in it.
    pub fn read(path: &Path, model: &str) -> Result<Self, QuantError> {
        let text = std::fs::read_to_string(path).map_err(|source| QuantError::File {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text, model)
    }

    /// Checks the text of a calibration; `path` names it in messages.
    ///
    /// # Errors
    /// As [`Calibration::read`].
    pub fn parse(path: &Path, text: &str, model: &str) -> Result<Self, QuantError> {
        let path_buf = || path.to_owned();
        let found: Self = serde_json::from_str(text).map_err(|error| QuantError::Syntax {
            path: path_buf(),
            message: error.to_string(),
        })?;
        if found.schema != CALIBRATION_SCHEMA {
            return Err(QuantError::Schema {
                path: path_buf(),
                found: found.schema,
                expected: CALIBRATION_SCHEMA,
            });
        }
        if found.model != model {
            return Err(QuantError::Model {
                path: path_buf(),
                found: found.model,
                expected: model.to_owned(),
            });
        }
        for (layer, &value) in &found.magnitudes {
            if !(value.is_finite() && value > 0.0) {
                return Err(QuantError::Magnitude {
                    path: path_buf(),
                    layer: layer.clone(),
                    value,
                });
            }
        }
        Ok(found)
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// [`QuantError::File`].
    pub fn write(&self, path: &Path) -> Result<(), QuantError> {
        let text = serde_json::to_string_pretty(self).expect("numbers and strings") + "\n";
        atomic::write(path, &text).map_err(|source| QuantError::File {
            path: path.to_owned(),
            source,
        })
    }
}

/// Collects magnitudes during error-free runs.
#[derive(Clone, Debug, Default)]
pub struct Observer {
    magnitudes: BTreeMap<String, f32>,
}

impl Observer {
    /// Sees an operand.
    pub fn see(&mut self, operand: &str, x: &[f32]) {
        let found = magnitude(x);
        match self.magnitudes.get_mut(operand) {
            Some(most) => *most = most.max(found),
            None => {
                self.magnitudes.insert(operand.to_owned(), found);
            }
        }
    }

    /// Joins what another observer saw.
    pub fn merge(&mut self, other: Observer) {
        for (operand, found) in other.magnitudes {
            let most = self.magnitudes.entry(operand).or_insert(0.0);
            *most = most.max(found);
        }
    }

    /// The calibration; operands that were always zero are left out.
    pub fn finish(self, model: &str, origin: &str) -> Calibration {
        Calibration {
            schema: CALIBRATION_SCHEMA.to_owned(),
            model: model.to_owned(),
            origin: origin.to_owned(),
            magnitudes: self
                .magnitudes
                .into_iter()
                .filter(|(_, magnitude)| *magnitude > 0.0)
                .collect(),
        }
    }
}
