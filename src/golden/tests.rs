//! The golden model against the definitions.

use super::*;
use crate::config::{ArrayConfig, ChecksumDomain, Dataflow, RunDefaults};
use crate::fault::{Fault, Register, Site, TileFaults};
use crate::tiling::Tiling;
use ndarray::{Array2, Axis};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

pub(super) fn array(rows: usize, columns: usize, tile_rows: usize) -> ArrayConfig {
    ArrayConfig {
        rows,
        columns,
        tile_rows,
        dataflow: Dataflow::Ws,
        threshold_bit: 0,
        checksum: true,
        checksum_domain: ChecksumDomain::Shared,
        memory_bytes: 16,
        run: RunDefaults::default(),
    }
}

/// Uniform in 0..limit, near enough.
pub(super) fn below(rng: &mut ChaCha8Rng, limit: usize) -> usize {
    (rng.next_u64() % limit as u64) as usize
}

pub(super) fn matrix(rng: &mut ChaCha8Rng, rows: usize, columns: usize) -> Array2<i8> {
    Array2::from_shape_simple_fn((rows, columns), || rng.next_u32() as i8)
}

/// Outputs of all tiles, put together again.
fn assemble(tiling: &Tiling, result: &GemmResult, m: usize, n: usize) -> Array2<i32> {
    let mut y = Array2::zeros((m, n));
    for (tile, found) in tiling.tiles().zip(&result.tiles) {
        for (i, row) in tile.rows.clone().enumerate() {
            for (j, column) in tile.columns.clone().enumerate() {
                y[[row, column]] = found.y[[i, j]];
            }
        }
    }
    y
}

#[test]
fn digits_are_exact_over_the_whole_range() {
    for sum in -32768..=32512 {
        let (hi, lo) = digits(sum);
        assert_eq!(256 * i32::from(hi) + i32::from(lo), sum);
    }
}

#[test]
fn threshold_includes_the_most_negative_syndrome() {
    assert!(exceeds(i32::MIN, 31));
    assert!(!exceeds(i32::MAX, 31));
    assert!(exceeds(-1, 0) && !exceeds(0, 0));
    assert!(exceeds(-1024, 10) && !exceeds(1023, 10));
}

#[test]
fn without_faults_the_product_is_exact_and_padding_raises_no_flag() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let sizes = [
        (1, 1, 1),
        (63, 63, 63),
        (2, 3, 5),
        (13, 17, 19),
        (64, 32, 16),
        (41, 127, 37),
        (7, 256, 9),
    ];
    for (m, k, n) in sizes {
        for mut config in [
            array(4, 4, 8),
            array(2, 2, 2),
            array(16, 3, 64),
            array(5, 32, 7),
        ] {
            for (checksum, dataflow) in [
                (true, Dataflow::Ws),
                (false, Dataflow::Ws),
                (true, Dataflow::Os),
            ] {
                config.checksum = checksum;
                config.dataflow = dataflow;
                if dataflow == Dataflow::Os {
                    config.tile_rows = config.rows;
                }
                let (x, w) = (matrix(&mut rng, m, k), matrix(&mut rng, k, n));
                let tiling = Tiling::new(&config, m, k, n);
                let faults = vec![TileFaults::default(); tiling.len()];
                let result = gemm(&config, x.view(), w.view(), &faults, 0);
                let y = assemble(&tiling, &result, m, n);
                for i in 0..m {
                    for j in 0..n {
                        let naive: i64 = (0..k)
                            .map(|l| i64::from(x[[i, l]]) * i64::from(w[[l, j]]))
                            .sum();
                        assert_eq!(i64::from(y[[i, j]]), naive, "{m}x{k}x{n} at {i}, {j}");
                    }
                }
                for tile in &result.tiles {
                    assert!(!tile.row_flags.contains(&true), "{m}x{k}x{n} on {config:?}");
                    assert!(
                        !tile.column_flags.contains(&true),
                        "{m}x{k}x{n} on {config:?}"
                    );
                }
                assert_eq!(result.counters.tiles, tiling.len() as u64);
                assert_eq!((result.counters.masked, result.counters.unlocated), (0, 0));
            }
        }
    }
}

/// The largest sums of all: products of −128 over tiles of 256 rows and columns.
#[test]
fn extreme_operands_raise_no_flag() {
    let config = array(8, 256, 256);
    for (a, b) in [(-128, -128), (-128, 127), (127, 127)] {
        let x = Array2::from_elem((256, 33), a);
        let w = Array2::from_elem((33, 256), b);
        let result = gemm(&config, x.view(), w.view(), &[TileFaults::default()], 0);
        assert_eq!(
            result.counters.flagged_rows + result.counters.flagged_columns,
            0
        );
        let expected = i32::from(a) * i32::from(b) * 33;
        assert!(result.tiles[0].y.iter().all(|&y| y == expected));
    }
}

#[test]
fn a_flipped_psum_bit_at_or_above_the_threshold_is_located() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let (m, k, n) = (6, 11, 5);
    let config = array(4, 5, 8);
    let (x, w) = (matrix(&mut rng, m, k), matrix(&mut rng, k, n));
    let tiling = Tiling::new(&config, m, k, n);
    for pe_row in 0..4 {
        for pe_column in 0..5 {
            for bit in 0..32 {
                let row = below(&mut rng, m);
                let fault = Fault {
                    pass: below(&mut rng, tiling.passes()) as u32,
                    row: row as u32,
                    site: Site {
                        pe_row,
                        pe_column,
                        register: Register::Psum,
                    },
                    xor: 1 << bit,
                };
                let faults = TileFaults {
                    flips: vec![fault],
                    stuck: Vec::new(),
                };
                let threshold_bit = below(&mut rng, 32) as u32;
                let result = gemm(&config, x.view(), w.view(), &[faults], threshold_bit);
                let tile = &result.tiles[0];
                // A flip of bit b changes the psum by exactly ±2^b, mod 2³².
                let at = (row, pe_column as usize);
                assert_eq!(tile.deltas[&at].unsigned_abs(), 1 << bit);
                assert_eq!(tile.deltas.len(), 1);
                let flagged = bit >= threshold_bit;
                for i in 0..m {
                    assert_eq!(tile.row_flags[i], flagged && i == at.0, "{fault:?}");
                    for j in 0..n {
                        assert_eq!(tile.mask(i, j), flagged && (i, j) == at, "{fault:?}");
                    }
                }
                assert_eq!(result.counters.masked, u64::from(flagged));
            }
        }
    }
}

#[test]
fn padding_stays_zero_and_unflagged_beside_a_fault() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let config = array(4, 6, 8);
    let (m, k, n) = (3, 5, 2);
    let (x, w) = (matrix(&mut rng, m, k), matrix(&mut rng, k, n));
    let faults = TileFaults {
        flips: vec![Fault {
            pass: 1,
            row: 1,
            site: Site {
                pe_row: 0,
                pe_column: 0,
                register: Register::Activation,
            },
            xor: 0x80,
        }],
        stuck: Vec::new(),
    };
    let result = gemm(&config, x.view(), w.view(), &[faults], 0);
    let tile = &result.tiles[0];
    assert_eq!(tile.y.len_of(Axis(0)), m);
    assert!(tile.column_flags[n..].iter().all(|flag| !flag));
    assert!(
        tile.y
            .columns()
            .into_iter()
            .skip(n)
            .flatten()
            .all(|&y| y == 0)
    );
    // The fault changes the row's data and its checksum alike: only columns tell.
    assert!(tile.column_flags[..n].contains(&true));
}
