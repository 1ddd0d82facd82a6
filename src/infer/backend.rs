//! The three engines behind a denoiser (design.md §1): what computes the int32
//! outputs of a GEMM and the effects of its faults.

use super::error::InferError;
use super::hardware::simulate;
use super::job::{Computed, Faulty, Sample};
use super::tile_output::TileOutput;
use crate::cosim::Simulator;
use crate::fast::{self, TileEffect};
use crate::fault::TileFaults;
use crate::golden;
use ndarray::{Array2, s};

/// What computes.
pub enum Backend {
    /// Kernels and sparse deltas.
    Fast,
    /// The golden model, tile by tile.
    Golden,
    /// The verilated RTL; what it delivers is compared with the fast engine.
    Rtl(Simulator),
}

impl Backend {
    /// Runs a GEMM. `scratch` may be used for its outputs, whatever is in it.
    ///
    /// # Errors
    /// [`InferError`] when the hardware cannot be run or differs.
    pub fn run(&mut self, sample: &Sample<'_>, scratch: Vec<i32>) -> Result<Computed, InferError> {
        match self {
            Backend::Fast => Ok(fast(sample.job, scratch)),
            Backend::Golden => Ok(golden(sample.job)),
            Backend::Rtl(simulator) => rtl(simulator, sample, scratch),
        }
    }
}

fn fast(job: &Faulty<'_>, mut scratch: Vec<i32>) -> Computed {
    let (m, n) = (job.x.nrows(), job.w.columns());
    scratch.resize(m * n, 0);
    let mut y = Array2::from_shape_vec((m, n), scratch).expect("m·n elements");
    fast::multiply_into(job.x, job.w, y.view_mut(), job.threads);
    let faults = job.faults.iter().map(|(tile, faults)| (*tile, faults));
    let effects = fast::effects(
        job.config,
        job.tiling,
        job.x,
        job.w,
        faults,
        job.threshold_bit,
    );
    for effect in &effects {
        effect.apply(job.tiling, &mut y.view_mut());
    }
    Computed { y, effects }
}

fn golden(job: &Faulty<'_>) -> Computed {
    let w = job.w.unpack();
    let mut y = Array2::zeros((job.x.nrows(), w.ncols()));
    let mut effects = Vec::with_capacity(job.faults.len());
    let none = TileFaults::default();
    let mut faulty = job.faults.iter().peekable();
    for tile in job.tiling.tiles() {
        let faults = faulty.next_if(|(of, _)| *of == tile.index);
        let has_faults = faults.is_some();
        let faults = faults.map_or(&none, |(_, faults)| faults);
        let result = golden::tile(
            job.config,
            job.tiling,
            &tile,
            job.x,
            w.view(),
            faults,
            job.threshold_bit,
        );
        y.slice_mut(s![tile.rows.clone(), tile.columns.clone()])
            .assign(&result.y.slice(s![.., ..tile.columns.len()]));
        if has_faults {
            effects.push(TileEffect::of_golden(tile.index, &result));
        }
    }
    Computed { y, effects }
}

/// The hardware's outputs; flags and effects are the fast engine's, which agree.
fn rtl(
    simulator: &mut Simulator,
    sample: &Sample<'_>,
    scratch: Vec<i32>,
) -> Result<Computed, InferError> {
    let job = sample.job;
    let mut computed = fast(job, scratch);
    let mut faults = vec![TileFaults::default(); job.tiling.len()];
    for (tile, of) in job.faults {
        faults[*tile] = of.clone();
    }
    let result = simulate(
        simulator,
        job,
        *job.tiling,
        (job.x, job.w.unpack()),
        &faults,
    )?;
    let mut effects = computed.effects.iter().peekable();
    let mut first_row = 0;
    for tile in job.tiling.tiles() {
        let rows = tile.rows.len();
        let effect = effects.next_if(|effect| effect.tile == tile.index);
        let expected = TileOutput::expected(job.config, &tile, computed.y.view(), effect);
        let found = TileOutput::delivered(job.config, &result, tile.index, first_row, rows);
        if let Some(difference) = expected.differs(&found) {
            return Err(InferError::mismatch(sample, tile, difference, false));
        }
        first_row += rows;
        let mut place = computed.y.slice_mut(s![tile.rows, tile.columns.clone()]);
        place.assign(&found.y.slice(s![.., ..tile.columns.len()]));
    }
    Ok(computed)
}
