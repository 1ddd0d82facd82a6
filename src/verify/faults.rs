//! Random faults, many of which meet.

use super::draw::Draw;
use crate::config::{ArrayConfig, Dataflow};
use crate::fault::{Fault, FaultList, Register, Site, StuckAt};
use crate::tiling::Tiling;
use std::collections::BTreeSet;

/// Up to 1000 faults of GEMM 0, sometimes with permanent ones among them.
pub(super) fn list(draw: &mut Draw, config: &ArrayConfig, tiling: &Tiling) -> FaultList {
    let (pe_rows, columns) = config.faulty_pes();
    let space = Space {
        config,
        tiling,
        pe_rows,
        columns,
    };
    let stuck = if draw.one_in(8) {
        (0..draw.within(1..=3)).map(|_| space.stuck(draw)).collect()
    } else {
        Vec::new()
    };
    let most: usize = draw.choose(&[0, 1, 1, 4, 10, 30, 100, 300, 1000]);
    let count = if draw.one_in(8) {
        most
    } else {
        draw.within(most.min(1)..=most)
    };
    let count = count.saturating_sub(stuck.len());
    let mut list = FaultList::with_stuck(stuck);
    // All registers, or one kind alone.
    let registers = match draw.below(6) {
        0 => vec![draw.choose(&Register::ALL)],
        1 => vec![Register::Psum],
        _ => Register::ALL.to_vec(),
    };
    let mut flips = vec![Vec::new(); tiling.len()];
    let mut hit = BTreeSet::new();
    let mut last: Option<(usize, Fault)> = None;
    // A register is hit once per row; a small GEMM has fewer places than faults.
    for _ in 0..4 * count {
        if hit.len() == count {
            break;
        }
        let (tile, fault) = match last {
            Some((tile, last)) if draw.one_in(4) => (tile, space.near(draw, last)),
            _ => space.flip(draw, &registers),
        };
        if hit.insert((tile, fault.pass, fault.row, fault.site)) {
            flips[tile].push(fault);
            last = Some((tile, fault));
        }
    }
    for (tile, flips) in flips.into_iter().enumerate() {
        list.insert(0, tile, flips);
    }
    list
}

/// Where faults can be.
struct Space<'a> {
    config: &'a ArrayConfig,
    tiling: &'a Tiling,
    pe_rows: usize,
    columns: usize,
}

impl Space<'_> {
    fn site(&self, draw: &mut Draw, registers: &[Register]) -> Site {
        // The PEs of the checksums more often than their number says.
        let mut among = |all: usize, data: usize| {
            let first = if all > data && draw.one_in(8) {
                data
            } else {
                0
            };
            draw.within(first..=all - 1) as u32
        };
        let pe_column = among(self.columns, self.config.columns);
        Site {
            pe_row: among(self.pe_rows, self.config.rows),
            pe_column,
            register: draw.choose(registers),
        }
    }

    /// A fault anywhere, and its tile.
    fn flip(&self, draw: &mut Draw, registers: &[Register]) -> (usize, Fault) {
        let tile = draw.below(self.tiling.len());
        let pass = draw.below(self.tiling.passes());
        let row = match self.config.dataflow {
            Dataflow::Ws if self.config.checksum && draw.one_in(8) => {
                self.config.tile_rows + draw.below(self.config.checksum_rows())
            }
            Dataflow::Ws => draw.below(self.tiling.tile(tile).rows.len()),
            Dataflow::Os => draw.below(self.tiling.pass_depth(pass).len()),
        };
        let site = self.site(draw, registers);
        let fault = Fault {
            pass: pass as u32,
            row: row as u32,
            site,
            xor: mask(draw, site.register),
        };
        (tile, fault)
    }

    /// A fault that meets another one: on the same psum, on the way of the same
    /// activation, or in a later pass.
    fn near(&self, draw: &mut Draw, other: Fault) -> Fault {
        let mut fault = other;
        match draw.below(4) {
            0 => fault.pass = self.other_pass(draw, other.row),
            1 => fault.site.register = draw.choose(&Register::ALL),
            2 => fault.site.pe_column = draw.below(self.columns) as u32,
            _ => fault.site.pe_row = draw.below(self.pe_rows) as u32,
        }
        // Often the very same bits, which may undo each other.
        if fault.site.register != other.site.register || draw.one_in(2) {
            fault.xor = mask(draw, fault.site.register);
        }
        fault
    }

    /// A pass that has a row; the last one of an output-stationary array is short.
    fn other_pass(&self, draw: &mut Draw, row: u32) -> u32 {
        let mut passes = self.tiling.passes();
        if self.config.dataflow == Dataflow::Os
            && self.tiling.pass_depth(passes - 1).len() <= row as usize
        {
            passes -= 1;
        }
        draw.below(passes) as u32
    }

    fn stuck(&self, draw: &mut Draw) -> StuckAt {
        let site = self.site(draw, &Register::ALL);
        let mask = mask(draw, site.register);
        StuckAt {
            site,
            mask,
            value: draw.bits() as u32 & mask,
        }
    }
}

/// One bit, mostly; several, or all of a register.
fn mask(draw: &mut Draw, register: Register) -> u32 {
    match draw.below(8) {
        0 => register.mask(),
        1 | 2 => (draw.bits() as u32 & register.mask()).max(1),
        _ => 1 << draw.below(register.bits() as usize),
    }
}
