//! `drift_dvfs` and its clocked model in lockstep: random tables, targets and
//! panics, with regulators that misbehave. Whatever happens, the clock is never
//! faster than the supply allows, nothing moves while the array may run, and
//! every change ends.

use drift::config::ArrayConfig;
use drift::cosim::{ModuleSim, lockstep};
use drift::golden::clocked::{Clocked, Dvfs, DvfsInputs, DvfsOutputs};
use drift::soc::{Misbehaviour, Regulator, Slew};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::path::Path;

fn config(yaml: &str) -> ArrayConfig {
    let keys = "rows: 4, columns: 4, tile_rows: 8, threshold_bit: 3";
    ArrayConfig::from_yaml(&format!("{{{keys}{yaml}}}"), Path::new("test")).unwrap()
}

fn below(rng: &mut ChaCha8Rng, limit: u32) -> u32 {
    rng.next_u32() % limit
}

fn one_in(rng: &mut ChaCha8Rng, n: u32) -> bool {
    below(rng, n) == 0
}

/// The array and its power supply around the sequencer.
struct Bench {
    rng: ChaCha8Rng,
    voltage: Regulator,
    frequency: Regulator,
    points: Vec<u32>,
    /// Every entry that was ever in the table.
    all_points: Vec<u32>,
    timeout: u32,
    target: u32,
    panic: bool,
    /// Cycles that the array still moves after the pause.
    moving: u32,
    rewrite: bool,
    busy_for: u64,
}

impl Bench {
    fn new(seed: u64, config: &ArrayConfig, codes: u32, rewrite: bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let nominal = config.run.points[0];
        let slew = |rng: &mut ChaCha8Rng| Slew {
            cycles_per_code: 1 + below(rng, 3),
            latency: below(rng, 4),
            jitter: below(rng, 20),
        };
        let misbehave = |rng: &mut ChaCha8Rng, regulator: Regulator| {
            let how = match below(rng, 7) {
                0 => Misbehaviour::Dead,
                1 => Misbehaviour::Silent,
                2 => Misbehaviour::Late(below(rng, 300)),
                _ => return regulator,
            };
            regulator.misbehave(u64::from(below(rng, 40)), how)
        };
        let voltage = Regulator::new(nominal.voltage_code, slew(&mut rng), seed);
        let frequency = Regulator::new(nominal.frequency_code, slew(&mut rng), seed + 1);
        let mut points = vec![nominal.word()];
        points.extend((1..8).map(|_| random_point(&mut rng, codes)));
        Self {
            voltage: misbehave(&mut rng, voltage),
            frequency: misbehave(&mut rng, frequency),
            all_points: points.clone(),
            points,
            // Sometimes too short for any answer.
            timeout: [0, 1, 2, 40][below(&mut rng, 4) as usize]
                + 400 * u32::from(!one_in(&mut rng, 4)),
            rng,
            target: 0,
            panic: false,
            moving: 0,
            rewrite,
            busy_for: 0,
        }
    }

    /// Inputs of the next cycle. `last` are the outputs of the one before, in
    /// which the regulators saw these requests.
    fn drive(&mut self, codes: u32, last: &DvfsOutputs) -> DvfsInputs {
        let rng = &mut self.rng;
        self.voltage
            .tick(last.voltage_code_o as u8, last.voltage_req_o);
        self.frequency
            .tick(last.frequency_code_o as u8, last.frequency_req_o);
        if one_in(rng, 150) {
            self.target = below(rng, 8);
        }
        if one_in(rng, 400) {
            self.panic = !self.panic;
        }
        if self.rewrite && one_in(rng, 100) {
            let point = random_point(rng, codes);
            let at = below(rng, 8) as usize;
            self.points[at] = point;
            self.all_points.push(point);
        }
        self.moving = if last.array_pause_o {
            self.moving.saturating_sub(1)
        } else {
            below(rng, 30)
        };
        DvfsInputs {
            points_i: self.points.clone(),
            timeout_i: self.timeout,
            target_i: self.target,
            panic_i: self.panic,
            fault_clear_i: one_in(rng, 600),
            array_quiet_i: last.array_pause_o && self.moving == 0,
            voltage_ack_i: self.voltage.ack(),
            frequency_ack_i: self.frequency.ack(),
        }
    }

    /// What must hold of the physical supply and clock in every cycle.
    fn check(&mut self, outputs: &DvfsOutputs) {
        let (volt, freq) = (
            u32::from(self.voltage.level()),
            u32::from(self.frequency.level()),
        );
        let allowed = |p: &u32| (p & 0xff) <= volt && freq <= (p >> 8 & 0xff);
        assert!(
            self.all_points.iter().any(allowed),
            "frequency {freq} at voltage {volt} with {:x?}",
            self.all_points
        );
        if outputs.voltage_req_o || outputs.frequency_req_o {
            assert!(outputs.array_pause_o, "a request while the array may run");
        }
        assert!(!(outputs.settled_o && outputs.busy_o));
        self.busy_for = if outputs.busy_o { self.busy_for + 1 } else { 0 };
        // Five requests, each with a wait and a settling time, and what lies between.
        let settle = self.all_points.iter().map(|p| p >> 16).max().unwrap();
        let bound = 5 * u64::from(self.timeout + settle + 4) + 40;
        assert!(
            self.busy_for <= bound,
            "a change of {} cycles",
            self.busy_for
        );
    }
}

/// Few codes make equal ones and mixed orders likely.
fn random_point(rng: &mut ChaCha8Rng, codes: u32) -> u32 {
    below(rng, 20) << 16 | (90 + below(rng, codes)) << 8 | (70 + below(rng, codes))
}

#[test]
fn sequencer_and_model_agree_and_are_safe_with_any_table_and_regulator() {
    let config = config("");
    let mut totals = (0, 0, 0);
    for seed in 0..200 {
        let mut rtl = ModuleSim::build(&config, "drift_dvfs").unwrap();
        let mut model = Dvfs::new(&config);
        let codes = [3, 8, 60][(seed % 3) as usize];
        let mut bench = Bench::new(seed, &config, codes, seed % 2 == 1);
        let mut shown = DvfsOutputs::default();
        let result = lockstep(&mut model, &mut rtl, 4000, |_, last| {
            shown = last.clone();
            bench.check(last);
            bench.drive(codes, last)
        });
        if let Err(mismatch) = result {
            panic!("seed {seed}: {mismatch}");
        }
        totals.0 += shown.transitions_o;
        totals.1 += shown.timeouts_o;
        totals.2 += u64::from(shown.fault_o);
    }
    eprintln!("{totals:?} transitions, timeouts, faults at the end");
    assert!(
        totals.0 > 1500 && totals.1 > 200 && totals.2 > 10,
        "{totals:?}"
    );
}

/// Runs the model from reset towards a target and returns the outputs of
/// every cycle until it is settled.
fn change(
    model: &mut Dvfs,
    voltage: &mut Regulator,
    frequency: &mut Regulator,
    inputs: &DvfsInputs,
) -> Vec<DvfsOutputs> {
    let mut trace = Vec::new();
    loop {
        let inputs = DvfsInputs {
            voltage_ack_i: voltage.ack(),
            frequency_ack_i: frequency.ack(),
            ..inputs.clone()
        };
        let outputs = model.outputs(&inputs);
        model.tick(&inputs);
        voltage.tick(outputs.voltage_code_o as u8, outputs.voltage_req_o);
        frequency.tick(outputs.frequency_code_o as u8, outputs.frequency_req_o);
        let settled = outputs.settled_o;
        trace.push(outputs);
        if settled {
            return trace;
        }
        assert!(trace.len() < 5000, "the change does not end");
    }
}

const SLEW: Slew = Slew {
    cycles_per_code: 1,
    latency: 2,
    jitter: 0,
};

fn idle_inputs(config: &ArrayConfig, target: u32) -> DvfsInputs {
    DvfsInputs {
        points_i: config.run.points.iter().map(|p| p.word()).collect(),
        timeout_i: 200,
        target_i: target,
        array_quiet_i: true,
        ..DvfsInputs::default()
    }
}

/// Point 1 is slower and at a lower voltage than nominal, point 2 faster and
/// at a higher one.
const LADDER: &str = ", operating_points: [
    {voltage_mv: 600, frequency_mhz: 500, settle_cycles: 9},
    {voltage_mv: 500, frequency_mhz: 300, settle_cycles: 5},
    {voltage_mv: 700, frequency_mhz: 800, settle_cycles: 7}]";

fn first(trace: &[DvfsOutputs], what: impl Fn(&DvfsOutputs) -> bool) -> usize {
    trace.iter().position(what).expect("it happens")
}

#[test]
fn voltage_goes_first_upwards_and_last_downwards_and_takes_the_documented_time() {
    let config = config(LADDER);
    for (target, voltage_first) in [(2, true), (1, false)] {
        let mut model = Dvfs::new(&config);
        let points = config.run.points;
        let mut voltage = Regulator::new(points[0].voltage_code, SLEW, 0);
        let mut frequency = Regulator::new(points[0].frequency_code, SLEW, 0);
        let inputs = idle_inputs(&config, target);
        let trace = change(&mut model, &mut voltage, &mut frequency, &inputs);
        let volt = first(&trace, |o| o.voltage_req_o);
        let freq = first(&trace, |o| o.frequency_req_o);
        assert_eq!(volt < freq, voltage_first);
        let high = |req: fn(&DvfsOutputs) -> bool| trace.iter().filter(|o| req(o)).count() as u64;
        let (a, b) = (high(|o| o.voltage_req_o), high(|o| o.frequency_req_o));
        let settle = u64::from(points[target as usize].settle_cycles);
        // As the header of the RTL says; quiet is immediate.
        let expected = 3 + (a + settle + 3) + (b + 2);
        let last = trace.last().unwrap();
        assert_eq!((last.point_o, last.change_cycles_o), (target, expected));
        assert_eq!(voltage.level(), points[target as usize].voltage_code);
        assert_eq!(frequency.level(), points[target as usize].frequency_code);
    }
}

#[test]
fn a_dead_regulator_never_lets_the_frequency_rise() {
    let config = config(LADDER);
    let points = config.run.points;
    let mut model = Dvfs::new(&config);
    let mut voltage =
        Regulator::new(points[0].voltage_code, SLEW, 0).misbehave(0, Misbehaviour::Dead);
    let mut frequency = Regulator::new(points[0].frequency_code, SLEW, 0);
    let mut inputs = idle_inputs(&config, 2);
    let trace = change(&mut model, &mut voltage, &mut frequency, &inputs);
    let nominal = u32::from(points[0].frequency_code);
    assert!(trace.iter().all(|o| o.frequency_code_o <= nominal));
    let last = trace.last().unwrap();
    // The request for point 2 and that for point 0 were withdrawn; the clock is at its lowest.
    assert!(last.fault_o && !last.array_pause_o);
    assert_eq!((last.timeouts_o, last.transitions_o), (2, 0));
    assert_eq!(frequency.level(), points[1].frequency_code);
    // Repaired and cleared, the same target is reached.
    let mut voltage = Regulator::new(voltage.level(), SLEW, 0);
    inputs.fault_clear_i = true;
    model.tick(&inputs);
    inputs.fault_clear_i = false;
    let trace = change(&mut model, &mut voltage, &mut frequency, &inputs);
    let last = trace.last().unwrap();
    assert_eq!((last.point_o, last.fault_o), (2, false));
    assert_eq!(frequency.level(), points[2].frequency_code);
}

#[test]
fn a_late_regulator_falls_back_to_nominal_and_stays_until_the_target_changes() {
    let config = config(LADDER);
    let points = config.run.points;
    let mut model = Dvfs::new(&config);
    let (v, f) = (points[0].voltage_code, points[0].frequency_code);
    // 20 codes up take longer than the timeout, one code does not.
    let slow = Slew {
        cycles_per_code: 15,
        ..SLEW
    };
    let mut voltage = Regulator::new(v, slow, 0);
    let mut frequency = Regulator::new(f, SLEW, 0);
    let mut inputs = idle_inputs(&config, 2);
    let trace = change(&mut model, &mut voltage, &mut frequency, &inputs);
    let last = trace.last().unwrap();
    assert_eq!((last.timeouts_o, last.point_o, last.fault_o), (1, 0, false));
    assert_eq!((voltage.level(), frequency.level()), (v, f));
    let again = change(&mut model, &mut voltage, &mut frequency, &inputs);
    assert_eq!(again.len(), 1, "the failed point is not tried again");
    inputs.target_i = 0;
    change(&mut model, &mut voltage, &mut frequency, &inputs);
    inputs.target_i = 2;
    inputs.timeout_i = 1000;
    let trace = change(&mut model, &mut voltage, &mut frequency, &inputs);
    assert_eq!(trace.last().unwrap().point_o, 2);
}
