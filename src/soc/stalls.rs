//! Random stalls as a pure function of the cycle, so that every component
//! stalls alike in every run with the same seed.

/// Decides in which cycles a component hesitates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stalls {
    /// Chance of a stall in a cycle, in 256; 0 for never, at most 250.
    pub chance: u32,
    /// Seed; components of one run have different ones.
    pub seed: u64,
}

impl Stalls {
    /// Whether the component hesitates in this cycle.
    pub fn hit(self, cycle: u64) -> bool {
        self.chance > 0 && self.random(cycle) % 256 < u64::from(self.chance.min(250))
    }

    /// A random number that belongs to the cycle (SplitMix64, Steele et al. 2014).
    pub fn random(self, cycle: u64) -> u64 {
        let mut z = self
            .seed
            .wrapping_add(cycle.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) >> 8
    }
}
