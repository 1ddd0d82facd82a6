//! The timing errors of one output tile as its own operands cause them: every PE's
//! gates are simulated over all cycles of the tile.
//!
//! PE rows come one after the other, and each takes the partial sums that the
//! row above has *captured*, errors included. So the XOR masks, written into an array that
//! computes rightly, give what an array of these gates would hold. What is left
//! out: supply noise, idle cycles between passes, and that a register which took
//! a wrong value may not have settled before the next edge.

use super::dynamic::{DelayModel, LANES, Parallel, PeState, each_mask, planes};
use crate::config::ArrayConfig;
use crate::fault::{Fault, Register, Site};
use crate::golden;
use crate::tiling::{Tile, Tiling};
use ndarray::{Array2, ArrayView2};

/// Simulates tiles at one clock period.
pub struct ExactErrors<'m> {
    /// `None` when the clock is slower than the critical path.
    simulator: Option<Parallel<'m>>,
}

impl<'m> ExactErrors<'m> {
    /// A simulator at x = T/T_crit of the model, rounded to its time steps.
    pub fn new(model: &'m DelayModel, x: f64) -> Self {
        let resolution = f64::from(model.resolution());
        let period = (x * resolution).round().clamp(1.0, resolution) as u32;
        let simulator = (period < model.resolution()).then(|| Parallel::new(model, &[period]));
        Self { simulator }
    }

    /// The faults of a tile of X[M×K]·W[K×N], sorted, for a weight-stationary array.
    /// PEs of a protected checksum domain compute rightly.
    pub fn tile(
        &mut self,
        config: &ArrayConfig,
        tiling: &Tiling,
        tile: &Tile,
        x: ArrayView2<'_, i8>,
        w: ArrayView2<'_, i8>,
    ) -> Vec<Fault> {
        let mut faults = Vec::new();
        let Some(simulator) = &mut self.simulator else {
            return faults;
        };
        let (x, w) = golden::extended(config, tile, x, w);
        let lines = x.nrows();
        let data_rows = tile.rows.len();
        let (_, faulty_lanes) = config.faulty_pes();
        let length = tiling.passes() * lines;
        // Partial sums that the PE row above has captured, [lane][pass · lines + line].
        let mut above = vec![vec![0_i32; length]; faulty_lanes];
        for pe_row in 0..config.rows {
            let (mut old, mut new) = (Vec::new(), Vec::new());
            for (lane, above) in above.iter().enumerate() {
                let mut before = PeState::default();
                for (at, &psum_above) in above.iter().enumerate() {
                    let depth = tiling.pass_depth(at / lines);
                    let k = depth.start + pe_row;
                    let of = |matrix: &Array2<i8>, at: [usize; 2]| {
                        if k < depth.end { matrix[at] } else { 0 }
                    };
                    let state = PeState {
                        activation: of(&x, [at % lines, k]),
                        weight: of(&w, [k, lane]),
                        valid: true,
                        psum_above,
                    };
                    old.push(before);
                    new.push(state);
                    before = state;
                }
            }
            let mut masks = vec![0; new.len()];
            let batches = old.chunks(LANES).zip(new.chunks(LANES));
            for ((old, new), masks) in batches.zip(masks.chunks_mut(LANES)) {
                simulator.run(&planes(old), &planes(new));
                each_mask(simulator.wrong(0), |lane, mask| masks[lane] = mask);
            }
            for (index, (state, mask)) in new.iter().zip(masks).enumerate() {
                let (lane, at) = (index / length, index % length);
                above[lane][at] = state.sum() ^ mask as i32;
                if mask == 0 {
                    continue;
                }
                let line = at % lines;
                let row = match line.checked_sub(data_rows) {
                    None => line,
                    Some(digit) => config.tile_rows + digit,
                };
                faults.push(Fault {
                    pass: (at / lines) as u32,
                    row: row as u32,
                    site: Site {
                        pe_row: pe_row as u32,
                        pe_column: lane as u32,
                        register: Register::Psum,
                    },
                    xor: mask,
                });
            }
        }
        faults.sort_unstable();
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timing::dynamic::{EventDriven, PeTiming, Pulses};
    use crate::timing::liberty::Library;
    use crate::timing::netlist::Netlist;
    use crate::timing::recipe::PE_TOP;
    use ndarray::Array;
    use std::path::Path;

    /// The same word by word with the event-driven simulator, on an array of partial sums that
    /// is filled PE row by PE row.
    fn one_by_one(model: &DelayModel, period: u32, x: &Array2<i8>, w: &Array2<i8>) -> Vec<Fault> {
        let (rows, pe_rows, columns) = (x.nrows(), x.ncols(), w.ncols());
        let mut simulator = EventDriven::new(model, Pulses::Transport);
        let mut captured = Array2::<i32>::zeros((rows, columns));
        let mut faults = Vec::new();
        for pe_row in 0..pe_rows {
            let above = captured.clone();
            for column in 0..columns {
                let state = |row: usize| PeState {
                    activation: x[[row, pe_row]],
                    weight: w[[pe_row, column]],
                    valid: true,
                    psum_above: above[[row, column]],
                };
                for row in 0..rows {
                    let old = row.checked_sub(1).map(state).unwrap_or_default();
                    simulator.run(&old.bits(), &state(row).bits());
                    let late =
                        |bit: &usize| simulator.captured(*bit, period) != simulator.settled(*bit);
                    let xor = (0..32).filter(late).fold(0_u32, |xor, bit| xor | 1 << bit);
                    captured[[row, column]] = state(row).sum() ^ xor as i32;
                    if xor != 0 {
                        let site = Site {
                            pe_row: pe_row as u32,
                            pe_column: column as u32,
                            register: Register::Psum,
                        };
                        let row = row as u32;
                        faults.push(Fault {
                            pass: 0,
                            row,
                            site,
                            xor,
                        });
                    }
                }
            }
        }
        faults.sort_unstable();
        faults
    }

    #[test]
    fn tiles_have_the_errors_that_the_event_driven_simulator_finds() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/timing");
        let netlist = Netlist::read(&data.join("small_pe.json.gz"), PE_TOP).unwrap();
        let library = Library::read(&data.join("small.lib")).unwrap();
        let timing = PeTiming::new(&netlist, &library, None).unwrap();
        let config = "rows: 6\ncolumns: 4\ntile_rows: 12\ndataflow: ws\nthreshold_bit: 0\n\
                      checksum: false\nchecksum_domain: shared\n";
        let config = ArrayConfig::from_yaml(config, Path::new("test")).unwrap();
        let value = |at: usize| ((at as u64 + 7).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as i8;
        let x = Array::from_shape_fn((12, 6), |(m, k)| value(6 * m + k));
        let w = Array::from_shape_fn((6, 4), |(k, n)| value(1000 + 4 * k + n));
        let tiling = Tiling::new(&config, 12, 6, 4);
        for period in [550, 700] {
            let expected = one_by_one(&timing.model, period, &x, &w);
            let share = f64::from(period) / f64::from(timing.model.resolution());
            let mut exact = ExactErrors::new(&timing.model, share);
            let found = exact.tile(&config, &tiling, &tiling.tile(0), x.view(), w.view());
            assert_eq!(found, expected, "{period}");
            // Errors, and more than one in a column, so that wrong sums are passed on.
            let column = |fault: &Fault| (fault.row, fault.site.pe_column);
            let again = |f: &Fault| expected.iter().any(|g| g != f && column(g) == column(f));
            assert!(expected.iter().any(again), "{period}: {}", expected.len());
        }
        let never = ExactErrors::new(&timing.model, 1.0).tile(
            &config,
            &tiling,
            &tiling.tile(0),
            x.view(),
            w.view(),
        );
        assert!(never.is_empty());
    }
}
