//! A small sequential netlist on the made-up library, and broken ones.

use super::*;
use crate::timing::damage::damage;
use crate::timing::liberty::Library;
use crate::timing::sta::StaticTiming;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const SMALL: &str = include_str!("../../../tests/data/timing/small.lib");
const ADDER: &str = include_str!("../../../tests/data/timing/small.json");

fn library() -> Library {
    Library::parse(SMALL).unwrap()
}

fn adder() -> Netlist {
    Netlist::parse(ADDER, "adder").unwrap()
}

#[test]
fn a_netlist_of_gates_computes() {
    let (library, netlist) = (library(), adder());
    let circuit = Circuit::bind(&netlist, &library).unwrap();
    let bits = |name: &str| netlist.signal(name).unwrap();
    let mut values = vec![0; netlist.nets];
    // Cases 0 to 63: a = case % 8, b = case / 8.
    for (name, shift) in [("a_q", 0), ("b_q", 3)] {
        for (bit, net) in bits(name).iter().enumerate() {
            let case_has = |case: &u64| case >> (shift + bit) & 1 == 1;
            values[net.index()] = (0..64)
                .filter(case_has)
                .fold(0, |word, case| word | 1 << case);
        }
    }
    circuit.settle(&mut values);
    for case in 0..64 {
        let sum = bits("sum_d").iter().enumerate();
        let sum: u64 = sum
            .map(|(bit, net)| (values[net.index()] >> case & 1) << bit)
            .sum();
        assert_eq!(sum, case % 8 + case / 8, "case {case}");
    }
}

#[test]
fn outputs_of_a_flip_flop_agree() {
    let library = library();
    let text = ADDER.replacen("\"Q\": [4]", "\"Q\": [4], \"QN\": [900]", 1);
    let netlist = Netlist::parse(&text, "adder").unwrap();
    let circuit = Circuit::bind(&netlist, &library).unwrap();
    let gate = &circuit.gates[circuit.flip_flops[0]];
    let (q, complement) = (gate.net("Q").unwrap(), gate.net("QN").unwrap());
    let mut values = vec![0; netlist.nets];
    values[q.index()] = 0x0123_4567_89ab_cdef;
    values[complement.index()] = 99;
    circuit.settle(&mut values);
    assert_eq!(values[q.index()], 0x0123_4567_89ab_cdef);
    assert_eq!(values[complement.index()], !0x0123_4567_89ab_cdef);
}

#[test]
fn flip_flops_that_gate_their_output_are_refused() {
    let text = SMALL.replacen("function : \"IQ\"", "function : \"IQ D\"", 1);
    let library = Library::parse(&text).unwrap();
    let message = Circuit::bind(&adder(), &library).unwrap_err().to_string();
    assert!(
        message.contains("instance a0 of DFF: an output is not its state alone"),
        "{message}"
    );
}

#[test]
fn loads_and_cones_follow_the_pins() {
    let (library, netlist) = (library(), adder());
    let circuit = Circuit::bind(&netlist, &library).unwrap();
    let sum = netlist.signal("sum_d").unwrap();
    // Only a flip-flop's D, which has the library's default capacitance.
    for load in circuit.loads[sum[0].index()] {
        assert!((load - 0.9e-3).abs() < 1e-12, "{load}");
    }
    assert_eq!(circuit.cone(&sum[..1]).len(), 1);
    assert_eq!(circuit.cone(sum).len(), circuit.order.len());
    assert_eq!(circuit.flip_flops.len(), 10);
    assert!(circuit.area() > 10.0 * 4.2);
}

#[test]
fn netlists_that_do_not_fit_are_refused_with_the_instance() {
    let library = library();
    let refusal = |old: &str, new: &str| {
        let text = ADDER.replacen(old, new, 1);
        assert_ne!(text, ADDER, "{old}");
        let netlist = match Netlist::parse(&text, "adder") {
            Ok(netlist) => netlist,
            Err(e) => return e.to_string(),
        };
        match Circuit::bind(&netlist, &library) {
            Ok(_) => panic!("{new} was accepted"),
            Err(e) => e.to_string(),
        }
    };
    let cases = [
        ("\"XOR2\"", "\"XOR3\"", "no cell XOR3"),
        ("\"XOR2\"", "\"LATCH\"", "it is a latch"),
        ("\"ZN\"", "\"QQ\"", "no pin QQ"),
        ("\"A1\": [", "\"A1\": [2, ", "2 bits"),
        ("\"input\"", "\"inout\"", "expected input or output"),
        ("\"modules\"", "\"module\"", "not Yosys's JSON"),
        ("\"adder\"", "\"other\"", "no module adder"),
    ];
    for (old, new, says) in cases {
        let message = refusal(old, new);
        assert!(message.contains(says), "{new}: {message}");
    }
}

/// Binds instances of (name, cell, pins), the pins as in `I=2 ZN=3`.
fn wired(cells: &[(&str, &str, &str)]) -> Result<(), String> {
    let pin = |text: &str| {
        let (pin, net) = text.split_once('=').unwrap();
        (pin.to_owned(), Net(net.parse().unwrap()))
    };
    let instances = cells.iter().map(|(name, cell, pins)| Instance {
        name: (*name).to_owned(),
        cell: (*cell).to_owned(),
        pins: pins.split(' ').map(pin).collect(),
    });
    let netlist = Netlist {
        name: "wired".to_owned(),
        nets: 10,
        instances: instances.collect(),
        inputs: vec![("a".to_owned(), vec![Net(9)])],
        outputs: Vec::new(),
        signals: Vec::new(),
    };
    let library = library();
    let bound = Circuit::bind(&netlist, &library);
    bound.map(drop).map_err(|e| e.to_string())
}

#[test]
fn loops_open_inputs_and_second_drivers_are_found() {
    let ring = wired(&[("one", "INV", "I=2 ZN=3"), ("two", "INV", "I=3 ZN=2")]);
    assert!(ring.unwrap_err().contains("combinational loop"));
    let open = wired(&[("one", "INV", "ZN=3")]);
    assert!(open.unwrap_err().contains("input I is open"));
    let twice = wired(&[("one", "INV", "I=9 ZN=3"), ("two", "BUF", "I=9 Z=3")]);
    assert!(twice.unwrap_err().contains("not the only driver"));
    let port = wired(&[("one", "INV", "I=3 ZN=9")]);
    assert!(port.unwrap_err().contains("not the only driver"));
    let constant = wired(&[("one", "INV", "I=9 ZN=1")]);
    assert!(constant.unwrap_err().contains("drives a constant"));
}

#[test]
fn damaged_netlists_and_libraries_never_panic() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (good, sound) = (library(), adder());
    let (mut timed, mut refused) = (0, 0);
    let mut time = |library: &Library, netlist: &Netlist| {
        let circuit = Circuit::bind(netlist, library);
        let timing = circuit.and_then(|circuit| {
            let mut values = vec![5; netlist.nets];
            circuit.settle(&mut values);
            StaticTiming::of(&circuit)
        });
        match timing {
            Ok(_) => timed += 1,
            Err(e) => {
                refused += 1;
                assert!(!e.to_string().is_empty());
            }
        }
    };
    for _ in 0..3000 {
        if let Ok(netlist) = Netlist::parse(&damage(ADDER, &mut rng), "adder") {
            time(&good, &netlist);
        }
        if let Ok(library) = Library::parse(&damage(SMALL, &mut rng)) {
            time(&library, &sound);
        }
    }
    assert!(
        timed > 100 && refused > 100,
        "{timed} timed, {refused} refused"
    );
}
