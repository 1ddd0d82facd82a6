//! Where faults come from: nothing, a bit error rate, timing errors, a number
//! of upsets per tile, or a list. One ChaCha stream per (GEMM, tile), so that any tile can
//! be repeated alone, on any engine and any number of threads.

use super::flips::TileFlips;
use super::list::FaultList;
use super::space::{Bits, Space};
use super::streams::{self, Streams, stream};
use super::types::{Fault, Register, TileFaults};
use super::word_errors::{RowErrors, WordErrors};
use crate::config::ArrayConfig;
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
    /// The psum registers, from bit `low` to bit `high`, both included.
    pub fn psum([low, high]: [u32; 2]) -> Self {
        Self {
            registers: vec![Register::Psum],
            bits: (u32::MAX >> (31 - high)) & (u32::MAX << low),
        }
    }

    /// `(register, bit)` pairs in a fixed order.
    fn bits(&self) -> Bits {
        // A register that is named twice counts once.
        let registers = self.registers.iter().enumerate();
        let registers = registers.filter(|(at, r)| !self.registers[..*at].contains(r));
        let bits = registers.flat_map(|(_, &r)| (0..r.bits()).map(move |bit| (r, bit)));
        Bits::new(bits.filter(|(_, bit)| self.bits >> bit & 1 == 1))
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

impl Sampler {
    /// Psum words that the PEs capture in a tile and that can be wrong.
    pub fn psum_words(config: &ArrayConfig, tiling: &Tiling, tile: &Tile) -> u64 {
        Space::new(config, tiling, tile.rows.len(), Bits::psum_word()).size()
    }

    /// Those of them that are captured in the first rows of passes.
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
        let space = |bits| Space::new(config, tiling, tile.rows.len(), bits);
        let mut faults = TileFaults::default();
        if let Some((captures, seed)) = self.captures() {
            let chances = captures.chances(space(captures.bits()));
            let mut rng = stream(seed, gemm, tile.index);
            flips(&chances, &mut || rng.next_u64(), &mut faults.flips);
            TileFaults::normalise(&mut faults.flips);
            return faults;
        }
        match self {
            Sampler::None | Sampler::Uniform { .. } | Sampler::Timing { .. } => {}
            Sampler::List(list) => {
                faults.flips = list.tile(gemm, tile.index).to_vec();
                faults.stuck = list.stuck().to_vec();
            }
            Sampler::Upsets {
                per_tile,
                targets,
                seed,
            } => {
                let space = space(targets.bits());
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
    /// [`Sampler::tile`] gives them.
    pub fn faulty_tiles(
        &self,
        config: &ArrayConfig,
        gemm: usize,
        tiling: &Tiling,
    ) -> Vec<(usize, TileFaults)> {
        let (mut known, mut flips) = Default::default();
        if self.flips(config, gemm, tiling, &mut known, &mut flips) {
            return flips.to_tiles();
        }
        tiling
            .tiles()
            .map(|tile| (tile.index, self.tile(config, gemm, tiling, &tile)))
            .filter(|(_, faults)| !faults.is_empty())
            .collect()
    }

    /// As [`Sampler::faulty_tiles`], in place of what is in `flips`. Where faults are
    /// rare, a tile without any costs a few nanoseconds. False, and none, for a sampler
    /// that does not draw capture by capture: upsets, and lists, which can have permanent
    /// faults. `known` is this sampler's on this array, from the GEMMs before.
    pub fn flips(
        &self,
        config: &ArrayConfig,
        gemm: usize,
        tiling: &Tiling,
        known: &mut Known,
        flips: &mut TileFlips,
    ) -> bool {
        flips.clear();
        let Some((captures, seed)) = self.captures() else {
            return matches!(self, Sampler::None);
        };
        let streams = known.streams.get_or_insert_with(|| Streams::new(seed));
        let place = known.shapes.iter().position(|(of, _)| of == tiling);
        let place = place.unwrap_or_else(|| {
            let odds = Odds::new(&captures, config, tiling);
            known.shapes.push((*tiling, odds));
            known.shapes.len() - 1
        });
        let odds = &known.shapes[place].1;
        for first in (0..tiling.len()).step_by(streams::BATCH) {
            // Few tiles are hit where faults are rare: all others are passed over at once.
            let end = tiling.len().min(first + streams::BATCH);
            let bound = odds.of(first).1.min(odds.of(end - 1).1);
            let mut hit = streams.batch_from(gemm, first, end - first, bound);
            while hit != 0 {
                let at = hit.trailing_zeros() as usize;
                hit &= hit - 1;
                let start = flips.len();
                let (chances, _) = odds.of(first + at);
                self::flips(chances, &mut streams.numbers(at), flips.unfinished());
                flips.finish(first + at, start);
            }
        }
        true
    }

    /// What is drawn capture by capture, and the seed.
    fn captures(&self) -> Option<(Captures<'_>, u64)> {
        match self {
            Sampler::Uniform { ber, targets, seed } => Some((Captures::Bits(*ber, targets), *seed)),
            Sampler::Timing { errors, seed } => Some((Captures::Words(errors), *seed)),
            Sampler::None | Sampler::Upsets { .. } | Sampler::List(_) => None,
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
    fn bits(&self) -> Bits {
        match self {
            Self::Bits(_, targets) => targets.bits(),
            Self::Words(_) => Bits::psum_word(),
        }
    }

    /// A space in parts of the same probability.
    fn chances(&self, space: Space) -> Vec<Chances> {
        match *self {
            Self::Bits(ber, _) => vec![Chances::new(space, ber, None)],
            Self::Words(errors) => {
                // Row 0 is a data row always.
                let (first, later) = space.split();
                let of = |space, errors: &RowErrors| {
                    Chances::new(space, errors.probability(), Some(errors.clone()))
                };
                vec![of(first, &errors.first), of(later, &errors.later)]
            }
        }
    }
}

/// What a sampler has worked out for the GEMMs of an array, for the next ones.
#[derive(Clone, Debug, Default)]
pub struct Known {
    streams: Option<Streams>,
    shapes: Vec<(Tiling, Odds)>,
}

/// Chances of the tiles of a GEMM, and a number below which the first one of a tile's stream
/// says that it has no fault. Tiles differ in nothing but their number of rows: the last ones
/// may have fewer.
#[derive(Clone, Debug)]
struct Odds {
    /// The first of the last tiles.
    whole: usize,
    /// Of the tiles before them.
    above: Option<(Vec<Chances>, u64)>,
    /// Of them, if they differ.
    last: Option<(Vec<Chances>, u64)>,
}

impl Odds {
    fn new(captures: &Captures<'_>, config: &ArrayConfig, tiling: &Tiling) -> Self {
        let bits = captures.bits();
        let whole = tiling.len() - tiling.across();
        let rows = |tile: usize| tiling.tile(tile).rows.len();
        let chances = |tile: usize| {
            let chances = captures.chances(Space::new(config, tiling, rows(tile), bits.clone()));
            let bound = surely_clean(&chances);
            (chances, bound)
        };
        let above = (whole > 0).then(|| chances(0));
        let last = (above.is_none() || rows(0) != rows(whole)).then(|| chances(whole));
        Self { whole, above, last }
    }

    fn of(&self, tile: usize) -> &(Vec<Chances>, u64) {
        let last = self.last.as_ref().filter(|_| tile >= self.whole);
        last.or(self.above.as_ref()).expect("one of them is there")
    }
}

/// Captures that are wrong with the same probability, each for itself.
#[derive(Clone, Debug)]
struct Chances {
    space: Space,
    size: u64,
    /// −ln(1 − p): what each right capture takes from an exponential number.
    hazard: f64,
    /// Where masks are drawn from.
    masks: Option<RowErrors>,
}

impl Chances {
    fn new(space: Space, probability: f64, masks: Option<RowErrors>) -> Self {
        Self {
            size: space.size(),
            space,
            hazard: -(-probability).ln_1p(),
            masks,
        }
    }
}

/// Adds the faults in some spaces, one after the other, from the numbers of a stream; the
/// same register may be hit several times at once. An exponential number says how far it is
/// to the next wrong capture: each on the way takes its hazard from it, which within a space
/// is a geometric skip.
fn flips(chances: &[Chances], next: &mut impl FnMut() -> u64, flips: &mut Vec<Fault>) {
    let mut left = exponential(next());
    for part in chances {
        let mut position = 0;
        while part.hazard > 0.0 && position < part.size {
            let rest = part.size - position;
            // `as` rounds down and saturates; a probability of 1 has an infinite hazard and gives 0.
            let skipped = (left / part.hazard) as u64;
            if skipped >= rest {
                left -= rest as f64 * part.hazard;
                break;
            }
            position += skipped;
            let fault = part.space.at(position);
            flips.push(match &part.masks {
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
}

/// A stream whose first number is smaller surely skips all of the spaces: the margin
/// is far above what rounding can do to [`flips`] and here.
fn surely_clean(chances: &[Chances]) -> u64 {
    let hazard = |part: &Chances| match part.size {
        0 => 0.0,
        size => size as f64 * part.hazard,
    };
    let all = chances.iter().map(hazard).sum::<f64>();
    // `as` saturates; 1 stands for 2^64.
    (((-all).exp() * (1.0 - 1e-9) * 2.0f64.powi(64)) as u64).saturating_sub(1 << 12)
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
