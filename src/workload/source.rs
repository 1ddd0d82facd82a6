//! Where a workload comes from.

use super::{Workload, WorkloadError};
use std::path::{Path, PathBuf};

/// Where a workload comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The embedded operands of a tiny diffusion transformer.
    TinyDit,
    /// A dump of operands, see the [module documentation](super).
    Safetensors(PathBuf),
    /// One GEMM: X[M×K] and W[K×N], each a two-dimensional int8 array.
    NpyPair {
        /// The file with X.
        x: PathBuf,
        /// The file with W.
        w: PathBuf,
    },
    /// Shapes only; the operands are drawn from the seed.
    ShapesCsv(PathBuf),
}

impl Workload {
    /// Understands `tiny-dit`, `FILE.safetensors`, `FILE.csv` and `X.npy,W.npy`.
    ///
    /// # Errors
    /// [`WorkloadError::Source`] for anything else.
    pub fn parse_source(text: &str) -> Result<Source, WorkloadError> {
        if text == "tiny-dit" {
            return Ok(Source::TinyDit);
        }
        if has_extension(text, "safetensors") {
            return Ok(Source::Safetensors(text.into()));
        }
        if has_extension(text, "csv") {
            return Ok(Source::ShapesCsv(text.into()));
        }
        // Folder names may hold commas too: the separator is the one between two .npy names.
        let halves = text
            .match_indices(',')
            .map(|(at, _)| (text[..at].trim(), text[at + 1..].trim()));
        for (x, w) in halves {
            if has_extension(x, "npy") && has_extension(w, "npy") {
                return Ok(Source::NpyPair {
                    x: x.into(),
                    w: w.into(),
                });
            }
        }
        Err(WorkloadError::Source {
            text: text.to_owned(),
        })
    }
}

fn has_extension(text: &str, extension: &str) -> bool {
    Path::new(text)
        .extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(extension))
}
