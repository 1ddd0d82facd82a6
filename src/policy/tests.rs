//! Classes, schedules, and the optimiser against brute force.

use super::*;
use crate::config::{BLOCK_CLASSES, TIMESTEP_CLASSES};
use crate::golden::monitor::Limits;
use crate::tech::OperatingPoint;
use crate::units::{Hertz, Volts};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::path::Path;

#[test]
fn quarters_are_those_of_the_sequencer() {
    for n in [1, 2, 3, 4, 5, 7, 8, 28, 50] {
        let classes = Classes::quarters(n, n);
        for i in 0..n {
            let cell = classes.cell(i, Some(i));
            assert_eq!(
                usize::from(cell.timestep),
                i * TIMESTEP_CLASSES / n,
                "{i} of {n}"
            );
            assert_eq!(usize::from(cell.block), i * BLOCK_CLASSES / n, "{i} of {n}");
        }
    }
}

#[test]
fn the_papers_rule_protects_early_steps_embeddings_and_first_blocks() {
    let classes = Classes::protecting(50, 5, 28, 2);
    let schedule = Schedule::paper(6);
    for step in 0..50 {
        assert_eq!(schedule.of(classes.cell(step, None)), 0);
        for block in 0..28 {
            let expected = if step < 5 || block < 2 { 0 } else { 6 };
            let cell = classes.cell(step, Some(block));
            assert_eq!(schedule.of(cell), expected, "{step} {block}");
        }
    }
    // All classes are used, evenly.
    let of_class = |c| {
        (0..50)
            .filter(|&s| classes.cell(s, None).timestep == c)
            .count()
    };
    assert_eq!([0, 1, 2, 3].map(of_class), [5, 15, 15, 15]);
}

#[test]
fn protecting_everything_or_nothing_works() {
    let all = Classes::protecting(10, 99, 4, 4);
    assert!((0..10).all(|step| all.cell(step, Some(3)) == Cell::default()));
    let none = Classes::protecting(10, 0, 4, 0);
    assert!((0..10).all(|step| none.cell(step, Some(0)).timestep > 0));
}

#[test]
fn cells_are_numbered_in_order() {
    for (i, cell) in Cell::all().enumerate() {
        assert_eq!(cell.index(), i);
    }
    assert_eq!(Cell::all().count(), 16);
}

#[test]
fn ladders_move_one_quantity() {
    let nominal = OperatingPoint {
        voltage: Volts(0.8),
        frequency: Hertz(1e9),
    };
    let down = ladder::undervolt(nominal, Volts(0.05), 3);
    assert_eq!(down.len(), 4);
    assert!((down[3].voltage.0 - 0.65).abs() < 1e-12);
    assert!(
        down.iter()
            .all(|point| point.frequency == nominal.frequency)
    );
    let up = ladder::overclock(nominal, 0.1, 7);
    assert!((up[7].frequency.0 - 1.7e9).abs() < 1.0);
    assert!(up.iter().all(|point| point.voltage == nominal.voltage));
}

#[test]
fn the_adaptive_policy_moves_to_nominal_and_back() {
    let limits = Limits {
        enable: true,
        window: 2,
        high: 3,
        low: 1,
        panic: 50,
        patience: 1,
    };
    let mut policy = Adaptive::new(Schedule::paper(5), limits);
    let late = Cell {
        timestep: 2,
        block: 3,
    };
    assert_eq!(policy.point(late), 5);
    for _ in 0..2 {
        policy.observe(2);
    }
    assert_eq!((policy.point(late), policy.bias()), (4, 1));
    assert_eq!(policy.point(Cell::default()), 0);
    policy.observe(51);
    assert_eq!(policy.point(late), 0);
    policy.observe(0);
    assert_eq!(policy.point(late), 0);
    policy.observe(0);
    // The panic is over, its window calm: bias 2, one back.
    assert_eq!(policy.point(late), 4);
}

#[test]
fn a_schedules_file_may_be_adaptive_with_the_registers_as_they_are_after_reset() {
    let text = |adaptive: &str| {
        format!(
            "schema: drift-schedule/1\nname: t\ntech: scaled-14nm\nclasses: {{steps: [0, 0, 0], blocks: [0, 0, 0]}}\n\
             points: [{{}}, {{voltage: 0.71}}]\nschedule: [[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]\n{adaptive}"
        )
    };
    let read = |adaptive: &str| DvfsSchedule::from_yaml(&text(adaptive), Path::new("s.yaml"));
    assert_eq!(read("").unwrap().adaptive, None);
    assert!(read("").unwrap().monitored().is_none());
    let usual = read("adaptive: {}").unwrap().adaptive.unwrap();
    assert_eq!(usual, MonitorSettings::default());
    let limits = usual.limits();
    assert_eq!((limits.window, limits.high, limits.low), (64, 32, 8));
    assert_eq!((limits.patience, limits.panic), (4, u32::MAX));
    let class = Cell::default();
    let started = |adaptive: &str| read(adaptive).unwrap().monitored().unwrap().point(class);
    assert_eq!(
        (started("adaptive: {}"), started("adaptive: {start: 1}")),
        (1, 0)
    );
    let made = read("adaptive: {window: 7, high: 3, low: 3}").unwrap();
    assert_eq!(made.adaptive.unwrap().limits().window, 7);
    assert_eq!(
        DvfsSchedule::from_yaml(&made.to_yaml(), Path::new("s.yaml")).unwrap(),
        made
    );
    for (adaptive, part) in [
        (
            "{window: 65536}",
            "s.yaml: adaptive.window: 65536 is not allowed; expected 0..=65535",
        ),
        ("{window: -1}", "adaptive.window: -1"),
        (
            "{high: 4294967296}",
            "adaptive.high: 4294967296 is not allowed; expected 0..=4294967295",
        ),
        (
            "{patience: 256}",
            "adaptive.patience: 256 is not allowed; expected 0..=255",
        ),
        ("{panic: -5}", "adaptive.panic: -5"),
        (
            "{low: 33}",
            "adaptive.low: 33 is not allowed; expected 0..=32, no more than adaptive.high",
        ),
        (
            "{start: 8}",
            "adaptive.start: 8 is not allowed; expected 0..=7",
        ),
        ("{hysteresis: 1}", "hysteresis"),
    ] {
        let error = read(&format!("adaptive: {adaptive}"))
            .unwrap_err()
            .to_string();
        assert!(error.contains(part), "{adaptive}: {error}");
    }
}

fn random_table(rng: &mut ChaCha8Rng, cells: usize, points: usize) -> Vec<Sensitivity> {
    let mut uniform = || (rng.next_u32() % 1000) as f64 / 1000.0;
    Cell::all()
        .take(cells)
        .map(|cell| Sensitivity {
            cell,
            loss: (0..points)
                .map(|p| Loss {
                    mean: if p == 0 { 0.0 } else { uniform() * p as f64 },
                    half_width: if p == 0 { 0.0 } else { 0.1 * uniform() },
                })
                .collect(),
            energy: (0..points).map(|p| 10.0 - p as f64 + uniform()).collect(),
        })
        .collect()
}

/// Least energy by trying everything.
fn brute_force(table: &[Sensitivity], bound: f64) -> f64 {
    let points = table[0].loss.len();
    let mut best = f64::INFINITY;
    for mut number in 0..points.pow(table.len() as u32) {
        let (mut loss, mut energy) = (0.0, 0.0);
        for cell in table {
            loss += cell.loss[number % points].upper();
            energy += cell.energy[number % points];
            number /= points;
        }
        if loss <= bound && energy < best {
            best = energy;
        }
    }
    best
}

#[test]
fn the_optimum_is_that_of_brute_force() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for round in 0..40 {
        let table = random_table(&mut rng, 1 + round % 6, 2 + round % 4);
        let bound = 0.13 * round as f64;
        let found = optimise(&table, bound).unwrap();
        assert!(
            (found.energy - brute_force(&table, bound)).abs() < 1e-9,
            "{round}"
        );
        let of = |of: fn(&Sensitivity, usize) -> f64| -> f64 {
            let cells = table.iter();
            cells
                .map(|c| of(c, usize::from(found.schedule.of(c.cell))))
                .sum()
        };
        assert!((of(|c, p| c.energy[p]) - found.energy).abs() < 1e-9);
        assert!((of(|c, p| c.loss[p].upper()) - found.loss).abs() < 1e-9);
        assert!(found.loss <= bound + 1e-9);
    }
}

#[test]
fn a_looser_bound_never_costs_more_and_the_full_grid_is_solved() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let table = random_table(&mut rng, 16, 8);
    let mut before = f64::INFINITY;
    for bound in [0.0, 0.05, 0.5, 2.0, 10.0, 1000.0] {
        let found = optimise(&table, bound).unwrap();
        assert!(found.energy <= before);
        before = found.energy;
    }
    assert_eq!(
        optimise(&table, 0.0).unwrap().schedule,
        Schedule::uniform(0)
    );
}

#[test]
fn noise_below_zero_pays_for_nothing() {
    let gain = Loss {
        mean: -5.0,
        half_width: 0.1,
    };
    let cell = |block, loss| Sensitivity {
        cell: Cell { timestep: 0, block },
        loss: vec![Loss::default(), loss],
        energy: vec![2.0, 1.0],
    };
    let costly = Loss {
        mean: 1.0,
        half_width: 0.0,
    };
    let found = optimise(&[cell(0, gain), cell(1, costly)], 0.5).unwrap();
    assert_eq!((found.energy, found.loss), (3.0, 0.0));
}

#[test]
fn bad_tables_are_refused() {
    let cell = |losses: &[f64], energies: &[f64]| Sensitivity {
        cell: Cell::default(),
        loss: losses
            .iter()
            .map(|&mean| Loss {
                mean,
                half_width: 0.0,
            })
            .collect(),
        energy: energies.to_vec(),
    };
    let message = |cells: &[Sensitivity]| optimise(cells, 0.5).unwrap_err().to_string();
    assert_eq!(
        message(&[cell(&[0.0], &[1.0, 2.0])]),
        "cell (0, 0): 1 losses and 2 energies; expected as many of both, 1 to 8"
    );
    assert!(message(&[cell(&[], &[])]).contains("0 losses"));
    assert!(message(&[cell(&[0.0, f64::NAN], &[1.0, 2.0])]).contains("point 1: NaN"));
    let good = cell(&[0.0], &[1.0]);
    assert!(message(&[good.clone(), good]).contains("twice"));
    assert_eq!(
        message(&[cell(&[0.75], &[1.0])]),
        "no schedule keeps the loss within 0.5; expected 0.75 at least"
    );
    assert_eq!(optimise(&[], 0.0).unwrap().energy, 0.0);
}
