//! Libraries that are right, unusual, unsupported and broken.

use super::*;
use crate::timing::damage::damage;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::io::Write;
use std::path::PathBuf;

const SMALL: &str = include_str!("../../../tests/data/timing/small.lib");

fn small() -> Library {
    Library::parse(SMALL).unwrap()
}

fn close(found: f64, expected: f64) {
    let allowed = 1e-9 * expected.abs().max(1.0);
    assert!(
        (found - expected).abs() <= allowed,
        "{found} is not {expected}"
    );
}

#[test]
fn units_are_converted() {
    let library = small();
    assert_eq!(library.name, "small");
    close(library.voltage, 0.8);
    assert_eq!(library.temperature, Some(25.0));
    let inverter = library.cell("INV").unwrap();
    close(inverter.leakage.unwrap(), 0.0125);
    close(
        inverter.pin("I").unwrap().capacitance[Edge::Rise as usize],
        1.2e-3,
    );
    close(
        inverter.pin("I").unwrap().capacitance[Edge::Fall as usize],
        1.0e-3,
    );
    let output = inverter.pin("ZN").unwrap();
    let delay = output.delays[0].delay[Edge::Rise as usize]
        .as_ref()
        .unwrap();
    assert_eq!(delay.axes()[0].quantity, Quantity::InputSlew);
    assert_eq!(delay.axes()[1].quantity, Quantity::Load);
    close(delay.axes()[0].points[2], 0.2);
    close(delay.axes()[1].points[2], 0.03);
    // 6 + 4.1 * 1 + 0.21 * 5 + 0.3 * sqrt(5), as the file has it, in ps.
    close(delay.values()[0], 11.82e-3);
    // 1 fF (mV)^2 is 1e-9 pJ.
    let energy = output.powers[0].energy[Edge::Fall as usize]
        .as_ref()
        .unwrap();
    close(energy.at(|_| 0.0) * 1e9, -0.1);
}

#[test]
fn what_a_library_leaves_out_has_defaults() {
    let library = small();
    let flip_flop = library.cell("DFF").unwrap();
    close(flip_flop.pin("D").unwrap().capacitance[0], 0.9e-3);
    assert_eq!(flip_flop.pin("D").unwrap().setups.len(), 1);
    assert_eq!(flip_flop.flip_flop.as_ref().unwrap().state, ["IQ", "IQN"]);
    let cause = flip_flop.pin("QN").unwrap().delays[0].cause;
    assert_eq!(cause, Cause::Clock(Edge::Rise));
    // BUF says no sense and no leakage; the sense follows from the function.
    let buffer = library.cell("BUF").unwrap();
    assert_eq!(buffer.leakage, None);
    let cause = buffer.pin("Z").unwrap().delays[0].cause;
    assert_eq!(cause, Cause::Input(Sense::Positive));
    let nand = library.cell("NAND2").unwrap();
    let from: Vec<_> = nand
        .pin("ZN")
        .unwrap()
        .delays
        .iter()
        .map(|d| &d.from)
        .collect();
    assert_eq!(from, ["A1", "A2"]);
    close(nand.leakage_states[0].1, 0.031);
    let xor = library.cell("XOR2").unwrap();
    assert_eq!(
        xor.pin("Z").unwrap().delays[0]
            .when
            .as_ref()
            .unwrap()
            .inputs(),
        ["B"]
    );
}

#[test]
fn one_group_may_stand_for_several_pins() {
    let latch = small()
        .cells()
        .find(|cell| cell.name == "LATCH")
        .unwrap()
        .clone();
    let names: Vec<_> = latch.pins.iter().map(|pin| pin.name.as_str()).collect();
    assert_eq!(names, ["D", "E", "Q"]);
    let text = SMALL.replacen("related_pin : \"B\"", "related_pin : \"A  B\"", 1);
    let library = Library::parse(&text).unwrap();
    let output = library.cell("XOR2").unwrap().pin("Z").unwrap();
    let from: Vec<_> = output
        .delays
        .iter()
        .map(|delay| delay.from.as_str())
        .collect();
    assert_eq!(from, ["A", "A", "A", "B"]);
}

#[test]
fn cells_beyond_the_subset_are_refused_by_name_when_used() {
    let library = small();
    let refusal = |cell: &str| library.cell(cell).unwrap_err().to_string();
    assert!(
        refusal("LATCH").contains("cell LATCH of library small is not supported: it is a latch")
    );
    assert!(refusal("CCS_BUF").contains("cell CCS_BUF") && refusal("CCS_BUF").contains("(CCS)"));
    assert!(refusal("GONE").contains("no cell GONE"));
    let special = |cell: &str| library.cell(cell).unwrap().special;
    assert!(special("KEEP_ON") && !special("INV") && !special("TIEH"));
}

#[test]
fn tables_interpolate_and_extrapolate_linearly() {
    let library = small();
    let pin = library.cell("BUF").unwrap().pin("Z").unwrap();
    let table = pin.delays[0].delay[0].as_ref().unwrap();
    let at = |slew: f64, load: f64| {
        table.at(|quantity| {
            if quantity == Quantity::Load {
                load
            } else {
                slew
            }
        })
    };
    let v = table.values();
    close(at(0.005, 0.001), v[0]);
    close(at(0.2, 0.03), v[8]);
    close(at(0.04, 0.0035), (v[3] + v[4]) / 2.0);
    close(at(0.0225, 0.0035), (v[0] + v[1] + v[3] + v[4]) / 4.0);
    // Beyond the axes, with the outermost slope.
    close(at(0.04, 0.054), 2.0 * v[5] - v[4]);
    close(at(0.0, 0.006), v[1] - (v[4] - v[1]) * 5.0 / 35.0);
}

#[test]
fn functions_follow_libertys_precedence() {
    let cases = [
        ("!A*B+C", "((!A)&B)|C"),
        ("A' B C'", "(!A)&B&(!C)"),
        ("A^B C", "(A^B)&C"),
        ("(A + B)'", "!(A|B)"),
        ("!!A", "A''"),
        ("A+B'C", "A|((!B)*C)"),
    ];
    for (text, same) in cases {
        let (one, other) = (
            Function::parse(text).unwrap(),
            Function::parse(same).unwrap(),
        );
        let value = |f: &Function| {
            let word = |name: &str| match name {
                "A" => 0xaa,
                "B" => 0xcc,
                _ => 0xf0,
            };
            f.evaluate(|n| word(&f.inputs()[n])) & 0xff
        };
        assert_eq!(value(&one), value(&other), "{text}");
    }
    assert_eq!(Function::parse("A&!A").unwrap().evaluate(|_| 5), 0);
    assert_eq!(Function::parse(" 1 ").unwrap().evaluate(|_| 0), !0);
    for wrong in ["", "A+", "(A", "A)", "A ? B", "!", "+A", &"(".repeat(5000)] {
        let message = Function::parse(wrong).unwrap_err();
        assert!(message.contains("expected"), "{message}");
    }
}

#[test]
fn unknown_inputs_leave_the_result_unknown_only_where_it_depends_on_them() {
    let function = Function::parse("A B + C").unwrap();
    let with = |a, b, c| {
        let known: [Option<bool>; 3] = [a, b, c];
        function.evaluate_known(|n| match known[n] {
            None => (1, 1),
            Some(bit) => (u64::from(!bit) & 1, u64::from(bit)),
        })
    };
    assert_eq!(with(None, None, Some(true)).0 & 1, 0);
    assert_eq!(with(None, Some(false), Some(false)).1 & 1, 0);
    let open = with(None, Some(true), Some(false));
    assert_eq!((open.0 & 1, open.1 & 1), (1, 1));
}

#[test]
fn mistakes_are_reported_with_file_line_and_cell() {
    let line = |needle: &str| SMALL.lines().position(|l| l.contains(needle)).unwrap() + 1;
    let wrong = |old: &str, new: &str| {
        let text = SMALL.replacen(old, new, 1);
        assert_ne!(text, SMALL, "{old}");
        Library::parse(&text).unwrap_err()
    };
    let inverter = wrong("capacitance : 1.1", "capacitance : 1e40");
    assert_eq!(inverter.cell.as_deref(), Some("INV"));
    assert_eq!(inverter.line as usize, line("capacitance : 1.1"));
    for (old, new, says) in [
        ("(1, ff)", "(1, furlong)", "expected capacitive_load_unit"),
        ("\"1ps\"", "\"1parsec\"", "time_unit"),
        ("nom_voltage : 800;", "", "no supply voltage"),
        ("\"I'\"", "\"I'(\"", "expected"),
        ("negative_unate", "sideways", "expected positive_unate"),
        ("(delay_3x3)", "(delay_9x9)", "template delay_9x9"),
        (
            "index_1 (\"5, 40, 200\")",
            "index_1 (\"5, 5, 200\")",
            "ascending",
        ),
        (
            "index_1 (\"5, 200\")",
            "index_1 (\"5, 20, 200\")",
            "axes allow 3",
        ),
        ("capacitance : 1.1", "capacitance : \"many\"", "`many`"),
        (
            "direction : input",
            "direction : left",
            "expected input, output",
        ),
        ("clocked_on : \"CP\";", "", "no clocked_on"),
        ("cell (BUF)", "cell (INV)", "second cell"),
        ("library (small)", "librarian (small)", "expected `library"),
    ] {
        let message = wrong(old, new).to_string();
        assert!(message.contains(says), "{new}: {message}");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &SMALL[..SMALL.len() - 3]).unwrap();
    let message = Library::read(file.path()).unwrap_err().to_string();
    assert!(
        message.starts_with(&file.path().display().to_string()),
        "{message}"
    );
    assert!(message.contains("found the end of the file"), "{message}");
}

#[test]
fn gzipped_libraries_are_read_and_damaged_ones_refused() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(SMALL.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &packed).unwrap();
    assert_eq!(
        Library::read(file.path()).unwrap().cells().count(),
        small().cells().count()
    );
    std::fs::write(file.path(), &packed[..packed.len() / 2]).unwrap();
    assert!(matches!(
        Library::read(file.path()),
        Err(LibertyError::Read { .. })
    ));
}

#[test]
fn damaged_libraries_give_an_error_or_another_library() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..4000 {
        match Library::parse(&damage(SMALL, &mut rng)) {
            Ok(library) => {
                accepted += 1;
                let pins = library.cells().flat_map(|cell| &cell.pins);
                for delay in pins.flat_map(|pin| &pin.delays) {
                    for table in delay.delay.iter().chain(&delay.transition).flatten() {
                        std::hint::black_box(table.at(|_| 1e3));
                    }
                }
            }
            Err(mistake) => {
                refused += 1;
                assert!(mistake.line > 0 && !mistake.message.is_empty());
            }
        }
    }
    assert!(
        accepted > 200 && refused > 200,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn deep_nesting_is_refused_without_recursing_into_it() {
    let deep = format!("library (x) {{ {}", "g () { ".repeat(100_000));
    assert!(
        Library::parse(&deep)
            .unwrap_err()
            .message
            .contains("within each other")
    );
}

#[test]
fn what_flows_through_the_ground_counts_once() {
    // As ASAP7 says it: both rails, and leakage without a state.
    let text = SMALL;
    let rails =
        "pg_pin (VDD) { pg_type : primary_power; } pg_pin (VSS) { pg_type : primary_ground; }\n";
    let leakage = |pin: &str, value: &str| {
        format!("leakage_power () {{ value : \"{value}\"; related_pg_pin : {pin}; }}\n")
    };
    let edited = text
        .replace(
            "    cell_leakage_power : 12.5;\n",
            &(rails.to_owned() + &leakage("VDD", "12.5") + &leakage("VSS", "11")),
        )
        .replace(
            "      internal_power () {\n        related_pin : \"I\";",
            "      internal_power () { related_pin : \"I\"; related_pg_pin : VSS; power (scalar) { values (\"7\"); } }\n\
             internal_power () {\n        related_pg_pin : VDD; related_pin : \"I\";",
        );
    assert_ne!(text, edited);
    let (plain, edited) = (
        Library::parse(text).unwrap(),
        Library::parse(&edited).unwrap(),
    );
    let of = |library: &Library| {
        let cell = library.cell("INV").unwrap();
        let powers = cell.pin("ZN").unwrap().powers.len();
        (cell.leakage.unwrap(), powers)
    };
    assert_eq!(of(&plain), of(&edited));
    assert_eq!(of(&plain).1, 1);
}

/// The test library in two files, the flip-flop in one of its own, as paths joined by `+`.
fn split(folder: &Path, edit: (&str, &str)) -> PathBuf {
    let text = SMALL;
    let cut = |from: &str, to: &str| {
        let from = text.find(from).unwrap();
        from..from + text[from..].find(to).unwrap()
    };
    let (gates, flip_flop) = (
        cut("  cell (INV)", "  cell (DFF)"),
        cut("  cell (DFF)", "  cell (TIEL)"),
    );
    let without =
        |range: std::ops::Range<usize>| text[..range.start].to_owned() + &text[range.end..];
    let others = cut("  cell (TIEL)", "  lu_table_template (delay_3x3)");
    let sequential = without(gates.start..gates.end);
    let sequential = sequential
        .replace(&text[others], "")
        .replace(edit.0, edit.1);
    let (a, b) = (folder.join("a.lib"), folder.join("b.lib"));
    std::fs::write(&a, without(flip_flop)).unwrap();
    std::fs::write(&b, sequential).unwrap();
    PathBuf::from(format!("{}+{}", a.display(), b.display()))
}

#[test]
fn a_corner_may_be_several_files() {
    let folder = tempfile::tempdir().unwrap();
    let whole = small();
    let corner = Corner::read(&split(folder.path(), ("", ""))).unwrap();
    assert_eq!(
        (corner.name(), corner.texts().count()),
        ("a.lib+b.lib".to_owned(), 2)
    );
    let library = corner.library().unwrap();
    let names = |library: &Library| library.cells().map(|c| c.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&library), names(&whole));
    assert!(library.cell("DFF").unwrap().flip_flop.is_some());
    let refusal = |edit| {
        let files = split(folder.path(), edit);
        Library::read(&files).unwrap_err().to_string()
    };
    for (edit, parts) in [
        (
            ("nom_voltage : 800", "nom_voltage : 900"),
            ["b.lib", "0.9 V at 25", "expected 0.8 V at 25"],
        ),
        (
            ("cell (DFF)", "cell (INV)"),
            ["b.lib", "cell INV", "each cell once"],
        ),
        (("cell (DFF) {", "cell (DFF) }"), ["b.lib", ":", "expected"]),
    ] {
        let message = refusal(edit);
        for part in parts {
            assert!(message.contains(part), "{message:?} lacks {part:?}");
        }
    }
    let message = Library::read(Path::new("none.lib+other.lib"))
        .unwrap_err()
        .to_string();
    assert!(message.contains("none.lib: "), "{message}");
}

#[test]
fn habits_of_three_open_libraries_are_read() {
    let library = Library::parse(include_str!("../../../tests/data/timing/habits.lib")).unwrap();
    assert_eq!((library.voltage, library.temperature), (1.62, Some(125.0)));
    let inverter = library.cell("habits__inv_1").unwrap();
    // The states count, not the value for other states; microwatts.
    assert_eq!((inverter.leakage, inverter.leakage_states.len()), (None, 2));
    close(inverter.leakage_states[1].1, 0.4);
    let input = inverter.pin("I").unwrap();
    close(input.capacitance[0], 0.002546);
    let at = |table: &Option<Table>, slew: f64, load: f64| {
        table.as_ref().unwrap().at(|quantity| match quantity {
            Quantity::Load => load,
            _ => slew,
        })
    };
    // A list that goes on in the next line, within its quotes.
    close(at(&input.powers[0].energy[1], 1.9, 0.0), 0.0015);
    let arc = &inverter.pin("ZN").unwrap().delays[0];
    close(at(&arc.delay[0], 1.9, 0.01), 2.6);
    close(at(&arc.delay[1], 0.02, 0.1), 1.3);
    // Without axes of its own, those of the template.
    close(at(&arc.transition[0], 2.0, 3.0), 0.6);
    let message = library.cell("habits__dff_x4").unwrap_err().to_string();
    for part in ["habits__dff_x4", "habits", "bus or bundle"] {
        assert!(message.contains(part), "{message}");
    }
}
