//! Where a PE's operands come from: the GEMMs of a workload, or randomness.

use super::column::Column;
use super::parallel::LANES;
use super::state::PeState;
use crate::config::ArrayConfig;
use crate::tiling::Tiling;
use crate::timing::TimingError;
use crate::workload::{Gemm, Workload};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Where operand pairs come from. Every stream is a PE's states in consecutive
/// cycles; its first one is that of an idle PE.
#[derive(Debug)]
pub enum Operands<'w> {
    /// PEs of an array that runs a workload, each for one output tile.
    Workload(Box<FromWorkload<'w>>),
    /// Independent random states: uniform activations and weights, partial sums
    /// of random length.
    Random(Box<ChaCha8Rng>),
}

/// PEs drawn from all the GEMMs of a workload.
#[derive(Debug)]
pub struct FromWorkload<'w> {
    workload: &'w Workload,
    config: ArrayConfig,
    /// Tiles of the GEMMs up to and with each.
    cumulative: Vec<u64>,
    /// Passes of a tile, at most.
    most_passes: usize,
    gemm: Option<(usize, Gemm)>,
    left: usize,
    /// Where in all the tiles the last GEMM was drawn, 0..2^64.
    place: u64,
    rng: ChaCha8Rng,
}

/// PEs that are drawn from one GEMM before the next is: reading operands costs time.
const PER_GEMM: usize = 16;
/// 2^64 over the golden ratio: multiples of it spread evenly over 0..2^64, however
/// many there are, so that GEMMs come in proportion (Knuth, TAOCP 3, section 6.4).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl<'w> Operands<'w> {
    /// PEs of the array that runs a workload, each with the same probability for
    /// each tile: so each captured partial sum counts once, whatever its tile does.
    /// PEs that cannot fault (a protected checksum domain) are left out.
    pub fn of_workload(workload: &'w Workload, config: &ArrayConfig, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (mut sum, mut most_passes) = (0, 0);
        let tiles = workload.shapes().map(|(_, m, k, n)| {
            let tiling = Tiling::new(config, m, k, n);
            sum += tiling.len() as u64;
            most_passes = tiling.passes().max(most_passes);
            sum
        });
        let cumulative = tiles.collect();
        Self::Workload(Box::new(FromWorkload {
            workload,
            config: config.clone(),
            cumulative,
            most_passes,
            gemm: None,
            left: 0,
            place: rng.next_u64(),
            rng,
        }))
    }

    /// Random states.
    pub fn random(seed: u64) -> Self {
        Self::Random(Box::new(ChaCha8Rng::seed_from_u64(seed)))
    }

    /// A column of PEs in one pass, and in the one before where there is one; each pass of
    /// each column of each tile with the same probability. Of random operands, the column is one
    /// of uniform activations and weights.
    ///
    /// # Errors
    /// [`TimingError::Workload`] when operands cannot be read.
    pub(super) fn pass(&mut self, config: &ArrayConfig) -> Result<Column, TimingError> {
        match self {
            Self::Workload(source) => source.pass(),
            Self::Random(rng) => {
                let lines = config.pass_rows();
                let byte = |_, _| rng.next_u32() as i8;
                Ok(Column::from_fn(0..2, [lines, config.rows], byte))
            }
        }
    }

    /// Uniform in 0..`below`.
    pub(super) fn draw(&mut self, below: usize) -> usize {
        let rng = match self {
            Self::Workload(source) => &mut source.rng,
            Self::Random(rng) => rng,
        };
        draw(rng, below)
    }

    /// The next stream of states, of two at least.
    ///
    /// # Errors
    /// [`TimingError::Workload`] when operands cannot be read.
    pub fn stream(&mut self) -> Result<Vec<PeState>, TimingError> {
        match self {
            Self::Workload(source) => source.stream(),
            Self::Random(rng) => Ok((0..=LANES).map(|_| random_state(rng)).collect()),
        }
    }
}

fn draw(rng: &mut ChaCha8Rng, below: usize) -> usize {
    ((u128::from(rng.next_u64()) * below as u128) >> 64) as usize
}

fn random_state(rng: &mut ChaCha8Rng) -> PeState {
    let bits = rng.next_u64();
    let psum = rng.next_u32() as i32;
    PeState {
        activation: bits as i8,
        weight: (bits >> 8) as i8,
        valid: bits >> 16 & 15 != 0,
        psum_above: psum >> (bits >> 32 & 31),
    }
}

impl FromWorkload<'_> {
    /// One PE in all passes of a tile.
    fn stream(&mut self) -> Result<Vec<PeState>, TimingError> {
        self.next()?;
        let (gemm, tiling, config, rng) = self.drawn();
        let (rows, lanes) = config.faulty_pes();
        let [tile, row, lane] = [tiling.len(), rows, lanes].map(|below| draw(rng, below));
        let passes = 0..tiling.passes();
        Ok(Column::of_tile(gemm, &tiling, tile, passes, lane, config).stream(row))
    }

    fn pass(&mut self) -> Result<Column, TimingError> {
        loop {
            self.next()?;
            let most = self.most_passes;
            let (gemm, tiling, config, rng) = self.drawn();
            // Tiles come evenly, and are kept in proportion to their passes.
            let pass = draw(rng, most);
            if pass >= tiling.passes() {
                continue;
            }
            let (_, lanes) = config.faulty_pes();
            let [tile, lane] = [tiling.len(), lanes].map(|below| draw(rng, below));
            let passes = pass.saturating_sub(1)..pass + 1;
            return Ok(Column::of_tile(gemm, &tiling, tile, passes, lane, config));
        }
    }

    /// Draws a GEMM, now and then.
    fn next(&mut self) -> Result<(), TimingError> {
        if self.left == 0 || self.gemm.is_none() {
            let tiles = self.cumulative.last().copied().unwrap_or(0);
            self.place = self.place.wrapping_add(GOLDEN);
            let at = ((u128::from(self.place) * u128::from(tiles)) >> 64) as u64;
            let index = self.cumulative.partition_point(|sum| *sum <= at);
            if self.gemm.as_ref().map(|(known, _)| *known) != Some(index) {
                self.gemm = Some((index, self.workload.gemm(index)?));
            }
            self.left = PER_GEMM;
        }
        self.left -= 1;
        Ok(())
    }

    /// The GEMM that was drawn, how it is tiled, on which array; and more randomness.
    fn drawn(&mut self) -> (&Gemm, Tiling, &ArrayConfig, &mut ChaCha8Rng) {
        let (_, gemm) = self.gemm.as_ref().expect("drawn before");
        let tiling = Tiling::new(&self.config, gemm.m(), gemm.k(), gemm.n());
        (gemm, tiling, &self.config, &mut self.rng)
    }
}

/// Batches of consecutive states, from stream to stream.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    stream: Vec<PeState>,
    at: usize,
    pub(super) old: Vec<PeState>,
    pub(super) new: Vec<PeState>,
}

impl Pairs {
    /// The next [`LANES`] pairs.
    pub(super) fn fill(&mut self, operands: &mut Operands<'_>) -> Result<(), TimingError> {
        self.old.clear();
        self.new.clear();
        while self.old.len() < LANES {
            if self.at + 1 >= self.stream.len() {
                self.stream = operands.stream()?;
                self.at = 0;
            }
            let left = self.stream.len() - 1 - self.at;
            let take = left.min(LANES - self.old.len());
            self.old.extend(&self.stream[self.at..self.at + take]);
            self.new.extend(&self.stream[self.at + 1..=self.at + take]);
            self.at += take;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Source;
    use std::path::Path;

    #[test]
    fn streams_add_up_to_the_columns_of_the_gemm() {
        let text = "rows: 5\ncolumns: 3\ntile_rows: 7\ndataflow: ws\nthreshold_bit: 0\nchecksum: true\n\
                    checksum_domain: shared\n";
        let config = ArrayConfig::from_yaml(text, Path::new("test")).unwrap();
        let workload = Workload::open(&Source::TinyDit, 0).unwrap();
        let gemm = workload.gemm(0).unwrap();
        let tiling = Tiling::new(&config, gemm.m(), gemm.k(), gemm.n());
        for index in [0, tiling.len() - 1] {
            let tile = tiling.tile(index);
            for lane in 0..5 {
                // The bottom PE's sums over all passes are the tile's column.
                let states =
                    Column::of_tile(&gemm, &tiling, index, 0..tiling.passes(), lane, &config)
                        .stream(4);
                let lines = tile.rows.len() + 2;
                assert_eq!(states.len(), 1 + lines * tiling.passes());
                assert_eq!(states[0], PeState::default());
                for line in 0..tile.rows.len() {
                    let of_passes = states[1 + line..].iter().step_by(lines);
                    let sum: i32 = of_passes.map(PeState::sum).sum();
                    let row = gemm.x().row(tile.rows.start + line).mapv(i32::from);
                    let column = |n: usize| row.dot(&gemm.w().column(n).mapv(i32::from));
                    if lane < 3 && tile.columns.start + lane < tile.columns.end {
                        assert_eq!(sum, column(tile.columns.start + lane));
                    }
                }
            }
            // The digits of the checksums, together, are the sum of the columns.
            let lanes: Vec<i32> = (0..5)
                .map(|lane| {
                    Column::of_tile(&gemm, &tiling, index, 0..tiling.passes(), lane, &config)
                        .stream(4)[1]
                        .sum()
                })
                .collect();
            assert_eq!(lanes[..3].iter().sum::<i32>(), 256 * lanes[3] + lanes[4]);
        }
    }
}
