//! Register states of one PE, cycle by cycle.

use super::column::Column;
use super::parallel::{LANES, Lanes};
use crate::config::ArrayConfig;
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
