//! The recovery unit in lockstep with its clocked model, and both against the
//! timeless golden functions: random GEMMs, flags, policies and memories.

mod bench;

use bench::{Bench, Counted, Phase};
use drift::config::ArrayConfig;
use drift::cosim::{ModuleSim, lockstep};
use drift::golden::clocked::{Clocked, Recovery, RecoveryInputs, RecoveryOutputs};
use drift::golden::{AddressMap, Layout, checkpoint};
use drift::soc::Backpressure;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::path::Path;

fn config(yaml: &str) -> ArrayConfig {
    ArrayConfig::from_yaml(yaml, Path::new("test")).unwrap()
}

/// A latency that is different for every burst.
fn random_latency(seed: u64) -> impl FnMut(u64, bool, u32, u32) -> u64 {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    move |cycle, _, _, _| {
        let longest = [1, 4, 40][(cycle / 3000) as usize % 3];
        cycle + 1 + u64::from(rng.next_u32() % longest)
    }
}

fn run(yaml: &str, cycles: u64) -> (Counted, u64, u64) {
    let config = config(yaml);
    let mut rtl = ModuleSim::build(&config, "drift_recovery").unwrap();
    let mut model = Recovery::new(&config);
    let mut bench = Bench::new(&config, random_latency(11), 7);
    let result = lockstep(&mut model, &mut rtl, cycles, |cycle, out| {
        bench.drive(cycle, out)
    });
    if let Err(mismatch) = result {
        panic!("{yaml}: {mismatch}");
    }
    (bench.counted, bench.gemms, bench.unread)
}

#[test]
fn recovery_and_its_model_agree_with_the_golden_functions() {
    let mut all = Vec::new();
    for (yaml, cycles) in [
        // A row is narrower than a beat.
        (
            "{rows: 2, columns: 4, tile_rows: 6, threshold_bit: 3}",
            80_000,
        ),
        // A row is two beats, the second not full.
        (
            "{rows: 2, columns: 7, tile_rows: 5, threshold_bit: 3, memory_bytes: 4}",
            80_000,
        ),
        // Records longer than a burst.
        (
            "{rows: 2, columns: 20, tile_rows: 70, threshold_bit: 3, memory_bytes: 4}",
            200_000,
        ),
        (
            "{rows: 2, columns: 2, tile_rows: 2, threshold_bit: 3, memory_bytes: 64}",
            80_000,
        ),
    ] {
        let (counted, gemms, unread) = run(yaml, cycles);
        assert!(gemms > 5 && counted.rollbacks > 10, "{yaml}: {counted:?}");
        all.push((counted, gemms, unread));
    }
    let sum = |f: fn(&(Counted, u64, u64)) -> u64| all.iter().map(f).sum::<u64>();
    assert!(sum(|a| a.0.recomputes) > 100, "{all:?}");
    assert!(sum(|a| a.0.kept) > 100, "{all:?}");
    assert!(sum(|a| a.0.overflows) > 10, "{all:?}");
    assert!(sum(|a| a.0.checkpoints) > 500, "{all:?}");
    assert!(sum(|a| a.2) > 10, "{all:?}");
}

/// Cycles from a masked tile's first beat to its first and its last accepted
/// beat, and what the counter says, with a memory that answers after `latency` cycles.
fn rollback_cycles(config: &ArrayConfig, layout: Layout, latency: u64) -> (u64, u64, u64) {
    let mut model = Recovery::new(config);
    let mut bench = Bench::new(config, move |cycle, _, _, _| cycle + latency, 1);
    bench.start();
    bench.held = RecoveryInputs {
        protect_i: true,
        checkpoint_valid_i: true,
        row_major_i: layout == Layout::RowMajor,
        checkpoint_write_i: false,
        ..bench.held.clone()
    };
    let rows = config.tile_rows;
    bench.map = AddressMap {
        layout,
        tiles_n: 3,
        ..bench.map
    };
    (bench.gap, bench.stall, bench.errors, bench.dim_m) = (0, 0, false, rows as u32);
    bench.port.backpressure = Backpressure::default();
    bench.held.dim_m_i = rows as u32;
    bench.held.tiles_n_i = 3;
    bench.tiles.truncate(1);
    bench.tiles[0] = bench.tile((0, 0), rows);
    bench.tiles[0].row_flags = vec![true; rows];
    bench.tiles[0].column_flags = vec![true; config.columns];
    bench.phase = Phase::Run;
    let old = checkpoint::encode(bench.tile((0, 0), rows).y.view());
    let port = &mut bench.port.memory;
    port.write(bench.map.header(config, 0, 0), &old.header_bytes(config));
    for row in 0..rows {
        port.write(
            bench.map.row(config, 0, 0, row as u32),
            &old.row_bytes(config, row),
        );
    }
    bench.stored.insert((0, 0), old);
    let start = RecoveryInputs {
        start_i: true,
        ..bench.held.clone()
    };
    model.tick(&start);
    let mut out = RecoveryOutputs::default();
    let (mut appeared, mut first, mut last) = (None, None, None);
    for cycle in 1..10_000 {
        let pins = bench.drive(cycle, &out);
        out = model.outputs(&pins);
        model.tick(&pins);
        if pins.s_axis_result_tvalid_i {
            appeared.get_or_insert(cycle);
        }
        if pins.s_axis_result_tvalid_i && out.s_axis_result_tready_o {
            first.get_or_insert(cycle);
            last = Some(cycle);
        }
        if bench.phase == Phase::Start || last.is_some() && bench.tiles.is_empty() && out.idle_o {
            break;
        }
    }
    let appeared = appeared.unwrap();
    (
        first.unwrap() - appeared,
        last.unwrap() - appeared,
        out.recovery_cycles_o,
    )
}

#[test]
fn a_rollback_takes_the_cycles_that_the_closed_form_says() {
    for yaml in [
        "{rows: 2, columns: 4, tile_rows: 6, threshold_bit: 3}",
        "{rows: 2, columns: 16, tile_rows: 64, threshold_bit: 3}",
        "{rows: 2, columns: 40, tile_rows: 9, threshold_bit: 3}",
        "{rows: 2, columns: 7, tile_rows: 5, threshold_bit: 3, memory_bytes: 4}",
    ] {
        let config = config(yaml);
        let (beats, rows) = (config.row_beats() as u64, config.tile_rows as u64);
        for latency in [1, 2, 17, 60] {
            let first = beats + 4 + latency;
            let expected = (first, first + (rows - 1) * beats, first + 1);
            for layout in [Layout::Tile, Layout::RowMajor] {
                let found = rollback_cycles(&config, layout, latency);
                assert_eq!(found, expected, "{yaml} {layout:?} {latency}");
            }
        }
    }
}
