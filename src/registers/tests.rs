//! Properties of the table itself.

use super::*;
use crate::config::{ArrayConfig, SHIPPED};
use crate::rtl::Params;
use std::collections::{HashMap, HashSet};
use std::path::Path;

#[test]
fn offsets_are_aligned_and_names_and_offsets_unique() {
    let map = map();
    let names: HashSet<&str> = map.iter().map(|register| register.name).collect();
    assert_eq!(names.len(), map.len());
    assert!(map.windows(2).all(|two| two[0].offset < two[1].offset));
    for register in &map {
        assert!(register.offset % 4 == 0 && register.offset < ADDRESS_SPACE);
    }
}

#[test]
fn fields_do_not_overlap_and_resets_fit() {
    for (name, text) in SHIPPED {
        let config = ArrayConfig::from_yaml(text, Path::new(name)).unwrap();
        for register in map() {
            let mut used = 0;
            for field in register.fields {
                assert!(field.width > 0 && field.lsb + field.width <= 32);
                assert_eq!(used & field.mask(), 0, "{}.{}", register.name, field.name);
                used |= field.mask();
                if let Kind::Constant(reset) | Kind::Setting(reset) = field.kind {
                    let value = u64::from(reset.value(&config));
                    assert!(value < 1 << field.width, "{}", field.name);
                }
            }
            // A write is an error or not for a whole register.
            let writable = |f: &Field| f.kind.writable();
            assert!(register.fields.iter().all(writable) || !register.fields.iter().any(writable));
        }
    }
}

#[test]
fn every_bit_of_a_port_belongs_to_one_field() {
    let mut ports: HashMap<(&str, &str), Vec<(u32, u32)>> = HashMap::new();
    for register in map() {
        for field in register.fields {
            let kind = match field.kind {
                Kind::Setting(_) => "cfg",
                Kind::Status | Kind::CountLow | Kind::CountHigh => "hw",
                Kind::Pulse => "pulse",
                // An event watches an input that STATUS shows.
                _ => continue,
            };
            let bits = (field.port_lsb, field.width);
            ports.entry((kind, field.port)).or_default().push(bits);
        }
    }
    for ((kind, port), mut bits) in ports {
        bits.sort_unstable();
        let mut next = 0;
        for (lsb, width) in bits {
            assert_eq!(lsb, next, "{kind} {port}");
            next += width;
        }
    }
}

#[test]
fn widths_are_those_of_the_hardware() {
    let config = ArrayConfig::from_yaml(SHIPPED[0].1, Path::new("x")).unwrap();
    let params = Params::new(&config);
    assert_eq!(GEMM_M.fields[0].width, params.dim_width);
    let count = TILES.low.fields[0].width + TILES.high.fields[0].width;
    assert_eq!(count, params.count_width);
    assert_eq!(GEMM_M.fields[0].mask(), 0x00ff_ffff);
}

#[test]
fn words_are_taken_apart_and_put_together() {
    let word = FORCE_POINT.with(FORCE_POINT.with(0, "force_point", 5), "force_enable", 3);
    assert_eq!(word, 0x105);
    assert_eq!(FORCE_POINT.get(word, "force_point"), 5);
    let config = ArrayConfig::from_yaml(SHIPPED[0].1, Path::new("x")).unwrap();
    assert_eq!(POINT[3].reset(&config), config.run.points[3].word());
}
