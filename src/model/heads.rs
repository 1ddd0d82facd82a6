//! The products of an attention, head by head.

use super::{EngineError, GemmEngine, GemmKind, GemmTag, MatMul};
use crate::tensor::softmax_rows;

/// Queries, keys and values of all rows of a batch and all heads, and where they stand.
#[derive(Clone, Copy, Debug)]
pub struct Heads<'a> {
    /// Denoising step.
    pub step: usize,
    /// Block, as in [`GemmTag`].
    pub block: Option<usize>,
    /// Names of the products QKᵀ and PV.
    pub names: [&'a str; 2],
    /// Their kinds.
    pub kinds: [GemmKind; 2],
    /// Queries \[B, N, D\]; none of a shape.
    pub q: &'a [f32],
    /// Keys \[B, L, D\].
    pub k: &'a [f32],
    /// Values \[B, L, D\].
    pub v: &'a [f32],
    /// Added to the scores of each key, \[B, L\].
    pub bias: Option<&'a [f32]>,
    /// B.
    pub batch: usize,
    /// N.
    pub queries: usize,
    /// L.
    pub keys: usize,
    /// Number of heads, which share D.
    pub heads: usize,
    /// Channels of a head.
    pub dim: usize,
}

/// A head's values among those of all heads.
#[derive(Clone, Copy, Debug)]
pub struct Strided<'a> {
    /// Values from the head's first on.
    pub values: &'a [f32],
    /// Rows: tokens.
    pub rows: usize,
    /// Values from one row to the next: D.
    pub stride: usize,
    /// Columns: channels of the head.
    pub columns: usize,
}

impl Strided<'_> {
    /// A row.
    ///
    /// # Panics
    /// If it does not exist.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.stride..][..self.columns]
    }

    /// The values row by row without gaps.
    pub fn dense(&self) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.rows * self.columns);
        for row in 0..self.rows {
            values.extend_from_slice(self.row(row));
        }
        values
    }
}

impl<'a> Heads<'a> {
    /// D.
    pub fn width(&self) -> usize {
        self.heads * self.dim
    }

    /// Number of products of each kind: batch × heads, heads counting fastest.
    pub fn instances(&self) -> usize {
        self.batch * self.heads
    }

    /// The scores are multiplied with this.
    pub fn scale(&self) -> f32 {
        1.0 / (self.dim as f32).sqrt()
    }

    /// Tags of an instance's two products.
    pub fn tags(&self, instance: usize) -> [GemmTag<'a>; 2] {
        [0, 1].map(|product| GemmTag {
            step: self.step,
            block: self.block,
            layer: self.names[product],
            kind: self.kinds[product],
            instance,
        })
    }

    /// Queries, keys and values of an instance.
    ///
    /// # Panics
    /// If there are no values.
    pub fn parts(&self, instance: usize) -> [Strided<'a>; 3] {
        let part = |values: &'a [f32], rows: usize| Strided {
            values: &values[self.place(instance, rows)..],
            rows,
            stride: self.width(),
            columns: self.dim,
        };
        [
            part(self.q, self.queries),
            part(self.k, self.keys),
            part(self.v, self.keys),
        ]
    }

    /// Where an instance's values start among those of tensors with so many rows.
    pub fn place(&self, instance: usize, rows: usize) -> usize {
        instance / self.heads * rows * self.width() + instance % self.heads * self.dim
    }

    /// The bias of an instance's scores.
    pub fn bias(&self, instance: usize) -> Option<&'a [f32]> {
        let row = instance / self.heads;
        self.bias.map(|bias| &bias[row * self.keys..][..self.keys])
    }
}

/// Two products and a softmax for each row of the batch and head. Without values, the
/// engine is asked for the same products of none.
pub(super) fn by_head<E: GemmEngine + ?Sized>(
    engine: &mut E,
    job: &Heads<'_>,
) -> Result<Vec<f32>, EngineError> {
    let Heads {
        queries, keys, dim, ..
    } = *job;
    let (of_scores, of_values) = ([queries, dim, keys], [queries, keys, dim]);
    let mut mixed = vec![0.0; job.q.len()];
    for instance in 0..job.instances() {
        let [qk, pv] = job.tags(instance);
        if job.q.is_empty() {
            let scores = engine.product(&qk, &MatMul::new(&[], &[], of_scores))?;
            qk.expect_length(&scores, 0)?;
            let y = engine.product(&pv, &MatMul::new(&[], &[], of_values))?;
            pv.expect_length(&y, 0)?;
            continue;
        }
        let [q, k, v] = job.parts(instance);
        let (q, k, v) = (q.dense(), transposed(&k.dense(), dim), v.dense());
        let mut scores = engine.product(&qk, &MatMul::new(&q, &k, of_scores))?;
        qk.expect_length(&scores, queries * keys)?;
        softmax_rows(&mut scores, keys, job.scale(), job.bias(instance));
        let y = engine.product(&pv, &MatMul::new(&scores, &v, of_values))?;
        pv.expect_length(&y, queries * dim)?;
        let rows = mixed[job.place(instance, queries)..].chunks_mut(job.width());
        for (row, values) in rows.zip(y.chunks_exact(dim)) {
            row[..dim].copy_from_slice(values);
        }
    }
    Ok(mixed)
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
