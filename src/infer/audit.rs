//! Audits: a share of the tiles of an image, chosen by seed, is computed on the
//! verilated RTL as well, and must agree with the engine in every bit.

use super::error::InferError;
use super::hardware::simulate;
use super::job::{Computed, Sample};
use super::plan::image_seed;
use super::tile_output::TileOutput;
use crate::cosim::{SABOTAGE, Simulator};
use crate::fault::TileFaults;
use crate::tiling::Tiling;
use ndarray::s;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// An auditor of one image.
pub struct Audit {
    simulator: Simulator,
    rate: f64,
    seed: u64,
    sabotage: bool,
}

impl Audit {
    /// Audits each tile with probability `rate`, 0..=1.
    pub fn new(simulator: Simulator, rate: f64, seed: u64, image: u64) -> Self {
        Self {
            simulator,
            rate,
            seed: image_seed(seed, image),
            sabotage: false,
        }
    }

    /// Upsets the hardware behind the engine's back: every audit finds a difference.
    #[must_use]
    pub fn sabotaged(self) -> Self {
        Self {
            sabotage: true,
            ..self
        }
    }

    /// Audits a GEMM; how many of its tiles were chosen.
    ///
    /// # Errors
    /// [`InferError::Mismatch`] with the first difference.
    pub fn check(&mut self, sample: &Sample<'_>, computed: &Computed) -> Result<u64, InferError> {
        let job = sample.job;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(sample.gemm as u64);
        let mut audited = 0;
        let none = TileFaults::default();
        for tile in job.tiling.tiles() {
            // 53 bits make a float in [0, 1).
            let uniform = (rng.next_u64() >> 11) as f64 * 0.5f64.powi(53);
            if uniform >= self.rate {
                continue;
            }
            audited += 1;
            let at = job.faults.binary_search_by_key(&tile.index, |(of, _)| *of);
            let faults = at.map_or(&none, |at| &job.faults[at].1);
            let effect = at.ok().map(|at| &computed.effects[at]);
            let x = job.x.slice(s![tile.rows.clone(), ..]);
            let w = job.w.unpack_columns(&tile.columns);
            let alone = Tiling::new(job.config, x.nrows(), x.ncols(), w.ncols());
            let mut injected = faults.clone();
            if self.sabotage {
                injected.flips.insert(0, SABOTAGE);
            }
            let injected = std::slice::from_ref(&injected);
            let result = simulate(&mut self.simulator, job, alone, (x, w), injected)?;
            let found = TileOutput::delivered(job.config, &result, 0, 0, tile.rows.len());
            let expected = TileOutput::expected(job.config, &tile, computed.y.view(), effect);
            if let Some(difference) = expected.differs(&found) {
                return Err(InferError::mismatch(
                    sample,
                    tile,
                    difference,
                    self.sabotage,
                ));
            }
        }
        Ok(audited)
    }
}
