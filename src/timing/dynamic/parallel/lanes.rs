//! Words of many lanes, and the loops over rows of them.

use std::array;

/// Lanes of a word: operand pairs that are simulated together.
pub const LANES: usize = 64 * WORDS;
/// Machine words of a word of lanes: as wide as the widest vector registers.
pub(super) const WORDS: usize = 8;

/// One bit of every lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(64))]
pub struct Lanes(pub [u64; WORDS]);

impl Lanes {
    /// All lanes alike.
    #[inline(always)]
    pub fn all(value: bool) -> Self {
        Self([if value { !0 } else { 0 }; WORDS])
    }

    /// Whether any lane is set.
    #[inline(always)]
    pub fn any(&self) -> bool {
        self.0.iter().fold(0, |any, word| any | word) != 0
    }

    /// Set lanes.
    pub fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    #[inline(always)]
    pub(super) fn zip(self, other: Self, of: impl Fn(u64, u64) -> u64) -> Self {
        Self(array::from_fn(|n| of(self.0[n], other.0[n])))
    }

    #[inline(always)]
    pub(super) fn and(self, other: Self) -> Self {
        self.zip(other, |a, b| a & b)
    }

    #[inline(always)]
    pub(in crate::timing::dynamic) fn or(self, other: Self) -> Self {
        self.zip(other, |a, b| a | b)
    }

    /// Lanes in which they differ.
    #[inline(always)]
    pub fn xor(self, other: Self) -> Self {
        self.zip(other, |a, b| a ^ b)
    }
}

/// `out[i]` = the conjunction (or disjunction) of `x[i..=i + width]`, inverted
/// or not. Every word is combined three times whatever the width (van Herk
/// 1992; Gil and Werman 1993).
#[inline(always)]
pub(super) fn window<const AND: bool>(x: &[Lanes], width: usize, flip: Lanes, out: &mut [Lanes]) {
    let join = |a: Lanes, b: Lanes| if AND { a.and(b) } else { a.or(b) };
    let length = out.len();
    let x = &x[..length + width];
    match width {
        0 => {
            for (out, x) in out.iter_mut().zip(x) {
                *out = x.xor(flip);
            }
        }
        1 => {
            for i in 0..length {
                out[i] = join(x[i], x[i + 1]).xor(flip);
            }
        }
        2 => {
            for i in 0..length {
                out[i] = join(join(x[i], x[i + 1]), x[i + 2]).xor(flip);
            }
        }
        _ => {
            let block = width + 1;
            for start in (0..length).step_by(block) {
                let end = (start + block).min(length);
                // Suffixes of this block of x ...
                let mut suffix = Lanes::all(AND);
                for i in (end..start + block).rev() {
                    suffix = join(suffix, x[i]);
                }
                for i in (start..end).rev() {
                    suffix = join(suffix, x[i]);
                    out[i] = suffix;
                }
                // ... and prefixes of the next.
                out[start] = out[start].xor(flip);
                let mut prefix = Lanes::all(AND);
                for i in start + 1..end {
                    prefix = join(prefix, x[i + width]);
                    out[i] = join(out[i], prefix).xor(flip);
                }
            }
        }
    }
}
