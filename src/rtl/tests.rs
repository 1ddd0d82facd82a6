//! Properties of the generated text that need no external tool.

use super::*;
use crate::config::{ArrayConfig, SHIPPED};
use std::path::Path;

#[test]
fn same_input_same_bytes() {
    for (name, text) in SHIPPED {
        let config = ArrayConfig::from_yaml(text, Path::new(name)).unwrap();
        assert_eq!(
            generate(&config, "x").unwrap(),
            generate(&config, "x").unwrap()
        );
    }
}

#[test]
fn no_template_leaves_trailing_space_or_double_blank_lines() {
    for (name, text) in SHIPPED {
        let mut config = ArrayConfig::from_yaml(text, Path::new(name)).unwrap();
        for checksum in [true, false] {
            config.checksum = checksum;
            for file in generate(&config, "x").unwrap() {
                for (number, line) in file.text.lines().enumerate() {
                    assert_eq!(line, line.trim_end(), "{}:{}", file.name, number + 1);
                }
                assert!(!file.text.contains("\n\n\n"), "{}", file.name);
            }
        }
    }
}

/// Both dataflows go into the same place: the ports differ in nothing but comments. (The
/// output-stationary engine has a parameter for its hierarchy.)
#[test]
fn the_engines_of_both_dataflows_have_the_same_ports() {
    let ports = |config: &str| -> Vec<String> {
        let (_, text) = SHIPPED.iter().find(|(name, _)| *name == config).unwrap();
        let config = ArrayConfig::from_yaml(text, Path::new(config)).unwrap();
        let files = generate(&config, "x").unwrap();
        let top = files
            .iter()
            .find(|file| file.name == "drift_tile_engine.sv");
        let lines = top.unwrap().text.lines().map(str::trim);
        let from_ports = lines.skip_while(|line| !line.starts_with("input"));
        from_ports
            .take_while(|line| *line != ");")
            .filter(|line| !line.starts_with("//"))
            .map(str::to_owned)
            .collect()
    };
    let (ws, os) = (ports("tiny"), ports("tiny-os"));
    assert!(ws.len() > 30, "{ws:?}");
    assert_eq!(ws, os);
}

/// Linting the accelerator lints every module.
#[test]
fn the_accelerator_contains_every_module() {
    for (name, text) in SHIPPED {
        let mut config = ArrayConfig::from_yaml(text, Path::new(name)).unwrap();
        for checksum in [true, false] {
            config.checksum = checksum;
            let files = generate(&config, "x").unwrap();
            let modules = files.iter().filter_map(|f| f.name.strip_suffix(".sv"));
            for module in modules.filter(|name| !["drift_pkg", ACCELERATOR].contains(name)) {
                let is_instance = |line: &str| {
                    let rest = line.trim_start().strip_prefix(module).unwrap_or_default();
                    rest.starts_with(" #(") || rest.starts_with(" u_")
                };
                let used = files.iter().any(|f| f.text.lines().any(is_instance));
                assert!(used, "{name}: nothing instantiates {module}");
            }
        }
    }
}

/// An accumulator's address fits the control word, so that a column's PEs hang on nothing but the rows.
#[test]
fn the_pes_of_a_column_are_the_same_for_tiles_of_any_height() {
    let (_, text) = SHIPPED[0];
    let mut config = ArrayConfig::from_yaml(text, Path::new("x")).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for (tile_rows, checksum) in [(2, true), (2, false), (64, true), (256, true)] {
        (config.tile_rows, config.checksum) = (tile_rows, checksum);
        assert!(super::params::Params::new(&config).acc_addr_width <= 10);
        let files = generate(&config, "x").unwrap();
        let text = |name: &str| &files.iter().find(|f| f.name == name).unwrap().text;
        let parameters = text("drift_pkg.sv").lines().map(str::trim);
        let parameters = parameters.filter(|line| line.starts_with("localparam"));
        let control: Vec<&str> = parameters.filter(|p| p.contains(" Control")).collect();
        assert_eq!(control.len(), 4);
        seen.insert((text("drift_pe_column.sv").clone(), control.join("\n")));
    }
    assert_eq!(seen.len(), 1);
}
