//! Reading, checking and writing tables.

use super::*;
use std::path::Path;

/// A small table with round numbers: T_crit(1 V) = 1 ns.
pub(super) fn table() -> Table {
    Table::from_yaml(
        include_str!("../../tests/data/tech/small.yaml"),
        Path::new("small.yaml"),
    )
    .unwrap()
}

#[test]
fn shipped_tables_are_right() {
    for (name, text) in SHIPPED {
        Table::from_yaml(text, Path::new(name)).unwrap();
        Table::load(name).unwrap();
    }
}

#[test]
fn what_is_written_reads_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tech.yaml");
    for (name, _) in SHIPPED {
        let table = Table::load(name).unwrap();
        table.write(&file).unwrap();
        assert_eq!(Table::from_file(&file).unwrap(), table);
    }
    let mut wrong = table();
    wrong.late[0].curve[0].first.word_wrong = f64::NAN;
    let before = std::fs::read(&file).unwrap();
    let message = wrong.write(&file).unwrap_err().to_string();
    assert!(
        message.contains("late[0].curve[0].first.word_wrong"),
        "{message}"
    );
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn wrong_values_are_named() {
    let good = include_str!("../../tests/data/tech/small.yaml");
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "drift-tech/2",
            "drift-tech/9",
            &["schema", "drift-tech/9", "drift-tech/2"],
        ),
        (
            "schema: drift-tech/2\n",
            "",
            &["schema", "none", "drift-tech/2"],
        ),
        ("name: small", "name: ''", &["name", "expected a name"]),
        (
            "schema: drift-tech/2",
            "schema: drift-tech/1",
            &[
                "drift-tech/1",
                "expected \"drift-tech/2\"",
                "first row",
                "origin.command",
            ],
        ),
        (
            "pass_rows: 10",
            "pass_rows: 0",
            &["pass_rows", "expected a row at least"],
        ),
        (
            "word_wrong: 0.01\n",
            "word_wrong: -1\n",
            &["late[0].curve[0].later.word_wrong", "-1"],
        ),
        ("name: small", "nome: small", &["nome"]),
        ("alpha: 1.5", "alpha: 9", &["delay.alpha", "9", "0.5..=3"]),
        (
            "vth: 0.4",
            "vth: 0.8",
            &["delay.vth", "0.8", "lowest voltage 0.8"],
        ),
        ("vth: 0.4", "vth: .nan", &["delay.vth", "NaN"]),
        (
            "t_crit_ns: 1.0,",
            "t_crit_ns: -1.0,",
            &["delay.points[1].t_crit_ns", "-1", "above 0"],
        ),
        (
            "voltage: 1.0, t",
            "voltage: 0.7, t",
            &["delay.points[1].voltage", "0.7", "more than 0.8"],
        ),
        (
            "nominal_voltage: 1.0",
            "nominal_voltage: 2",
            &["delay.nominal_voltage", "0.8..=1"],
        ),
        (
            "sign_off_voltage: 1.0",
            "sign_off_voltage: 1.2",
            &["margins.sign_off_voltage", "1.2"],
        ),
        (
            "voltage_droop: 0.05",
            "voltage_droop: 0.3",
            &["margins.voltage_droop", "0.3"],
        ),
        (
            "noise_sigma: 0.01",
            "noise_sigma: 1",
            &["margins.noise_sigma", "expected 0..=0.1"],
        ),
        (
            "frequency_guardband: 0.1",
            "frequency_guardband: -0.1",
            &["frequency_guardband", "-0.1"],
        ),
        (
            "x: 0.9",
            "x: 0.7",
            &["late[0].curve[1].x", "0.7", "more than 0.8"],
        ),
        (
            "word_wrong: 0.1",
            "word_wrong: 1.1",
            &["late[0].curve[0].first.word_wrong", "1.1", "0..=1"],
        ),
        (
            "0.75]",
            "0.5]",
            &["late[0].curve[0].first.masks", "0.75", "add up to 1"],
        ),
        (
            "[0x80000000, 0.75]",
            "[0x40000000, 0.75]",
            &[
                "late[0].curve[0].first.masks[1]",
                "0x40000000",
                "each mask once",
            ],
        ),
        (
            "[0x80000000, 0.75]",
            "[0, 0.75]",
            &["late[0].curve[0].first.masks[1]", "0x0"],
        ),
        (
            "0, 0.025",
            "0.025",
            &["late[0].curve[0].first.bits", "a list of 31", "32"],
        ),
        (
            "0, 0.025",
            "0, 0.2",
            &["late[0].curve[0].first.bits[30]", "0.2"],
        ),
        (
            "clock_pj: 0.2",
            "clock_pj: -1",
            &["energy[1].clock_pj", "-1"],
        ),
        ("late:", "early:", &["early"]),
        ("margins:", "margins: [", &["line"]),
    ];
    for (from, to, parts) in cases {
        assert!(good.contains(from), "{from}");
        let text = good.replacen(from, to, 1);
        let message = Table::from_yaml(&text, Path::new("wrong.yaml"))
            .expect_err(to)
            .to_string();
        assert!(message.starts_with("wrong.yaml: "), "{message}");
        for part in *parts {
            assert!(message.contains(part), "{message:?} lacks {part:?}");
        }
    }
}

#[test]
fn unknown_names_are_told_what_ships() {
    let message = Table::load("nowhere.yaml").unwrap_err().to_string();
    assert!(
        message.contains("nowhere.yaml") && message.contains(SHIPPED[0].0),
        "{message}"
    );
}
