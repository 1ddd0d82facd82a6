//! Known waveforms, and the two simulators against each other.

use super::cover::Cover;
use super::model::{DelayedFunction, DelayedLiteral, Node};
use super::*;
use crate::timing::liberty::{Function, Library};
use crate::timing::netlist::{Circuit, Netlist};
use crate::timing::sta::StaticTiming;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A gate: its function, and for every input in order of appearance the node and
/// the delays [rise, fall] of the output.
fn gate(text: &str, inputs: &[(Node, [u32; 2])]) -> DelayedFunction {
    let function = Function::parse(text).unwrap();
    let cover = Cover::of(&function, &vec![None; inputs.len()]).unwrap();
    let literal = |literal: &super::cover::Literal| {
        let (source, delay) = inputs[literal.input];
        DelayedLiteral {
            source,
            inverted: literal.inverted,
            delay,
        }
    };
    DelayedFunction {
        literals: cover.literals.iter().map(literal).collect(),
        cover,
    }
}

/// What output `index` captures at every period, as text of 0 and 1.
fn waveform(simulator: &EventDriven<'_>, index: usize, periods: std::ops::Range<u32>) -> String {
    let bit = |period| {
        if simulator.captured(index, period) {
            '1'
        } else {
            '0'
        }
    };
    periods.map(bit).collect()
}

/// Last step at which a clock edge could find output `index` unsettled.
fn bound_of(model: &DelayModel, index: usize) -> u32 {
    model.last_change(model.capture(index)) - model.captured_at(0)
}

/// Runs both simulators and compares every output at every period.
fn agree(model: &DelayModel, pairs: &[(Vec<bool>, Vec<bool>)], shortest: u32) {
    let last = (0..model.outputs()).map(|o| bound_of(model, o)).max();
    let periods: Vec<u32> = (shortest..=last.unwrap().max(shortest) + 1).collect();
    let mut parallel = Parallel::new(model, &periods);
    let mut reference = EventDriven::new(model, Pulses::Transport);
    for batch in pairs.chunks(LANES) {
        let plane = |of: &dyn Fn(usize) -> bool| {
            let mut lanes = Lanes::default();
            for lane in (0..batch.len()).filter(|lane| of(*lane)) {
                lanes.0[lane / 64] |= 1 << (lane % 64);
            }
            lanes
        };
        let inputs = 0..model.inputs();
        let old: Vec<_> = inputs
            .clone()
            .map(|i| plane(&|lane| batch[lane].0[i]))
            .collect();
        let new: Vec<_> = inputs.map(|i| plane(&|lane| batch[lane].1[i])).collect();
        parallel.run(&old, &new);
        for (lane, (old, new)) in batch.iter().enumerate() {
            reference.run(old, new);
            let of = |lanes: &Lanes| lanes.0[lane / 64] >> (lane % 64) & 1 == 1;
            for output in 0..model.outputs() {
                let settled = reference.settled(output);
                assert_eq!(of(&parallel.settled()[output]), settled);
                assert!(reference.settled_after(output) <= bound_of(model, output));
                for (place, period) in periods.iter().enumerate() {
                    let wrong = reference.captured(output, *period) != settled;
                    let found = of(&parallel.wrong(place)[output]);
                    assert_eq!(
                        found, wrong,
                        "output {output}, period {period}, lane {lane}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_chain_adds_its_delays_by_edge() {
    // Clock to output [2, 3], an inverter [4, 6], a buffer with setup [1, 2].
    let parts = vec![gate("!A", &[(0, [4, 6])]), gate("A", &[(1, [1, 2])])];
    let model = DelayModel::of_parts(vec![[2, 3]], parts, 1, 20);
    let mut simulator = EventDriven::new(&model, Pulses::Transport);
    // Rising, 2 + 6 + 2; falling, 3 + 4 + 1.
    simulator.run(&[false], &[true]);
    assert_eq!(waveform(&simulator, 0, 0..12), "111111111100");
    assert_eq!(simulator.settled_after(0), 10);
    simulator.run(&[true], &[false]);
    assert_eq!(waveform(&simulator, 0, 0..12), "000000001111");
    simulator.run(&[true], &[true]);
    assert_eq!(waveform(&simulator, 0, 0..12), "000000000000");
    assert_eq!((simulator.settled_after(0), bound_of(&model, 0)), (0, 10));
}

#[test]
fn glitches_pass_or_vanish_by_the_difference_of_delays() {
    // a rises at 1, b falls at 1 + 4 (through a buffer): a & b is high for 4 steps.
    let with = |delay| {
        let parts = vec![
            gate("B", &[(1, [4, 4])]),
            gate("A&B", &[(0, [0, 0]), (2, [0, 0])]),
            gate("A", &[(3, delay)]),
        ];
        DelayModel::of_parts(vec![[1, 1]; 2], parts, 1, 20)
    };
    let run = |delay, pulses| {
        let model = with(delay);
        let mut simulator = EventDriven::new(&model, pulses);
        simulator.run(&[false, true], &[true, false]);
        waveform(&simulator, 0, 0..14)
    };
    assert_eq!(run([0, 0], Pulses::Transport), "01111000000000");
    assert_eq!(run([5, 5], Pulses::Transport), "00000011110000");
    assert_eq!(run([5, 3], Pulses::Transport), "00000011000000");
    assert_eq!(run([6, 2], Pulses::Transport), "00000000000000");
    assert_eq!(run([2, 6], Pulses::Transport), "00011111111000");
    // Shorter than the delay of its rising edge, or just as long.
    assert_eq!(run([3, 3], Pulses::Inertial), "00001111000000");
    assert_eq!(run([4, 4], Pulses::Inertial), "00000000000000");
    assert_eq!(run([5, 3], Pulses::Inertial), "00000000000000");
}

#[test]
fn what_is_captured_is_the_value_then_not_whether_it_changes_again() {
    // Low, high from 1 to 5, low: at 2 it is wrong, at 6 right, and in between so.
    let parts = vec![
        gate("B", &[(1, [4, 4])]),
        gate("A^B", &[(0, [0, 0]), (2, [0, 0])]),
    ];
    let model = DelayModel::of_parts(vec![[1, 1]; 2], parts, 1, 20);
    let mut simulator = EventDriven::new(&model, Pulses::Transport);
    simulator.run(&[false, false], &[true, true]);
    // 0 at step 0 although it is to change twice.
    assert_eq!(waveform(&simulator, 0, 0..8), "01111000");
    assert_eq!(simulator.settled_after(0), 5);
}

#[test]
fn simultaneous_events_are_one() {
    // Both inputs of the exclusive-or change at once: it does not.
    let parts = vec![gate("A^B", &[(0, [3, 3]), (1, [3, 3])])];
    let model = DelayModel::of_parts(vec![[1, 1]; 2], parts, 1, 20);
    let mut simulator = EventDriven::new(&model, Pulses::Transport);
    simulator.run(&[false, true], &[true, false]);
    assert_eq!(waveform(&simulator, 0, 0..8), "11111111");
    assert_eq!(simulator.edges()[2], [0, 0]);
    // Across gates without delay, within one step, too.
    let parts = vec![
        gate("!A", &[(0, [0, 0])]),
        gate("!B", &[(1, [0, 0])]),
        gate("A^B", &[(2, [0, 0]), (1, [0, 0])]),
    ];
    let model = DelayModel::of_parts(vec![[1, 1]; 2], parts, 1, 20);
    let mut simulator = EventDriven::new(&model, Pulses::Transport);
    simulator.run(&[false, true], &[true, false]);
    assert_eq!(waveform(&simulator, 0, 0..4), "0000");
}

/// A netlist of random gates, each after what it reads.
fn random_model(rng: &mut ChaCha8Rng) -> DelayModel {
    const TEXTS: [(&str, usize); 9] = [
        ("A", 1),
        ("!A", 1),
        ("!(A&B)", 2),
        ("A|B", 2),
        ("A^B", 2),
        ("!((A&B)|C)", 3),
        ("(A&!C)|(B&C)", 3),
        ("(A&B)|(B&C)|(A&C)", 3),
        ("A^B^C", 3),
    ];
    let mut draw = |below: u32| rng.next_u32() % below;
    let launches: Vec<[u32; 2]> = (0..1 + draw(5)).map(|_| [draw(4), draw(4)]).collect();
    let gates = 1 + draw(25) as usize;
    let longest = 1 + draw(12);
    let mut functions = Vec::new();
    for index in 0..gates {
        let (text, inputs) = TEXTS[draw(9) as usize];
        let nodes = (launches.len() + index) as u32;
        let mut input = |_| (draw(nodes) as Node, [draw(longest), draw(longest)]);
        let inputs: Vec<_> = (0..inputs).map(&mut input).collect();
        functions.push(gate(text, &inputs));
    }
    let captures = gates.min(3);
    for _ in 0..captures {
        let source = draw((launches.len() + gates) as u32) as Node;
        functions.push(gate("A", &[(source, [draw(5), draw(5)])]));
    }
    DelayModel::of_parts(launches, functions, captures, 64)
}

#[test]
fn both_simulators_agree_on_random_netlists() {
    for seed in 0..150 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let model = random_model(&mut rng);
        let mut state = || -> Vec<bool> {
            (0..model.inputs())
                .map(|_| rng.next_u32() & 1 == 1)
                .collect()
        };
        let count = [1, 7, 64, 700][seed as usize % 4];
        let pairs: Vec<_> = (0..count).map(|_| (state(), state())).collect();
        let last = (0..model.outputs())
            .map(|o| bound_of(&model, o))
            .max()
            .unwrap();
        agree(
            &model,
            &pairs,
            [0, last / 2, last * 4 / 5][seed as usize % 3],
        );
    }
}

#[test]
fn both_simulators_agree_on_an_adder_in_a_library() {
    let library = Library::parse(include_str!("../../../tests/data/timing/small.lib")).unwrap();
    let adder = include_str!("../../../tests/data/timing/small.json");
    let netlist = Netlist::parse(adder, "adder").unwrap();
    let circuit = Circuit::bind(&netlist, &library).unwrap();
    let timing = StaticTiming::of(&circuit).unwrap();
    let signal = |name: &str| netlist.signal(name).unwrap().to_vec();
    let launch = [signal("a_q"), signal("b_q")].concat();
    let end = |net| timing.endpoints.iter().find(|end| end.net == net).unwrap();
    let ends: Vec<_> = signal("sum_d").into_iter().map(end).collect();
    let capture = ends.iter().map(|end| Capture {
        end,
        inverted: false,
    });
    let capture: Vec<_> = capture.collect();
    let model = DelayModel::new(&circuit, &timing, &launch, &capture, 500).unwrap();
    // Every pair of operands there is.
    let bits = |value: u32| -> Vec<bool> { (0..6).map(|bit| value >> bit & 1 == 1).collect() };
    let pairs: Vec<_> = (0..1 << 12).map(|n| (bits(n & 63), bits(n >> 6))).collect();
    agree(&model, &pairs, 200);
    // The static bound is that of static timing, and some operands reach it.
    let mut simulator = EventDriven::new(&model, Pulses::Transport);
    let mut latest = vec![0; model.outputs()];
    for (old, new) in &pairs {
        simulator.run(old, new);
        let sum: u32 = (0..4).map(|o| u32::from(simulator.settled(o)) << o).sum();
        let operand = |at: usize| (0..3).map(|i| u32::from(new[at + i]) << i).sum::<u32>();
        assert_eq!(sum, operand(0) + operand(3));
        for (output, latest) in latest.iter_mut().enumerate() {
            *latest = simulator.settled_after(output).max(*latest);
        }
    }
    for (output, end) in ends.iter().enumerate() {
        let static_bound = end.period().unwrap() / model.critical() * 500.0;
        assert!((f64::from(bound_of(&model, output)) - static_bound).abs() <= 0.5);
        assert!(latest[output] <= bound_of(&model, output));
    }
    assert_eq!(latest[3], 500);
}
