//! The paper's qualitative statements, put to whatever records can decide them.

use super::axes::rate;
use super::figures::traced;
use super::protections::{curve, title};
use super::records::{Campaign, Row};
use crate::baseline::ProtectionKind;
use crate::campaign::equal_quality;
use crate::campaign::experiments::images::Faults;
use crate::campaign::statistics::{CONFIDENCE, bootstrap_mean};
use crate::report::grouped::grouped;
use crate::report::statement::{Statement, mean_by_seed};
use crate::report::tolerance::{Tolerable, ratio};
use crate::report::{Finding, Format, Measured, Verdict};
use std::collections::BTreeMap;

/// First of the high-order bits of a psum.
const HIGH: u32 = 16;
/// Bits below this one are low-order in the statement that they hardly matter.
const LOW: u32 = 8;

/// Losses by seed.
type Losses = BTreeMap<u64, f64>;

/// All statements that the campaign can decide.
pub fn findings(campaign: &Campaign) -> Vec<Finding> {
    if campaign.rows.iter().any(|row| row.cell.pictures) {
        // Too few cells; other campaigns have them.
        return Vec::new();
    }
    let mut found = bits(campaign);
    found.extend(steps(campaign));
    found.extend(blocks(campaign));
    found.extend(embeddings(campaign));
    found.extend(recovers(campaign));
    found.extend(protections(campaign));
    found
}

fn statement(campaign: &Campaign, text: String, paper: &str, effect: String) -> Statement {
    Statement {
        text,
        paper: paper.to_owned(),
        effect,
        records: vec![campaign.file_name()],
        command: campaign.command(),
    }
}

/// Mean over rows, by seed; `None` without rows.
fn mean(rows: &[&Row]) -> Option<Losses> {
    let all: Vec<Losses> = rows.iter().map(|row| row.losses()).collect();
    (!all.is_empty()).then(|| mean_by_seed(&all))
}

/// The same over the rows that `keep` accepts.
fn mean_where(rows: &[&Row], keep: impl Fn(&Row) -> bool) -> Option<Losses> {
    let kept: Vec<&Row> = rows.iter().copied().filter(|row| keep(row)).collect();
    mean(&kept)
}

/// Rows without protection.
fn unprotected(campaign: &Campaign) -> Vec<&Row> {
    let rows = campaign.rows.iter();
    rows.filter(|row| row.cell.protection == ProtectionKind::None)
        .collect()
}

/// The sources of faults of rows, each with its rows.
fn by_source<'a>(rows: &[&'a Row]) -> Vec<(String, Vec<&'a Row>)> {
    grouped(rows.iter().filter_map(|row| match row.cell.faults {
        Faults::Uniform { ber, bits: [0, 31] } => Some((format!("BER {}", rate(ber)), *row)),
        Faults::Uniform {
            ber,
            bits: [low, high],
        } => Some((format!("BER {}, bits {low}–{high}", rate(ber)), *row)),
        Faults::Timing { .. } => None,
    }))
}

/// A statement for every source of faults of unprotected rows of which `losses` finds both sides: the
/// first is said to be larger.
fn compared(
    campaign: &Campaign,
    text: &str,
    paper: &str,
    effect: &str,
    losses: impl Fn(&[&Row]) -> Option<(Losses, Losses)>,
) -> Vec<Finding> {
    let sources = by_source(&unprotected(campaign));
    let found = sources.iter().filter_map(|(source, rows)| {
        let (more, less) = losses(rows)?;
        let text = format!("{text} ({source})");
        let statement = statement(campaign, text, paper, effect.to_owned());
        Some(statement.larger(&more, &less, CONFIDENCE))
    });
    found.collect()
}

fn bits(campaign: &Campaign) -> Vec<Finding> {
    let rows = unprotected(campaign).into_iter();
    let by_rate = grouped(rows.filter_map(|row| match row.cell.faults {
        Faults::Uniform { bits: [0, 31], .. } | Faults::Timing { .. } => None,
        Faults::Uniform { ber, bits } => Some((ber, (bits, row))),
    }));
    let mut found = Vec::new();
    for (ber, rows) in by_rate {
        let of = |keep: fn([u32; 2]) -> bool| {
            let kept = rows.iter().filter(|(bits, _)| keep(*bits));
            mean(&kept.map(|(_, row)| *row).collect::<Vec<_>>())
        };
        let (high, low) = (of(|[low, _]| low >= HIGH), of(|[_, high]| high < HIGH));
        if let (Some(high), Some(low)) = (high, low) {
            found.push(
                statement(
                    campaign,
                    format!("High-order psum bits hurt more than low-order ones (BER {})", rate(ber)),
                    "Low-order bit errors yield negligible impact, high-order ones more pronounced effects (figure 3).",
                    format!("LPIPS with faults in bits {HIGH}–31 minus that in bits 0–{}", HIGH - 1),
                )
                .larger(&high, &low, CONFIDENCE),
            );
        }
        if let Some(lowest) = of(|[_, high]| high < LOW) {
            // How far below the bound: above zero where it is kept.
            let room: Losses = lowest
                .iter()
                .map(|(seed, loss)| (*seed, equal_quality::LPIPS - loss))
                .collect();
            let none = room.keys().map(|seed| (*seed, 0.0)).collect();
            found.push(
                statement(
                    campaign,
                    format!(
                        "Errors in the lowest psum bits (0–{}) are harmless (BER {})",
                        LOW - 1,
                        rate(ber)
                    ),
                    "Low-order bit errors yield negligible impact (figure 3).",
                    format!(
                        "Bound of equal quality ({}) minus LPIPS",
                        equal_quality::LPIPS
                    ),
                )
                .larger(&room, &none, CONFIDENCE),
            );
        }
    }
    found
}

/// Steps `[first, end)` that all faults of a row are in.
fn fault_steps(row: &Row) -> Option<[usize; 2]> {
    match row.cell.place.any.as_slice() {
        [only] if only.blocks.is_none() && only.layers.is_none() && only.kinds.is_none() => {
            only.steps
        }
        _ => None,
    }
}

fn steps(campaign: &Campaign) -> Vec<Finding> {
    compared(
        campaign,
        "Faults in early steps hurt more than in late ones",
        "Early denoising steps are more vulnerable to errors; later steps show much higher tolerance (figure 5).",
        "LPIPS with faults in the first quarter of the steps minus that in the last",
        |rows| {
            let length = rows
                .iter()
                .filter(|row| fault_steps(row).is_some())
                .map(|row| row.cell.steps)
                .max()?;
            let early = mean_where(rows, |row| {
                fault_steps(row).is_some_and(|[_, end]| end <= length / 4 + 1)
            });
            let late = mean_where(rows, |row| {
                fault_steps(row).is_some_and(|[first, _]| first + 1 >= length - length / 4)
            });
            Some((early?, late?))
        },
    )
}

/// The block that all faults of a row are in; −1: in none.
fn fault_block(row: &Row) -> Option<i64> {
    match row.cell.place.any.as_slice() {
        [only] if only.steps.is_none() && only.layers.is_none() && only.kinds.is_none() => {
            match only.blocks.as_deref() {
                Some([block]) => Some(*block),
                _ => None,
            }
        }
        _ => None,
    }
}

fn blocks(campaign: &Campaign) -> Vec<Finding> {
    compared(
        campaign,
        "Faults in the first block hurt more than in later ones",
        "Fault sensitivity is concentrated in early transformer blocks and embedding layers.",
        "LPIPS with faults in block 0 minus the mean of the other blocks",
        |rows| {
            let of =
                |keep: fn(i64) -> bool| mean_where(rows, |row| fault_block(row).is_some_and(keep));
            Some((of(|block| block == 0)?, of(|block| block > 0)?))
        },
    )
}

fn embeddings(campaign: &Campaign) -> Vec<Finding> {
    let mut found = Vec::new();
    for (source, rows) in by_source(&unprotected(campaign)) {
        let embeds = |row: &&&Row| match row.cell.place.any.as_slice() {
            [only] => only
                .layers
                .as_ref()
                .is_some_and(|layers| layers.iter().any(|l| l.contains("embed"))),
            _ => false,
        };
        let embedding: Vec<&Row> = rows.iter().filter(embeds).copied().collect();
        let blocks: Vec<&Row> = rows
            .iter()
            .filter(|row| fault_block(row).is_some_and(|block| block >= 0))
            .copied()
            .collect();
        if let (Some(own), Some(others)) = (mean(&embedding), mean(&blocks)) {
            let faults = |rows: &[&Row]| {
                let all = rows.iter().filter_map(|row| row.estimate("faults"));
                all.map(|faults| faults.value).sum::<f64>() / rows.len() as f64
            };
            let (few, many) = (faults(&embedding), faults(&blocks));
            let paper = "Fault sensitivity is concentrated in early transformer blocks and embedding layers.";
            found.push(
                statement(
                    campaign,
                    format!("At one bit error rate, embeddings hurt more than a block ({source})"),
                    paper,
                    format!(
                        "LPIPS with faults in timestep embeddings minus the mean of the blocks; embeddings are few MACs, so an image \
                         has {few:.1} faults there, and {many:.0} in a block"
                    ),
                )
                .larger(&own, &others, CONFIDENCE),
            );
            let each = |losses: &Losses, faults: f64| -> Losses {
                losses
                    .iter()
                    .map(|(seed, loss)| (*seed, loss / faults))
                    .collect()
            };
            found.push(
                statement(
                    campaign,
                    format!("Fault for fault, embeddings hurt more than a block ({source})"),
                    paper,
                    "LPIPS per fault in timestep embeddings minus that in blocks".to_owned(),
                )
                .larger(&each(&own, few), &each(&others, many), CONFIDENCE),
            );
        }
    }
    found
}

/// Whether the distance of the latents shrinks in the steps after the last faulty one.
fn recovers(campaign: &Campaign) -> Vec<Finding> {
    let mut found = Vec::new();
    for (source, rows) in by_source(&unprotected(campaign)) {
        let mut by_seed: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for row in rows.iter().filter(|row| traced(row)) {
            let Some([_, end]) = fault_steps(row).filter(|[_, end]| *end < row.cell.steps) else {
                continue;
            };
            for (seed, image) in &row.images {
                let (Some(after), Some(last)) =
                    (image.distance.get(end - 1), image.distance.last())
                else {
                    continue;
                };
                if *after > 0.0 && *last > 0.0 {
                    by_seed.entry(*seed).or_default().push((after / last).ln());
                }
            }
        }
        let means: Vec<f64> = by_seed
            .values()
            .map(|logs| logs.iter().sum::<f64>() / logs.len() as f64)
            .collect();
        if let Some(mean) = bootstrap_mean(&means, CONFIDENCE) {
            let effect = Measured {
                value: mean.value.exp(),
                interval: mean.interval.map(|ends| ends.map(f64::exp)),
            };
            found.push(
                statement(
                    campaign,
                    format!("Latents correct themselves in the steps after a fault ({source})"),
                    "Moderate errors introduced at intermediate steps tend to be corrected in subsequent steps (figure 2).",
                    "Distance from the error-free latents after the last faulty step over that at the end (geometric mean)"
                        .to_owned(),
                )
                .decide(effect, 1.0, means.len(), Format::Ratio),
            );
        }
    }
    found
}

/// DRIFT against each other protection on the same faults.
fn protections(campaign: &Campaign) -> Vec<Finding> {
    let bound = equal_quality::LPIPS;
    let Some(drift) = curve(campaign, ProtectionKind::Drift) else {
        return Vec::new();
    };
    let others = ProtectionKind::ALL
        .into_iter()
        .filter(|kind| *kind != ProtectionKind::Drift);
    let mut found = Vec::new();
    for other in others {
        let Some(curve) = curve(campaign, other) else {
            continue;
        };
        let (text, paper) = match other {
            ProtectionKind::None => (
                "Rollback tolerates higher error rates than no protection".to_owned(),
                "Rollback-ABFT increases error tolerance by 100x.",
            ),
            ProtectionKind::DriftZero => (
                "Rollback tolerates higher error rates than zeroing the same elements".to_owned(),
                "Rollback takes what a former step computed, since adjacent steps are similar.",
            ),
            ProtectionKind::DriftKeep | ProtectionKind::DriftRowMajor => continue,
            other => (
                format!("DRIFT tolerates higher error rates than {}", title(other)),
                "DRIFT is compared with DMR, ThUnderVolt, ApproxABFT and statistical ABFT; by how much it is better is not in \
                 the summary at hand.",
            ),
        };
        let (own, theirs) = (drift.tolerable(bound), curve.tolerable(bound));
        let statement = |effect: String| statement(campaign, text.clone(), paper, effect);
        found.push(match (own, theirs, ratio(&drift, &curve, bound, CONFIDENCE)) {
            (_, _, Some(effect)) => statement(format!("Tolerable BER of DRIFT ({own}) over that of the other ({theirs})"))
                .decide(effect, 1.0, drift.images(), Format::Ratio),
            (Tolerable::At(_) | Tolerable::Below(_), Tolerable::Above(_), None) => statement(format!(
                "Tolerable BER {own}; the other's quality is equal at every rate tried, {theirs}, since it recomputes or never \
                 delivers a wrong high bit"
            ))
            .settled(Verdict::Fails, drift.images()),
            (Tolerable::Above(_), Tolerable::At(_) | Tolerable::Below(_), None) => {
                statement(format!("Tolerable BER {own}; the other's {theirs}")).settled(Verdict::Holds, drift.images())
            }
            _ => statement(format!("Tolerable BER {own}; the other's {theirs}")).settled(Verdict::Undecided, drift.images()),
        });
    }
    found
}
