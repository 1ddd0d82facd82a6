//! The register states that a PE computes from.

use super::parallel::{LANES, Lanes, transpose};
use crate::timing::netlist::Net;
use crate::timing::recipe::PeSignals;

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::dynamic::{Operands, word_planes};

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
}
