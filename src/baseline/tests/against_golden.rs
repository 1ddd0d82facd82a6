//! DRIFT against the golden accelerator, on random programs.

use super::*;
use crate::dram::Device;
use crate::fast::rollback::Recompute;
use crate::golden::accelerator::{Accelerator, GemmRequest, RecoveryCounters};
use crate::golden::{AddressMap, Layout};

/// Faults of any register of any PE, few or many, in some tiles.
fn faults(rng: &mut ChaCha8Rng, case: &mut Case) {
    let dense = below(rng, 3);
    for tile in 0..case.tiling.len() {
        let count = match dense {
            0 => usize::from(below(rng, 4) == 0),
            1 => below(rng, 3),
            _ => below(rng, 20),
        };
        let flips = (0..count).map(|_| random_flip(rng, case)).collect();
        let mut faults = TileFaults {
            flips,
            stuck: Vec::new(),
        };
        faults.flips.sort();
        faults.flips.dedup_by_key(|f| (f.pass, f.row, f.site));
        case.faults[tile] = faults;
    }
}

fn random_flip(rng: &mut ChaCha8Rng, case: &Case) -> Fault {
    let config = &case.config;
    let register = Register::ALL[below(rng, 4)];
    let pass = below(rng, case.tiling.passes());
    let row = match config.dataflow {
        Dataflow::Ws => below(rng, config.pass_rows()),
        Dataflow::Os => below(rng, case.tiling.pass_depth(pass).len()),
    };
    Fault {
        pass: pass as u32,
        row: row as u32,
        site: Site {
            pe_row: below(rng, config.pe_rows()) as u32,
            pe_column: below(rng, config.lanes()) as u32,
            register,
        },
        xor: 1 << below(rng, register.bits() as usize),
    }
}

#[test]
fn drift_is_the_golden_accelerator() {
    let device = Device::load("ddr4-3200-x16").unwrap();
    let mut seen = Work::default();
    for program in 0..60 {
        let mut rng = ChaCha8Rng::seed_from_u64(program);
        let dataflow = [Dataflow::Ws, Dataflow::Os][below(&mut rng, 2)];
        let (rows, columns) = (2 + below(&mut rng, 4), 2 + below(&mut rng, 5));
        let tile_rows = match dataflow {
            Dataflow::Ws => 2 + below(&mut rng, 5),
            Dataflow::Os => rows,
        };
        let config = array(rows, columns, tile_rows, dataflow);
        let settings = DriftSettings {
            recovery: Recovery::Rollback,
            interval: 1 + below(&mut rng, 4) as u32,
            layout: [Layout::Tile, Layout::RowMajor][below(&mut rng, 2)],
            recompute: Recompute {
                missing: below(&mut rng, 2) == 0,
                unlocated: below(&mut rng, 2) == 0,
            },
        };
        let theta = [0, 3, 8, 16, 28][below(&mut rng, 5)];
        let shapes: Vec<(usize, usize, usize)> = (0..3)
            .map(|_| {
                (
                    1 + below(&mut rng, 17),
                    1 + below(&mut rng, 13),
                    1 + below(&mut rng, 23),
                )
            })
            .collect();
        let mut accelerator = Accelerator::new(&config);
        let mut drift = Drift::new(settings, &device);
        let mut work = Work::default();
        // Step and scale of each layer's checkpoint.
        let mut written = [None::<(u32, f32)>; 3];
        for step in 0..6 {
            for (layer, &shape) in shapes.iter().enumerate() {
                let mut case = Case::new(config.clone(), shape, rng.next_u64());
                faults(&mut rng, &mut case);
                let now = f32::powi(1.5, below(&mut rng, 9) as i32 - 4);
                let scale =
                    written[layer].map_or(0, |(_, then)| drift::ratio(Some(then), Some(now)));
                if written[layer].is_none_or(|(then, _)| step - then >= settings.interval) {
                    written[layer] = Some((step, now));
                }
                let request = GemmRequest {
                    x: case.x.view(),
                    w: case.w.view(),
                    faults: &case.faults,
                    threshold_bit: theta,
                    protect: true,
                    layer: layer as u32,
                    step: 0xfffe + step,
                    interval: settings.interval,
                    map: AddressMap {
                        layout: settings.layout,
                        base: (layer as u32 + 1) << 20,
                        header_base: (layer as u32 + 1) << 10,
                        tiles_n: 0,
                    },
                    scale,
                    recompute_missing: settings.recompute.missing,
                    recompute_unlocated: settings.recompute.unlocated,
                };
                let mut expected = Array2::zeros((shape.0, shape.2));
                for tile in accelerator.run(&request) {
                    if !tile.repeated_later {
                        let place = case.tiling.tile(tile.tile);
                        expected
                            .slice_mut(s![place.rows, place.columns.clone()])
                            .assign(&tile.y.slice(s![.., ..place.columns.len()]));
                    }
                }
                let name = format!("layer {layer}");
                let (y, done) = case.mend_with(&mut drift, &name, 0xfffe + step, theta, now);
                assert_eq!(y, expected, "program {program} step {step} layer {layer}");
                work += done;
            }
        }
        let counted = RecoveryCounters {
            rollbacks: work.rollbacks,
            restored: work.restored,
            recomputes: work.recomputed_tiles,
            kept: work.kept_tiles,
            overflows: work.overflows,
            checkpoints: work.checkpoints,
        };
        assert_eq!(counted, accelerator.recovery, "program {program}");
        seen += work;
    }
    for count in [
        seen.rollbacks,
        seen.recomputed_tiles,
        seen.kept_tiles,
        seen.overflows,
    ] {
        assert!(count > 0, "{seen:?}");
    }
}

#[test]
fn repacked_checkpoints_open_fewer_rows() {
    let device = Device::load("ddr4-3200-x16").unwrap();
    let rows_opened = |layout| {
        let mut config = array(16, 16, 16, Dataflow::Ws);
        config.memory_bytes = 16;
        let mut case = Case::new(config, (64, 3, 1152), 9);
        let settings = DriftSettings {
            layout,
            ..DriftSettings::default()
        };
        let mut drift = Drift::new(settings, &device);
        case.mend(&mut drift, "layer", 0);
        case.upset(100, 0, 3, (2, 5), 1 << 30);
        let (y, work) = case.mend(&mut drift, "layer", 3);
        assert_eq!((work.rollbacks, work.restored, work.checkpoints), (1, 1, 0));
        assert_eq!(work.checkpoint_bytes_read, 16 + 16 * 16);
        assert_ne!(y, case.spoil().faulty);
        work.rows_opened_reading
    };
    assert_eq!(rows_opened(Layout::Tile), 1);
    assert!(rows_opened(Layout::RowMajor) >= 8);
}

#[test]
fn without_rollback_masked_elements_stay_or_become_zero() {
    let device = Device::load("ddr4-3200-x16").unwrap();
    let mut case = Case::new(array(4, 4, 4, Dataflow::Ws), (8, 6, 12), 2);
    case.upset(4, 1, 2, (0, 3), 1 << 30);
    let spoilt = case.spoil();
    let with = |recovery| {
        let settings = DriftSettings {
            recovery,
            ..DriftSettings::default()
        };
        case.mend(&mut Drift::new(settings, &device), "layer", 0)
    };
    let (y, work) = with(Recovery::Keep);
    assert_eq!(y, spoilt.faulty);
    assert_eq!((work.kept_tiles, work.checkpoint_bytes_written), (1, 0));
    let (y, work) = with(Recovery::Zero);
    let mut expected = spoilt.exact;
    expected[[6, 7]] = 0;
    assert_eq!(y, expected);
    assert_eq!((work.zeroed, work.checkpoints), (1, 0));
}
