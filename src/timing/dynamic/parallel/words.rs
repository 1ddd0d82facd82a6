//! Words of 32 bits in lanes: bit by bit, and back.

use super::lanes::{LANES, Lanes};

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
pub(in crate::timing::dynamic) fn transpose(words: &mut [u32; 32]) {
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

/// Calls `of` with every lane that has a wrong bit, and the mask of its wrong bits.
pub(in crate::timing) fn each_mask(wrong: &[Lanes], mut of: impl FnMut(usize, u32)) {
    let any = wrong.iter().fold(Lanes::default(), |any, bit| any.or(*bit));
    for half in 0..LANES / 32 {
        let part = |lanes: &Lanes| (lanes.0[half / 2] >> (half % 2 * 32)) as u32;
        let mut lanes = part(&any);
        if lanes == 0 {
            continue;
        }
        let mut words = [0; 32];
        for (word, bit) in words.iter_mut().zip(wrong) {
            *word = part(bit);
        }
        transpose(&mut words);
        while lanes != 0 {
            let lane = lanes.trailing_zeros() as usize;
            of(32 * half + lane, words[lane]);
            lanes &= lanes - 1;
        }
    }
}
