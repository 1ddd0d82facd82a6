//! Calibration: error-free runs in f32 whose operands are looked at.

use super::scaling::operand;
use crate::model::{EngineError, FloatEngine, GemmEngine, GemmTag, MatMul, Weight};
use crate::quant::Observer;

/// Computes in f32 and remembers the largest magnitude of every operand.
#[derive(Debug, Default)]
pub struct CalibrationEngine {
    float: FloatEngine,
    /// What was seen.
    pub seen: Observer,
}

impl GemmEngine for CalibrationEngine {
    fn layer(
        &mut self,
        tag: &GemmTag<'_>,
        x: &[f32],
        m: usize,
        weight: &Weight,
    ) -> Result<Vec<f32>, EngineError> {
        self.seen.see(&operand(tag.layer, false), x);
        self.float.layer(tag, x, m, weight)
    }

    fn product(
        &mut self,
        tag: &GemmTag<'_>,
        product: &MatMul<'_>,
    ) -> Result<Vec<f32>, EngineError> {
        self.seen.see(&operand(tag.layer, false), product.a);
        self.seen.see(&operand(tag.layer, true), product.b);
        self.float.product(tag, product)
    }
}
