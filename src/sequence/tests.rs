//! Plans, scales, and what recoveries cost.

use super::repack::{Experiment, by_address};
use super::*;
use crate::config::{self, ArrayConfig};
use crate::dram::Device;
use crate::golden::Layout;
use crate::workload::{Source, Workload};
use std::collections::BTreeSet;
use std::path::Path;

fn array(name: &str) -> ArrayConfig {
    let (_, text) = config::SHIPPED.iter().find(|(n, _)| *n == name).unwrap();
    ArrayConfig::from_yaml(text, Path::new(name)).unwrap()
}

fn tiny_dit() -> Workload {
    Workload::open(&Source::TinyDit, 0).unwrap()
}

fn table(rows: &str) -> Workload {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.csv");
    std::fs::write(&file, rows).unwrap();
    Workload::open(&Source::ShapesCsv(file), 1).unwrap()
}

fn plan(workload: &Workload, limits: &Limits) -> Result<Plan, SequenceError> {
    Plan::new(&array("default"), workload, Layout::Tile, limits, 1 << 32)
}

#[test]
fn steps_and_layers_of_the_embedded_workload() {
    let found = plan(&tiny_dit(), &Limits::default()).unwrap();
    assert_eq!(found.steps, [0, 25, 26]);
    assert_eq!((found.layers.len(), found.jobs.len()), (28, 84));
    for (number, layer) in found.layers.iter().enumerate() {
        let jobs: Vec<&Job> = found
            .jobs
            .iter()
            .filter(|job| job.layer == number)
            .collect();
        let names: Vec<String> = [0, 25, 26]
            .map(|step| format!("{step}.{}", layer.name))
            .into();
        assert_eq!(
            jobs.iter().map(|job| job.name.clone()).collect::<Vec<_>>(),
            names
        );
        assert_eq!(
            jobs.iter()
                .map(|job| job.timestep_class)
                .collect::<Vec<_>>(),
            [0, 1, 2]
        );
        // Blocks 0 and 7.
        assert_eq!(
            layer.block_class,
            if layer.name.starts_with('0') { 0 } else { 2 }
        );
    }
}

#[test]
fn checkpoints_do_not_overlap() {
    let workload = tiny_dit();
    for name in ["tiny", "default", "tpu"] {
        let config = array(name);
        for layout in [Layout::Tile, Layout::RowMajor] {
            let plan = Plan::new(&config, &workload, layout, &Limits::default(), 1 << 32).unwrap();
            let mut beats = BTreeSet::new();
            for job in plan.jobs.iter().filter(|job| job.step == 0) {
                let map = plan.layers[job.layer].map;
                assert_eq!(u64::from(map.base) % config.tile_stride() as u64, 0);
                for tile in job.tiling(&config).tiles() {
                    let rows = tile.rows.len() as u32;
                    for (address, bytes) in map.tile_requests(&config, tile.index as u32, rows) {
                        for beat in (0..u64::from(bytes)).step_by(config.memory_bytes) {
                            assert!(beats.insert(address + beat), "{name} {layout:?}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn limits() {
    let workload = tiny_dit();
    let limits = Limits {
        steps: Some(2),
        tiles: Some(3),
        layer: Some("7.qk.h3".to_owned()),
    };
    let found = plan(&workload, &limits).unwrap();
    let names: Vec<&str> = found.jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["0.7.qk.h3", "25.7.qk.h3"]);
    assert_eq!(found.jobs[0].tiling(&array("default")).len(), 3);
    let by_number = Limits {
        layer: Some(found.jobs[0].layer.to_string()),
        ..limits
    };
    assert_eq!(plan(&workload, &by_number).unwrap(), found);
}

#[test]
fn a_workload_without_steps_is_repeated() {
    let workload = table("a, 8, 8, 8\na, 16, 8, 8\nb.c, 8, 8, 8\n");
    let found = plan(&workload, &Limits::default()).unwrap();
    assert_eq!(found.steps, [0, 1, 2]);
    let names: Vec<&str> = found
        .layers
        .iter()
        .map(|layer| layer.name.as_str())
        .collect();
    assert_eq!(names, ["a", "a#2", "b.c"]);
}

#[test]
fn what_cannot_be_run_is_refused() {
    let rows: String = (0..257).map(|i| format!("l{i}, 1, 1, 1\n")).collect();
    let all = Limits::default();
    let error = plan(&table(&rows), &all).unwrap_err().to_string();
    assert!(error.contains("257") && error.contains("256"), "{error}");
    let error = plan(&table("1.a, 8, 8, 8\n2.a, 8, 9, 8\n"), &all).unwrap_err();
    assert!(error.to_string().contains("2.a"), "{error}");
    let error = plan(&table("65536.a, 8, 8, 8\n"), &all).unwrap_err();
    assert!(error.to_string().contains("65536"), "{error}");
    let nowhere = Limits {
        layer: Some("9.q".to_owned()),
        ..all.clone()
    };
    let error = plan(&tiny_dit(), &nowhere).unwrap_err().to_string();
    assert!(error.contains("9.q") && error.contains("0..=27"), "{error}");
    let error = Plan::new(&array("default"), &tiny_dit(), Layout::Tile, &all, 1 << 16);
    assert!(matches!(error, Err(SequenceError::Memory { .. })));
}

#[test]
fn scales_carry_a_checkpoint_to_the_present_step() {
    let workload = tiny_dit();
    let names: Vec<String> = workload
        .shapes()
        .map(|(name, ..)| name.to_owned())
        .collect();
    let scale = |name: &str| {
        let index = names.iter().position(|n| n == name).unwrap();
        workload.activation_scale(index).unwrap().unwrap()
    };
    assert_eq!(scale("25.0.fc1"), 0.0645100399851799);
    // Both operands of an attention product are activations.
    assert_eq!(
        scale("0.0.qk.h2"),
        0.01974712871015072 * 0.021844319999217987
    );
    let plain = table("a, 8, 8, 8\n");
    assert_eq!(plain.activation_scale(0).unwrap(), None);
    assert!(plain.activation_scale(1).is_err());

    assert_eq!(session::fixed_scale(None, Some(2.0)), 1 << 14);
    assert_eq!(session::fixed_scale(Some(3.0), Some(2.0)), 3 << 13);
    assert_eq!(session::fixed_scale(Some(9.0), Some(2.0)), u16::MAX);
}

/// Without a simulator; the commands run the same with RTL.
fn costs(every: u64, layout: Layout) -> repack::Costs {
    let config = array("tiny");
    let device = Device::load("ddr4-3200-x16").unwrap();
    let experiment = Experiment {
        config: &config,
        workload: &tiny_dit(),
        limits: Limits {
            layer: Some("0.fc1".to_owned()),
            tiles: Some(256),
            ..Limits::default()
        },
        device: &device,
        every,
        seed: 1,
        hardware: Hardware::Model,
    };
    experiment.run(layout, |_, _| {}, |_, _| {}).unwrap()
}

#[test]
fn recoveries_open_the_rows_that_the_addresses_say() {
    // 8 rows of 512 columns: a line of the output fills a DRAM row of 2048 bytes, at 16
    // bytes for 4 elements. A tile of 8 lines is on 8 rows, its header on a ninth.
    let scattered = costs(1, Layout::RowMajor);
    let packed = costs(1, Layout::Tile);
    for costs in [scattered, packed] {
        for cost in [costs.quiet, costs.writing] {
            assert_eq!(cost.recoveries, 256);
            assert!(cost.activations <= cost.alone_activations + cost.recoveries / 4);
        }
    }
    assert_eq!(scattered.quiet.alone_activations, 256 * 9);
    assert_eq!(packed.quiet.alone_activations, 256);
    // In the running system neighbours share the rows that are open.
    assert!(scattered.quiet.activations > packed.quiet.activations);
    assert!(packed.quiet.activations < 64, "8 tiles on a row");
    assert!(scattered.quiet.late_cycles > packed.quiet.late_cycles);

    let rare = costs(5, Layout::RowMajor);
    assert_eq!(
        rare.quiet.recoveries + rare.writing.recoveries,
        512_u64.div_ceil(5)
    );
    let per = |cost: &repack::Cost| cost.per_recovery(cost.activations);
    assert!(per(&rare.quiet) >= per(&scattered.quiet));
}

#[test]
fn rows_of_transformer_blocks_by_address() {
    let device = Device::load("ddr4-3200-x16").unwrap();
    for (name, n, tiles, scattered, packed) in [
        ("default", 1152, 288, 37, 1),
        ("edge", 1152, 144, 37, 2),
        ("tpu", 1152, 9, 145, 17),
        ("default", 4608, 1152, 65, 1),
        ("edge", 4608, 576, 65, 2),
        ("tpu", 4608, 36, 257, 17),
    ] {
        let found = |layout| by_address(&array(name), &device, layout, 256, n);
        assert_eq!(
            found(Layout::RowMajor),
            (tiles, tiles * scattered),
            "{name} {n}"
        );
        assert_eq!(found(Layout::Tile), (tiles, tiles * packed), "{name} {n}");
    }
}
