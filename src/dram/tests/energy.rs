//! Energy against numbers worked out by hand from the data sheet's currents.

use super::*;

fn near(found: f64, expected: f64) {
    let error = (found - expected).abs();
    assert!(
        error <= 1e-9 * expected.abs(),
        "{found} instead of {expected}"
    );
}

/// (95·74 − 56·52 − 37·22) mA·tCK · 0.625 ns · 1.2 V + (4 − 3) mA · 74 · 0.625 ns · 2.5 V.
const ACTIVATE: f64 = 2478.0 + 115.625;
/// (302 − 56) mA · 4 · 0.625 ns · 1.2 V.
const READ: f64 = 738.0;
/// (278 − 56) mA · 4 · 0.625 ns · 1.2 V.
const WRITE: f64 = 666.0;
/// ((280 − 37) mA · 1.2 V + (28 − 3) mA · 2.5 V) · 350 ns.
const REFRESH: f64 = 123_935.0;

#[test]
fn parts_are_counts_times_the_energy_of_one() {
    let device = default_device();
    let t = device.timing;
    let mut memory = Memory::new(&device, same_clock());
    memory.access(0, Access::Read, 0, 3 * 16);
    memory.access(0, Access::Write, device.row_bytes, 5 * 16);
    let energy = memory.energy(2 * t.t_refi);
    near(energy.activate, 2.0 * ACTIVATE);
    near(energy.read, 3.0 * READ);
    near(energy.write, 5.0 * WRITE);
    near(energy.refresh, 2.0 * REFRESH);
    // The first ACTIVATE comes in cycle 0, the precharge with the first refresh.
    let active = t.t_refi as f64;
    let all = 2.0 * active;
    let standby = 0.625 * (1.2 * (56.0 * active + 37.0 * (all - active)) + 2.5 * 3.0 * all);
    near(energy.background, standby);
    near(
        energy.total(),
        energy.activate + energy.read + energy.write + energy.background + energy.refresh,
    );
    // Asking changes nothing.
    assert_eq!(memory.counts().refreshes, 0);
}

#[test]
fn an_idle_memory_takes_standby_and_refreshes() {
    let device = default_device();
    let memory = Memory::new(&device, device.clock_ratio());
    // 1 µs: 1000 accelerator cycles, 1600 DRAM cycles.
    let energy = memory.energy(1000);
    near(energy.background, 1000.0 * (1.2 * 37.0 + 2.5 * 3.0));
    near(energy.total(), energy.background);
    near(memory.energy(7800).refresh, REFRESH);
}

#[test]
fn four_chips_take_four_times_as_much() {
    let [one, four, _] = SHIPPED.map(|(name, _)| {
        let device = Device::load(name).unwrap();
        let mut memory = Memory::new(&device, same_clock());
        memory.access(0, Access::Read, 0, device.row_bytes as u32);
        memory.energy(20_000)
    });
    near(four.total(), 4.0 * one.total());
}
