//! From a configuration and a library to the delay of a PE, with the real
//! Yosys. The library is made up; nothing depends on a particular one.

use drift::config::{ArrayConfig, SHIPPED};
use drift::timing::TimingError;
use drift::timing::dynamic::{Operands, PeTiming, check as compare};
use drift::timing::liberty::Library;
use drift::timing::netlist::{Circuit, Net, Netlist};
use drift::timing::recipe::{PE_TOP, PeSignals, SynthesisedPe, cell_library, synthesise_pe};
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

/// Maps the PE, checks every sum against the arithmetic, and the plausibility
/// of the delays.
fn check(file: &Path) -> SynthesisedPe {
    let pe = synthesise_pe(&config("tiny"), file).unwrap();
    assert!(pe.verilog.contains("module drift_pe_column"));
    assert!(pe.script.contains("-dont_use KEEP_ON") && pe.script.contains("-booth"));
    let netlist = Netlist::parse(&pe.json, PE_TOP).unwrap();
    let signals = PeSignals::of(&netlist).unwrap();
    let library = Library::read(file).unwrap();
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

    // Every net a different pattern, then the sums against the arithmetic. A flip-flop
    // with an inverted output keeps the complement.
    let inverted = signals.psum.iter().rev().fold(0_u32, |word, net| {
        (word << 1) | u32::from(circuit.keeps_complement(*net).unwrap())
    });
    // Both simulators find the sums, and errors below the critical path.
    let dynamic = PeTiming::new(&netlist, &library, None).unwrap();
    let periods = [500, 700, 900, 1000];
    let agreement = compare(&dynamic, &mut Operands::random(1), &periods, 512, |_| {}).unwrap();
    assert!(
        agreement.holds() && agreement.wrong_words > 10,
        "{agreement:?}"
    );

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
            let sum = (word(&values, &ends, case) ^ inverted) as i32;
            assert_eq!(sum, above.wrapping_add(product), "seed {seed}, case {case}");
        }
    }
    pe
}

/// The made-up library with pieces replaced.
fn edited(edits: &[(&str, &str)]) -> tempfile::NamedTempFile {
    let mut text = std::fs::read_to_string(library()).unwrap();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn a_pe_is_mapped_to_any_library_computes_and_is_timed() {
    let script = check(&library()).script;
    assert!(script.contains("hilomap") && !script.contains("expose w:psum_q[1]"));
}

#[test]
fn libraries_without_tie_cells_leave_constants() {
    let file = edited(&[("function : \"0\"", "function : \"I\"")]);
    assert!(!check(file.path()).script.contains("hilomap"));
}

#[test]
fn flip_flops_may_have_an_inverted_output_only() {
    // As ASAP7 has them: the state is the complement of the data.
    let file = edited(&[
        ("next_state : \"D\"", "next_state : \"!D\""),
        ("function : \"IQN\"", "function : \"IQ\""),
    ]);
    assert!(check(file.path()).script.contains("expose w:psum_q[1]"));
    let file = edited(&[("function : \"IQ\"", "function : \"IQN\"")]);
    assert!(check(file.path()).script.contains("expose w:psum_q[1]"));
}

#[test]
fn libraries_may_be_split_by_kind_of_cell() {
    // As that of ASAP7 is: flip-flops apart, several files for one condition.
    let text = std::fs::read_to_string(library()).unwrap();
    let at = |text: &str, what: &str| text.find(what).unwrap();
    let (first, second) = (at(&text, "  cell (INV)"), at(&text, "  cell (BUF)"));
    let flip_flop = at(&text, "  cell (DFF)");
    let (after, templates) = (at(&text, "  cell (TIEL)"), at(&text, "  lu_table_template"));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, cells: [&str; 2]| {
        let file = folder.path().join(name);
        let whole = [&text[..first], cells[0], cells[1], &text[templates..]].concat();
        std::fs::write(&file, whole).unwrap();
        file.display().to_string()
    };
    let simple = file(
        "simple.lib",
        [&text[first..flip_flop], &text[after..templates]],
    );
    let sequential = file("seq.lib", [&text[flip_flop..after], ""]);
    let split = check(Path::new(&format!("{simple}+{sequential}")));
    let whole = check(&library());
    assert_eq!(split.verilog, whole.verilog);
    // ABC cannot begin with a file of inverters or flip-flops only.
    let inverter = file("inv.lib", [&text[first..second], ""]);
    let others = [&text[second..flip_flop], &text[after..templates]];
    let others = file("others.lib", others);
    let split = check(Path::new(&format!("{inverter}+{sequential}+{others}")));
    assert_eq!(split.verilog, whole.verilog);
}

#[test]
fn wire_loads_that_abc_does_not_know_do_not_matter() {
    // As IHP SG13G2 names them.
    let wires = "default_input_pin_cap : 0.9;
  wire_load_table (\"1k\") { fanout_capacitance (1, 0.2); fanout_length (1, 9.0); }
  wire_load_selection (\"layers\") { wire_load_from_area (0, 900, 1k); }
  default_wire_load : \"1k\";
  default_wire_load_selection : \"layers\";";
    let file = edited(&[("default_input_pin_cap : 0.9;", wires)]);
    assert_eq!(check(file.path()).verilog, check(&library()).verilog);
}

#[test]
fn flip_flops_may_have_a_reset_that_is_kept_off() {
    // As IHP SG13G2 has them: no flip-flop without one.
    let pin = "pin (R) { direction : input; }\n    pin (D) {\n      direction : input; /* cap";
    let file = edited(&[
        ("next_state : \"D\"", "next_state : \"D\"; clear : \"R'\""),
        ("pin (D) {\n      direction : input; /* cap", pin),
    ]);
    let pe = check(file.path());
    // The same flip-flop with its reset at something that changes.
    let netlist = Netlist::parse(&pe.json, PE_TOP).unwrap();
    let mut wrong = netlist.clone();
    let flip_flop = wrong
        .instances
        .iter_mut()
        .find(|i| i.cell == "DFF")
        .unwrap();
    let clock = flip_flop
        .pins
        .iter()
        .find(|(name, _)| name == "D")
        .unwrap()
        .1;
    flip_flop
        .pins
        .iter_mut()
        .find(|(name, _)| name == "R")
        .unwrap()
        .1 = clock;
    let library = Library::read(file.path()).unwrap();
    let circuit = Circuit::bind(&wrong, &library).unwrap();
    let message = StaticTiming::of(&circuit).unwrap_err().to_string();
    assert!(
        message.contains("of DFF") && message.contains("set or reset can act"),
        "{message}"
    );
}

#[test]
fn output_stationary_arrays_and_unusable_libraries_are_refused() {
    let refusal = |config: &ArrayConfig, file: &Path| synthesise_pe(config, file).unwrap_err();
    let os = refusal(&config("tiny-os"), &library());
    assert!(
        matches!(os, TimingError::Config(_)) && os.to_string().contains("expected dataflow ws")
    );
    let no_flip_flop = ("ff (IQ, IQN)", "latch (IQ, IQN)", "no flip-flop");
    let no_buffer = (
        "  cell (BUF) {",
        "  cell (BUF) { dont_use : true;",
        "no buffer",
    );
    for (from, to, what) in [no_flip_flop, no_buffer] {
        let file = edited(&[(from, to)]);
        let message = refusal(&config("tiny"), file.path()).to_string();
        assert!(message.contains(what), "{message}");
    }
    // A PE has no reset; whole arrays have.
    let message = cell_library(&library()).unwrap_err().to_string();
    let what = "small has no flip-flop with an asynchronous set or reset";
    assert!(message.contains(what), "{message}");
}
