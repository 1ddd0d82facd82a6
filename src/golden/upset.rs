//! Faults as what they do to the value in a register.

use crate::fault::{Fault, Site, StuckAt};

/// A register that does not hold what was written to it: it holds
/// `(value & keep) ^ toggle`.
pub(super) struct Upset {
    pub site: Site,
    keep: u32,
    toggle: u32,
}

impl Upset {
    /// The value that the register really holds.
    pub fn of(&self, value: u32) -> u32 {
        (value & self.keep) ^ self.toggle
    }

    /// As [`Upset::of`], for the int8 registers.
    pub fn of_byte(&self, value: i8) -> i8 {
        self.of(u32::from(value as u8)) as u8 as i8
    }
}

/// What faults do to the registers of the PEs at one time, from left to right
/// and from top to bottom.
pub(super) struct Upsets(Vec<Upset>);

impl Upsets {
    /// The transient faults of that time and the permanent ones, which win.
    pub fn new(flips: &[Fault], stuck: &[StuckAt]) -> Self {
        let flips = flips.iter().map(|fault| Upset {
            site: fault.site,
            keep: u32::MAX,
            toggle: fault.xor,
        });
        let stuck = stuck.iter().map(|stuck| Upset {
            site: stuck.site,
            keep: !stuck.mask,
            toggle: stuck.value,
        });
        let mut upsets: Vec<Upset> = flips.chain(stuck).collect();
        // Stable: what hits the same register stays in order.
        upsets.sort_by_key(|upset| (upset.site.pe_column, upset.site.pe_row));
        Self(upsets)
    }

    /// All upsets.
    pub fn iter(&self) -> impl Iterator<Item = &Upset> {
        self.0.iter()
    }

    /// The upsets in a column of PEs, from top to bottom.
    pub fn in_column(&self, column: usize) -> &[Upset] {
        self.between((column, 0), (column + 1, 0))
    }

    /// The upsets in a PE.
    pub fn at(&self, row: usize, column: usize) -> &[Upset] {
        self.between((column, row), (column, row + 1))
    }

    fn between(&self, first: (usize, usize), end: (usize, usize)) -> &[Upset] {
        let before = |limit: (usize, usize)| {
            self.0.partition_point(|Upset { site, .. }| {
                (site.pe_column as usize, site.pe_row as usize) < limit
            })
        };
        &self.0[before(first)..before(end)]
    }
}
