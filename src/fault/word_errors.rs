//! Wrong words: how often a register captures one, and which bits are wrong
//! together. Timing errors come as a few correlated masks, not as independent
//! bits, so a mask is drawn as a whole.
//!
//! In the first row of a pass a PE has a new weight, a new activation and a new partial
//! sum; in later rows the weight stays. That makes a difference of orders of
//! magnitude, so that the two have probabilities and masks of their own.

use std::sync::Arc;

/// Timing errors of captured psum words, by the row of the pass.
#[derive(Clone, Debug, PartialEq)]
pub struct WordErrors {
    /// Of row 0 of each pass, for which the weights are swapped.
    pub first: RowErrors,
    /// Of all other rows, checksum rows included.
    pub later: RowErrors,
}

/// Probability that a captured psum word is wrong, and the distribution of the
/// XOR mask of a wrong one.
#[derive(Clone, Debug, PartialEq)]
pub struct RowErrors {
    probability: f64,
    masks: Arc<[Slot]>,
}

/// One column of an alias table: `mask` below the threshold, `alias` above.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Slot {
    /// In units of 2^-64.
    threshold: u64,
    mask: u32,
    alias: u32,
}

impl RowErrors {
    /// Builds the alias table (Walker 1977, in the way of Vose 1991) of masks
    /// with their weights, of any sum. Masks of no bit and without weight are left out.
    ///
    /// # Panics
    /// When the probability is not in 0..=1, a weight is negative or not finite, or
    /// words are wrong but no mask has a weight: tables are validated before.
    pub fn new(probability: f64, masks: &[(u32, f64)]) -> Self {
        assert!(
            (0.0..=1.0).contains(&probability),
            "probability {probability} was not validated"
        );
        let valid = |(_, weight): &(u32, f64)| weight.is_finite() && *weight >= 0.0;
        assert!(masks.iter().all(valid), "weights were not validated");
        let masks: Vec<(u32, f64)> = masks
            .iter()
            .copied()
            .filter(|(mask, weight)| *mask != 0 && *weight > 0.0)
            .collect();
        assert!(
            probability == 0.0 || !masks.is_empty(),
            "wrong words without masks"
        );
        Self {
            probability,
            masks: alias_table(&masks).into(),
        }
    }

    /// Probability that a captured word is wrong.
    pub fn probability(&self) -> f64 {
        self.probability
    }

    /// The mask that belongs to a uniform 64-bit number: its high part chooses a
    /// slot, its low part decides between mask and alias.
    pub(super) fn mask(&self, uniform: u64) -> u32 {
        let product = u128::from(uniform) * self.masks.len() as u128;
        let slot = self.masks[(product >> 64) as usize];
        if (product as u64) < slot.threshold {
            slot.mask
        } else {
            slot.alias
        }
    }
}

fn alias_table(masks: &[(u32, f64)]) -> Vec<Slot> {
    let sum: f64 = masks.iter().map(|(_, weight)| weight).sum();
    let count = masks.len() as f64;
    let mut left: Vec<f64> = masks.iter().map(|(_, w)| w / sum * count).collect();
    // What is never topped up is full.
    let mut slots: Vec<Slot> = masks
        .iter()
        .map(|&(mask, _)| Slot {
            threshold: u64::MAX,
            mask,
            alias: mask,
        })
        .collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..masks.len()).partition(|&index| left[index] < 1.0);
    while let (Some(&giver), Some(taker)) = (large.last(), small.pop()) {
        slots[taker].threshold = (left[taker] * 2f64.powi(64)) as u64;
        slots[taker].alias = masks[giver].0;
        left[giver] -= 1.0 - left[taker];
        if left[giver] < 1.0 {
            large.pop();
            small.push(giver);
        }
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Exact share of each mask in an alias table.
    fn shares(errors: &RowErrors) -> std::collections::BTreeMap<u32, f64> {
        let mut shares = std::collections::BTreeMap::new();
        let each = 1.0 / errors.masks.len() as f64;
        for slot in errors.masks.iter() {
            let own = (slot.threshold as f64) * 0.5f64.powi(64);
            *shares.entry(slot.mask).or_insert(0.0) += each * own;
            *shares.entry(slot.alias).or_insert(0.0) += each * (1.0 - own);
        }
        shares
    }

    #[test]
    fn alias_tables_hold_the_shares() {
        for count in [1, 2, 3, 31, 257_u32] {
            let weight = |mask: u32| f64::from(mask * mask % 37) + 0.01;
            let masks: Vec<(u32, f64)> = (1..=count).map(|mask| (mask, weight(mask))).collect();
            let sum: f64 = masks.iter().map(|(_, w)| w).sum();
            let errors = RowErrors::new(0.5, &masks);
            let shares = shares(&errors);
            for (mask, weight) in masks {
                assert!(
                    (shares[&mask] - weight / sum).abs() < 1e-12,
                    "{count} {mask}"
                );
            }
        }
    }

    #[test]
    fn every_uniform_number_gives_a_mask() {
        let errors = RowErrors::new(1.0, &[(1, 0.25), (0, 9.0), (2, 0.0), (4, 0.75)]);
        for uniform in [0, 1, u64::MAX / 2, u64::MAX / 2 + 1, u64::MAX] {
            assert!([1, 4].contains(&errors.mask(uniform)));
        }
        let count = 1 << 16;
        let of_four = (0..count).filter(|i| errors.mask(i << 48) == 4).count();
        assert_eq!(of_four as f64 / count as f64, 0.75);
    }
}
