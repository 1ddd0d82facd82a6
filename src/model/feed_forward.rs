//! The MLP of a transformer block.

use super::layers::{Linear, Pass, Scope};
use super::{Activation, EngineError, ModelError};
use crate::tensor::{Tensor, gelu_erf};

/// Ratio of the hidden width to the block's.
const RATIO: usize = 4;

/// Linear, activation, linear.
pub(super) struct FeedForward {
    proj: Linear,
    out: Linear,
    gated: bool,
}

impl FeedForward {
    /// With GELU in its tanh approximation.
    pub fn gelu(scope: &Scope<'_>, width: usize) -> Result<Self, ModelError> {
        Self::read(scope, width, RATIO * width, false)
    }

    /// With GEGLU: half of the hidden values times the exact GELU of the other half.
    pub fn geglu(scope: &Scope<'_>, width: usize) -> Result<Self, ModelError> {
        Self::read(scope, width, 2 * RATIO * width, true)
    }

    fn read(scope: &Scope<'_>, width: usize, n: usize, gated: bool) -> Result<Self, ModelError> {
        let scope = scope.child("ff.net");
        Ok(Self {
            proj: scope.linear("0.proj", width, n)?,
            out: scope.linear("2", RATIO * width, width)?,
            gated,
        })
    }

    /// \[…, D\] to the same shape.
    pub fn forward(&self, pass: &mut Pass<'_>, x: &Tensor) -> Result<Tensor, EngineError> {
        let hidden = if self.gated {
            geglu(&self.proj.forward(pass, x)?)
        } else {
            self.proj.activated(pass, x, Activation::GeluTanh)?
        };
        self.out.forward(pass, &hidden)
    }
}

/// \[…, 2n\] to \[…, n\].
fn geglu(x: &Tensor) -> Tensor {
    let (columns, mut shape) = (x.columns(), x.shape().to_vec());
    *shape.last_mut().expect("the features are a dimension") = columns / 2;
    Tensor::when(x.has_values(), &shape, || {
        let (rows, mut gates) = (x.values_or_empty().chunks_exact(columns), Vec::new());
        for row in rows.clone() {
            gates.extend_from_slice(&row[columns / 2..]);
        }
        gelu_erf(&mut gates);
        for (gate, value) in gates
            .iter_mut()
            .zip(rows.flat_map(|row| &row[..columns / 2]))
        {
            *gate *= value;
        }
        gates
    })
}
