//! What GEMMs, transitions and recoveries cost on a machine.

use super::{config, machine, machine_with, shape, table};
use crate::baseline::{Hardware, Work};
use crate::energy::{Cost, Held, Machine, Parts};
use crate::golden::schedule;
use crate::tech::OperatingPoint;
use crate::tiling::Tiling;
use crate::units::{Cycles, Hertz, Volts};

#[test]
fn energy_of_a_gemm_by_hand() {
    for name in ["default", "default-os"] {
        let machine = machine(name);
        let gemm = shape("x", None, "linear", (100, 32, 40));
        let point = machine.nominal();
        let found = machine
            .gemm(&gemm, point, Hardware::Plain, &Work::default())
            .unwrap();
        let mut plain = config(name);
        plain.checksum = false;
        let cycles = schedule(&plain, &Tiling::new(&plain, 100, 32, 40)).cycles.0 as f64;
        assert_eq!(found.cycles, cycles);
        // Far from bound by the DRAM.
        let seconds = cycles / point.frequency.0;
        assert!((found.seconds / seconds - 1.0).abs() < 1e-12);
        let mac = table().energy(point.voltage).unwrap();
        let parts = found.energy;
        let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
        near(parts.macs, 100.0 * 32.0 * 40.0 * mac.switching_pj);
        near(parts.clock, 256.0 * cycles * mac.clock_pj);
        near(parts.leakage, 256.0 * mac.leakage_nw * seconds * 1e3);
        near(
            parts.regulator,
            (parts.macs + parts.clock + parts.leakage) / 9.0,
        );
        assert_eq!(parts.protection + parts.redundancy + parts.recompute, 0.0);
        // 1280 bytes of weights: 20 bursts of 64, one row, I/O.
        let io = 1280.0 * 8.0 * 5.0;
        assert!(parts.dram_weights > io && parts.dram_weights < 3.0 * io);
        let sum: f64 = parts.all().iter().map(|(_, part)| part).sum();
        near(sum, parts.total());
    }
}

#[test]
fn a_gemm_with_few_rows_waits_for_its_weights() {
    let machine = machine("tpu");
    let gemm = shape("x", None, "linear", (2, 1152, 6912));
    // Fast enough that the array is not the limit.
    let point = OperatingPoint {
        frequency: Hertz(1e12),
        ..machine.nominal()
    };
    let found = machine
        .gemm(&gemm, point, Hardware::Plain, &Work::default())
        .unwrap();
    let bandwidth = 0.8 * 25.6e9;
    assert!((found.seconds * bandwidth / (1152.0 * 6912.0) - 1.0).abs() < 1e-9);
}

fn total(machine: &Machine, point: OperatingPoint, hardware: Hardware, work: &Work) -> Cost {
    let gemm = shape("x", Some(0), "linear", (256, 128, 512));
    machine.gemm(&gemm, point, hardware, work).unwrap()
}

#[test]
fn voltage_frequency_and_protection_move_energy_and_time_as_they_must() {
    let machine = machine("edge");
    let nominal = machine.nominal();
    let none = Work::default();
    let at = |volts: f64| {
        let point = OperatingPoint {
            voltage: Volts(volts),
            ..nominal
        };
        total(&machine, point, Hardware::Plain, &none)
    };
    let voltages = [1.28, 1.35, 1.44, 1.6, 1.76];
    for pair in voltages.windows(2) {
        assert!(at(pair[0]).joules() < at(pair[1]).joules());
        assert_eq!(at(pair[0]).seconds, at(pair[1]).seconds);
    }
    let faster = OperatingPoint {
        frequency: Hertz(nominal.frequency.0 * 1.7),
        ..nominal
    };
    let plain = total(&machine, nominal, Hardware::Plain, &none);
    let fast = total(&machine, faster, Hardware::Plain, &none);
    assert!((plain.seconds / fast.seconds - 1.7).abs() < 1e-9);
    assert!(fast.joules() < plain.joules());

    let of = |hardware| total(&machine, nominal, hardware, &none);
    let (checked, razor, twice) = (
        of(Hardware::Checksums),
        of(Hardware::Razor),
        of(Hardware::Twice),
    );
    for protected in [checked, razor, twice] {
        assert!(protected.joules() > plain.joules());
    }
    assert_eq!(twice.cycles, 2.0 * plain.cycles);
    assert_eq!(razor.seconds, plain.seconds);
    // 34 × 34 PEs instead of 32 × 32, and two rows more per 64.
    let share = checked.energy.protection / (checked.energy.macs + checked.energy.clock);
    assert!((0.05..0.2).contains(&share), "{share}");
    // The array's energy twice, and its on-chip traffic.
    let array = plain.energy.macs + plain.energy.clock;
    assert!((twice.energy.redundancy / array - 1.0).abs() < 1e-3);
    assert_eq!(twice.energy.buffer, 2.0 * plain.energy.buffer);
    assert_eq!(twice.energy.accumulators, 2.0 * plain.energy.accumulators);
    assert!(twice.array_pj() >= 2.0 * plain.array_pj());
}

#[test]
fn work_on_top_costs_energy_time_and_traffic() {
    let machine = machine("edge");
    let low = OperatingPoint {
        voltage: Volts(1.4),
        ..machine.nominal()
    };
    let plain = total(&machine, low, Hardware::Checksums, &Work::default());
    let recompute = Work {
        recomputed_macs: 66 * 34 * 128,
        nominal_cycles: Cycles(4 * 66),
        nominal_visits: 1,
        ..Work::default()
    };
    let repeated = total(&machine, low, Hardware::Checksums, &recompute);
    assert!(repeated.energy.recompute > 0.0 && repeated.energy.transitions > 0.0);
    let transitions = machine.transition(low, machine.nominal()).unwrap().seconds
        + machine.transition(machine.nominal(), low).unwrap().seconds;
    let more = 264.0 / machine.nominal().frequency.0 + transitions;
    assert!((repeated.seconds - plain.seconds - more).abs() < 1e-15);

    let checkpoint = |rows| Work {
        checkpoint_bytes_written: 100_000,
        rows_opened_writing: rows,
        ..Work::default()
    };
    let [few, many] =
        [13, 400].map(|rows| total(&machine, low, Hardware::Checksums, &checkpoint(rows)).energy);
    assert!(few.dram_checkpoints > 100_000.0 * 40.0);
    assert!(many.dram_checkpoints > few.dram_checkpoints);
    assert_eq!(many.buffer, few.buffer);
}

#[test]
fn a_transition_charges_the_supply_on_the_way_up() {
    let machine = machine("edge");
    let (low, high) = (
        OperatingPoint {
            voltage: Volts(1.4),
            frequency: Hertz(50e6),
        },
        OperatingPoint {
            voltage: Volts(1.6),
            frequency: Hertz(100e6),
        },
    );
    let up = machine.transition(low, high).unwrap();
    // 10 nF · 1.6 V · 0.2 V / 0.9, in pJ; 0.2 V at 100 ns/V, 64 cycles of 20 ns.
    assert!((up.energy.transitions / (10e3 * 1.6 * 0.2 / 0.9) - 1.0).abs() < 1e-9);
    assert!((up.seconds / (20e-9 + 64.0 * 20e-9) - 1.0).abs() < 1e-9);
    let down = machine.transition(high, low).unwrap();
    assert_eq!((down.energy.transitions, down.seconds), (0.0, up.seconds));
    assert_eq!(machine.transition(low, low).unwrap(), Cost::default());
}

#[test]
fn memories_differ_in_bandwidth_and_energy() {
    let gemm = shape("x", None, "linear", (2, 1152, 6912));
    let cost = |memory: &str| {
        let machine = machine_with("tpu", memory);
        let point = OperatingPoint {
            frequency: Hertz(1e12),
            ..machine.nominal()
        };
        machine
            .gemm(&gemm, point, Hardware::Plain, &Work::default())
            .unwrap()
    };
    let [one, four, hbm] = ["ddr4-3200", "ddr4-3200-4ch", "hbm2"].map(cost);
    // All wait for the DRAM: 25.6, 102.4 and 256 GB/s.
    assert!((one.seconds / four.seconds - 4.0).abs() < 1e-9);
    assert!((one.seconds / hbm.seconds - 10.0).abs() < 1e-9);
    assert!((one.energy.dram_weights / four.energy.dram_weights - 1.0).abs() < 1e-12);
    assert!(hbm.energy.dram_weights < 0.5 * one.energy.dram_weights);
    let parts = hbm.energy;
    let sum: f64 = parts.groups().iter().map(|(_, part)| part).sum();
    assert!((sum / parts.total() - 1.0).abs() < 1e-12);
    assert_eq!(parts.groups()[3], ("checkpoints", 0.0));
}

const HELD: Held = Held { x: true, w: true };

#[test]
fn recovery_costs_what_the_gemms_are_charged_for_it() {
    let machine = machine("edge");
    let low = OperatingPoint {
        voltage: Volts(1.4),
        ..machine.nominal()
    };
    let work = Work {
        recomputed_macs: 66 * 34 * 128,
        nominal_cycles: Cycles(4 * 66),
        nominal_visits: 3,
        checkpoint_bytes_read: 5000,
        rows_opened_reading: 7,
        ..Work::default()
    };
    let with = total(&machine, low, Hardware::Checksums, &work);
    let without = total(&machine, low, Hardware::Checksums, &Work::default());
    let alone = machine
        .recovery(low, Hardware::Checksums, HELD, &work)
        .unwrap();
    let near = |a: f64, b: f64| assert!((a / b - 1.0).abs() < 1e-9, "{a} {b}");
    let more = |part: fn(&Parts) -> f64| part(&with.energy) - part(&without.energy);
    near(alone.energy.recompute, more(|p| p.recompute));
    near(alone.energy.buffer, more(|p| p.buffer));
    near(alone.energy.transitions, more(|p| p.transitions));
    near(alone.energy.dram_checkpoints, more(|p| p.dram_checkpoints));
    // The fetch overlaps in the GEMM, and does not here.
    assert!(alone.seconds > with.seconds - without.seconds);
    near(alone.dram_bytes, 5000.0);
    assert_eq!(with.dram_rows - without.dram_rows, 7.0);
    assert_eq!(alone.dram_rows, 7.0);
    // Operands that are no longer on chip: of 66 × 34 × 128 MACs, 128 rows of 34 and 66 elements.
    let away = |x: bool, w: bool| {
        let held = Held { x: !x, w: !w };
        machine
            .recovery(low, Hardware::Checksums, held, &work)
            .unwrap()
    };
    let more = |x, w| away(x, w).dram_bytes - alone.dram_bytes;
    near(more(true, false), (66u64 * 34 * 128).div_ceil(32) as f64);
    near(more(false, true), (66u64 * 34 * 128).div_ceil(64) as f64);
    near(more(true, true), more(true, false) + more(false, true));
    assert!(away(true, true).energy.dram_activations > 0.0);
    assert!(away(true, true).seconds > alone.seconds);
    // Without checksums fewer PEs are clocked.
    let plain = machine.recovery(low, Hardware::Twice, HELD, &work).unwrap();
    assert!(plain.energy.recompute < alone.energy.recompute);
    assert_eq!(
        machine
            .recovery(low, Hardware::Checksums, HELD, &Work::default())
            .unwrap(),
        Cost::default()
    );
}
