//! Where layers are read from.

use crate::model::{ModelError, Parameters, Weight};
use crate::tensor::Tensor;

/// A place among a model's parameters, from which layers are read.
#[derive(Clone)]
pub struct Scope<'a> {
    parameters: &'a Parameters,
    prefix: String,
    block: Option<usize>,
}

impl<'a> Scope<'a> {
    pub fn root(parameters: &'a Parameters) -> Self {
        Self {
            parameters,
            prefix: String::new(),
            block: None,
        }
    }

    /// The place of a module within this one.
    pub fn child(&self, name: impl std::fmt::Display) -> Self {
        Self {
            prefix: format!("{}{name}.", self.prefix),
            ..self.clone()
        }
    }

    /// The same place as part of a block.
    pub fn in_block(self, block: usize) -> Self {
        Self {
            block: Some(block),
            ..self
        }
    }

    /// The full name of a module or parameter.
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    pub fn block(&self) -> Option<usize> {
        self.block
    }

    pub fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor, ModelError> {
        self.parameters.tensor(&self.name(name), shape)
    }

    /// The weights of a module.
    pub fn weight(&self, shape: &[usize]) -> Result<Weight, ModelError> {
        self.parameters.weight(&self.name("weight"), shape)
    }
}
