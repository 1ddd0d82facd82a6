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
