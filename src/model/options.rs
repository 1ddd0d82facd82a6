//! Reading diffusers' JSON configurations: every option is either used, known to
//! make no difference, or refused.

use super::ModelError;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// The options of a JSON file that have not been asked for yet.
pub(crate) struct Options {
    file: PathBuf,
    left: Map<String, Value>,
}

impl Options {
    /// Reads a file.
    pub fn read(file: &Path) -> Result<Self, ModelError> {
        let text = std::fs::read_to_string(file).map_err(|source| ModelError::Read {
            file: file.to_owned(),
            source,
        })?;
        Self::parse(file, &text)
    }

    /// Parses text; `file` names it in messages.
    pub fn parse(file: &Path, text: &str) -> Result<Self, ModelError> {
        // Python writes infinities, which JSON does not have.
        let text = text.replace(": -Infinity", ": null");
        let left = serde_json::from_str(&text).map_err(|e| ModelError::Format {
            file: file.to_owned(),
            kind: "JSON",
            message: e.to_string(),
        })?;
        Ok(Self {
            file: file.to_owned(),
            left,
        })
    }

    /// The value of a key; `None` if it is missing or null.
    pub fn take(&mut self, key: &str) -> Option<Value> {
        self.left.remove(key).filter(|value| !value.is_null())
    }

    /// Sets an option that is missing or null.
    pub fn default_to(&mut self, key: &str, value: Value) {
        let value = self.take(key).unwrap_or(value);
        self.left.insert(key.to_owned(), value);
    }

    /// A positive integer, or the default.
    pub fn count(&mut self, key: &str, default: Option<usize>) -> Result<usize, ModelError> {
        self.typed(key, default, "an integer from 1 to 1048576", |value| {
            let count = usize::try_from(value.as_u64()?).ok()?;
            (1..=1 << 20).contains(&count).then_some(count)
        })
    }

    /// A number greater than zero, or the default.
    pub fn number(&mut self, key: &str, default: Option<f64>) -> Result<f64, ModelError> {
        self.typed(key, default, "a positive number", |value| {
            value.as_f64().filter(|number| *number > 0.0)
        })
    }

    /// `true` or `false`, or the default.
    pub fn flag(&mut self, key: &str, default: bool) -> Result<bool, ModelError> {
        self.typed(key, Some(default), "true or false", Value::as_bool)
    }

    /// A text, or the default.
    pub fn text(&mut self, key: &str, default: Option<&str>) -> Result<String, ModelError> {
        let default = default.map(str::to_owned);
        self.typed(key, default, "a text", |value| {
            value.as_str().map(str::to_owned)
        })
    }

    fn typed<T>(
        &mut self,
        key: &str,
        default: Option<T>,
        allowed: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Result<T, ModelError> {
        match self.take(key) {
            Some(value) => {
                read(&value).ok_or_else(|| self.refused(key, value.to_string(), allowed.to_owned()))
            }
            None => {
                default.ok_or_else(|| self.refused(key, "nothing".to_owned(), allowed.to_owned()))
            }
        }
    }

    /// A list of positive integers; a single one serves all `len`.
    pub fn counts(
        &mut self,
        key: &str,
        len: usize,
        default: usize,
    ) -> Result<Vec<usize>, ModelError> {
        let list = match self.take(key) {
            Some(Value::Array(list)) => list,
            Some(value) => vec![value; len],
            None => vec![default.into(); len],
        };
        let counts: Option<Vec<usize>> = list
            .iter()
            .map(|value| {
                usize::try_from(value.as_u64()?)
                    .ok()
                    .filter(|count| (1..=1 << 20).contains(count))
            })
            .collect();
        counts.filter(|counts| counts.len() == len).ok_or_else(|| {
            let allowed = format!("a positive integer, or a list of {len}");
            self.refused(key, Value::Array(list).to_string(), allowed)
        })
    }

    /// Refuses any value but these; a missing key is the first of them.
    pub fn only(&mut self, key: &str, allowed: &[Value]) -> Result<(), ModelError> {
        let value = self.left.remove(key).unwrap_or_else(|| allowed[0].clone());
        if allowed.contains(&value) {
            return Ok(());
        }
        let list: Vec<String> = allowed.iter().map(Value::to_string).collect();
        Err(self.refused(key, value.to_string(), list.join(" or ")))
    }

    /// Passes over options that make no difference to a forward pass in f32.
    pub fn ignore(&mut self, keys: &[&str]) {
        for key in keys {
            self.left.remove(*key);
        }
    }

    /// Refuses whatever has not been asked for, unless it is off: null, false, or
    /// for the library's own use, which a leading `_` says.
    pub fn finish(self) -> Result<(), ModelError> {
        let odd = self.left.iter().find(|(key, value)| {
            !(key.starts_with('_') || value.is_null() || **value == Value::Bool(false))
        });
        match odd {
            None => Ok(()),
            Some((key, value)) => {
                Err(self.refused(key, value.to_string(), "no such option".to_owned()))
            }
        }
    }

    /// An error about one key.
    pub fn refused(&self, key: &str, value: String, allowed: String) -> ModelError {
        ModelError::Option {
            file: self.file.clone(),
            key: key.to_owned(),
            value,
            allowed,
        }
    }
}
