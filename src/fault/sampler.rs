//! Where faults come from: nothing, a bit error rate, timing errors, a number
//! of upsets per tile, or a list. One ChaCha stream per (GEMM, tile), so that any tile can
//! be repeated alone, on any engine and any number of threads.

use super::list::FaultList;
use super::streams::{self, Streams, stream};
use super::types::{Fault, Register, Site, TileFaults};
use super::word_errors::{RowErrors, WordErrors};
use crate::config::{ArrayConfig, Dataflow};
use crate::tiling::{Tile, Tiling};
use rand_chacha::rand_core::Rng;
use std::ops::Range;

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
    /// Psum words that a PE captures are wrong with a probability that depends on the
    /// row of the pass; masks are drawn from a distribution.
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
#[derive(Clone)]
struct Space<'a> {
    config: &'a ArrayConfig,
    data_rows: usize,
    /// Rows of a pass, checksum rows last (WS); the steps of all passes, k (OS).
    rows: Range<usize>,
    passes: usize,
    pe_rows: usize,
    columns: usize,
    bits: Vec<(Register, u32)>,
}

impl Space<'_> {
    /// The rows before `row`, and the others.
    fn split(self, row: usize) -> (Self, Self) {
        let (first, later) = (self.rows.start..row, row..self.rows.end);
        (
            Self {
                rows: first,
                ..self.clone()
            },
            Self {
                rows: later,
                ..self
            },
        )
    }

    fn size(&self) -> u64 {
        let (rows, bits) = (self.rows.len(), self.bits.len());
        let factors = [self.passes, rows, self.pe_rows, self.columns, bits];
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
        let row = self.rows.start + take(self.rows.len()) as usize;
        let (pass, row) = match self.config.dataflow {
            Dataflow::Ws => {
                let checksum_row = row.checked_sub(self.data_rows);
                let row = checksum_row.map_or(row, |digit| self.config.tile_rows + digit);
                (rest as usize, row)
            }
            Dataflow::Os => (row / self.config.rows, row % self.config.rows),
        };
        Fault {
            row: row as u32,
            pass: pass as u32,
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

    /// Those of them that are captured in the first rows of passes, which are new weights' first.
    pub fn first_row_words(config: &ArrayConfig, tiling: &Tiling) -> u64 {
        let (pe_rows, columns) = config.faulty_pes();
        (tiling.passes() * pe_rows * columns) as u64
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
                let chances =
                    captures.chances(&space(config, tiling, tile.rows.len(), captures.bits()));
                let mut rng = stream(*seed, gemm, tile.index);
                faults.flips = flips(&chances, &mut || rng.next_u64());
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
        let mut current: Option<(usize, Vec<Chances<'_>>, f64)> = None;
        for first in (0..tiling.len()).step_by(streams::BATCH) {
            let batch = streams.batch(gemm, first);
            for index in first..tiling.len().min(first + streams::BATCH) {
                let rows = tiling.tile(index).rows.len();
                if current.as_ref().is_none_or(|(known, ..)| *known != rows) {
                    let space = space(config, tiling, rows, captures.bits());
                    let chances = captures.chances(&space);
                    let clean = surely_clean(&chances);
                    current = Some((rows, chances, clean));
                }
                let (_, chances, clean) = current.as_ref().expect("just set");
                if uniform(batch.first_number(index - first)) < *clean {
                    continue;
                }
                let flips = flips(chances, &mut batch.numbers(index - first));
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

impl<'a> Captures<'a> {
    /// The positions of a capture; which bits of a word are wrong is drawn apart.
    fn bits(&self) -> Vec<(Register, u32)> {
        match self {
            Self::Bits(_, targets) => targets.bits(),
            Self::Words(_) => vec![(Register::Psum, 0)],
        }
    }

    /// A space in parts of the same probability.
    fn chances(&self, space: &Space<'a>) -> Vec<Chances<'a>> {
        match *self {
            Self::Bits(ber, _) => vec![Chances::new(space.clone(), ber, None)],
            Self::Words(errors) => {
                // Row 0 is a data row always.
                let (first, later) = space.clone().split(space.rows.start + 1);
                let of = |space, errors: &'a RowErrors| {
                    Chances::new(space, errors.probability(), Some(errors))
                };
                vec![of(first, &errors.first), of(later, &errors.later)]
            }
        }
    }
}

/// Captures that are wrong with the same probability, each for itself.
struct Chances<'a> {
    space: Space<'a>,
    size: u64,
    /// −ln(1 − p): what each right capture takes from an exponential number.
    hazard: f64,
    /// Where masks are drawn from.
    masks: Option<&'a RowErrors>,
}

impl<'a> Chances<'a> {
    fn new(space: Space<'a>, probability: f64, masks: Option<&'a RowErrors>) -> Self {
        Self {
            size: space.size(),
            space,
            hazard: -(-probability).ln_1p(),
            masks,
        }
    }
}

/// The faults in some spaces, one after the other, from the numbers of a stream. An
/// exponential number says how far it is to the next wrong capture: each on the
/// way takes its hazard from it, which within a space is a geometric skip.
fn flips(chances: &[Chances<'_>], next: &mut impl FnMut() -> u64) -> Vec<Fault> {
    let mut flips = Vec::new();
    let mut left = exponential(next());
    for part in chances {
        let mut position = 0;
        while part.hazard > 0.0 && position < part.size {
            let rest = part.size - position;
            // `as` saturates; a probability of 1 has an infinite hazard and gives 0.
            let skipped = (left / part.hazard).floor() as u64;
            if skipped >= rest {
                left -= rest as f64 * part.hazard;
                break;
            }
            position += skipped;
            let fault = part.space.at(position);
            flips.push(match part.masks {
                None => fault,
                Some(errors) => Fault {
                    xor: errors.mask(next()),
                    ..fault
                },
            });
            position += 1;
            left = exponential(next());
        }
    }
    TileFaults::normalise(&mut flips);
    flips
}

/// A stream that starts with a smaller uniform number surely skips all of the
/// spaces: the margin is far above what rounding can do to [`flips`].
fn surely_clean(chances: &[Chances<'_>]) -> f64 {
    let hazard = |part: &Chances<'_>| match part.size {
        0 => 0.0,
        size => size as f64 * part.hazard,
    };
    let all = chances.iter().map(hazard).sum::<f64>();
    (-all).exp() * (1.0 - 1e-9)
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
        rows: 0..match config.dataflow {
            Dataflow::Ws => data_rows + config.checksum_rows(),
            Dataflow::Os => tiling.k(),
        },
        passes: match config.dataflow {
            Dataflow::Ws => tiling.passes(),
            Dataflow::Os => 1,
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

/// Exponentially distributed with mean 1; a number that [`uniform`] makes 1 gives 0.
fn exponential(number: u64) -> f64 {
    -uniform(number).ln()
}
