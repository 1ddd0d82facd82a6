//! How often which bits are captured wrong, against the clock period.

use super::model::DelayModel;
use super::operands::{Operands, Pairs};
use super::parallel::{Lanes, Parallel, each_mask};
use super::sums::run_checked;
use crate::tech::LateWords;
use crate::timing::TimingError;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Masks that a table lists for a period, at most.
const MOST_MASKS: usize = 96;
/// Share of the wrong words that need not be listed by their own mask.
const UNLISTED: f64 = 0.001;

/// Wrong words at one clock period.
#[derive(Clone, Debug, Default)]
pub struct LateCounts {
    /// Clock period in steps of T_crit / resolution.
    pub period: u32,
    /// Operand pairs.
    pub vectors: u64,
    /// Words with a wrong bit.
    pub wrong: u64,
    /// Wrong bits.
    pub bits: [u64; 32],
    /// Wrong words by the XOR of captured and right value.
    pub masks: HashMap<u32, u64, BuildHasherDefault<MaskHasher>>,
}

/// A multiplicative hash: masks are counted by the million.
#[derive(Clone, Debug, Default)]
pub struct MaskHasher(u64);

impl Hasher for MaskHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, word: u32) {
        let mixed = (self.0 ^ u64::from(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ mixed >> 32;
    }
}

impl LateCounts {
    /// Share of words with a wrong bit.
    pub fn word_wrong(&self) -> f64 {
        self.wrong as f64 / self.vectors.max(1) as f64
    }

    /// Adds up counts of the same clock period.
    pub fn merge(&mut self, other: &Self) {
        self.vectors += other.vectors;
        self.wrong += other.wrong;
        for (sum, bits) in self.bits.iter_mut().zip(other.bits) {
            *sum += bits;
        }
        for (mask, count) in &other.masks {
            *self.masks.entry(*mask).or_default() += count;
        }
    }

    /// Counts a batch: wrong lanes of the 32 bits, of `lanes` operand pairs.
    fn add(&mut self, wrong: &[Lanes], lanes: usize) {
        self.vectors += lanes as u64;
        let any = wrong.iter().fold(Lanes::default(), |any, bit| any.or(*bit));
        if !any.any() {
            return;
        }
        self.wrong += u64::from(any.count());
        for (sum, bit) in self.bits.iter_mut().zip(wrong) {
            *sum += u64::from(bit.count());
        }
        each_mask(wrong, |_, mask| *self.masks.entry(mask).or_default() += 1);
    }

    /// Counts a word by the mask of its wrong bits.
    pub(super) fn count(&mut self, mask: u32) {
        self.vectors += 1;
        if mask == 0 {
            return;
        }
        self.wrong += 1;
        for (bit, sum) in self.bits.iter_mut().enumerate() {
            *sum += u64::from(mask >> bit & 1);
        }
        *self.masks.entry(mask).or_default() += 1;
    }

    /// The entry of a technology table. The commonest masks are listed, 96 at
    /// most, or as many as make up 99.9% of the wrong words; every other wrong
    /// word counts as the listed mask whose highest bits agree with its own
    /// best, so that errors keep their size.
    pub fn entry(&self) -> LateWords {
        let mut masks: Vec<(u32, u64)> = self.masks.iter().map(|(m, n)| (*m, *n)).collect();
        masks.sort_by_key(|(mask, count)| (u64::MAX - count, *mask));
        let mut listed = 0;
        let mut sum = 0;
        while listed < masks.len().min(MOST_MASKS)
            && (sum as f64) < (1.0 - UNLISTED) * self.wrong as f64
        {
            sum += masks[listed].1;
            listed += 1;
        }
        let (kept, rest) = masks.split_at_mut(listed);
        for (mask, count) in rest {
            if let Some(nearest) = kept.iter_mut().min_by_key(|kept| kept.0 ^ *mask) {
                nearest.1 += *count;
            }
        }
        kept.sort_by_key(|(mask, count)| (u64::MAX - count, *mask));
        let mut masks: Vec<(u32, f64)> = kept
            .iter()
            .map(|(mask, count)| (*mask, rounded(*count as f64 / self.wrong as f64)))
            .collect();
        // Rounded shares still add up to 1: the commonest takes the rest.
        if let Some((first, others)) = masks.split_first_mut() {
            first.1 = 1.0 - others.iter().map(|(_, share)| share).sum::<f64>();
        }
        LateWords {
            word_wrong: rounded(self.word_wrong()),
            vectors: self.vectors,
            bits: self
                .bits
                .map(|n| rounded(n as f64 / self.vectors.max(1) as f64))
                .to_vec(),
            masks,
        }
    }
}

/// Five significant digits: what so many vectors can tell.
fn rounded(value: f64) -> f64 {
    format!("{value:.4e}").parse().unwrap_or(value)
}

/// Simulates operand pairs until `vectors` of them are counted, and calls
/// `progress` with the number of them now and then. What the gates compute is
/// checked against the arithmetic.
///
/// # Errors
/// [`TimingError::Sums`] when the netlist computes another sum;
/// [`TimingError::Workload`].
pub fn count_late(
    model: &DelayModel,
    operands: &mut Operands<'_>,
    periods: &[u32],
    vectors: u64,
    mut progress: impl FnMut(u64),
) -> Result<Vec<LateCounts>, TimingError> {
    let mut simulator = Parallel::new(model, periods);
    let count = |period: &u32| LateCounts {
        period: *period,
        ..LateCounts::default()
    };
    let mut counts: Vec<LateCounts> = periods.iter().map(count).collect();
    let mut pairs = Pairs::default();
    let mut done = 0;
    while done < vectors {
        pairs.fill(operands)?;
        let lanes = pairs.old.len();
        run_checked(&mut simulator, &pairs.old, &pairs.new)?;
        for (place, counts) in counts.iter_mut().enumerate() {
            counts.add(simulator.wrong(place), lanes);
        }
        done += lanes as u64;
        progress(done);
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::dynamic::{LANES, word_planes};

    #[test]
    fn masks_are_counted_by_word() {
        let words: Vec<u32> = (0..LANES as u32)
            .map(|lane| {
                if lane % 37 == 5 {
                    0xc000_0000 >> (lane % 3)
                } else {
                    0
                }
            })
            .collect();
        let planes = word_planes(words.iter().copied());
        let mut counts = LateCounts {
            period: 80,
            ..LateCounts::default()
        };
        counts.add(&planes, LANES);
        let expected = words.iter().filter(|word| **word != 0).count() as u64;
        assert_eq!((counts.vectors, counts.wrong), (LANES as u64, expected));
        assert_eq!(counts.masks.values().sum::<u64>(), expected);
        assert_eq!(counts.masks.len(), 3);
        let bits: u64 = words.iter().map(|word| u64::from(word.count_ones())).sum();
        assert_eq!(counts.bits.iter().sum::<u64>(), bits);
        let entry = counts.entry();
        assert_eq!(entry.masks.len(), 3);
        assert!((entry.masks.iter().map(|m| m.1).sum::<f64>() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn rare_masks_count_as_the_nearest_common_one() {
        let mut counts = LateCounts {
            vectors: 1 << 20,
            ..LateCounts::default()
        };
        for index in 0..127_u32 {
            let count = if index < 96 { 10 } else { 1 };
            counts.masks.insert((index + 1) << 16, count);
            counts.wrong += count;
        }
        counts.masks.insert(0x0001_0001, 1);
        counts.wrong += 1;
        let entry = counts.entry();
        assert_eq!(entry.masks.len(), 96);
        let share = |mask: u32| entry.masks.iter().find(|m| m.0 == mask).unwrap().1;
        assert!((share(0x0001_0000) - 11.0 / counts.wrong as f64).abs() < 1e-4);
        assert!((entry.masks.iter().map(|m| m.1).sum::<f64>() - 1.0).abs() < 1e-12);
        let none = LateCounts::default().entry();
        assert!(none.masks.is_empty() && none.word_wrong == 0.0);
    }
}
