//! A fault: which register of which PE, and when.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A register of a PE.
///
/// The shadow weight register (WS) is not listed: an upset there is the same as
/// an upset of `Weight` at row 0 of the pass that uses the weight. Nor is the
/// register in which a sum leaves a column (OS): an upset there is the same as
/// one of `Psum` at the last step of the tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Register {
    /// The 32-bit partial sum, passed on (WS) or kept (OS).
    Psum,
    /// The int8 activation on its way to the right.
    Activation,
    /// The int8 weight, kept (WS) or on its way down (OS).
    Weight,
    /// The valid bit that travels with the activation.
    Valid,
}

impl Register {
    /// All registers, in the order in which the fault lists name them.
    pub const ALL: [Register; 4] = [
        Register::Psum,
        Register::Activation,
        Register::Weight,
        Register::Valid,
    ];

    /// Width in bits.
    pub fn bits(self) -> u32 {
        match self {
            Register::Psum => 32,
            Register::Activation | Register::Weight => 8,
            Register::Valid => 1,
        }
    }

    /// All bits of the register as a mask.
    pub fn mask(self) -> u32 {
        u32::MAX >> (32 - self.bits())
    }

    /// Name as written in fault lists and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Register::Psum => "psum",
            Register::Activation => "activation",
            Register::Weight => "weight",
            Register::Valid => "valid",
        }
    }
}

impl fmt::Display for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A PE and one of its registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Site {
    /// PE row, 0..R; in OS R and R+1 are the checksum digits.
    pub pe_row: u32,
    /// PE column, 0..C for data, C and C+1 for the checksum digits.
    pub pe_column: u32,
    /// The register.
    pub register: Register,
}

/// A transient fault within a tile: when the register captures the value that
/// belongs to `row` of `pass`, the bits of `xor` flip.
///
/// WS: `row` is a row of the tile; a flipped weight stays flipped for the rest of
/// the pass. OS: `row` is a step of the pass, which has one for every k that it
/// reduces: the value belongs to k = `pass`·R + `row`. A flipped weight travels on
/// to the PE rows below, for this k alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// Pass over K, 0..⌈K/R⌉.
    pub pass: u32,
    /// WS: row of the pass, 0.. data rows, T and T+1 for the checksum rows. OS: step of the pass.
    pub row: u32,
    /// Where.
    #[serde(flatten)]
    pub site: Site,
    /// Bits that flip; never zero.
    pub xor: u32,
}

/// A permanent fault: the bits of `mask` hold the bits of `value` whatever the
/// register captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StuckAt {
    /// Where.
    #[serde(flatten)]
    pub site: Site,
    /// Bits that are stuck; never zero.
    pub mask: u32,
    /// What they are stuck at; no bits outside `mask`.
    pub value: u32,
}

/// All faults of a tile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TileFaults {
    /// Transient faults, sorted, at most one per (pass, row, site).
    pub flips: Vec<Fault>,
    /// Permanent faults, the same for every tile of a run.
    pub stuck: Vec<StuckAt>,
}

impl TileFaults {
    /// Whether nothing is upset.
    pub fn is_empty(&self) -> bool {
        self.flips.is_empty() && self.stuck.is_empty()
    }

    /// Sorts, and merges flips of the same register at the same time.
    pub(super) fn normalise(flips: &mut Vec<Fault>) {
        Self::normalise_from(flips, 0);
    }

    /// As [`TileFaults::normalise`], of those from `start` on.
    pub(super) fn normalise_from(flips: &mut Vec<Fault>, start: usize) {
        let part = &mut flips[start..];
        if part.len() < 2 {
            if part.first().is_some_and(|fault| fault.xor == 0) {
                flips.truncate(start);
            }
            return;
        }
        let place = |fault: &Fault| (fault.pass, fault.row, fault.site);
        // As most samplers draw them.
        if part.is_sorted_by(|a, b| place(a) < place(b)) && part.iter().all(|f| f.xor != 0) {
            return;
        }
        part.sort_unstable();
        // What stays moves to the front.
        let mut kept = 0;
        for at in 1..part.len() {
            let (next, last) = (part[at], &mut part[kept]);
            if place(&next) == place(last) {
                last.xor ^= next.xor;
            } else {
                kept += usize::from(last.xor != 0);
                part[kept] = next;
            }
        }
        kept += usize::from(part[kept].xor != 0);
        flips.truncate(start + kept);
    }
}
