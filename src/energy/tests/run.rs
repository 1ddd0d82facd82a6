//! What runs cost.

use super::{machine, shape};
use crate::baseline::Hardware;
use crate::energy::{Analytic, Cost, Errors, Machine, Run};
use crate::forecast::FullSteps;
use crate::golden::Layout;
use crate::model::GemmShape;
use crate::policy::{Cell, Classes, Schedule};
use crate::tech::OperatingPoint;
use crate::units::Volts;

fn network() -> Vec<GemmShape> {
    let mut shapes = vec![shape("pos_embed.proj", None, "conv4x4s4", (64, 48, 128))];
    for block in 0..4 {
        let name = |layer: &str| format!("transformer_blocks.{block}.{layer}");
        let mut add = |layer: &str, kind: &str, size| {
            shapes.push(shape(&name(layer), Some(block), kind, size));
        };
        add("norm1.linear", "linear", (1, 128, 768));
        add("attn1.to_q", "linear", (64, 128, 128));
        add("attn1.qk", "attn_qk_self", (64, 32, 64));
        add("ff.net.2", "linear", (64, 512, 128));
    }
    shapes
}

fn run<'a>(machine: &'a Machine, shapes: &'a [GemmShape], points: &'a [OperatingPoint]) -> Run<'a> {
    Run {
        machine,
        shapes,
        steps: 12,
        classes: Classes::protecting(12, 3, 4, 1),
        schedule: Schedule::paper(1),
        points,
        hardware: Hardware::Checksums,
        checkpoints: Some(Analytic {
            interval: 5,
            rollbacks: 0.5,
            layout: Layout::Tile,
        }),
        errors: None,
        full_steps: None,
    }
}

#[test]
fn a_run_is_the_sum_of_its_gemms() {
    let machine = machine("default");
    let shapes = network();
    let low = OperatingPoint {
        voltage: Volts(1.4),
        ..machine.nominal()
    };
    let points = [machine.nominal(), low];
    let run = run(&machine, &shapes, &points);
    let report = run.report().unwrap();
    // From step 3 on: down behind block 0, up for the next step's embedding.
    assert_eq!(report.transitions, 9 * 2 - 1);
    let mut transitions = Cost::default();
    for _ in 0..9 {
        transitions += machine.transition(points[0], points[1]).unwrap();
    }
    for _ in 0..8 {
        transitions += machine.transition(points[1], points[0]).unwrap();
    }
    let gemms: Cost = report.by_kind.values().copied().sum();
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
    near(gemms.joules() + transitions.joules(), report.total.joules());
    near(gemms.seconds + transitions.seconds, report.total.seconds);
    near(report.by_cell.iter().sum::<f64>(), gemms.energy.total());
    let macs: u64 = shapes.iter().map(GemmShape::macs).sum();
    assert_eq!(report.macs, 12 * macs);
    // Without simulated faults nothing is rolled back at nominal: the cells say so.
    let nominal = Run {
        schedule: Schedule::uniform(0),
        ..run.clone()
    };
    let nominal = nominal.report().unwrap();
    assert_eq!(nominal.transitions, 0);
    for cell in Cell::all().filter(|cell| cell.timestep == 0 || cell.block == 0) {
        near(
            report.by_cell[cell.index()].max(1e-300),
            nominal.by_cell[cell.index()].max(1e-300),
        );
    }
}

#[test]
fn checkpoints_cost_by_interval_and_layout() {
    let machine = machine("default");
    let shapes = network();
    let points = [machine.nominal(), machine.nominal()];
    let base = run(&machine, &shapes, &points);
    let energy = |checkpoints| {
        let run = Run {
            checkpoints,
            ..base.clone()
        };
        run.report().unwrap().parts().dram_checkpoints
    };
    let with = |interval, layout| {
        energy(Some(Analytic {
            interval,
            rollbacks: 0.0,
            layout,
        }))
    };
    assert_eq!(energy(None), 0.0);
    let once = with(12, Layout::Tile);
    // 12 steps: writes in 0, 5 and 10.
    assert!((with(5, Layout::Tile) / once - 3.0).abs() < 1e-9);
    assert!((with(1, Layout::Tile) / once - 12.0).abs() < 1e-9);
    // Fetches from a wide matrix open a row for every line of a tile, unless it is repacked.
    let wide = [shape("x", Some(3), "linear", (64, 8, 4608))];
    let energy = |layout| {
        let checkpoints = Analytic {
            interval: 12,
            rollbacks: 1.0,
            layout,
        };
        let run = Run {
            shapes: &wide,
            checkpoints: Some(checkpoints),
            ..base.clone()
        };
        run.report().unwrap().parts().dram_checkpoints
    };
    assert!(energy(Layout::RowMajor) > energy(Layout::Tile));
}

#[test]
fn taylorseer_leaves_out_the_branches_of_steps_between() {
    let machine = machine("default");
    let shapes = network();
    let points = [machine.nominal(), machine.nominal()];
    let base = run(&machine, &shapes, &points);
    let full = base.report().unwrap();
    let forecast = Run {
        full_steps: Some(FullSteps::every(4)),
        ..base.clone()
    };
    let forecast = forecast.report().unwrap();
    // Steps 0, 1, 5 and 9 are full.
    let branches: u64 = shapes
        .iter()
        .filter(|shape| crate::forecast::is_forecast(&shape.layer))
        .map(GemmShape::macs)
        .sum();
    assert_eq!(full.macs - forecast.macs, 8 * branches);
    assert!(forecast.total.joules() < full.total.joules());
    let every = Run {
        full_steps: Some(FullSteps::every(1)),
        ..base.clone()
    };
    assert_eq!(every.report().unwrap(), full);
}

#[test]
fn a_schedule_beyond_the_table_and_a_voltage_beyond_it_are_refused() {
    let machine = machine("default");
    let shapes = network();
    let points = [machine.nominal()];
    let error = run(&machine, &shapes, &points).report().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the schedule names point 1; expected one of the 1 points of the table"
    );
    let low = OperatingPoint {
        voltage: Volts(0.1),
        ..machine.nominal()
    };
    let error = run(&machine, &shapes, &[machine.nominal(), low]).report();
    assert!(error.unwrap_err().to_string().contains("0.1 V"));
}

#[test]
fn errors_decide_what_is_rolled_back_and_recomputed() {
    let machine = machine("default");
    let shapes = network();
    let low = OperatingPoint {
        voltage: Volts(1.7),
        ..machine.nominal()
    };
    let points = [machine.nominal(), low];
    let base = run(&machine, &shapes, &points);
    let of = |word_wrong: f64, recomputed: f64| {
        let run = Run {
            errors: Some(Errors {
                word_wrong: vec![0.0, word_wrong],
                rolled_back: 1.0,
                recomputed,
            }),
            ..base.clone()
        };
        run.report().unwrap().total
    };
    let share = |rollbacks| {
        let checkpoints = base.checkpoints.map(|c| Analytic { rollbacks, ..c });
        let run = Run {
            checkpoints,
            ..base.clone()
        };
        run.report().unwrap().total
    };
    assert_eq!(of(0.0, 0.0), share(0.0));
    assert_eq!(of(1.0, 0.0), share(1.0));
    let some = of(1e-6, 0.0).energy.dram_checkpoints;
    assert!(share(0.0).energy.dram_checkpoints < some);
    assert!(some < share(1.0).energy.dram_checkpoints);
    let recomputed = of(1.0, 1.0);
    assert!(recomputed.energy.recompute > 0.5 * recomputed.energy.macs);
    assert!(recomputed.seconds > 1.5 * of(1.0, 0.0).seconds);
}

#[test]
fn weights_that_fit_the_buffer_come_from_dram_once() {
    let machine = machine("default");
    let points = [machine.nominal()];
    let weights = |shapes: &[GemmShape], steps| {
        let run = Run {
            steps,
            schedule: Schedule::uniform(0),
            checkpoints: None,
            ..run(&machine, shapes, &points)
        };
        run.report().unwrap().parts().dram_weights
    };
    let small = network();
    assert!(machine.holds_weights(&small));
    assert_eq!(weights(&small, 7), weights(&small, 1));
    // 12 MiB are half of the buffer; a byte more does not fit.
    let large = [
        shape("a", None, "linear", (8, 4096, 2048)),
        shape("b", None, "linear", (8, 2049, 2048)),
    ];
    assert!(!machine.holds_weights(&large));
    let ratio = weights(&large, 7) / weights(&large, 1);
    assert!((ratio - 7.0).abs() < 1e-9, "{ratio}");
}
