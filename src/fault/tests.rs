//! Samplers and the list format.

use super::*;
use crate::config::{ArrayConfig, SHIPPED};
use crate::tiling::Tiling;
use std::io::Write;
use std::path::Path;

fn tiny() -> ArrayConfig {
    ArrayConfig::from_yaml(SHIPPED[0].1, Path::new("tiny")).unwrap()
}

fn psum(ber: f64, bits: u32) -> Sampler {
    Sampler::Uniform {
        ber,
        targets: Targets {
            registers: vec![Register::Psum],
            bits,
        },
        seed: 7,
    }
}

#[test]
fn uniform_rate_is_met_and_streams_repeat() {
    let config = tiny();
    let tiling = Tiling::new(&config, 80, 40, 40);
    let sampler = psum(1e-3, u32::MAX);
    let mut flipped = 0u64;
    for tile in tiling.tiles() {
        let faults = sampler.tile(&config, 3, &tiling, &tile);
        assert_eq!(faults, sampler.tile(&config, 3, &tiling, &tile));
        flipped += faults
            .flips
            .iter()
            .map(|f| u64::from(f.xor.count_ones()))
            .sum::<u64>();
    }
    let bits = (tiling.len() * tiling.passes() * 10 * 4 * 6 * 32) as f64;
    let expected = bits * 1e-3;
    assert!(
        (flipped as f64 - expected).abs() < 5.0 * expected.sqrt(),
        "{flipped} of {expected}"
    );
}

#[test]
fn rates_zero_and_one_and_chosen_bits() {
    let config = tiny();
    let tiling = Tiling::new(&config, 8, 4, 4);
    let tile = tiling.tile(0);
    assert!(
        psum(0.0, u32::MAX)
            .tile(&config, 0, &tiling, &tile)
            .is_empty()
    );
    let all = psum(1.0, 1 << 31 | 1).tile(&config, 0, &tiling, &tile);
    assert_eq!(all.flips.len(), 10 * 4 * 6);
    assert!(all.flips.iter().all(|f| f.xor == 1 << 31 | 1));
}

fn timing(first: f64, later: f64) -> Sampler {
    let of = |probability| RowErrors::new(probability, &[(1 << 31, 0.75), (3 << 30, 0.25)]);
    Sampler::Timing {
        errors: WordErrors {
            first: of(first),
            later: of(later),
        },
        seed: 7,
    }
}

#[test]
fn wrong_words_and_their_masks_come_as_often_as_they_should() {
    let config = tiny();
    let tiling = Tiling::new(&config, 800, 40, 40);
    let words = (tiling.len() * tiling.passes() * 4 * 6) as f64;
    let (mut first, mut later, mut double) = (0.0, 0.0, 0.0);
    for tile in tiling.tiles() {
        let sampler = timing(0.1, 0.01);
        let faults = sampler.tile(&config, 3, &tiling, &tile);
        assert_eq!(faults, sampler.tile(&config, 3, &tiling, &tile));
        for fault in &faults.flips {
            assert_eq!(fault.site.register, Register::Psum);
            *(if fault.row == 0 {
                &mut first
            } else {
                &mut later
            }) += 1.0;
            double += f64::from(fault.xor == 3 << 30);
        }
    }
    let close = |found: f64, expected: f64| (found - expected).abs() < 5.0 * expected.sqrt();
    assert!(close(first, words * 0.1), "{first} of {words}");
    assert!(
        close(later, 9.0 * words * 0.01),
        "{later} of {words} in a row"
    );
    assert!(close(double, (first + later) * 0.25), "{double}");
}

#[test]
fn all_words_and_none() {
    let config = tiny();
    let tiling = Tiling::new(&config, 8, 4, 4);
    let tile = tiling.tile(0);
    let of = |first, later| {
        let faults = timing(first, later).tile(&config, 0, &tiling, &tile);
        let in_first = faults.flips.iter().filter(|fault| fault.row == 0).count();
        (in_first, faults.flips.len() - in_first)
    };
    assert_eq!(of(1.0, 1.0), (4 * 6, 9 * 4 * 6));
    assert_eq!(of(1.0, 0.0), (4 * 6, 0));
    assert_eq!(of(0.0, 1.0), (0, 9 * 4 * 6));
    assert_eq!(of(0.0, 0.0), (0, 0));
    let none = RowErrors::new(0.0, &[]);
    let none = Sampler::Timing {
        errors: WordErrors {
            first: none.clone(),
            later: none,
        },
        seed: 1,
    };
    assert!(none.tile(&config, 0, &tiling, &tile).is_empty());
}

#[test]
fn protected_checksum_columns_are_never_hit() {
    let mut config = tiny();
    config.checksum_domain = crate::config::ChecksumDomain::Protected;
    let tiling = Tiling::new(&config, 8, 4, 4);
    let faults = psum(1.0, 1).tile(&config, 0, &tiling, &tiling.tile(0));
    assert!(faults.flips.iter().all(|f| f.site.pe_column < 4));
}

#[test]
fn lists_survive_a_round_trip() {
    let config = tiny();
    let tiling = Tiling::new(&config, 17, 9, 9);
    let mut list = FaultList::with_stuck(vec![StuckAt {
        site: Site {
            pe_row: 1,
            pe_column: 5,
            register: Register::Weight,
        },
        mask: 0x81,
        value: 0x80,
    }]);
    let sampler = psum(1e-2, u32::MAX);
    for tile in tiling.tiles() {
        list.insert(
            0,
            tile.index,
            sampler.tile(&config, 0, &tiling, &tile).flips,
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("faults.jsonl");
    list.write(&file, &config.hash(), "w", 7).unwrap();
    let (read, header) = FaultList::read(&file, &config, "w", &[tiling]).unwrap();
    assert_eq!((read, header.seed), (list, 7));
}

#[test]
fn bad_lists_are_refused_with_file_line_value_and_range() {
    let config = tiny();
    let tiling = Tiling::new(&config, 9, 9, 9);
    let header = |schema: &str, config_hash: &str| {
        format!(r#"{{"schema":"{schema}","config":"{config_hash}","workload":"w","seed":1}}"#)
    };
    let good = header("drift-faults/1", &config.hash().to_string());
    let flip = |edit: &str| {
        let mut line = serde_json::json!({"gemm":0,"tile":0,"pass":0,"row":0,"pe":[0,0],"register":"psum","xor":1});
        let edit: serde_json::Value = serde_json::from_str(edit).unwrap();
        for (key, value) in edit.as_object().unwrap() {
            line[key] = value.clone();
        }
        format!("{good}\n{line}\n")
    };
    let cases = [
        (String::new(), vec![":1:", "empty"]),
        ("nonsense\n".to_owned(), vec![":1:", "header"]),
        (
            header("drift-faults/9", "x"),
            vec![":1:", "drift-faults/9", "drift-faults/1"],
        ),
        (
            header("drift-faults/1", "beef"),
            vec!["configuration", "beef", "again"],
        ),
        (flip(r#"{"gemm":1}"#), vec![":2:", "gemm 1", "0..=0"]),
        (flip(r#"{"tile":99}"#), vec![":2:", "tile 99"]),
        (flip(r#"{"pass":3}"#), vec![":2:", "pass 3", "0..=2"]),
        (flip(r#"{"row":10}"#), vec![":2:", "row 10"]),
        (
            flip(r#"{"tile":3,"row":1}"#),
            vec![":2:", "row 1 is outside tile 3"],
        ),
        (flip(r#"{"pe":[4,0]}"#), vec![":2:", "[4, 0]", "0..=3"]),
        (flip(r#"{"pe":[0,6]}"#), vec![":2:", "outside the array"]),
        (flip(r#"{"xor":0}"#), vec![":2:", "xor 0"]),
        (
            flip(r#"{"register":"weight","xor":256}"#),
            vec![":2:", "xor 256", "1..=255"],
        ),
        (
            flip(r#"{"register":"carry"}"#),
            vec![":2:", "carry", "expected"],
        ),
        (flip(r#"{"row":-1}"#), vec![":2:", "expected"]),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (number, (text, parts)) in cases.into_iter().enumerate() {
        let file = folder.path().join(format!("case{number}"));
        std::fs::File::create(&file)
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        let message = FaultList::read(&file, &config, "w", &[tiling])
            .expect_err(&text)
            .to_string();
        assert!(message.contains(&format!("case{number}")), "{message}");
        for part in parts {
            assert!(message.contains(part), "{message:?} lacks {part:?}");
        }
    }
}

#[test]
fn faulty_tiles_are_those_that_have_faults() {
    for name in ["tiny", "default", "default-os"] {
        let yaml = crate::config::SHIPPED
            .iter()
            .find(|(n, _)| *n == name)
            .unwrap()
            .1;
        let config = ArrayConfig::from_yaml(yaml, Path::new(name)).unwrap();
        for (m, k, n) in [(1, 1, 1), (200, 70, 100), (129, 33, 290)] {
            let tiling = Tiling::new(&config, m, k, n);
            for ber in [0.0, 1e-9, 1e-6, 1e-5, 1e-4, 1e-2, 1.0] {
                if ber > 0.1 && m > 1 {
                    continue;
                }
                let uniform = Sampler::Uniform {
                    ber,
                    targets: Targets {
                        registers: Register::ALL.to_vec(),
                        bits: u32::MAX,
                    },
                    seed: 5,
                };
                let samplers = [uniform, timing(ber, 0.01 * ber), timing(0.01 * ber, ber)];
                // Tables are of weight-stationary arrays.
                let kinds = if name == "default-os" { 1 } else { 3 };
                let cases = samplers[..kinds].iter().flat_map(|s| [(s, 0), (s, 9)]);
                for (sampler, gemm) in cases {
                    let expected: Vec<_> = tiling
                        .tiles()
                        .map(|t| (t.index, sampler.tile(&config, gemm, &tiling, &t)))
                        .filter(|(_, faults)| !faults.is_empty())
                        .collect();
                    let found = sampler.faulty_tiles(&config, gemm, &tiling);
                    assert_eq!(found, expected, "{name} {m}x{k}x{n} at {ber}");
                }
            }
        }
    }
}
