//! Workloads: the int8 GEMMs Y[M×N] = X[M×K]·W[K×N] that run on the array.
//!
//! A [`Workload`] lists its GEMMs with their shapes and delivers the operands of
//! one GEMM at a time. Operand files are memory-mapped, so the memory in use
//! stays that of a single GEMM.
//!
//! # Operands as safetensors
//! Every tensor `x.{tag}` holds int8 activations, and makes
//! - one GEMM named `{tag}` if its shape is [M, K], or
//! - H GEMMs named `{tag}.h0`, `{tag}.h1`, … if it is [H, M, K].
//!
//! Its weights are the first of these that exists, int8 [K, N] or [H, K, N]:
//! 1. `y.{tag}`, the second operand of an attention product;
//! 2. `w.{tag}`;
//! 3. `w.{tag}` less the tag's first component, which is the timestep: the
//!    weights `w.{block}.{layer}` serve every `x.{step}.{block}.{layer}`.
//!
//! Weights [K, N] serve all H heads. Other tensors, such as the scales
//! `ws.{block}.{layer}`, are ignored. GEMMs are sorted by the components of their
//! tags, numbers as numbers: step 2 comes before step 10.
//!
//! The metadata may hold activation scales: `scale.x.{tag}`, and `scale.y.{tag}` for
//! the second operand of an attention product; real value = scale · int8.
//!
//! # The embedded default
//! `tiny-dit` is such a file: steps 0, 25 and 26, blocks 0 and 7, linear layers
//! and attention products of a class-conditional DiT (diffusers layout, 8 blocks,
//! width 128, 4 heads, patch 4) trained on Fashion-MNIST (MIT licence), taken
//! from a DDIM run of 50 steps, symmetric int8. `tools/make_operands.py` wrote it.
//!
//! # Shapes as CSV
//! SCALE-Sim's GEMM topology: rows of `Layer, M, N, K`, with or without header,
//! or of `M, N, K` alone. Where a header names M, N and K they may stand in any
//! order; further columns, a `count` of repetitions among them, are ignored: each
//! row is one GEMM. Its operands are drawn from the seed.

mod error;
mod gemm;
mod npy;
mod seeded;
mod source;
mod table;
mod tensors;

pub use error::WorkloadError;
pub use gemm::{Gemm, MAX_K, Operand};
pub use source::Source;

use crate::mapping::{self, Bytes};
use gemm::Shape;
use npy::NpyPair;
use seeded::Seeded;
use sha2::{Digest, Sha256};
use std::fmt;
use std::path::Path;
use tensors::Tensors;

/// The file behind [`Source::TinyDit`].
const TINY_DIT: &[u8] = include_bytes!("tiny_dit_operands.safetensors");

/// A list of GEMMs whose operands are read, or drawn, one GEMM at a time.
#[derive(Debug)]
pub struct Workload {
    name: String,
    hash: String,
    gemms: Vec<Listed>,
    operands: Box<dyn OperandReader>,
}

/// A GEMM before its operands are read.
#[derive(Debug)]
struct Listed {
    name: String,
    shape: Shape,
    /// See [`Workload::activation_scale`].
    scale: Option<f64>,
}

/// Delivers the operands X[M×K] and W[K×N] of the GEMM at `index`, row by row.
trait OperandReader: fmt::Debug + Send + Sync {
    fn read(&self, index: usize, shape: Shape) -> (Vec<i8>, Vec<i8>);
}

impl Workload {
    /// Lists the GEMMs of `source` and validates all of them. Only
    /// [`Source::ShapesCsv`] uses the seed.
    ///
    /// # Errors
    /// [`WorkloadError`] names the file, the tensor or line, what was found and
    /// what is allowed.
    pub fn open(source: &Source, seed: u64) -> Result<Self, WorkloadError> {
        match source {
            Source::TinyDit => Self::from_tensors(Bytes::Embedded(TINY_DIT), Path::new("tiny-dit")),
            Source::Safetensors(file) => Self::from_tensors(map(file)?, file),
            Source::NpyPair { x, w } => {
                let (gemm, pair) = NpyPair::open(x, w)?;
                Ok(Self {
                    name: stem(x),
                    hash: hash_of(pair.files()),
                    gemms: vec![gemm],
                    operands: Box::new(pair),
                })
            }
            Source::ShapesCsv(file) => {
                let gemms = table::open(file)?;
                Ok(Self {
                    name: stem(file),
                    hash: hash_of([&*text_of(&gemms), &seed.to_le_bytes()]),
                    gemms,
                    operands: Box::new(Seeded { seed }),
                })
            }
        }
    }

    fn from_tensors(bytes: Bytes, file: &Path) -> Result<Self, WorkloadError> {
        let (gemms, tensors) = Tensors::open(bytes, file)?;
        Ok(Self {
            name: stem(file),
            hash: hash_of([tensors.file()]),
            gemms,
            operands: Box::new(tensors),
        })
    }

    /// Number of GEMMs.
    pub fn len(&self) -> usize {
        self.gemms.len()
    }

    /// Whether there is no GEMM; [`Workload::open`] refuses such a source.
    pub fn is_empty(&self) -> bool {
        self.gemms.is_empty()
    }

    /// `tiny-dit`, or the name of the file without folder and extension.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Name and dimensions (M, K, N) of every GEMM, without their operands.
    pub fn shapes(&self) -> impl ExactSizeIterator<Item = (&str, usize, usize, usize)> {
        self.gemms.iter().map(|gemm| {
            let Shape { m, k, n } = gemm.shape;
            (gemm.name.as_str(), m, k, n)
        })
    }

    /// Real value of one unit of a GEMM's outputs, as far as it depends on the
    /// timestep: the scale of its activations, or the product of both scales of an
    /// attention product. `None` where the source has no scales.
    ///
    /// # Errors
    /// [`WorkloadError::Index`] unless `index` is below [`Workload::len`].
    pub fn activation_scale(&self, index: usize) -> Result<Option<f64>, WorkloadError> {
        Ok(self.listed(index)?.scale)
    }

    fn listed(&self, index: usize) -> Result<&Listed, WorkloadError> {
        self.gemms.get(index).ok_or_else(|| WorkloadError::Index {
            workload: self.name.clone(),
            index,
            len: self.len(),
        })
    }

    /// Reads or draws the operands of one GEMM; the same index gives the same
    /// operands, in whatever order they are asked for.
    ///
    /// # Errors
    /// [`WorkloadError::Index`] unless `index` is below [`Workload::len`].
    pub fn gemm(&self, index: usize) -> Result<Gemm, WorkloadError> {
        let listed = self.listed(index)?;
        let shape = listed.shape;
        let (x, w) = self.operands.read(index, shape);
        Ok(Gemm {
            name: listed.name.clone(),
            x: Operand::new(shape.m, shape.k, x),
            w: Operand::new(shape.k, shape.n, w),
        })
    }

    /// Identity of the operands: the first 8 bytes, in hex, of the SHA-256 of the
    /// file (for a pair: of both, one after the other), or of a CSV's names,
    /// shapes and seed, however the CSV is laid out.
    pub fn hash(&self) -> String {
        self.hash.clone()
    }
}

/// The bytes of an operand file.
fn map(file: &Path) -> Result<Bytes, WorkloadError> {
    mapping::map(file).map_err(|source| WorkloadError::Read {
        file: file.to_owned(),
        source,
    })
}

fn hash_of<const N: usize>(parts: [&[u8]; N]) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    let digest = hasher.finalize();
    digest[..8].iter().map(|b| format!("{b:02x}")).collect()
}

/// What the hash of a shape table covers.
fn text_of(gemms: &[Listed]) -> Vec<u8> {
    let row = |gemm: &Listed| {
        let Shape { m, k, n } = gemm.shape;
        format!("{},{m},{n},{k}\n", gemm.name)
    };
    gemms.iter().map(row).collect::<String>().into_bytes()
}

fn stem(file: &Path) -> String {
    file.file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn as_int8(bytes: &[u8]) -> Vec<i8> {
    bytes.iter().map(|byte| *byte as i8).collect()
}

#[cfg(test)]
mod tests;
