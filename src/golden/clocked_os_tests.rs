//! The golden model of output-stationary arrays against a naive model that
//! clocks every register of every PE, written without a look at it.

use super::clocked_tests::{flagged, number, random_faults, signed, split};
use super::tests::{array, below, matrix};
use super::*;
use crate::config::{ArrayConfig, Dataflow};
use crate::fault::{Fault, Register, Site, TileFaults};
use crate::tiling::Tiling;
use ndarray::Array2;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

/// A PE's registers, by the numbers that `Register::ALL` gives them.
type Pe = [u32; 4];
const PSUM: usize = 0;
const ACTIVATION: usize = 1;
const WEIGHT: usize = 2;
const VALID: usize = 3;

/// What enters an edge of the array in a cycle: the operands of step k at lane 0
/// when it was accepted, at lane i so many cycles later; nothing in between.
fn entering(accepted: &[usize], cycle: usize, lane: usize) -> Option<usize> {
    let cycle = cycle.checked_sub(lane)?;
    accepted.iter().position(|&at| at == cycle)
}

/// Sums of a tile: `x` is PE rows × K, `w` is K × lanes, both padded and with
/// their checksums; step k is accepted in cycle `accepted[k]`.
fn clocked_tile(
    x: &Array2<i8>,
    w: &Array2<i8>,
    rows: usize,
    accepted: &[usize],
    faults: &TileFaults,
) -> Array2<i32> {
    let (pe_rows, lanes) = (x.nrows(), w.ncols());
    let mut pes = vec![vec![Pe::default(); lanes]; pe_rows];
    // Of the control bits, whether the weight in a PE belongs to a step, and to the first one.
    let mut steps = vec![vec![(false, false); lanes]; pe_rows];
    let last = accepted.last().expect("a tile has a step");
    for cycle in 0..last + pe_rows + lanes + 1 {
        let (before, steps_before) = (pes.clone(), steps.clone());
        for r in 0..pe_rows {
            for c in 0..lanes {
                let pe = &mut pes[r][c];
                if c > 0 {
                    pe[ACTIVATION] = before[r][c - 1][ACTIVATION];
                    pe[VALID] = before[r][c - 1][VALID];
                } else {
                    let k = entering(accepted, cycle, r);
                    pe[ACTIVATION] = k.map_or(0, |k| u32::from(x[[r, k]] as u8));
                    pe[VALID] = u32::from(k.is_some());
                }
                if r > 0 {
                    pe[WEIGHT] = before[r - 1][c][WEIGHT];
                    steps[r][c] = steps_before[r - 1][c];
                } else {
                    let k = entering(accepted, cycle, c);
                    pe[WEIGHT] = k.map_or(0x5a, |k| u32::from(w[[k, c]] as u8));
                    steps[r][c] = (k.is_some(), k == Some(0));
                }
                let old = before[r][c];
                let (step, first) = steps_before[r][c];
                let product = if old[VALID] == 1 && step {
                    signed(old[ACTIVATION]) * signed(old[WEIGHT])
                } else {
                    0
                };
                let kept = if first { 0 } else { old[PSUM] };
                pe[PSUM] = kept.wrapping_add(product as u32);
            }
        }
        for fault in &faults.flips {
            let Site {
                pe_row,
                pe_column,
                register,
            } = fault.site;
            let k = fault.pass as usize * rows + fault.row as usize;
            let after = pe_row + pe_column + u32::from(register == Register::Psum);
            if accepted[k] + after as usize == cycle {
                pes[pe_row as usize][pe_column as usize][number(register)] ^= fault.xor;
            }
        }
        for stuck in &faults.stuck {
            let Site {
                pe_row,
                pe_column,
                register,
            } = stuck.site;
            let held = &mut pes[pe_row as usize][pe_column as usize][number(register)];
            *held = (*held & !stuck.mask) | stuck.value;
        }
    }
    Array2::from_shape_fn((pe_rows, lanes), |(r, c)| pes[r][c][PSUM] as i32)
}

/// The operands of a tile as they enter the array.
fn extended(config: &ArrayConfig, x: &Array2<i8>, w: &Array2<i8>) -> (Array2<i8>, Array2<i8>) {
    let (m, k, n) = (x.nrows(), x.ncols(), w.ncols());
    let mut xe = Array2::zeros((config.pe_rows(), k));
    let mut we = Array2::zeros((k, config.lanes()));
    for l in 0..k {
        (0..m).for_each(|i| xe[[i, l]] = x[[i, l]]);
        (0..n).for_each(|j| we[[l, j]] = w[[l, j]]);
        if config.checksum {
            let sum = x.column(l).iter().map(|&v| i64::from(v)).sum();
            (xe[[config.rows, l]], xe[[config.rows + 1, l]]) = split(sum);
            let sum = w.row(l).iter().map(|&v| i64::from(v)).sum();
            (we[[l, config.columns]], we[[l, config.columns + 1]]) = split(sum);
        }
    }
    (xe, we)
}

/// Faults of a tile of K steps, drawn for the other dataflow and moved.
fn faults_of(rng: &mut ChaCha8Rng, config: &ArrayConfig, k: usize) -> TileFaults {
    let mut faults = random_faults(rng, config, 1, k.div_ceil(config.rows));
    for fault in &mut faults.flips {
        fault.row = below(rng, k.min(config.rows)) as u32;
        let step = fault.pass as usize * config.rows + fault.row as usize;
        if step >= k {
            fault.pass = 0;
        }
    }
    let flips = std::mem::take(&mut faults.flips);
    let mut list = crate::fault::FaultList::default();
    list.insert(0, 0, flips);
    faults.flips = list.tile(0, 0).to_vec();
    faults
}

#[test]
fn a_faulty_tile_is_what_the_clocked_registers_hold() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let (mut flips, mut stuck, mut flags, mut gaps) = (0, 0, 0, 0);
    for case in 0..400 {
        let rows = 2 + below(&mut rng, 6);
        let mut config = array(rows, 2 + below(&mut rng, 6), rows);
        config.dataflow = Dataflow::Os;
        config.checksum = case % 8 != 0;
        let m = 1 + below(&mut rng, rows);
        let k = 1 + below(&mut rng, 3 * config.rows);
        let n = 1 + below(&mut rng, config.columns);
        let (x, w) = (matrix(&mut rng, m, k), matrix(&mut rng, k, n));
        let tiling = Tiling::new(&config, m, k, n);
        let faults = faults_of(&mut rng, &config, k);
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
        // Streams that stall leave gaps between the steps, which change nothing.
        let stall = [1, 1, 3][below(&mut rng, 3)];
        let mut next = 0;
        let accepted: Vec<usize> = (0..k)
            .map(|_| {
                next += 1 + below(&mut rng, stall);
                next - 1
            })
            .collect();
        gaps += accepted[k - 1] + 1 - k;
        let (xe, we) = extended(&config, &x, &w);
        let y = clocked_tile(&xe, &we, rows, &accepted, &faults);
        let what = format!("case {case}: {config:?} {m}x{k}x{n} {faults:?}");
        for i in 0..m {
            for j in 0..config.columns {
                assert_eq!(golden.y[[i, j]], y[[i, j]], "{what} at {i}, {j}");
            }
        }
        let (hi, columns) = (config.rows, config.columns);
        let row_flags: Vec<bool> = (0..m)
            .map(|i| {
                let data = (0..columns).map(|j| i64::from(y[[i, j]])).sum();
                config.checksum
                    && flagged(data, y[[i, columns]], y[[i, columns + 1]], threshold_bit)
            })
            .collect();
        let column_flags: Vec<bool> = (0..columns)
            .map(|j| {
                let data = (0..m).map(|i| i64::from(y[[i, j]])).sum();
                config.checksum && flagged(data, y[[hi, j]], y[[hi + 1, j]], threshold_bit)
            })
            .collect();
        assert_eq!(golden.row_flags, row_flags, "{what}");
        assert_eq!(golden.column_flags, column_flags, "{what}");
        flips += faults.flips.len();
        stuck += faults.stuck.len();
        let all = row_flags.iter().chain(&column_flags);
        flags += all.filter(|flag| **flag).count();
    }
    assert!(
        flips > 10_000 && stuck > 100 && flags > 500 && gaps > 500,
        "{flips} {stuck} {flags} {gaps}"
    );
}

/// A flip of psum bit b at any step changes the output by ±2^b, and is located.
#[test]
fn a_flipped_psum_bit_at_or_above_the_threshold_is_located() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let (m, k, n) = (4, 11, 5);
    let mut config = array(4, 5, 4);
    config.dataflow = Dataflow::Os;
    let (x, w) = (matrix(&mut rng, m, k), matrix(&mut rng, k, n));
    for step in 0..k {
        for bit in 0..32 {
            let at = (below(&mut rng, m), below(&mut rng, n));
            let fault = Fault {
                pass: (step / config.rows) as u32,
                row: (step % config.rows) as u32,
                site: Site {
                    pe_row: at.0 as u32,
                    pe_column: at.1 as u32,
                    register: Register::Psum,
                },
                xor: 1 << bit,
            };
            let faults = TileFaults {
                flips: vec![fault],
                stuck: Vec::new(),
            };
            let threshold_bit = below(&mut rng, 32) as u32;
            let result = gemm(
                &config,
                x.view(),
                w.view(),
                std::slice::from_ref(&faults),
                threshold_bit,
            );
            let tile = &result.tiles[0];
            assert_eq!(tile.deltas.len(), 1);
            assert_eq!(tile.deltas[&at].unsigned_abs(), 1 << bit);
            let flagged = bit >= threshold_bit;
            for i in 0..m {
                for j in 0..n {
                    assert_eq!(tile.mask(i, j), flagged && (i, j) == at, "{fault:?}");
                }
            }
            let counts = classify(&config, &faults, tile, threshold_bit);
            assert_eq!((counts.located, counts.missed), (u64::from(flagged), 0));
        }
    }
}
