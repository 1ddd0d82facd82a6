//! Register states of one PE, cycle by cycle.

use super::parallel::{LANES, Lanes};
use crate::config::ArrayConfig;
use crate::golden::digits;
use crate::tiling::Tiling;
use crate::timing::TimingError;
use crate::timing::netlist::Net;
use crate::timing::recipe::PeSignals;
use crate::workload::{Gemm, Workload};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Bits of a [`PeState`].
pub const STATE_BITS: usize = 49;

/// The registers that a PE's next partial sum depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeState {
    /// Activation register.
    pub activation: i8,
    /// Weight register.
    pub weight: i8,
    /// Whether the activation counts.
    pub valid: bool,
    /// Partial sum of the PE above.
    pub psum_above: i32,
}

impl PeState {
    /// What the PE adds up: psum_above + activation · weight.
    pub fn sum(&self) -> i32 {
        let product = i32::from(self.activation) * i32::from(self.weight);
        let product = if self.valid { product } else { 0 };
        self.psum_above.wrapping_add(product)
    }

    /// Bit `index` in the order of [`PeState::nets`].
    pub fn bit(&self, index: usize) -> bool {
        let narrow = u64::from(self.activation as u8) | u64::from(self.weight as u8) << 8;
        let word = narrow | u64::from(self.psum_above as u32) << 16 | u64::from(self.valid) << 48;
        word >> index & 1 == 1
    }

    /// All bits.
    pub fn bits(&self) -> Vec<bool> {
        (0..STATE_BITS).map(|index| self.bit(index)).collect()
    }

    /// The nets of the bits: activation, weight, partial sum above, valid.
    pub fn nets(signals: &PeSignals) -> Vec<Net> {
        let words = [&signals.activation, &signals.weight, &signals.psum_above];
        let mut nets: Vec<Net> = words.into_iter().flatten().copied().collect();
        nets.push(signals.valid);
        nets
    }
}

/// The bits of up to [`LANES`] states, one word of lanes a bit; missing states are 0.
pub fn planes(states: &[PeState]) -> [Lanes; STATE_BITS] {
    let mut planes = [Lanes::default(); STATE_BITS];
    for (block, states) in states.chunks(32).enumerate().take(LANES / 32) {
        let mut high = [0; 32];
        let mut low = [0; 32];
        for (lane, state) in states.iter().enumerate() {
            high[lane] = state.psum_above as u32;
            low[lane] = u32::from(state.activation as u8)
                | u32::from(state.weight as u8) << 8
                | u32::from(state.valid) << 16;
        }
        transpose(&mut high);
        transpose(&mut low);
        let (word, shift) = (block / 2, block % 2 * 32);
        let order = low[..16].iter().chain(&high).chain(&low[16..17]);
        for (plane, bits) in planes.iter_mut().zip(order) {
            plane.0[word] |= u64::from(*bits) << shift;
        }
    }
    planes
}

/// The bits of up to [`LANES`] numbers, one word of lanes a bit.
pub fn word_planes(words: impl ExactSizeIterator<Item = u32>) -> [Lanes; 32] {
    let mut planes = [Lanes::default(); 32];
    let words: Vec<u32> = words.take(LANES).collect();
    for (block, words) in words.chunks(32).enumerate() {
        let mut bits = [0; 32];
        bits[..words.len()].copy_from_slice(words);
        transpose(&mut bits);
        for (plane, bits) in planes.iter_mut().zip(bits) {
            plane.0[block / 2] |= u64::from(bits) << (block % 2 * 32);
        }
    }
    planes
}

/// Transposes a 32×32 matrix of bits: bit j of word i goes to bit i of word j
/// (Warren, Hacker's Delight, section 7-3).
pub(super) fn transpose(words: &mut [u32; 32]) {
    let mut mask = 0x0000_ffff_u32;
    let mut width = 16;
    while width != 0 {
        let mut at = 0;
        while at < 32 {
            let other = at + width;
            let swapped = ((words[at] >> width) ^ words[other]) & mask;
            words[at] ^= swapped << width;
            words[other] ^= swapped;
            at = (other + 1) & !width;
        }
        width >>= 1;
        mask ^= mask << width;
    }
}

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
        let mut sum = 0;
        let tiles = workload.shapes().map(|(_, m, k, n)| {
            sum += Tiling::new(config, m, k, n).len() as u64;
            sum
        });
        Self::Workload(Box::new(FromWorkload {
            workload,
            config: config.clone(),
            cumulative: tiles.collect(),
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
    fn draw(&mut self, below: usize) -> usize {
        ((u128::from(self.rng.next_u64()) * below as u128) >> 64) as usize
    }

    fn stream(&mut self) -> Result<Vec<PeState>, TimingError> {
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
        let (rows, lanes) = self.config.faulty_pes();
        let shape = self.gemm.as_ref().map(|(_, g)| (g.m(), g.k(), g.n()));
        let (m, k, n) = shape.unwrap_or((1, 1, 1));
        let tiling = Tiling::new(&self.config, m, k, n);
        let tile = self.draw(tiling.len());
        let row = self.draw(rows);
        let lane = self.draw(lanes);
        let Some((_, gemm)) = &self.gemm else {
            return Ok(Vec::new());
        };
        Ok(pe_stream(gemm, &tiling, tile, row, lane, &self.config))
    }
}

/// The states of PE (`row`, `lane`) while the array computes one output tile:
/// pass by pass the weight is swapped, the tile's rows of activations follow
/// each other (and the two checksum rows), with the partial sums from above.
fn pe_stream(
    gemm: &Gemm,
    tiling: &Tiling,
    tile: usize,
    row: usize,
    lane: usize,
    config: &ArrayConfig,
) -> Vec<PeState> {
    let tile = tiling.tile(tile);
    let (x, w) = (gemm.x(), gemm.w());
    // Lanes right of a narrow tile's columns hold padding; the checksum lanes come last.
    let weight = |k: usize| -> i8 {
        if lane < config.columns {
            let column = tile.columns.start + lane;
            return if column < tile.columns.end {
                w[[k, column]]
            } else {
                0
            };
        }
        let sum = tile.columns.clone().map(|n| i32::from(w[[k, n]])).sum();
        let (high, low) = digits(sum);
        if lane == config.columns { high } else { low }
    };
    let rows = tile.rows.len();
    let mut states = vec![PeState::default()];
    for pass in 0..tiling.passes() {
        let depth = tiling.pass_depth(pass);
        let above: Vec<usize> = depth.clone().take(row).collect();
        let weights: Vec<i8> = above.iter().map(|k| weight(*k)).collect();
        let own = depth.clone().nth(row);
        let own_weight = own.map_or(0, weight);
        let activation = |line: usize, k: usize| -> i8 {
            if line < rows {
                return x[[tile.rows.start + line, k]];
            }
            let sum = tile.rows.clone().map(|m| i32::from(x[[m, k]])).sum();
            let (high, low) = digits(sum);
            if line == rows { high } else { low }
        };
        for line in 0..rows + config.checksum_rows() {
            let products = above.iter().zip(&weights);
            let psum_above = products
                .map(|(k, weight)| i32::from(activation(line, *k)) * i32::from(*weight))
                .sum();
            states.push(PeState {
                activation: own.map_or(0, |k| activation(line, k)),
                weight: own_weight,
                valid: true,
                psum_above,
            });
        }
    }
    states
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Source;
    use std::path::Path;

    #[test]
    fn planes_are_the_bits_of_the_states() {
        let mut operands = Operands::random(3);
        let states = operands.stream().unwrap();
        for count in [0, 1, 31, 64, 509, LANES] {
            let planes = planes(&states[..count]);
            let words = word_planes(states[..count].iter().map(|s| s.sum() as u32));
            for (lane, state) in states.iter().enumerate().take(LANES) {
                let of = |lanes: &Lanes| lanes.0[lane / 64] >> (lane % 64) & 1 == 1;
                for (bit, plane) in planes.iter().enumerate() {
                    assert_eq!(of(plane), lane < count && state.bit(bit));
                }
                for (bit, plane) in words.iter().enumerate() {
                    assert_eq!(of(plane), lane < count && state.sum() >> bit & 1 == 1);
                }
            }
        }
    }

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
                let states = pe_stream(&gemm, &tiling, index, 4, lane, &config);
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
                .map(|lane| pe_stream(&gemm, &tiling, index, 4, lane, &config)[1].sum())
                .collect();
            assert_eq!(lanes[..3].iter().sum::<i32>(), 256 * lanes[3] + lanes[4]);
        }
    }
}
