//! Multi-head attention.

use super::layers::{Linear, Pass, Scope, result};
use super::{EngineError, GemmKind, GemmTag, ModelError};
use crate::tensor::{Tensor, softmax_rows};

/// Attention with one product QKᵀ and one PV for each row of the batch and head.
pub(super) struct Attention {
    name: String,
    block: Option<usize>,
    heads: usize,
    to_q: Linear,
    to_k: Linear,
    to_v: Linear,
    to_out: Linear,
}

/// What attention looks at besides its own tokens.
pub(super) struct Context<'a> {
    /// Embeddings \[B, L, C\].
    pub tokens: &'a Tensor,
    /// Added to the scores of each key, \[B, L\].
    pub bias: Option<&'a Tensor>,
}

impl Attention {
    /// Reads `width` → `width` attention over tokens of `context` channels;
    /// queries, keys and values have biases if `bias`, the output always.
    pub fn read(
        scope: &Scope<'_>,
        name: &str,
        [width, context]: [usize; 2],
        heads: usize,
        bias: bool,
    ) -> Result<Self, ModelError> {
        let inner = scope.child(name);
        Ok(Self {
            name: scope.name(name),
            block: scope.block(),
            heads,
            to_q: inner.projection("to_q", width, width, bias)?,
            to_k: inner.projection("to_k", context, width, bias)?,
            to_v: inner.projection("to_v", context, width, bias)?,
            to_out: inner.linear("to_out.0", width, width)?,
        })
    }

    /// Tokens \[B, N, D\] to the same shape: self-attention, or cross-attention with a
    /// context.
    pub fn forward(
        &self,
        pass: &mut Pass<'_>,
        x: &Tensor,
        context: Option<&Context<'_>>,
    ) -> Result<Tensor, EngineError> {
        let tokens = context.map_or(x, |context| context.tokens);
        let q = self.to_q.forward(pass, x)?;
        let k = self.to_k.forward(pass, tokens)?;
        let v = self.to_v.forward(pass, tokens)?;
        let kinds = match context {
            None => [GemmKind::QkSelf, GemmKind::PvSelf],
            Some(_) => [GemmKind::QkCross, GemmKind::PvCross],
        };
        let bias = context.and_then(|context| context.bias);
        let mixed = self.mix(pass, [&q, &k, &v], bias, kinds)?;
        self.to_out.forward(pass, &mixed)
    }

    /// softmax(QKᵀ/√d + bias)·V, head by head.
    fn mix(
        &self,
        pass: &mut Pass<'_>,
        [q, k, v]: [&Tensor; 3],
        bias: Option<&Tensor>,
        [qk, pv]: [GemmKind; 2],
    ) -> Result<Tensor, EngineError> {
        let &[batch, queries, width] = q.shape() else {
            unreachable!("tokens are three-dimensional: {q:?}");
        };
        let (keys, dim) = (k.shape()[1], width / self.heads);
        let has_values = q.has_values() && k.has_values() && v.has_values();
        let (qk_name, pv_name) = (format!("{}.qk", self.name), format!("{}.pv", self.name));
        let mut mixed = has_values.then(|| vec![0.0; batch * queries * width]);
        for instance in 0..batch * self.heads {
            let (b, head) = (instance / self.heads, instance % self.heads);
            let tag = |layer, kind| GemmTag {
                step: pass.step,
                block: self.block,
                layer,
                kind,
                instance,
            };
            let (qk, pv) = (tag(qk_name.as_str(), qk), tag(pv_name.as_str(), pv));
            let part = |tensor: &'_ Tensor, rows| {
                tensor.values().map(|values| {
                    Head {
                        rows,
                        width,
                        dim,
                        at: b * rows * width + head * dim,
                    }
                    .of(values)
                })
            };
            let (query, key, value) = (part(q, queries), part(k, keys), part(v, keys));
            let (query, value) = (query.unwrap_or_default(), value.unwrap_or_default());
            let key = transposed(&key.unwrap_or_default(), dim);
            let scores = pass.engine.product(&qk, &query, &key, queries, dim, keys)?;
            let scores = result(&qk, scores, has_values, &[queries, keys])?.apply(|scores| {
                let bias = bias
                    .and_then(Tensor::values)
                    .map(|bias| &bias[b * keys..][..keys]);
                softmax_rows(scores, keys, 1.0 / (dim as f32).sqrt(), bias);
            });
            let y =
                pass.engine
                    .product(&pv, scores.values_or_empty(), &value, queries, keys, dim)?;
            let y = result(&pv, y, has_values, &[queries, dim])?;
            if let Some(mixed) = &mut mixed {
                let rows = mixed[b * queries * width..][..queries * width].chunks_exact_mut(width);
                for (row, values) in rows.zip(y.values_or_empty().chunks_exact(dim)) {
                    row[head * dim..][..dim].copy_from_slice(values);
                }
            }
        }
        Ok(match mixed {
            Some(mixed) => Tensor::new(q.shape(), mixed),
            None => Tensor::shape_only(q.shape()),
        })
    }
}

/// Where a head's values are among those of all heads.
struct Head {
    rows: usize,
    width: usize,
    dim: usize,
    at: usize,
}

impl Head {
    fn of(&self, values: &[f32]) -> Vec<f32> {
        let mut part = Vec::with_capacity(self.rows * self.dim);
        for row in 0..self.rows {
            part.extend_from_slice(&values[self.at + row * self.width..][..self.dim]);
        }
        part
    }
}

/// Columns as rows.
fn transposed(matrix: &[f32], columns: usize) -> Vec<f32> {
    /// Columns that are read together, each from a line of the caches to another.
    const BLOCK: usize = 8;
    let rows = matrix.len() / columns.max(1);
    let mut values = vec![0.0; matrix.len()];
    for first in (0..columns).step_by(BLOCK) {
        let end = columns.min(first + BLOCK);
        for (row, of_row) in matrix.chunks_exact(columns).enumerate() {
            for column in first..end {
                values[column * rows + row] = of_row[column];
            }
        }
    }
    values
}
