//! Multi-head attention.

use super::heads::Heads;
use super::layers::{Linear, Pass, Scope, result};
use super::{EngineError, GemmKind, ModelError};
use crate::tensor::Tensor;

/// Attention with one product QKᵀ and one PV for each row of the batch and head.
pub(super) struct Attention {
    /// Names of the products QKᵀ and PV.
    qk_name: String,
    pv_name: String,
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
            qk_name: format!("{}.qk", scope.name(name)),
            pv_name: format!("{}.pv", scope.name(name)),
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
        let (q, k, v);
        match context {
            None => {
                let layers = [&self.to_q, &self.to_k, &self.to_v];
                [q, k, v] = Linear::all(layers, pass, x)?;
            }
            Some(context) => {
                [q] = Linear::all([&self.to_q], pass, x)?;
                [k, v] = Linear::all([&self.to_k, &self.to_v], pass, context.tokens)?;
            }
        }
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
        kinds: [GemmKind; 2],
    ) -> Result<Tensor, EngineError> {
        let &[batch, queries, width] = q.shape() else {
            unreachable!("tokens are three-dimensional: {q:?}");
        };
        let has_values = q.has_values() && k.has_values() && v.has_values();
        let [q_values, k_values, v_values] = [q, k, v].map(|tensor| {
            if has_values {
                tensor.values_or_empty()
            } else {
                &[]
            }
        });
        let heads = Heads {
            step: pass.step,
            block: self.block,
            names: [&self.qk_name, &self.pv_name],
            kinds,
            q: q_values,
            k: k_values,
            v: v_values,
            bias: bias.and_then(Tensor::values),
            batch,
            queries,
            keys: k.shape()[1],
            heads: self.heads,
            dim: width / self.heads,
        };
        let mixed = pass.engine.attention(&heads)?;
        let [_, pv] = heads.tags(0);
        result(&pv, mixed, has_values, q.shape())
    }
}
