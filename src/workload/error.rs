//! What can be wrong with a workload.

use std::path::PathBuf;
use thiserror::Error;

/// A workload that cannot be used. Every message names the file and the place
/// in it, what was found there, and what is allowed.
#[derive(Debug, Error)]
pub enum WorkloadError {
    /// The text names neither the embedded workload nor a known kind of file.
    #[error(
        "workload {text:?} is not allowed; expected tiny-dit, FILE.safetensors, FILE.csv or X.npy,W.npy"
    )]
    Source {
        /// The text as given.
        text: String,
    },
    /// The file could not be read.
    #[error("{file}: cannot be read: {source}", file = .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The file is truncated, or not of the kind its name says.
    #[error("{file}: {message}; expected a complete {kind} file", file = .file.display())]
    Format {
        /// The file.
        file: PathBuf,
        /// The kind of file its name says.
        kind: &'static str,
        /// What does not fit.
        message: String,
    },
    /// A tensor has a type or shape that no GEMM can use, or is missing.
    #[error("{file}: {tensor}: {found} is not allowed; expected {allowed}", file = .file.display())]
    Tensor {
        /// The file.
        file: PathBuf,
        /// The tensor's name.
        tensor: String,
        /// What was found.
        found: String,
        /// What would be allowed.
        allowed: String,
    },
    /// A field of a shape table cannot be used.
    #[error("{file}:{line}: {field}: {value} is not allowed; expected {allowed}", file = .file.display())]
    Field {
        /// The file.
        file: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// The offending column.
        field: &'static str,
        /// The value found.
        value: String,
        /// What would be allowed.
        allowed: String,
    },
    /// The file is sound but holds no GEMM.
    #[error("{file}: holds no GEMM; expected {allowed}", file = .file.display())]
    Empty {
        /// The file.
        file: PathBuf,
        /// What a GEMM would look like.
        allowed: &'static str,
    },
    /// A GEMM was asked for that the workload does not have.
    #[error("{workload}: GEMM {index} is not allowed; expected an index below {len}")]
    Index {
        /// The workload's name.
        workload: String,
        /// The index asked for.
        index: usize,
        /// How many GEMMs there are.
        len: usize,
    },
}
