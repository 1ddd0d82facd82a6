//! Against OpenSTA, and the fit against laws that are known.

use super::*;
use crate::tech::AlphaPower;
use crate::timing::liberty::Library;
use crate::timing::netlist::Netlist;
use crate::timing::recipe::{PE_TOP, PeSignals};
use std::path::{Path, PathBuf};

const SMALL: &str = include_str!("../../../tests/data/timing/small.lib");
const ADDER: &str = include_str!("../../../tests/data/timing/small.json");

/// Arrival and setup by OpenSTA, as tools/opensta.sh writes them.
struct Reference {
    library: String,
    instance: String,
    edge: Edge,
    bound: Bound,
}

fn references(text: &str) -> Vec<Reference> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let number = |at: usize| words[at].parse::<f64>().unwrap();
            Reference {
                library: words[0].to_owned(),
                instance: words[1].to_owned(),
                edge: if words[2] == "rise" {
                    Edge::Rise
                } else {
                    Edge::Fall
                },
                bound: Bound {
                    arrival: number(3),
                    setup: number(4),
                },
            }
        })
        .collect()
}

/// The largest relative deviation of a period from OpenSTA's.
fn deviation(circuit: &Circuit<'_>, references: &[&Reference]) -> f64 {
    let timing = StaticTiming::of(circuit).unwrap();
    let mut worst: f64 = 0.0;
    for reference in references {
        let of = |e: &&Endpoint| circuit.gates[e.gate].instance.name == reference.instance;
        let endpoint = timing.endpoints.iter().find(of).unwrap();
        let bound = endpoint.edges[reference.edge as usize].unwrap();
        let relative = bound.period() / reference.bound.period() - 1.0;
        worst = worst.max(relative.abs());
        let arrival = bound.arrival / reference.bound.arrival - 1.0;
        worst = worst.max(arrival.abs());
    }
    worst
}

#[test]
fn a_made_up_library_times_as_in_opensta() {
    let library = Library::parse(SMALL).unwrap();
    let netlist = Netlist::parse(ADDER, "adder").unwrap();
    let circuit = Circuit::bind(&netlist, &library).unwrap();
    let all = references(include_str!("../../../tests/data/timing/small.sta"));
    assert_eq!(all.len(), 8);
    let worst = deviation(&circuit, &all.iter().collect::<Vec<_>>());
    assert!(worst < 0.0005, "{worst}");
}

/// The libraries of the PE's netlist: they are not part of the project.
fn sky130() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/liberty/sky130_fd_sc_hd");
    let folder = std::env::var_os("DRIFT_LIBERTY_DIR").map_or(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!(
        "skipped: no libraries at {}; set DRIFT_LIBERTY_DIR",
        folder.display()
    );
    None
}

fn pe() -> Netlist {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/timing");
    Netlist::read(&data.join("pe.json.gz"), PE_TOP).unwrap()
}

#[test]
fn the_pe_times_as_in_opensta_at_six_voltages() {
    let Some(folder) = sky130() else { return };
    let netlist = pe();
    let signals = PeSignals::of(&netlist).unwrap();
    let all = references(include_str!("../../../tests/data/timing/pe.sta"));
    let mut points = Vec::new();
    for name in ["1v28", "1v35", "1v40", "1v44", "1v60", "1v76"] {
        let file = format!("ss_n40C_{name}.lib.gz");
        let library = Library::read(&folder.join(&file)).unwrap();
        let circuit = Circuit::bind(&netlist, &library).unwrap();
        let of_library: Vec<_> = all.iter().filter(|r| r.library == file).collect();
        assert_eq!(of_library.len(), 64, "{file}");
        let worst = deviation(&circuit, &of_library);
        let timing = StaticTiming::of(&circuit).unwrap();
        let bits = timing.of_register(&circuit, &signals.psum).unwrap();
        let period = bits.iter().filter_map(|e| e.period()).fold(0.0, f64::max);
        let expected = of_library
            .iter()
            .map(|r| r.bound.period())
            .fold(0.0, f64::max);
        eprintln!("{file}: {period:.4} ns, OpenSTA {expected:.4} ns, worst bit {worst:.5}");
        assert!(worst < 0.02, "{file}: {worst}");
        points.push((library.voltage, period));
    }
    let law = AlphaPower::fit(&points).unwrap();
    eprintln!("{law:?}");
    assert!(
        law.rms < 0.01 && law.threshold > 0.8 && law.threshold < 1.2,
        "{law:?}"
    );
}

#[test]
fn the_pe_computes_what_the_rtl_says() {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};
    let Some(folder) = sky130() else { return };
    let library = Library::read(&folder.join("ss_n40C_1v76.lib.gz")).unwrap();
    let netlist = pe();
    let circuit = Circuit::bind(&netlist, &library).unwrap();
    let signals = PeSignals::of(&netlist).unwrap();
    let timing = StaticTiming::of(&circuit).unwrap();
    let ends = timing.of_register(&circuit, &signals.psum).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    for _ in 0..200 {
        let mut values: Vec<u64> = (0..netlist.nets).map(|_| rng.next_u64()).collect();
        let before = values.clone();
        circuit.settle(&mut values);
        let word = |values: &[u64], nets: &[Net], case: u32| -> u32 {
            let bit = |(at, net): (usize, &Net)| ((values[net.index()] >> case & 1) as u32) << at;
            nets.iter().enumerate().map(bit).sum()
        };
        let sums: Vec<Net> = ends.iter().map(|e| e.net).collect();
        for case in 0..64 {
            let activation = word(&before, &signals.activation, case) as u8 as i8;
            let weight = word(&before, &signals.weight, case) as u8 as i8;
            let valid = i32::from(before[signals.valid.index()] >> case & 1 == 1);
            let above = word(&before, &signals.psum_above, case) as i32;
            let product = i32::from(activation) * i32::from(weight) * valid;
            let expected = above.wrapping_add(product);
            assert_eq!(word(&values, &sums, case) as i32, expected);
        }
    }
}

#[test]
fn both_clock_edges_are_refused() {
    let library = Library::parse(&SMALL.replacen(
        "timing_type : rising_edge;",
        "timing_type : falling_edge;",
        1,
    ));
    let library = library.unwrap();
    // Q falls with the clock, QN still rises with it.
    let text = ADDER.replacen("\"Q\": [4]", "\"Q\": [4], \"QN\": [900]", 1);
    let netlist = Netlist::parse(&text, "adder").unwrap();
    let circuit = Circuit::bind(&netlist, &library).unwrap();
    let message = StaticTiming::of(&circuit).unwrap_err().to_string();
    assert!(
        message.contains("instance a0 of DFF: flip-flops use both edges"),
        "{message}"
    );
}

#[test]
fn constants_block_arcs() {
    let library = Library::parse(SMALL).unwrap();
    let free = Netlist::parse(ADDER, "adder").unwrap();
    // b is 0: no carry, and every sum bit is a's.
    let mut tied = free.clone();
    let zeros: Vec<Net> = tied.signal("b_q").unwrap().to_vec();
    tied.instances
        .retain(|instance| !instance.name.starts_with('b') || instance.name == "b3");
    for (_, net) in tied.instances.iter_mut().flat_map(|i| &mut i.pins) {
        if zeros.contains(net) {
            *net = Net::ZERO;
        }
    }
    let period = |netlist: &Netlist| {
        let circuit = Circuit::bind(netlist, &library).unwrap();
        let timing = StaticTiming::of(&circuit).unwrap();
        let sum = netlist.signal("sum_d").unwrap();
        let top = timing
            .endpoints
            .iter()
            .find(|e| e.net == sum[3])
            .unwrap()
            .period();
        (timing.period().unwrap(), top)
    };
    let ((slow, carry), (fast, no_carry)) = (period(&free), period(&tied));
    assert!(fast < 0.7 * slow, "{fast} and {slow}");
    assert!(carry.is_some() && no_carry.is_none());
}
