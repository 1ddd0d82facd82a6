//! The monitor in the engine against the hardware's clocked model, and images in the adaptive mode.

use super::*;
use crate::baseline::{DriftSettings, ProtectionKind, Work};
use crate::dram::Device;
use crate::golden::clocked::{Clocked, ErrorMonitor, ErrorMonitorInputs};
use crate::golden::monitor::{Limits, effective_point};
use crate::infer::tests::{psum_flips, run, setting, task};
use crate::infer::{ActivationScales, EngineKind, FaultPlan, Made, ModelSource};
use crate::policy::{ClassShares, DvfsSchedule, MonitorSettings, Schedule, Setpoint};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The hardware's monitor, and a host that ends a panic when a window has ended without one.
struct Hardware {
    monitor: ErrorMonitor,
    limits: Limits,
    windows: u64,
    /// Flagged lines of the present window.
    lines: u32,
}

impl Hardware {
    fn new(limits: Limits) -> Self {
        Self {
            monitor: ErrorMonitor::default(),
            limits,
            windows: 0,
            lines: 0,
        }
    }

    fn inputs(&self, flags: Option<u32>, panic_clear_i: bool) -> ErrorMonitorInputs {
        ErrorMonitorInputs {
            tile_valid_i: flags.is_some(),
            tile_flags_i: flags.unwrap_or(0),
            enable_i: true,
            window_i: self.limits.window,
            high_limit_i: self.limits.high,
            low_limit_i: self.limits.low,
            panic_limit_i: self.limits.panic,
            patience_i: self.limits.patience,
            panic_clear_i,
        }
    }

    fn tile(&mut self, flags: u32) {
        self.monitor.tick(&self.inputs(Some(flags), false));
        self.lines += flags;
        let windows = self.monitor.outputs(&self.inputs(None, false)).windows_o;
        if windows > self.windows {
            self.windows = windows;
            if std::mem::take(&mut self.lines) <= self.limits.panic {
                self.monitor.tick(&self.inputs(None, true));
            }
        }
    }

    fn point(&mut self, scheduled: u8) -> u8 {
        let shown = self.monitor.outputs(&self.inputs(None, false));
        effective_point(scheduled.into(), None, shown.bias_o, shown.panic_o) as u8
    }
}

#[test]
fn tiles_run_at_the_points_that_the_hardwares_monitor_asks_for() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut below = |n: u32| rng.next_u32() % n;
    for _ in 0..60 {
        let limits = Limits {
            enable: true,
            window: below(9),
            high: 2 + below(8),
            low: below(3),
            panic: 10 + below(30),
            patience: below(4),
        };
        let mut schedule = Schedule::default();
        for cell in Cell::all() {
            schedule.set(cell, below(8) as u8);
        }
        let classes = ClassShares::protecting(0.1, 0.2).classes(10, 5);
        let policy = Adaptive::new(schedule, limits);
        let mut monitored = Monitored::new(policy, classes, Vec::new());
        let mut hardware = Hardware::new(limits);
        let mut changes = 0;
        let mut last = None;
        let mut tiles_at = [0u64; 8];
        for _ in 0..40 {
            let cell = classes.cell(below(10) as usize, Some(below(5) as usize));
            let tiles = 1 + below(12) as usize;
            // More flags at more aggressive points, now and then very many.
            let flags: Vec<[u32; 8]> = (0..tiles)
                .map(|_| {
                    let burst = if below(50) == 0 { 60 } else { 0 };
                    std::array::from_fn(|point| burst + below(1 + point as u32))
                })
                .collect();
            let cycles = vec![3; tiles];
            let points =
                monitored.walk(cell, &cycles, |tile, point| flags[tile][usize::from(point)]);
            // Flags come out while the next tile is in the array.
            let scheduled = schedule.of(cell);
            let mut next = hardware.point(scheduled);
            for (tile, &found) in points.iter().enumerate() {
                assert_eq!(found, next, "tile {tile} under {limits:?}");
                next = hardware.point(scheduled);
                hardware.tile(flags[tile][usize::from(found)]);
                changes += u64::from(last.replace(found).is_some_and(|last| last != found));
                tiles_at[usize::from(found)] += 1;
            }
            let repeated = below(3);
            monitored.repeated(repeated.into());
            (0..repeated).for_each(|_| hardware.tile(0));
        }
        let used = monitored.used();
        let shown = hardware.monitor.outputs(&ErrorMonitorInputs::default());
        assert_eq!(
            (used.windows, used.raises),
            (shown.windows_o, shown.raises_o)
        );
        assert_eq!(used.lowers, shown.lowers_o);
        assert!(used.panics >= shown.panics_o);
        let counted = |point: usize| used.tiles.get(point).copied().unwrap_or(0);
        assert_eq!(std::array::from_fn(counted), tiles_at);
        let cycles: Vec<u64> = used.tiles.iter().map(|tiles| 3 * tiles).collect();
        assert_eq!(used.cycles, cycles);
        assert_eq!(
            used.changes.iter().map(|(_, _, times)| times).sum::<u64>(),
            changes
        );
        let sum: f64 = used.shares().iter().sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }
}

fn schedule(adaptive: Option<MonitorSettings>, points: usize) -> DvfsSchedule {
    let classes = ClassShares::protecting(0.1, 0.1);
    let point = |at: usize| Setpoint {
        voltage: Some(1.75 - 0.01 * at as f64),
        frequency: None,
    };
    let points: Vec<Setpoint> = (0..points).map(point).collect();
    let last = Schedule::uniform(points.len() as u8);
    DvfsSchedule {
        adaptive,
        ..DvfsSchedule::with_points("test", "sky130-ss-n40c", classes, &points, last)
    }
}

/// An image of three steps; point i of the schedule has ten times the faults of the one before.
fn made(schedule: &DvfsSchedule, kind: ProtectionKind, engine: EngineKind) -> Made {
    let source = ModelSource::embedded();
    let setting = setting(ActivationScales::PerTensor);
    let blocks = source.denoiser.config().blocks();
    let samplers: Vec<Sampler> = (0..schedule.points.len())
        .map(|point| psum_flips(1e-9 * 10f64.powi(point as i32)))
        .collect();
    let plan = FaultPlan::of(schedule, (3, blocks), &samplers);
    let run = run(&source, &setting, &plan, engine);
    let device = Device::load("ddr4-3200-x16").expect("shipped");
    let settings = DriftSettings {
        interval: 1,
        ..DriftSettings::default()
    };
    let made = run.image(&task(0), kind.build(settings, &device), |_| Ok(()));
    made.expect("an image")
}

const RESTLESS: MonitorSettings = MonitorSettings {
    window: 40,
    high: 4,
    low: 2,
    patience: 2,
    panic: 200,
    start: 0,
};

#[test]
fn fast_and_golden_engines_run_their_tiles_at_the_same_points() {
    for kind in [ProtectionKind::Drift, ProtectionKind::Abft] {
        let schedule = schedule(Some(RESTLESS), 4);
        let [fast, golden] =
            [EngineKind::Fast, EngineKind::Golden].map(|engine| made(&schedule, kind, engine));
        assert_eq!(fast.latents.values(), golden.latents.values(), "{kind}");
        assert_eq!(fast.totals, golden.totals, "{kind}");
        let used = fast.totals.points.expect("the adaptive mode");
        assert_eq!(used.tiles.iter().sum::<u64>(), fast.totals.tiles, "{kind}");
        assert!(used.raises > 1 && used.lowers > 1, "{used:?}");
        assert!(
            used.tiles[1..].iter().filter(|tiles| **tiles > 0).count() > 1,
            "{used:?}"
        );
    }
}

#[test]
fn a_monitor_that_never_moves_is_the_fixed_schedule() {
    let still = MonitorSettings {
        high: u32::MAX.into(),
        ..MonitorSettings::default()
    };
    let fixed = made(&schedule(None, 3), ProtectionKind::Drift, EngineKind::Fast);
    let moved = made(
        &schedule(Some(still), 3),
        ProtectionKind::Drift,
        EngineKind::Fast,
    );
    assert_eq!(fixed.latents.values(), moved.latents.values());
    assert_eq!(fixed.totals.faults, moved.totals.faults);
    assert!(fixed.totals.faults > 0);
    // All GEMMs count as one rule there.
    let work = |made: &Made| {
        let mut sum = Work::default();
        made.totals.work.values().for_each(|work| sum += *work);
        sum
    };
    assert_eq!(work(&fixed), work(&moved));
    let used = moved.totals.points.expect("the adaptive mode");
    assert_eq!(used.tiles, [0, 0, 0, moved.totals.tiles]);
    assert_eq!((used.raises, used.changes.len()), (0, 0));
    assert_eq!(fixed.totals.points, None);
}

#[test]
fn fewer_faults_where_flags_move_to_nominal() {
    let strict = MonitorSettings {
        window: 16,
        high: 0,
        low: 0,
        patience: 255,
        panic: 1000,
        start: 0,
    };
    let fixed = made(&schedule(None, 4), ProtectionKind::Drift, EngineKind::Fast);
    let moved = made(
        &schedule(Some(strict), 4),
        ProtectionKind::Drift,
        EngineKind::Fast,
    );
    // Every window with a flag moves a point towards nominal, and nothing moves back.
    let used = moved.totals.points.expect("the adaptive mode");
    assert!(
        (1..=4).contains(&used.raises) && used.lowers == 0,
        "{used:?}"
    );
    assert!(moved.totals.faults < fixed.totals.faults / 2);
}
