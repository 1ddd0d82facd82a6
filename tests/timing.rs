//! From a configuration and a library to the delay of a PE, with the real
//! Yosys. The library is made up; nothing depends on a particular one.

use drift::config::{ArrayConfig, SHIPPED};
use drift::timing::TimingError;
use drift::timing::liberty::Library;
use drift::timing::netlist::{Circuit, Net, Netlist};
use drift::timing::recipe::{PE_TOP, PeSignals, synthesise_pe};
use drift::timing::sta::StaticTiming;
use std::path::{Path, PathBuf};

fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/timing/small.lib")
}

fn config(name: &str) -> ArrayConfig {
    let (_, text) = SHIPPED.iter().find(|(known, _)| *known == name).unwrap();
    ArrayConfig::from_yaml(text, Path::new(name)).unwrap()
}

/// The number that nets hold in a case; at most 32 bits.
fn word(values: &[u64], nets: &[Net], case: usize) -> u32 {
    let bits = nets
        .iter()
        .rev()
        .map(|net| (values[net.index()] >> case) & 1);
    bits.fold(0, |word, bit| (word << 1) | bit as u32)
}

#[test]
fn a_pe_is_mapped_to_any_library_computes_and_is_timed() {
    let pe = synthesise_pe(&config("tiny"), &library()).unwrap();
    assert!(pe.verilog.contains("module drift_pe_strip"));
    assert!(pe.script.contains("-dont_use KEEP_ON") && pe.script.contains("-booth"));
    let netlist = Netlist::parse(&pe.json, PE_TOP).unwrap();
    let signals = PeSignals::of(&netlist).unwrap();
    let library = Library::read(&library()).unwrap();
    let circuit = Circuit::bind(&netlist, &library).unwrap();
    assert!(circuit.gates.iter().all(|gate| !gate.cell.special));

    let timing = StaticTiming::of(&circuit).unwrap();
    let ends = timing.of_register(&circuit, &signals.psum).unwrap();
    let periods: Vec<f64> = ends.iter().map(|end| end.period().unwrap()).collect();
    // The carry chain and the multiplier make the high bits the slow ones.
    let slowest = periods.iter().copied().fold(0.0, f64::max);
    assert!(
        periods[0] > 0.05 && slowest > 2.0 * periods[0] && slowest < 10.0,
        "{periods:?}"
    );

    // Every net a different pattern, then the sums against the arithmetic.
    let ends: Vec<Net> = ends.iter().map(|end| end.net).collect();
    for seed in 1..=100_u64 {
        let pattern = |net: usize| {
            let mixed = (net as u64 + 1000 * seed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
        };
        let mut values: Vec<u64> = (0..netlist.nets).map(pattern).collect();
        circuit.settle(&mut values);
        for case in 0..64 {
            let activation = word(&values, &signals.activation, case) as u8 as i8;
            let weight = word(&values, &signals.weight, case) as u8 as i8;
            let valid = word(&values, &[signals.valid], case) as i32;
            let above = word(&values, &signals.psum_above, case) as i32;
            let product = valid * i32::from(activation) * i32::from(weight);
            let sum = word(&values, &ends, case) as i32;
            assert_eq!(sum, above.wrapping_add(product), "seed {seed}, case {case}");
        }
    }
}

#[test]
fn output_stationary_arrays_and_unusable_libraries_are_refused() {
    let refusal = |config: &ArrayConfig, file: &Path| synthesise_pe(config, file).unwrap_err();
    let os = refusal(&config("tiny-os"), &library());
    assert!(
        matches!(os, TimingError::Config(_)) && os.to_string().contains("expected dataflow ws")
    );
    let text = std::fs::read_to_string(library()).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        text.replace("function : \"0\"", "function : \"I\""),
    )
    .unwrap();
    let message = refusal(&config("tiny"), file.path()).to_string();
    assert!(
        message.contains("no cell that gives the constant 0"),
        "{message}"
    );
}
