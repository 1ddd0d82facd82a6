//! Where faults come from: nothing, a bit error rate, timing errors, a number
//! of upsets per tile, or a list. One ChaCha stream per (GEMM, tile), so that any tile can
//! be repeated alone, on any engine and any number of threads.

use super::list::FaultList;
use super::streams::{self, Streams, stream};
use super::types::{Fault, Register, Site, TileFaults};
use super::word_errors::WordErrors;
use crate::config::{ArrayConfig, Dataflow};
use crate::tiling::{Tile, Tiling};
use rand_chacha::rand_core::Rng;

/// Which bits of which register can be hit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// The registers; upsets choose among their bits uniformly.
    pub registers: Vec<Register>,
    /// Bits that may flip, as a mask over each register.
    pub bits: u32,
}

impl Targets {
    /// `(register, bit)` pairs in a fixed order.
    fn bits(&self) -> Vec<(Register, u32)> {
        self.registers
            .iter()
            .flat_map(|&register| (0..register.bits()).map(move |bit| (register, bit)))
            .filter(|(_, bit)| self.bits >> bit & 1 == 1)
            .collect()
    }
}

/// A source of faults.
#[derive(Clone, Debug)]
pub enum Sampler {
    /// No faults.
    None,
    /// Every target bit flips with probability `ber` each time it is captured.
    Uniform {
        /// Bit error rate, 0..=1.
        ber: f64,
        /// What can be hit.
        targets: Targets,
        /// Seed of all streams.
        seed: u64,
    },
    /// Every psum word that a PE captures is wrong with the same probability; masks
    /// are drawn from a distribution.
    Timing {
        /// How often words are wrong, and how.
        errors: WordErrors,
        /// Seed of all streams.
        seed: u64,
    },
    /// A fixed number of single-bit upsets per tile, uniform over the tile.
    Upsets {
        /// Upsets per tile.
        per_tile: usize,
        /// What can be hit.
        targets: Targets,
        /// Seed of all streams.
        seed: u64,
    },
    /// Exactly these faults.
    List(FaultList),
}

/// The coordinates of a tile at which a register can capture a wrong bit.
struct Space<'a> {
    config: &'a ArrayConfig,
    data_rows: usize,
    /// How often a register captures a value: (pass, row), or step k.
    captures: usize,
    pe_rows: usize,
    columns: usize,
    bits: Vec<(Register, u32)>,
}

impl Space<'_> {
    fn size(&self) -> u64 {
        let factors = [self.captures, self.pe_rows, self.columns, self.bits.len()];
        factors.iter().map(|&factor| factor as u64).product()
    }

    /// The fault at a linear position in the space.
    fn at(&self, position: u64) -> Fault {
        let mut rest = position;
        let mut take = |size: usize| {
            let digit = rest % size as u64;
            rest /= size as u64;
            digit as u32
        };
        let (register, bit) = self.bits[take(self.bits.len()) as usize];
        let pe_column = take(self.columns);
        let pe_row = take(self.pe_rows);
        let row = match self.config.dataflow {
            Dataflow::Ws => {
                let row = take(self.data_rows + self.config.checksum_rows());
                let checksum_row = (row as usize).checked_sub(self.data_rows);
                checksum_row.map_or(row, |digit| (self.config.tile_rows + digit) as u32)
            }
            Dataflow::Os => take(self.config.rows),
        };
        Fault {
            row,
            pass: rest as u32,
            site: Site {
                pe_row,
                pe_column,
                register,
            },
            xor: 1 << bit,
        }
    }
}

impl Sampler {
    /// Psum words that the PEs capture in a tile and that can be wrong.
    pub fn psum_words(config: &ArrayConfig, tiling: &Tiling, tile: &Tile) -> u64 {
        space(config, tiling, tile.rows.len(), vec![(Register::Psum, 0)]).size()
    }

    /// The faults of one tile of one GEMM.
    pub fn tile(
        &self,
        config: &ArrayConfig,
        gemm: usize,
        tiling: &Tiling,
        tile: &Tile,
    ) -> TileFaults {
        let mut faults = TileFaults::default();
        match self {
            Sampler::None => {}
            Sampler::List(list) => {
                faults.flips = list.tile(gemm, tile.index).to_vec();
                faults.stuck = list.stuck().to_vec();
            }
            Sampler::Uniform { seed, .. } | Sampler::Timing { seed, .. } => {
                let captures = self.captures().expect("these are sampled by capture");
                let space = space(config, tiling, tile.rows.len(), captures.bits());
                let mut rng = stream(*seed, gemm, tile.index);
                faults.flips = captures.flips(&space, &mut || rng.next_u64());
            }
            Sampler::Upsets {
                per_tile,
                targets,
                seed,
            } => {
                let space = space(config, tiling, tile.rows.len(), targets.bits());
                let mut rng = stream(*seed, gemm, tile.index);
                let size = space.size();
                if size > 0 {
                    faults.flips = (0..*per_tile)
                        .map(|_| space.at(uniform_below(&mut rng, size)))
                        .collect();
                }
                TileFaults::normalise(&mut faults.flips);
            }
        }
        faults
    }

    /// The tiles of a GEMM that have faults, in streaming order, with the faults that
    /// [`Sampler::tile`] gives them. Where faults are rare, a tile without any costs
    /// a few nanoseconds.
    pub fn faulty_tiles(
        &self,
        config: &ArrayConfig,
        gemm: usize,
        tiling: &Tiling,
    ) -> Vec<(usize, TileFaults)> {
        let (Some(captures), Some(seed)) = (self.captures(), self.seed()) else {
            if matches!(self, Sampler::None) {
                return Vec::new();
            }
            return tiling
                .tiles()
                .map(|tile| (tile.index, self.tile(config, gemm, tiling, &tile)))
                .filter(|(_, faults)| !faults.is_empty())
                .collect();
        };
        let streams = Streams::new(seed);
        let mut found = Vec::new();
        // Tiles differ in nothing but their number of rows.
        let mut current: Option<(Space<'_>, f64)> = None;
        for first in (0..tiling.len()).step_by(streams::BATCH) {
            let batch = streams.batch(gemm, first);
            for index in first..tiling.len().min(first + streams::BATCH) {
                let rows = tiling.tile(index).rows.len();
                if current.as_ref().is_none_or(|(s, _)| s.data_rows != rows) {
                    let space = space(config, tiling, rows, captures.bits());
                    let clean = captures.surely_clean(&space);
                    current = Some((space, clean));
                }
                let (space, clean) = current.as_ref().expect("just set");
                if uniform(batch.first_number(index - first)) < *clean {
                    continue;
                }
                let flips = captures.flips(space, &mut batch.numbers(index - first));
                if !flips.is_empty() {
                    let stuck = Vec::new();
                    found.push((index, TileFaults { flips, stuck }));
                }
            }
        }
        found
    }

    fn captures(&self) -> Option<Captures<'_>> {
        match self {
            Sampler::Uniform { ber, targets, .. } => Some(Captures::Bits(*ber, targets)),
            Sampler::Timing { errors, .. } => Some(Captures::Words(errors)),
            Sampler::None | Sampler::Upsets { .. } | Sampler::List(_) => None,
        }
    }

    fn seed(&self) -> Option<u64> {
        match self {
            Sampler::Uniform { seed, .. }
            | Sampler::Timing { seed, .. }
            | Sampler::Upsets { seed, .. } => Some(*seed),
            Sampler::None | Sampler::List(_) => None,
        }
    }
}

/// What can be wrong each time that a register captures a value.
enum Captures<'a> {
    /// Every target bit, with that probability.
    Bits(f64, &'a Targets),
    /// A psum word.
    Words(&'a WordErrors),
}

impl Captures<'_> {
    /// The positions of a capture; which bits of a word are wrong is drawn apart.
    fn bits(&self) -> Vec<(Register, u32)> {
        match self {
            Self::Bits(_, targets) => targets.bits(),
            Self::Words(_) => vec![(Register::Psum, 0)],
        }
    }

    fn probability(&self) -> f64 {
        match self {
            Self::Bits(ber, _) => *ber,
            Self::Words(errors) => errors.probability(),
        }
    }

    /// The faults in a space, from the numbers of its stream.
    fn flips(&self, space: &Space<'_>, next: &mut impl FnMut() -> u64) -> Vec<Fault> {
        let (size, probability) = (space.size(), self.probability());
        let mut flips = Vec::new();
        let mut position = skip(next, probability);
        while position < size {
            let fault = space.at(position);
            flips.push(match self {
                Self::Bits(..) => fault,
                Self::Words(errors) => Fault {
                    xor: errors.mask(next()),
                    ..fault
                },
            });
            position = position
                .saturating_add(1)
                .saturating_add(skip(next, probability));
        }
        TileFaults::normalise(&mut flips);
        flips
    }

    /// A stream that starts with a smaller uniform number surely skips the whole
    /// space: the margin is far above what rounding can do to [`skip`].
    fn surely_clean(&self, space: &Space<'_>) -> f64 {
        let all_right = (space.size() as f64 * (-self.probability()).ln_1p()).exp();
        all_right * (1.0 - 1e-9)
    }
}

fn space<'a>(
    config: &'a ArrayConfig,
    tiling: &Tiling,
    data_rows: usize,
    bits: Vec<(Register, u32)>,
) -> Space<'a> {
    let (pe_rows, columns) = config.faulty_pes();
    Space {
        config,
        data_rows,
        captures: match config.dataflow {
            Dataflow::Ws => tiling.passes() * (data_rows + config.checksum_rows()),
            Dataflow::Os => tiling.k(),
        },
        pe_rows,
        columns,
        bits,
    }
}

/// Uniform in 0..size, by multiplication; the bias is below 2^-32 for any tile.
fn uniform_below(rng: &mut impl Rng, size: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(size)) >> 64) as u64
}

/// A float in (0, 1] of 53 random bits.
fn uniform(number: u64) -> f64 {
    ((number >> 11) + 1) as f64 * (0.5f64.powi(53))
}

/// Geometric skip: how many bits, or words, stay right before the next wrong one.
fn skip(next: &mut impl FnMut() -> u64, ber: f64) -> u64 {
    if ber <= 0.0 {
        return u64::MAX;
    }
    // The logarithm of zero never occurs.
    let skipped = (uniform(next()).ln() / (-ber).ln_1p()).floor();
    // `as` saturates; ber = 1 divides by minus infinity and gives zero.
    skipped as u64
}
