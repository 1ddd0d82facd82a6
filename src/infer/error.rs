//! What can go wrong with the int8 GEMMs of a denoising run.

use super::job::Sample;
use super::tile_output::Difference;
use crate::cosim::CosimError;
use crate::fault::TileFaults;
use crate::model::ModelError;
use crate::quant::QuantError;
use crate::tiling::{MAX_K, Tile};
use ndarray::{Array2, s};
use std::path::PathBuf;
use thiserror::Error;

/// Errors of a protected engine.
#[derive(Debug, Error)]
pub enum InferError {
    /// The reduction is longer than the accumulators allow.
    #[error("K = {k} is not allowed; expected at most {MAX_K}")]
    Depth {
        /// The reduction dimension.
        k: usize,
    },
    /// The hardware could not be built or run.
    #[error(transparent)]
    Cosim(#[from] CosimError),
    /// The model, an input of it, or an engine failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The calibration cannot be used.
    #[error(transparent)]
    Quant(#[from] QuantError),
    /// A model's folder cannot be read.
    #[error("{path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Hardware and fast engine disagree.
    #[error(transparent)]
    Mismatch(Box<TileMismatch>),
}

/// A tile on which hardware and fast engine disagree, with all that repeats it.
#[derive(Debug, Error)]
#[error("step {step}, {layer}, instance {instance}, tile {}: {difference}", .tile.index)]
pub struct TileMismatch {
    /// Denoising step.
    pub step: usize,
    /// Layer.
    pub layer: String,
    /// Which product of the layer.
    pub instance: usize,
    /// The tile.
    pub tile: Tile,
    /// The first difference.
    pub difference: Difference,
    /// Activations of the tile.
    pub x: Array2<i8>,
    /// Weights of the tile.
    pub w: Array2<i8>,
    /// Faults of the tile.
    pub faults: TileFaults,
    /// θ.
    pub threshold_bit: u32,
    /// Whether the hardware was upset behind the engine's back.
    pub sabotaged: bool,
}

impl InferError {
    pub(super) fn mismatch(
        sample: &Sample<'_>,
        tile: Tile,
        difference: Difference,
        sabotaged: bool,
    ) -> Self {
        let job = sample.job;
        let faults = job.faults.iter().find(|(of, _)| *of == tile.index);
        let mismatch = TileMismatch {
            step: sample.tag.step,
            layer: sample.tag.layer.to_owned(),
            instance: sample.tag.instance,
            x: job.x.slice(s![tile.rows.clone(), ..]).to_owned(),
            w: job.w.unpack_columns(&tile.columns),
            faults: faults.map(|(_, faults)| faults.clone()).unwrap_or_default(),
            threshold_bit: job.threshold_bit,
            sabotaged,
            tile,
            difference,
        };
        InferError::Mismatch(Box::new(mismatch))
    }
}
