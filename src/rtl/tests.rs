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
