//! Sections of records that were generated to say one thing or the other.

use super::*;
use crate::baseline::{ProtectionKind, Work};
use crate::campaign::experiments::images::{Cell, Faults, Outcome, Place};
use crate::image::{Colour, Image};
use crate::infer::{PointsUsed, Selector};
use crate::policy::{ClassShares, DvfsSchedule, MonitorSettings, Schedule, Setpoint};
use crate::report::{Finding, Verdict};
use crate::synth::ArrayArea;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;

const SEEDS: u64 = 12;

fn cell(protection: ProtectionKind, ber: f64, bits: [u32; 2], place: Place) -> Cell {
    Cell {
        config: "default".to_owned(),
        steps: 20,
        guidance: 1.5,
        faults: Faults::Uniform { ber, bits },
        place,
        schedule: None,
        protection,
        interval: 10,
        threshold_bit: 10,
        taylorseer: None,
        trace: false,
        pictures: false,
    }
}

fn everywhere() -> Place {
    Place {
        name: "everywhere".to_owned(),
        any: vec![Selector::default()],
    }
}

/// An image whose loss scatters by a tenth around `loss`.
fn image(loss: f64, seed: u64) -> Outcome {
    let lpips = loss * (1.0 + 0.1 * (seed % 3) as f64 - 0.1);
    Outcome {
        lpips,
        ssim: 1.0 - lpips,
        mean_squared_error: lpips,
        right: lpips < 0.5,
        twin_right: true,
        features: (0..64)
            .map(|at| (seed * 7 + at) as f32 % 5.0 + lpips as f32)
            .collect(),
        faults: 10,
        tiles: 100,
        work: Work::default(),
        other_work: Work::default(),
        points: None,
        picture: String::new(),
        distance: Vec::new(),
    }
}

fn row(cell: Cell, outcome: impl Fn(u64) -> Outcome) -> Row {
    Row {
        raw: serde_json::to_value(&cell).expect("plain data"),
        cell,
        images: (0..SEEDS)
            .map(|seed| (seed, outcome(seed)))
            .collect::<BTreeMap<_, _>>(),
    }
}

fn campaign(rows: Vec<Row>) -> Campaign {
    Campaign {
        name: "generated".to_owned(),
        file: "generated.jsonl".into(),
        rows,
    }
}

fn made(campaign: &Campaign) -> Section {
    let twins = Twins::of([campaign]);
    section(campaign, &twins, &RealImages::embedded(), &[]).expect("a section")
}

fn finding(section: &Section, part: &str) -> Finding {
    let found = section.items.iter().find_map(|item| match item {
        Item::Finding(finding) if finding.statement.contains(part) => Some(finding.clone()),
        _ => None,
    });
    found.unwrap_or_else(|| panic!("no finding says {part:?}"))
}

/// Losses by range of bits.
fn by_bits(losses: [f64; 4]) -> Campaign {
    let ranges = [[0, 7], [8, 15], [16, 23], [24, 31]];
    let rows = ranges.into_iter().zip(losses).map(|(bits, loss)| {
        let cell = cell(ProtectionKind::None, 1e-6, bits, everywhere());
        row(cell, |seed| image(loss, seed))
    });
    campaign(rows.collect())
}

#[test]
fn bits_that_hurt_are_found_and_those_that_do_not() {
    let section = made(&by_bits([0.001, 0.002, 0.5, 0.6]));
    assert_eq!(section.title, "Which bits hurt");
    assert_eq!(finding(&section, "High-order").verdict, Verdict::Holds);
    assert_eq!(finding(&section, "harmless").verdict, Verdict::Holds);
    // The other way round, the report says so.
    let section = made(&by_bits([0.6, 0.5, 0.002, 0.001]));
    assert_eq!(finding(&section, "High-order").verdict, Verdict::Fails);
    assert_eq!(finding(&section, "harmless").verdict, Verdict::Fails);
    let found = finding(&section, "High-order");
    assert_eq!(found.records, ["generated.jsonl"]);
    assert!(found.effect.expect("an effect").value < -0.5);
    // Equal means that scatter leave it open.
    let mut open = by_bits([0.3; 4]);
    for (at, row) in open.rows.iter_mut().enumerate() {
        for (seed, image) in &mut row.images {
            image.lpips += 0.05 * ((seed + at as u64 / 2) % 2) as f64;
        }
    }
    assert_eq!(
        finding(&made(&open), "High-order").verdict,
        Verdict::Undecided
    );
}

/// Faults in the first, second, third or last quarter, followed over all steps.
fn by_step(losses: [f64; 4], last: f64) -> Campaign {
    let rows = losses.into_iter().enumerate().map(|(quarter, loss)| {
        let (first, end) = (5 * quarter, 5 * quarter + 5);
        let place = Place {
            name: format!("{first}-{}", end - 1),
            any: vec![Selector {
                steps: Some([first, end]),
                ..Selector::default()
            }],
        };
        let mut cell = cell(ProtectionKind::None, 1e-6, [8, 17], place);
        cell.trace = true;
        row(cell, |seed| {
            let distance = (0..20).map(|step| match step {
                step if step < first => 0.0,
                step if step < end => 0.1,
                19 => last * (1.0 + 0.01 * seed as f64),
                _ => 0.1,
            });
            Outcome {
                distance: distance.collect(),
                ..image(loss, seed)
            }
        })
    });
    campaign(rows.collect())
}

#[test]
fn steps_and_what_they_repair() {
    let section = made(&by_step([0.5, 0.3, 0.2, 0.1], 0.02));
    assert_eq!(finding(&section, "early steps").verdict, Verdict::Holds);
    assert_eq!(
        finding(&section, "correct themselves").verdict,
        Verdict::Holds
    );
    let figures = |section: &Section| {
        let ids = section.items.iter().filter_map(|item| match item {
            Item::Figure(figure) => Some(figure.id.clone()),
            _ => None,
        });
        ids.collect::<Vec<_>>()
    };
    assert_eq!(
        figures(&section),
        ["generated-loss", "generated-distance-1"]
    );
    let section = made(&by_step([0.1, 0.2, 0.3, 0.5], 0.9));
    assert_eq!(finding(&section, "early steps").verdict, Verdict::Fails);
    assert_eq!(
        finding(&section, "correct themselves").verdict,
        Verdict::Fails
    );
}

#[test]
fn blocks_are_compared_with_the_first() {
    let of = |losses: [f64; 3]| {
        let rows = losses.into_iter().enumerate().map(|(block, loss)| {
            let place = Place {
                name: format!("block {block}"),
                any: vec![Selector {
                    blocks: Some(vec![block as i64]),
                    ..Selector::default()
                }],
            };
            let cell = cell(ProtectionKind::None, 1e-9, [0, 31], place);
            row(cell, |seed| image(loss, seed))
        });
        made(&campaign(rows.collect()))
    };
    assert_eq!(
        finding(&of([0.3, 0.1, 0.1]), "first block").verdict,
        Verdict::Holds
    );
    assert_eq!(
        finding(&of([0.1, 0.1, 0.3]), "first block").verdict,
        Verdict::Fails
    );
}

/// Losses grow with the rate, each protection with its own slope.
fn by_rate(slopes: &[(ProtectionKind, f64)]) -> Campaign {
    let mut rows = Vec::new();
    for ber in [0.0, 1e-10, 1e-9, 1e-8, 1e-7] {
        for &(kind, slope) in slopes {
            rows.push(row(cell(kind, ber, [0, 31], everywhere()), |seed| {
                image(slope * ber, seed)
            }));
        }
    }
    campaign(rows)
}

#[test]
fn protections_are_ranked_and_compared() {
    // Loss 0.02 at 2e-10, 2e-8, 2e-9 and never.
    let campaign = by_rate(&[
        (ProtectionKind::None, 1e8),
        (ProtectionKind::Drift, 1e6),
        (ProtectionKind::ApproxAbft, 1e7),
        (ProtectionKind::Dmr, 0.0),
    ]);
    let section = made(&campaign);
    assert_eq!(
        finding(&section, "than no protection").verdict,
        Verdict::Holds
    );
    assert_eq!(finding(&section, "than ApproxABFT").verdict, Verdict::Holds);
    assert_eq!(finding(&section, "than DMR").verdict, Verdict::Fails);
    let (ratio, images) = tolerable_ratio(&campaign, 0.02).expect("both cross");
    assert!((ratio.value - 100.0).abs() < 1e-6, "{}", ratio.value);
    assert_eq!(images, SEEDS as usize);
    let table = section.items.iter().find_map(|item| match item {
        Item::Table(table) if table.id == "protections-compared" => Some(table),
        _ => None,
    });
    let names: Vec<&str> = table
        .expect("it is there")
        .rows
        .iter()
        .map(|row| row[0].as_str())
        .collect();
    assert_eq!(names, ["DMR", "DRIFT", "ApproxABFT", "no protection"]);
}

#[test]
fn prices_are_told_of_many_protections_with_the_areas_that_were_synthesised() {
    let area = ArrayArea {
        size: 16,
        plain: 344_000.0,
        checksums: 0.235,
        recovery: 0.406,
        dvfs: 0.418,
        registers: 0.474,
        memory_bits: 0.968,
        memory: None,
        composed: false,
    };
    let of = |kinds: &[ProtectionKind], areas: &[ArrayArea]| {
        let slopes: Vec<_> = kinds.iter().map(|kind| (*kind, 1e6)).collect();
        let campaign = by_rate(&slopes);
        let section = section(&campaign, &Twins::default(), &RealImages::embedded(), areas);
        let items = section.expect("a section").items;
        let table = items.into_iter().find_map(|item| match item {
            Item::Table(table) if table.id == "generated-prices" => Some(table),
            _ => None,
        });
        table.map(|table| {
            let column = table
                .columns
                .iter()
                .position(|column| column.name == "Area");
            let column = column.expect("a column");
            let rows = table.rows.iter();
            rows.map(|row| (row[0].clone(), row[column].clone()))
                .collect::<BTreeMap<_, _>>()
        })
    };
    let all = ProtectionKind::ALL;
    let found = of(&all, std::slice::from_ref(&area)).expect("a table");
    assert_eq!(found.len(), all.len());
    assert_eq!(found["no protection"], "0");
    // Synthesised, as the section of areas has it; the sequencer of points is not needed at one.
    assert_eq!(found["classical ABFT"], "+23.5%");
    assert_eq!(found["DRIFT"], "+40.6%");
    assert_eq!(found["DRIFT, row-major checkpoints"], found["DRIFT"]);
    assert_eq!(found["DRIFT, elements zeroed"], found["classical ABFT"]);
    // Of another array nothing is known.
    let other = ArrayArea { size: 32, ..area };
    assert_eq!(of(&all, &[other]).expect("a table")["DRIFT"], "–");
    // Two are no comparison.
    assert_eq!(
        of(&[ProtectionKind::None, ProtectionKind::Drift], &[]),
        None
    );
}

#[test]
fn equal_quality_is_said_of_every_cell() {
    let campaign = by_rate(&[(ProtectionKind::None, 1e8), (ProtectionKind::Drift, 1e6)]);
    let section = made(&campaign);
    let table = section.items.iter().find_map(|item| match item {
        Item::Table(table) if table.id == "generated-cells" => Some(table),
        _ => None,
    });
    let table = table.expect("it is there");
    let column = |name: &str| table.columns.iter().position(|column| column.name == name);
    let (equal, axis) = (
        column("Equal").expect("a column"),
        column("BER").expect("an axis"),
    );
    let of = |ber: &str, row: usize| {
        let rows: Vec<_> = table
            .rows
            .iter()
            .filter(|cells| cells[axis] == ber)
            .collect();
        rows[row][equal].clone()
    };
    // Twelve images cannot say whether accuracy is within a point.
    assert_eq!(of("0", 0), "yes; open: accuracy");
    assert!(of("1e-7", 0).starts_with("no: LPIPS"), "{}", of("1e-7", 0));
    assert!(of("1e-9", 1).starts_with("yes"), "{}", of("1e-9", 1));
    // Nothing of the cells that are the same everywhere.
    assert_eq!(column("Array"), None);
    assert_eq!(column("Where"), None);
}

#[test]
fn recorded_images_become_a_strip_with_anchors() {
    let grey = |value: f32| Image::new(32, 32, Colour::Grey, vec![value; 1024]).expect("an image");
    let rows = [0.0, 1e-7].map(|ber| {
        let mut cell = cell(ProtectionKind::None, ber, [0, 31], everywhere());
        cell.pictures = true;
        row(cell, |seed| Outcome {
            faults: u64::from(ber > 0.0),
            picture: STANDARD.encode(grey(seed as f32 / 20.0).to_png().expect("bytes")),
            ..image(ber * 1e6, seed)
        })
    });
    let mut campaign = campaign(rows.into());
    let section = made(&campaign);
    let Item::Strip(strip) = &section.items[0] else {
        panic!("{:?}", section.items[0]);
    };
    let labels: Vec<&str> = strip.rows.iter().map(|row| row.label.as_str()).collect();
    assert_eq!(labels, ["error-free", "BER 1e-7"]);
    assert!(strip.rows[1].images[0].png.starts_with(b"\x89PNG"));
    assert!(matches!(&section.items[1], Item::Table(table) if table.id == "generated-anchors"));
    let broken = campaign.rows[0].images.get_mut(&0).expect("an image");
    broken.picture = "?".to_owned();
    let error = super::section(&campaign, &Twins::default(), &RealImages::embedded(), &[]);
    assert!(
        error
            .expect_err("refused")
            .to_string()
            .contains("generated.jsonl: picture of seed 0")
    );
}

#[test]
fn points_of_adaptive_policies_are_told_beside_fixed_ones() {
    let cell = |adaptive: Option<MonitorSettings>| {
        let mut cell = cell(ProtectionKind::Drift, 0.0, [0, 31], everywhere());
        let point = |volts| Setpoint {
            voltage: Some(volts),
            frequency: None,
        };
        let points = match adaptive {
            Some(_) => vec![point(0.71), point(0.70)],
            None => vec![point(0.70)],
        };
        let classes = ClassShares::protecting(0.1, 0.1);
        let last = Schedule::uniform(points.len() as u8);
        let made = DvfsSchedule::with_points("moved", "scaled-14nm", classes, &points, last);
        cell.place.name = adaptive.map_or("uniform", |_| "moved").to_owned();
        cell.faults = Faults::Timing {
            voltage: Some(0.70),
            frequency: None,
            tech: "scaled-14nm".to_owned(),
        };
        cell.schedule = Some(DvfsSchedule { adaptive, ..made });
        cell
    };
    let used = PointsUsed {
        tiles: vec![10, 60, 30],
        cycles: vec![100, 600, 300],
        changes: vec![(0, 1, 1), (1, 2, 2), (2, 1, 2)],
        windows: 4,
        raises: 1,
        lowers: 2,
        panics: 0,
    };
    let rows = vec![
        row(cell(None), |seed| image(0.5, seed)),
        row(cell(Some(MonitorSettings::default())), |seed| Outcome {
            points: Some(used.clone()),
            ..image(0.001, seed)
        }),
    ];
    let section = made(&campaign(rows));
    assert!(section.title.contains("adaptive"), "{}", section.title);
    let table = section.items.iter().find_map(|item| match item {
        Item::Table(table) if table.id == "generated-points" => Some(table),
        _ => None,
    });
    let rows = &table.expect("it is there").rows;
    assert_eq!(
        (rows[0][0].as_str(), rows[0][2].as_str()),
        ("uniform, 0.7 V", "–")
    );
    assert_eq!(rows[1][0], "moved");
    assert_eq!(rows[1][2], "nominal 10.0%, 0.71 V 60.0%, 0.7 V 30.0%");
    assert_eq!(rows[1][4..8], ["5.0", "1.0", "2.0", "0.0"]);
    // The fixed point is lower than the mean of those that were used.
    let saved = |row: usize| {
        rows[row][8]
            .trim_end_matches('%')
            .parse::<f64>()
            .expect("a number")
    };
    assert!(saved(0) > saved(1), "{rows:?}");
    let figures = section
        .items
        .iter()
        .filter(|item| matches!(item, Item::Figure(_)));
    assert_eq!(figures.count(), 1);
}
