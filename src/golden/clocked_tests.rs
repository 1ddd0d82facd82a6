//! The golden model of weight-stationary arrays against a naive model of the array that clocks every
//! register of every PE, written without a look at it.

use super::tests::{array, below, matrix};
use super::*;
use crate::config::ArrayConfig;
use crate::fault::{Fault, FaultList, Register, Site, StuckAt, TileFaults};
use crate::tiling::Tiling;
use ndarray::{Array2, s};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A PE's registers, by the numbers that `Register::ALL` gives them.
type Pe = [u32; 4];
const PSUM: usize = 0;
const ACTIVATION: usize = 1;
const WEIGHT: usize = 2;
const VALID: usize = 3;

pub(super) fn number(register: Register) -> usize {
    Register::ALL.iter().position(|&r| r == register).unwrap()
}

pub(super) fn signed(byte: u32) -> i32 {
    i32::from(byte as u8 as i8)
}

/// Psums of one pass: `x` is rows × R, `w` is R × lanes, both padded.
fn clocked_pass(x: &Array2<i8>, w: &Array2<i8>, flips: &[Fault], stuck: &[StuckAt]) -> Array2<i32> {
    let (rows, depth, lanes) = (x.nrows(), x.ncols(), w.ncols());
    let mut pes = vec![vec![Pe::default(); lanes]; depth];
    for r in 0..depth {
        for c in 0..lanes {
            pes[r][c][WEIGHT] = u32::from(w[[r, c]] as u8);
        }
    }
    let mut y = Array2::zeros((rows, lanes));
    for cycle in 0..rows + depth + lanes {
        // Every register captures what its neighbours held before the edge.
        let before = pes.clone();
        for r in 0..depth {
            for c in 0..lanes {
                let pe = &mut pes[r][c];
                if c > 0 {
                    pe[ACTIVATION] = before[r][c - 1][ACTIVATION];
                    pe[VALID] = before[r][c - 1][VALID];
                } else {
                    let row = cycle.checked_sub(r).filter(|&row| row < rows);
                    pe[ACTIVATION] = row.map_or(0, |row| u32::from(x[[row, r]] as u8));
                    pe[VALID] = u32::from(row.is_some());
                }
                let old = before[r][c];
                let above = if r > 0 { before[r - 1][c][PSUM] } else { 0 };
                let product = if old[VALID] == 1 {
                    signed(old[ACTIVATION]) * signed(old[WEIGHT])
                } else {
                    0
                };
                pe[PSUM] = above.wrapping_add(product as u32);
            }
        }
        for fault in flips {
            let Site {
                pe_row,
                pe_column,
                register,
            } = fault.site;
            let captured = fault.row + pe_row + pe_column + u32::from(register == Register::Psum);
            if captured as usize == cycle {
                pes[pe_row as usize][pe_column as usize][number(register)] ^= fault.xor;
            }
        }
        for stuck in stuck {
            let Site {
                pe_row,
                pe_column,
                register,
            } = stuck.site;
            let held = &mut pes[pe_row as usize][pe_column as usize][number(register)];
            *held = (*held & !stuck.mask) | stuck.value;
        }
        for c in 0..lanes {
            if let Some(row) = cycle.checked_sub(depth + c).filter(|&row| row < rows) {
                y[[row, c]] = pes[depth - 1][c][PSUM] as i32;
            }
        }
    }
    y
}

/// The two digits of a sum, from the definition.
pub(super) fn split(sum: i64) -> (i8, i8) {
    let lo = (sum + 128).rem_euclid(256) - 128;
    (((sum - lo) / 256) as i8, lo as i8)
}

/// Whether the sum of a line's data and its digits differ by 2^θ or more.
pub(super) fn flagged(data: i64, hi: i32, lo: i32, threshold_bit: u32) -> bool {
    let syndrome = (data - 256 * i64::from(hi) - i64::from(lo)) as i32;
    i64::from(syndrome).abs() >= 1 << threshold_bit
}

/// A single-tile GEMM on the clocked array: outputs and both kinds of flags.
fn clocked_tile(
    config: &ArrayConfig,
    x: &Array2<i8>,
    w: &Array2<i8>,
    faults: &TileFaults,
    threshold_bit: u32,
) -> (Array2<i32>, Vec<bool>, Vec<bool>) {
    let (m, k, n) = (x.nrows(), x.ncols(), w.ncols());
    let passes = k.div_ceil(config.rows);
    let extra = if config.checksum { 2 } else { 0 };
    let mut xe = Array2::zeros((m + extra, passes * config.rows));
    let mut we = Array2::zeros((passes * config.rows, config.columns + extra));
    xe.slice_mut(s![..m, ..k]).assign(x);
    we.slice_mut(s![..k, ..n]).assign(w);
    if config.checksum {
        for l in 0..k {
            let sum: i64 = x.column(l).iter().map(|&v| i64::from(v)).sum();
            (xe[[m, l]], xe[[m + 1, l]]) = split(sum);
            let sum: i64 = w.row(l).iter().map(|&v| i64::from(v)).sum();
            (we[[l, config.columns]], we[[l, config.columns + 1]]) = split(sum);
        }
    }
    let mut y = Array2::<i32>::zeros((m + extra, config.columns + extra));
    for pass in 0..passes {
        let depth = pass * config.rows..(pass + 1) * config.rows;
        let flips: Vec<Fault> = faults
            .flips
            .iter()
            .filter(|fault| fault.pass as usize == pass)
            .map(|fault| {
                let row = fault.row as usize;
                let checksum_row = row.checked_sub(config.tile_rows).map(|digit| m + digit);
                Fault {
                    row: checksum_row.unwrap_or(row) as u32,
                    ..*fault
                }
            })
            .collect();
        let (x, w) = (
            xe.slice(s![.., depth.clone()]).to_owned(),
            we.slice(s![depth, ..]).to_owned(),
        );
        let psums = clocked_pass(&x, &w, &flips, &faults.stuck);
        y.zip_mut_with(&psums, |y, &psum| *y = y.wrapping_add(psum));
    }
    let columns = config.columns;
    let row_flag = |i: usize| {
        let data: i64 = y.row(i).iter().take(columns).map(|&v| i64::from(v)).sum();
        config.checksum && flagged(data, y[[i, columns]], y[[i, columns + 1]], threshold_bit)
    };
    let column_flag = |j: usize| {
        let data: i64 = y.column(j).iter().take(m).map(|&v| i64::from(v)).sum();
        config.checksum && flagged(data, y[[m, j]], y[[m + 1, j]], threshold_bit)
    };
    (
        y.slice(s![..m, ..columns]).to_owned(),
        (0..m).map(row_flag).collect(),
        (0..columns).map(column_flag).collect(),
    )
}

/// A fault list with many faults on few PEs, so that they meet.
pub(super) fn random_faults(
    rng: &mut ChaCha8Rng,
    config: &ArrayConfig,
    m: usize,
    passes: usize,
) -> TileFaults {
    let site = |rng: &mut ChaCha8Rng| Site {
        pe_row: below(rng, config.pe_rows()) as u32,
        pe_column: below(rng, config.lanes()) as u32,
        register: Register::ALL[below(rng, 4)],
    };
    let mask = |rng: &mut ChaCha8Rng, register: Register| match below(rng, 3) {
        0 => (rng.next_u32() & register.mask()).max(1),
        _ => 1 << below(rng, register.bits() as usize),
    };
    let mut flips: Vec<Fault> = Vec::new();
    for _ in 0..[0, 1, 3, 20, 200][below(rng, 5)] {
        let (site, row) = (site(rng), below(rng, m + config.checksum_rows()));
        let row = row
            .checked_sub(m)
            .map_or(row, |digit| config.tile_rows + digit);
        let mut fault = Fault {
            pass: below(rng, passes) as u32,
            row: row as u32,
            site,
            xor: mask(rng, site.register),
        };
        // Often another upset of the psum, weight or activation just hit.
        if let Some(last) = flips.last().filter(|_| rng.next_u32() & 3 == 0) {
            fault.row = last.row;
            match last.site.register {
                Register::Psum => fault.site.pe_column = last.site.pe_column,
                _ => fault.site.pe_row = last.site.pe_row,
            }
        }
        flips.push(fault);
    }
    let mut list = FaultList::default();
    list.insert(0, 0, flips);
    let stuck = (0..[0, 0, 1, 3][below(rng, 4)])
        .map(|_| {
            let site = site(rng);
            let mask = mask(rng, site.register);
            StuckAt {
                site,
                mask,
                value: rng.next_u32() & mask,
            }
        })
        .collect();
    TileFaults {
        flips: list.tile(0, 0).to_vec(),
        stuck,
    }
}

#[test]
fn a_faulty_tile_is_what_the_clocked_registers_hold() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let (mut flips, mut stuck, mut flags) = (0, 0, 0);
    for case in 0..400 {
        let mut config = array(2 + below(&mut rng, 6), 2 + below(&mut rng, 6), 9);
        config.checksum = case % 8 != 0;
        let m = 1 + below(&mut rng, 9);
        let k = 1 + below(&mut rng, 3 * config.rows);
        let n = 1 + below(&mut rng, config.columns);
        let (x, w) = (matrix(&mut rng, m, k), matrix(&mut rng, k, n));
        let tiling = Tiling::new(&config, m, k, n);
        let faults = random_faults(&mut rng, &config, m, tiling.passes());
        let threshold_bit = below(&mut rng, 32) as u32;
        let golden = tile(
            &config,
            &tiling,
            &tiling.tile(0),
            x.view(),
            w.view(),
            &faults,
            threshold_bit,
        );
        let (y, row_flags, column_flags) = clocked_tile(&config, &x, &w, &faults, threshold_bit);
        let what = format!("case {case}: {config:?} {m}x{k}x{n} {faults:?}");
        assert_eq!(golden.y, y, "{what}");
        assert_eq!(golden.row_flags, row_flags, "{what}");
        assert_eq!(golden.column_flags, column_flags, "{what}");
        flips += faults.flips.len();
        stuck += faults.stuck.len();
        flags += row_flags
            .iter()
            .chain(&column_flags)
            .filter(|flag| **flag)
            .count();
    }
    assert!(
        flips > 10_000 && stuck > 100 && flags > 500,
        "{flips} {stuck} {flags}"
    );
}
