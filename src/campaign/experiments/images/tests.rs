//! Campaigns of images: axes of the grid, traces, costs, and schedules from records.

use super::*;
use crate::campaign::{Shard, run};
use crate::config::ArrayConfig;
use crate::infer::EMBEDDED;
use crate::policy::{self, DvfsSchedule, Schedule};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

fn spec(seeds: usize, grid: &str) -> Spec {
    let text = format!(
        "schema: drift-campaign/1\nname: t\nexperiment: images\nseeds: {{count: {seeds}}}\ngrid:\n{grid}"
    );
    Spec::from_yaml(&text, Path::new("t.yaml")).unwrap()
}

/// Runs a campaign; the folder holds its records.
fn records(seeds: usize, grid: &str) -> (tempfile::TempDir, PathBuf) {
    let spec = spec(seeds, grid);
    let experiment = Images::new(&spec).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("t.jsonl");
    let one = NonZeroUsize::MIN;
    run(&experiment, &spec, Shard::WHOLE, one, &file, &mut |_| {}).unwrap();
    (folder, file)
}

fn cells(seeds: usize, grid: &str) -> Vec<CellRecords> {
    let (_folder, file) = records(seeds, grid);
    CellRecords::read(&file).unwrap().1
}

fn costed(records: &CellRecords, accelerator: &Accelerator) -> CellCost {
    cost(records, &CostedModel::named(EMBEDDED).unwrap(), accelerator).unwrap()
}

#[test]
fn an_injection_into_one_step_shows_from_that_step_on() {
    let grid = "
  trace: true
  steps: [8]
  faults: [{ber: 1.0e-6, bits: [8, 17]}]
  places: [{name: one, any: [{steps: [3, 4]}]}]
  protection: [none]
";
    let all = cells(1, grid);
    let outcome = &all[0].images[&0];
    assert!(outcome.faults > 0 && outcome.lpips > 0.0);
    let apart: Vec<bool> = outcome.distance.iter().map(|d| *d > 0.0).collect();
    assert_eq!(apart, [false, false, false, true, true, true, true, true]);
}

#[test]
fn taylorseer_is_an_axis_and_its_loss_is_against_full_images() {
    let grid = "
  steps: [12]
  faults: [{ber: 0}]
  protection: [none]
  taylorseer: [none, \"1:2\", \"3:1\"]
";
    let all = cells(2, grid);
    let loss = |at: usize| all[at].lpips(0.95).unwrap().value;
    assert_eq!((all[0].cell.taylorseer, loss(0), loss(1)), (None, 0.0, 0.0));
    assert!(loss(2) > 0.0 && loss(2) < 0.2, "{}", loss(2));
    let macs = |at: usize| all[at].work().macs;
    assert_eq!(macs(0), macs(1));
    // Steps 0, 1, 4, 7, 10 of 12 are full.
    assert!(macs(2) < macs(0) * 6 / 12 && macs(2) > macs(0) * 5 / 12);
    // The energy model runs the same GEMMs.
    let accelerator = Accelerator::with_memory("hbm2");
    for records in &all {
        let cost = costed(records, &accelerator);
        assert_eq!(2 * cost.run.macs, records.work().macs);
    }
    assert!(costed(&all[2], &accelerator).speedup() > 1.8);
    let unet = CostedModel::named("sd15-512").unwrap();
    let error = cost(&all[2], &unet, &accelerator).unwrap_err().to_string();
    assert!(
        error.starts_with("TaylorSeer 3:1 on sd15-512 is not allowed"),
        "{error}"
    );
}

const POLICIES: &str = "
  steps: [10]
  guidance: [1.0]
  interval: [3]
  policy:
  - {rule: uniform, voltage: 1.70}
  - {rule: paper, voltage: 1.70}
  protection: [none, drift]
";

#[test]
fn policies_have_faults_by_class_and_are_costed_as_counted() {
    let all = cells(2, POLICIES);
    let names: Vec<&str> = all.iter().map(|r| r.cell.place.name.as_str()).collect();
    assert_eq!(
        names,
        ["uniform", "uniform", "paper's rule", "paper's rule"]
    );
    let faults = |at: usize| all[at].images.values().map(|o| o.faults).sum::<u64>();
    assert_eq!(faults(0), faults(1));
    assert!(
        faults(2) > 0 && faults(2) < faults(0),
        "{} {}",
        faults(2),
        faults(0)
    );
    // Nominal classes have none of the work of faults.
    assert!(all[2].images[&0].other_work.macs > 0);
    assert_eq!(all[0].images[&0].other_work.macs, 0);
    let accelerator = Accelerator::with_memory("ddr4-3200");
    let costs: Vec<CellCost> = all.iter().map(|r| costed(r, &accelerator)).collect();
    for (records, cost) in all.iter().zip(&costs) {
        let work = records.work();
        let images = records.images.len() as u64;
        assert_eq!(images * cost.run.macs, work.macs);
        // Checkpoints: the run's rule is the engine's.
        let bytes = cost.run.total.dram_bytes
            - costed(&unprotected(records), &accelerator)
                .run
                .total
                .dram_bytes;
        assert_eq!(images as f64 * bytes, work.checkpoint_bytes_written as f64);
        assert_eq!(
            images as f64 * cost.recovery.dram_bytes,
            work.checkpoint_bytes_read as f64
        );
    }
    // Lower voltage saves energy where nothing protects; the paper's rule saves less.
    assert!(costs[0].energy_saved() > costs[2].energy_saved());
    assert!(costs[2].energy_saved() > 0.0);
    assert_eq!(costs[0].speedup(), 1.0);
    assert!(costs[2].run.transitions > 0);
    // Checksums, checkpoints and recovery are not free.
    assert!(costs[1].energy_saved() < costs[0].energy_saved());
    assert!(costs[1].recovery.joules() > 0.0);
}

const ADAPTIVE: &str = "
  steps: [10]
  guidance: [1.0]
  interval: [3]
  policy:
  - {rule: uniform, voltage: 1.68}
  - {rule: uniform, voltages: [1.72, 1.70, 1.68], adaptive: {window: 64, high: 4, low: 2, patience: 8}}
  protection: [abft, drift]
";

#[test]
fn adaptive_policies_are_recorded_for_any_number_of_threads_and_costed_by_their_points() {
    let lines = |threads: usize| {
        let spec = spec(3, ADAPTIVE);
        let experiment = Images::new(&spec).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.jsonl");
        let threads = NonZeroUsize::new(threads).unwrap();
        run(
            &experiment,
            &spec,
            Shard::WHOLE,
            threads,
            &file,
            &mut |_| {},
        )
        .unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        (lines, CellRecords::read(&file).unwrap().1)
    };
    let ((one, all), (two, _)) = (lines(1), lines(2));
    assert_eq!(one, two);
    let accelerator = Accelerator::with_memory("ddr4-3200-1chip");
    let costs: Vec<CellCost> = all.iter().map(|r| costed(r, &accelerator)).collect();
    for (fixed, moved) in [(0, 2), (1, 3)] {
        assert_eq!(all[fixed].points(), None);
        let used = all[moved].points().expect("the adaptive mode");
        let tiles: u64 = all[moved].images.values().map(|image| image.tiles).sum();
        assert_eq!(used.tiles.iter().sum::<u64>(), tiles);
        assert!(used.raises > 0 && used.tiles.len() == 4, "{used:?}");
        // Between the plain points in energy, with as many transitions as were counted.
        let images = all[moved].images.len() as f64;
        let changes: u64 = used.changes.iter().map(|(_, _, times)| times).sum();
        let counted = (changes as f64 / images).round() as u64;
        assert_eq!(costs[moved].run.transitions, counted);
        assert!(costs[moved].run.total.energy.macs > costs[fixed].run.total.energy.macs);
        assert!(costs[moved].run.total.energy.macs < costs[moved].nominal.total.energy.macs);
        assert_eq!(costs[moved].run.macs, costs[fixed].run.macs);
        let names = (&all[fixed].cell.place.name, &all[moved].cell.place.name);
        assert_eq!(
            (names.0.as_str(), names.1.as_str()),
            ("uniform", "adaptive, uniform")
        );
        // Elsewhere other tiles would have had other flags.
        let large = CostedModel::named("dit-xl-2-256").unwrap();
        let error = cost(&all[moved], &large, &accelerator)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("the adaptive policy on dit-xl-2-256"),
            "{error}"
        );
    }
}

/// Prices of all protections at a voltage, by kind; the model and the array are the records' own.
fn prices(all: &[CellRecords]) -> BTreeMap<ProtectionKind, Price> {
    let model = CostedModel::named(EMBEDDED).unwrap();
    let accelerator = Accelerator::with_memory("ddr4-3200-1chip");
    let of = |kind| all.iter().find(|r| r.cell.protection == kind).unwrap();
    let cost = |kind| priced(of(kind), &model, &accelerator).unwrap();
    let without = cost(ProtectionKind::None);
    let one = |kind| {
        let price = Price {
            with: cost(kind),
            without: without.clone(),
        };
        (kind, price)
    };
    ProtectionKind::ALL.into_iter().map(one).collect()
}

#[test]
fn protections_have_the_prices_of_what_they_do() {
    use ProtectionKind::*;
    let grid = |faults: &str| {
        format!(
            "\n  steps: [10]\n  interval: [3]\n  {faults}\n  protection: [{}]\n",
            ProtectionKind::ALL.map(ProtectionKind::name).join(", ")
        )
    };
    for faults in [
        "policy: [{rule: uniform, voltage: 1.68}]",
        "faults: [{ber: 1.0e-6}]",
    ] {
        let all = cells(1, &grid(faults));
        let prices = prices(&all);
        let of = |kind| &prices[&kind];
        for ratio in [of(None).energy(), of(None).time(), of(None).dram_rows()] {
            assert_eq!(ratio, 1.0, "{faults}");
        }
        // A second copy: all of the array's energy twice, and tiles that differ once more.
        assert!(of(Dmr).array_energy() > 2.0, "{faults}");
        assert!(of(Dmr).with.total().cycles > 2.0 * of(None).with.total().cycles);
        // TE-Drop takes no time and no traffic, but flip-flops.
        let razor = of(Thundervolt);
        assert_eq!((razor.time(), razor.dram_bytes()), (1.0, 1.0), "{faults}");
        assert!(razor.array_energy() > 1.0 && razor.energy() < of(Abft).energy());
        for kind in [Abft, ApproxAbft, StatisticalAbft] {
            let price = of(kind);
            assert!(
                price.array_energy() > 1.0 && price.energy() < of(Dmr).energy(),
                "{kind}"
            );
            assert!(
                price.time() > 1.0 && price.time() < of(Dmr).time(),
                "{kind}"
            );
            // All operands are still on chip.
            assert_eq!(
                (price.dram_bytes(), price.dram_rows()),
                (1.0, 1.0),
                "{kind}"
            );
        }
        // What is computed again takes time.
        let recomputed = |kind| {
            let records = all.iter().find(|r| r.cell.protection == kind).unwrap();
            records.work().recomputed_tiles
        };
        let more = recomputed(StatisticalAbft) > recomputed(Abft);
        assert!(recomputed(StatisticalAbft) != recomputed(Abft), "{faults}");
        assert_eq!(
            of(StatisticalAbft).time() > of(Abft).time(),
            more,
            "{faults}"
        );
        // Checkpoints are traffic; row-major they open more rows for the same bytes.
        let (drift, row_major) = (of(Drift), of(DriftRowMajor));
        assert!(
            drift.dram_bytes() > 1.0 && drift.dram_rows() > 1.0,
            "{faults}"
        );
        assert_eq!(drift.dram_bytes(), row_major.dram_bytes(), "{faults}");
        assert!(row_major.dram_rows() > drift.dram_rows(), "{faults}");
        assert!(row_major.energy() > drift.energy(), "{faults}");
        // Without rollback there are none.
        for kind in [DriftKeep, DriftZero] {
            assert_eq!(of(kind).dram_bytes(), 1.0, "{kind}");
            assert!(of(kind).energy() < drift.energy(), "{kind}");
        }
    }
}

/// The same cell without protection.
fn unprotected(records: &CellRecords) -> CellRecords {
    CellRecords {
        cell: Cell {
            protection: ProtectionKind::None,
            ..records.cell.clone()
        },
        ..records.clone()
    }
}

#[test]
fn other_models_and_arrays_take_the_schedule_and_expected_rollbacks() {
    // So many errors that one image has rollbacks.
    let all = cells(1, &POLICIES.replace("1.70", "1.68"));
    assert!(all[1].work().rollbacks > 0);
    let accelerator = Accelerator {
        config: Some(ArrayConfig::load("tpu").unwrap()),
        ..Accelerator::with_memory("hbm2")
    };
    let model = CostedModel::named("dit-xl-2-256").unwrap();
    let cost = |at: usize| super::cost(&all[at], &model, &accelerator).unwrap();
    let (uniform, paper) = (cost(1), cost(3));
    // 4 of 28 blocks and 1 of 10 steps are nominal.
    assert_eq!(uniform.recovery, crate::energy::Cost::default());
    assert!(uniform.parts().dram_checkpoints > paper.parts().dram_checkpoints);
    assert!(uniform.run.macs == paper.run.macs && uniform.run.macs > 100 * all[1].work().macs);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/models/pixart");
    let small = CostedModel::named(folder.to_str().unwrap()).unwrap();
    assert!(small.takes_forecast && small.shapes.len() > 10 && small.blocks < 4);
    let error = CostedModel::named("dit-xxl").unwrap_err().to_string();
    assert!(error.contains("tiny-dit, dit-xl-2-512"), "{error}");
}

#[test]
fn what_has_no_operating_point_is_not_costed() {
    let grid = "
  steps: [1]
  faults: [{ber: 1.0e-9}, {voltage: 1.7}]
  places: [{name: first, any: [{blocks: [0]}]}]
  protection: [none]
";
    let all = cells(1, grid);
    let model = CostedModel::named(EMBEDDED).unwrap();
    let error = |at: usize| {
        cost(&all[at], &model, &Accelerator::with_memory("hbm2"))
            .unwrap_err()
            .to_string()
    };
    assert!(error(0).contains("0.000000001 have no operating point"));
    assert!(error(1).contains("\"first\" is not allowed"));
}

/// Every class alone at two voltages.
fn characterisation(seeds: usize) -> (tempfile::TempDir, PathBuf) {
    let mut grid = "
  steps: [8]
  guidance: [1.0]
  protection: [none]
  policy:
"
    .to_owned();
    for class in policy::Cell::all() {
        for volts in ["1.72", "1.69"] {
            grid += &format!(
                "  - {{rule: only, cell: [{}, {}], voltage: {volts}}}\n",
                class.timestep, class.block
            );
        }
    }
    records(seeds, &grid)
}

#[test]
fn schedules_come_from_a_characterisation_and_run_in_campaigns() {
    let (folder, file) = characterisation(2);
    let accelerator = Accelerator::with_memory("hbm2");
    let model = CostedModel::named(EMBEDDED).unwrap();
    let find = |bound: f64| {
        let how = (Objective::Energy, Counted::Mean, bound);
        optimised_schedule(&file, |_| true, (&model, &accelerator), how).unwrap()
    };
    let (some, all) = (find(0.05), find(1e9));
    assert!(some.loss <= 0.05 && some.loss < all.loss);
    assert!(all.amount < some.amount && some.amount <= some.nominal);
    assert_eq!(all.schedule.schedule, Schedule::uniform(1));
    assert_eq!(all.schedule.points[1].voltage, Some(1.69));
    // Time is the same at every voltage: the first point that keeps the bound will do.
    let how = (Objective::Time, Counted::Upper, 1e9);
    let time = optimised_schedule(&file, |_| true, (&model, &accelerator), how).unwrap();
    assert!((time.amount / time.nominal - 1.0).abs() < 1e-9);
    // What is written is read again, and a campaign takes it.
    let written = folder.path().join("s.yaml");
    std::fs::write(&written, some.schedule.to_yaml()).unwrap();
    assert_eq!(DvfsSchedule::from_file(&written).unwrap(), some.schedule);
    let grid = format!(
        "\n  steps: [8]\n  guidance: [1.0]\n  protection: [none]\n  policy: [{{file: {}}}]\n",
        written.display()
    );
    let confirmed = cells(2, &grid);
    assert_eq!(confirmed[0].cell.schedule.as_ref(), Some(&some.schedule));
    assert!(costed(&confirmed[0], &accelerator).energy_saved() > 0.0);
    let refused = optimised_schedule(&file, |_| false, (&model, &accelerator), how).unwrap_err();
    assert!(
        refused.to_string().contains("no cell with one class"),
        "{refused}"
    );
}

#[test]
fn bad_axes_are_refused() {
    let message = |grid: &str| match Images::new(&spec(1, grid)) {
        Ok(_) => panic!("{grid}"),
        Err(error) => error.to_string(),
    };
    let policy = |text: &str| message(&format!("  protection: [none]\n  policy: [{text}]\n"));
    for (text, part) in [
        ("{rule: best, voltage: 1.7}", "grid.policy.rule: best"),
        ("{rule: uniform}", "uniform without a point"),
        ("{voltage: 1.7}", "a policy without a rule"),
        (
            "{rule: uniform, voltage: 1.7, file: x}",
            "a file with a rule",
        ),
        ("{file: nowhere.yaml}", "nowhere.yaml: cannot be read"),
        ("{rule: only, voltage: 1.7}", "grid.policy.cell"),
        (
            "{rule: only, voltage: 1.7, cell: [4, 0]}",
            "grid.policy.cell",
        ),
        ("{rule: uniform, voltage: -1}", "points[1].voltage: -1"),
        ("{rule: uniform, voltage: 0.1}", "grid.faults.voltage"),
        (
            "{rule: uniform, voltage: 1.7, tech: none}",
            "grid.faults.tech: none",
        ),
        (
            "{rule: uniform, voltages: [1.7]}",
            "uniform with a list of points",
        ),
        (
            "{rule: uniform, voltage: 1.7, voltages: [1.7], adaptive: {}}",
            "two kinds of points",
        ),
        (
            "{rule: uniform, voltages: [], adaptive: {}}",
            "without a point",
        ),
        (
            "{rule: uniform, voltage: 1.7, adaptive: {window: 70000}}",
            "adaptive.window: 70000 is not allowed; expected 0..=65535",
        ),
        (
            "{rule: uniform, voltages: [1.7, 1.69, 1.68, 1.67, 1.66, 1.65, 1.64, 1.63], adaptive: {}}",
            "points: 9 points",
        ),
        (
            "{rule: uniform, voltage: 1.7, adaptive: {}}",
            "grid.protection: none",
        ),
        (
            "{rule: uniform, voltage: 1.7, classes: {steps: [0.5, 0.2, 1], blocks: [0, 0, 0]}}",
            "classes.steps",
        ),
    ] {
        let found = policy(text);
        assert!(found.contains(part), "{text}: {found}");
    }
    let found = message("  protection: [none]\n");
    assert!(found.contains("grid.faults: []"), "{found}");
    let found = message("  protection: [none]\n  faults: [{ber: 0}]\n  taylorseer: [fast]\n");
    assert!(found.contains("grid.taylorseer: fast"), "{found}");
}

#[test]
fn the_same_faults_meet_every_protection_and_images_are_recorded() {
    let grid = "
  steps: [2]
  guidance: [1]
  pictures: true
  faults: [{ber: 0}, {ber: 1.0e-6}]
  protection: [none, dmr, drift]
";
    let cells = cells(2, grid);
    assert_eq!(cells.len(), 6);
    for cell in &cells {
        assert_eq!(cell.images.len(), 2);
        for outcome in cell.images.values() {
            let png = STANDARD.decode(&outcome.picture).unwrap();
            let image = Image::from_png(&png, Path::new("picture")).unwrap();
            let classified = Classifier::embedded().classify(&[&image]).unwrap();
            // Pixels of 8 bits: nearly the features that were recorded.
            let pairs = classified[0].features.iter().zip(&outcome.features);
            assert!(pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) < 0.2);
        }
    }
    let of = |ber: f64, kind: ProtectionKind| {
        let found = cells.iter().find(|cell| {
            cell.cell.protection == kind
                && matches!(cell.cell.faults, Faults::Uniform { ber: own, .. } if own == ber)
        });
        &found.unwrap().images
    };
    for seed in 0..2 {
        let faults = of(1e-6, ProtectionKind::None)[&seed].faults;
        assert!(faults > 100, "{faults}");
        assert_eq!(of(1e-6, ProtectionKind::Dmr)[&seed].faults, faults);
        assert_eq!(of(1e-6, ProtectionKind::Drift)[&seed].faults, faults);
        assert_eq!(of(0.0, ProtectionKind::Drift)[&seed].lpips, 0.0);
        // A second copy leaves nothing wrong; nothing at all leaves much.
        assert_eq!(of(1e-6, ProtectionKind::Dmr)[&seed].mean_squared_error, 0.0);
        assert!(of(1e-6, ProtectionKind::None)[&seed].lpips > 0.1);
    }
}
