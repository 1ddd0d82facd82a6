//! Where faults come from: nothing, a bit error rate, timing errors, a number
//! of upsets per tile, or a list. One ChaCha stream per (GEMM, tile), so that any tile can
//! be repeated alone, on any engine and any number of threads.

use super::list::FaultList;
use super::types::{Fault, Register, Site, TileFaults};
use super::word_errors::WordErrors;
use crate::config::{ArrayConfig, Dataflow};
use crate::tiling::{Tile, Tiling};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

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
        space(config, tiling, tile, vec![(Register::Psum, 0)]).size()
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
            Sampler::Uniform { ber, targets, seed } => {
                let space = space(config, tiling, tile, targets.bits());
                let mut rng = stream(*seed, gemm, tile.index);
                let size = space.size();
                let mut position = skip(&mut rng, *ber);
                while position < size {
                    faults.flips.push(space.at(position));
                    position = position
                        .saturating_add(1)
                        .saturating_add(skip(&mut rng, *ber));
                }
                TileFaults::normalise(&mut faults.flips);
            }
            Sampler::Timing { errors, seed } => {
                // One position a word; which bits of it is drawn apart.
                let space = space(config, tiling, tile, vec![(Register::Psum, 0)]);
                let mut rng = stream(*seed, gemm, tile.index);
                let size = space.size();
                let mut position = skip(&mut rng, errors.probability());
                while position < size {
                    faults.flips.push(Fault {
                        xor: errors.mask(rng.next_u64()),
                        ..space.at(position)
                    });
                    position = position
                        .saturating_add(1)
                        .saturating_add(skip(&mut rng, errors.probability()));
                }
                TileFaults::normalise(&mut faults.flips);
            }
            Sampler::Upsets {
                per_tile,
                targets,
                seed,
            } => {
                let space = space(config, tiling, tile, targets.bits());
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
}

fn space<'a>(
    config: &'a ArrayConfig,
    tiling: &Tiling,
    tile: &Tile,
    bits: Vec<(Register, u32)>,
) -> Space<'a> {
    let data_rows = tile.rows.len();
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

fn stream(seed: u64, gemm: usize, tile: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((gemm as u64) << 32 | tile as u64);
    rng
}

/// Uniform in 0..size, by multiplication; the bias is below 2^-32 for any tile.
fn uniform_below(rng: &mut ChaCha8Rng, size: u64) -> u64 {
    ((u128::from(rng.next_u64()) * u128::from(size)) >> 64) as u64
}

/// Geometric skip: how many bits, or words, stay right before the next wrong one.
fn skip(rng: &mut ChaCha8Rng, ber: f64) -> u64 {
    if ber <= 0.0 {
        return u64::MAX;
    }
    // 53 random bits make a float in (0, 1]; the logarithm of zero never occurs.
    let uniform = ((rng.next_u64() >> 11) + 1) as f64 * (0.5f64.powi(53));
    let skipped = (uniform.ln() / (-ber).ln_1p()).floor();
    // `as` saturates; ber = 1 divides by minus infinity and gives zero.
    skipped as u64
}
