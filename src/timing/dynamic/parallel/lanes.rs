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

/// Stands in loops over rows. Without it LLVM takes several words at a time and
/// gathers their parts, although a word is just a vector register.
#[inline(always)]
pub(super) fn one_word_at_a_time() {
    std::hint::black_box(());
}

/// Calls `of` with each of `outs` and the conjunction (or disjunction) of `x[i..=i + width]`,
/// inverted or not, for `i` below `x.len() - width`; `scratch` has room for `x`.
#[inline(always)]
pub(super) fn window<const AND: bool, T>(
    x: &[Lanes],
    width: usize,
    flip: Lanes,
    scratch: &mut [Lanes],
    outs: impl Iterator<Item = T>,
    of: impl Fn(T, Lanes),
) {
    match width {
        0 => narrow::<AND, 1, T>(x, flip, outs, of),
        1 => narrow::<AND, 2, T>(x, flip, outs, of),
        2 => narrow::<AND, 3, T>(x, flip, outs, of),
        3 => narrow::<AND, 4, T>(x, flip, outs, of),
        4 => narrow::<AND, 5, T>(x, flip, outs, of),
        5 => narrow::<AND, 6, T>(x, flip, outs, of),
        6 => narrow::<AND, 7, T>(x, flip, outs, of),
        7 => narrow::<AND, 8, T>(x, flip, outs, of),
        8 => narrow::<AND, 9, T>(x, flip, outs, of),
        _ => {
            wide::<AND>(x, width, flip, scratch);
            for (out, value) in outs.zip(&scratch[..x.len() - width]) {
                of(out, *value);
                one_word_at_a_time();
            }
        }
    }
}

#[inline(always)]
fn join<const AND: bool>(a: Lanes, b: Lanes) -> Lanes {
    if AND { a.and(b) } else { a.or(b) }
}

/// Of `COUNT` words each: no word waits for another, and all but one are read from the cache.
#[inline(always)]
fn narrow<const AND: bool, const COUNT: usize, T>(
    x: &[Lanes],
    flip: Lanes,
    outs: impl Iterator<Item = T>,
    of: impl Fn(T, Lanes),
) {
    for (out, x) in outs.zip(x.windows(COUNT)) {
        let x: &[Lanes; COUNT] = x.try_into().expect("of this length");
        let mut all = x[0];
        for x in &x[1..] {
            all = join::<AND>(all, *x);
        }
        of(out, all.xor(flip));
        one_word_at_a_time();
    }
}

/// The same into `out`, of which the last `width` words are overwritten as well. Every word is
/// combined three times whatever the width (van Herk 1992; Gil and Werman 1993).
#[inline(always)]
fn wide<const AND: bool>(x: &[Lanes], width: usize, flip: Lanes, out: &mut [Lanes]) {
    let length = x.len() - width;
    let block = width + 1;
    for start in (0..length).step_by(block) {
        let out = &mut out[start..start + block];
        // Suffixes of this block of x ...
        let mut suffix = Lanes::all(AND);
        for (out, x) in out.iter_mut().zip(&x[start..start + block]).rev() {
            suffix = join::<AND>(suffix, *x);
            *out = suffix;
            one_word_at_a_time();
        }
        // ... and prefixes of the next.
        out[0] = out[0].xor(flip);
        let mut prefix = Lanes::all(AND);
        for (out, x) in out[1..].iter_mut().zip(&x[start + block..]) {
            prefix = join::<AND>(prefix, *x);
            *out = join::<AND>(*out, prefix).xor(flip);
            one_word_at_a_time();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_what_they_are_defined_to_be() {
        let word = |n: usize| {
            let mixed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            Lanes(array::from_fn(|k| {
                mixed.rotate_left(k as u32 * 7) | mixed << 3
            }))
        };
        for length in [1, 2, 7, 30] {
            for width in (0..12).chain([29, 40]) {
                let x: Vec<Lanes> = (0..length + width).map(word).collect();
                let mut scratch = vec![Lanes::default(); length + width];
                let mut out = vec![Lanes::default(); length];
                for flip in [false, true].map(Lanes::all) {
                    window::<true, _>(&x, width, flip, &mut scratch, out.iter_mut(), |o, v| *o = v);
                    for (i, out) in out.iter().enumerate() {
                        let all = x[i..=i + width]
                            .iter()
                            .fold(Lanes::all(true), |a, b| a.and(*b));
                        assert_eq!(*out, all.xor(flip), "{length} {width}");
                    }
                    window::<false, _>(&x, width, flip, &mut scratch, out.iter_mut(), |o, v| {
                        *o = v
                    });
                    for (i, out) in out.iter().enumerate() {
                        let any = x[i..=i + width]
                            .iter()
                            .fold(Lanes::all(false), |a, b| a.or(*b));
                        assert_eq!(*out, any.xor(flip), "{length} {width}");
                    }
                }
            }
        }
    }
}
