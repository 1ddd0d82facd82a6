//! Operating points: delay, margins, noise, energy.

use super::tests::table;
use super::*;
use crate::units::{Hertz, Volts};

fn at(voltage: f64, gigahertz: f64) -> OperatingPoint {
    OperatingPoint {
        voltage: Volts(voltage),
        frequency: Hertz(gigahertz * 1e9),
    }
}

fn close(found: f64, expected: f64, relative: f64) {
    assert!(
        (found / expected - 1.0).abs() <= relative,
        "{found:e} instead of {expected:e}"
    );
}

#[test]
fn the_critical_path_goes_through_the_measured_points() {
    let mut table = table();
    close(table.t_crit(Volts(1.0)).0, 1.0, 1e-12);
    close(table.t_crit(Volts(0.8)).0, 0.8 * 1.5f64.powf(1.5), 1e-12);
    close(table.t_crit(Volts(0.9)).0, 0.9 * 1.2f64.powf(1.5), 1e-12);
    // 1% above the law at 0.8 V: half a percent half-way, 1% beyond.
    table.delay.points[0].t_crit_ns *= 1.01;
    close(
        table.t_crit(Volts(0.8)).0,
        1.01 * 0.8 * 1.5f64.powf(1.5),
        1e-12,
    );
    close(
        table.t_crit(Volts(0.9)).0,
        1.005 * 0.9 * 1.2f64.powf(1.5),
        1e-12,
    );
    close(
        table.t_crit(Volts(0.7)).0,
        1.01 * 0.7 * 2f64.powf(1.5),
        1e-12,
    );
    assert_eq!(table.t_crit(Volts(0.4)).0, f64::INFINITY);
}

#[test]
fn the_nominal_point_has_its_margins() {
    let table = table();
    let nominal = table.nominal();
    assert_eq!(nominal.voltage, Volts(1.0));
    let drooped = 0.95 * (0.6f64 / 0.55).powf(1.5);
    close(nominal.frequency.0, 0.9e9 / drooped, 1e-12);
    let mut bare = table.clone();
    (bare.margins.voltage_droop, bare.margins.frequency_guardband) = (0.0, 0.0);
    close(bare.nominal().frequency.0, 1e9, 1e-12);
}

#[test]
fn without_noise_the_table_itself_answers() {
    let table = table();
    let quiet = |x: f64| {
        table
            .errors_with_noise(at(1.0, 1.0 / x), Volts(0.0))
            .unwrap()
            .first
    };
    close(quiet(0.8).word_wrong, 0.1, 1e-9);
    close(quiet(0.9).word_wrong, 0.001, 1e-9);
    // ln p is linear: 0.01 half-way, from both entries in equal parts.
    let middle = quiet(0.85);
    close(middle.word_wrong, 0.01, 1e-9);
    close(middle.bits[31], 0.01 * 0.5 * (0.75 + 1.0), 1e-9);
    close(middle.bits[30], 0.01 * 0.5 * 0.25, 1e-9);
    close(
        middle.ber() * 32.0,
        middle.bits[31] + middle.bits[30],
        1e-12,
    );
    assert_eq!(middle.masks[0].0, 1 << 31);
    close(middle.masks[0].1, 0.875, 1e-9);
    close(quiet(0.925).word_wrong, 0.0005, 1e-6);
    for x in [0.951, 1.0, 2.0] {
        assert_eq!(quiet(x).word_wrong, 0.0);
        assert!(quiet(x).masks.is_empty());
    }
}

#[test]
fn means_are_over_the_rows_that_there_are() {
    let table = table();
    let errors = table.errors_with_noise(at(1.0, 1.25), Volts(0.0)).unwrap();
    close(errors.later.word_wrong, 0.01, 1e-9);
    for (mean, share) in [(table.mean_errors(&errors), 0.1), (errors.mean(0.5), 0.5)] {
        let expected = 0.1 * share + 0.01 * (1.0 - share);
        close(mean.word_wrong, expected, 1e-9);
        close(mean.bits[31], 0.75 * expected, 1e-9);
        close(mean.ber() * 32.0, expected, 1e-9);
        assert_eq!(mean.masks[0].0, 1 << 31);
        close(mean.masks[0].1, 0.75, 1e-9);
    }
    let sampled = errors.sampled();
    close(sampled.first.probability(), 0.1, 1e-9);
    close(sampled.later.probability(), 0.01, 1e-9);
}

#[test]
fn between_two_voltages_errors_are_between_theirs() {
    let mut table = table();
    let mut slow = table.late[0].clone();
    slow.voltage = 0.8;
    for late in &mut slow.curve {
        late.first.word_wrong *= 0.5;
        late.first.bits.iter_mut().for_each(|p| *p *= 0.5);
    }
    table.late.insert(0, slow);
    for (voltage, factor) in [(0.8, 0.5), (0.85, 0.625), (0.9, 0.75), (1.0, 1.0)] {
        let frequency = 1.0 / (0.9 * table.t_crit(Volts(voltage)).0);
        let found = table.errors_with_noise(at(voltage, frequency), Volts(0.0));
        close(found.unwrap().first.word_wrong, 0.001 * factor, 1e-9);
    }
    // The shortest period is that of the less patient of the two curves.
    table.late[0].curve[0].x = 0.7;
    assert_eq!(table.lowest_x(Volts(0.8)), 0.7);
    assert_eq!(table.lowest_x(Volts(0.9)), 0.8);
    assert_eq!(table.lowest_x(Volts(1.0)), 0.8);
}

/// The integral by a million rectangles.
fn naive(table: &Table, point: OperatingPoint, sigma: f64) -> (f64, f64) {
    let (mut word, mut high) = (0.0, 0.0);
    let count = 1_000_000;
    for i in 0..count {
        let z = -9.0 + 18.0 * (f64::from(i) + 0.5) / f64::from(count);
        let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let voltage = Volts(point.voltage.0 + sigma * z);
        let x = point.frequency.period().0 / table.t_crit(voltage).0;
        let late = &table.late[0].curve;
        let (p, first) = if x < late[0].x {
            (late[0].first.word_wrong, 1.0)
        } else if x < late[1].x {
            let share = (x - late[0].x) / (late[1].x - late[0].x);
            (10f64.powf(-1.0 - 2.0 * share), 1.0 - share)
        } else if x < late[2].x {
            (0.001 * (late[2].x - x) / (late[2].x - late[1].x), 0.0)
        } else {
            (0.0, 0.0)
        };
        let step = 18.0 / f64::from(count) * density * p;
        word += step;
        high += step * 0.25 * first;
    }
    (word, high)
}

#[test]
fn noise_is_integrated_as_a_fine_sum_would() {
    let mut table = table();
    // A kink at 0.8 V as well.
    table.delay.points[0].t_crit_ns *= 1.02;
    for (voltage, x, sigma) in [
        (1.0, 0.85, 0.01),
        (1.0, 0.96, 0.01),
        (0.9, 1.05, 0.01),
        (0.9, 1.15, 0.01),
        (0.81, 0.9, 0.02),
        (0.8, 0.8, 0.03),
        (1.0, 0.94, 1e-4),
    ] {
        let point = at(voltage, 1.0 / (x * table.t_crit(Volts(voltage)).0));
        close(table.x(point), x, 1e-12);
        let found = table.errors_with_noise(point, Volts(sigma)).unwrap().first;
        let (word, high) = naive(&table, point, sigma);
        close(found.word_wrong, word, 1e-4);
        if high > 1e-30 {
            close(found.bits[30], high, 1e-4);
        }
        let shares: f64 = found.masks.iter().map(|(_, share)| share).sum();
        close(shares, 1.0, 1e-12);
    }
}

#[test]
fn errors_grow_with_frequency_and_fall_with_voltage() {
    let table = table();
    let rate = |v: f64, f: f64| table.errors(at(v, f)).unwrap().later.word_wrong;
    for step in 0..20 {
        let f = 1.0 + 0.01 * f64::from(step);
        assert!(rate(1.0, f) < rate(1.0, f + 0.01), "{f}");
        let v = 0.8 + 0.01 * f64::from(step);
        assert!(rate(v, 0.8) >= rate(v + 0.01, 0.8), "{v}");
    }
}

#[test]
fn points_without_data_are_refused() {
    let table = table();
    let message = |point| table.errors(point).unwrap_err().to_string();
    for (point, parts) in [
        (at(0.79, 0.1), ["0.79 V", "0.8 V to 1 V"]),
        (at(1.1, 0.1), ["1.1 V", "0.8 V to 1 V"]),
        (at(f64::NAN, 0.1), ["NaN", "0.8 V to 1 V"]),
        (
            at(1.0, 1.3),
            ["1300.000 MHz at 1 V", "at most 1250.000 MHz"],
        ),
        (at(1.0, 0.0), ["0.000 MHz", "at most 1250.000 MHz"]),
        (at(1.0, f64::NAN), ["NaN", "at most"]),
    ] {
        let message = message(point);
        assert!(message.contains("small"), "{message}");
        for part in parts {
            assert!(message.contains(part), "{message:?} lacks {part:?}");
        }
    }
    assert!(table.energy(Volts(0.7)).is_err());
}

#[test]
fn dynamic_energy_goes_with_the_square_of_the_voltage() {
    let table = table();
    let energy = table.energy(Volts(0.9)).unwrap();
    close(energy.switching_pj, 0.81, 1e-12);
    close(energy.clock_pj, 0.2 * 0.81, 1e-12);
    close(energy.leakage_nw, 15.0, 1e-12);
    // 15 nW over 1 ns are 1.5e-5 pJ.
    close(energy.per_cycle_pj(Hertz(1e9)), 0.81 * 1.2 + 1.5e-5, 1e-12);
    close(table.energy(Volts(1.0)).unwrap().switching_pj, 1.0, 1e-12);
}

#[test]
fn codes_of_the_hardware_are_points() {
    let code = crate::config::OperatingPoint::from_units(770, 1000, 64).unwrap();
    let point = OperatingPoint::from(code);
    close(point.voltage.0, 0.77, 1e-12);
    close(point.frequency.0, 1e9, 1e-12);
}
