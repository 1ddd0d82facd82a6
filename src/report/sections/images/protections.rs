//! Protections compared on the same faults: the error rate that each tolerates, and what it does
//! for that.

use super::records::{Campaign, Row};
use crate::baseline::ProtectionKind;
use crate::campaign::equal_quality;
use crate::campaign::statistics::CONFIDENCE;
use crate::report::tolerance::{Curve, Tolerable, ratio};
use crate::report::{Column, Measured, Table};

/// Loss against rate of a protection, where its cells differ in the rate alone.
pub fn curve(campaign: &Campaign, kind: ProtectionKind) -> Option<Curve> {
    let rows: Vec<&Row> = campaign
        .rows
        .iter()
        .filter(|row| row.cell.protection == kind && row.ber().is_some())
        .collect();
    let like = |row: &&Row| {
        let mut cell = row.cell.clone();
        cell.faults = rows[0].cell.faults.clone();
        cell == rows[0].cell
    };
    // Fewer rates than three are no curve.
    if rows.len() < 4 || !rows.iter().all(like) {
        return None;
    }
    Curve::new(
        rows.iter()
            .filter_map(|row| Some((row.ber()?, row.losses()))),
    )
}

/// How many times the bit error rate of no protection DRIFT tolerates, at a bound of the loss.
pub fn tolerable_ratio(campaign: &Campaign, bound: f64) -> Option<(Measured, usize)> {
    let drift = curve(campaign, ProtectionKind::Drift)?;
    let none = curve(campaign, ProtectionKind::None)?;
    Some((ratio(&drift, &none, bound, CONFIDENCE)?, drift.images()))
}

/// The rate of the grid that is next to what DRIFT tolerates, or else the most tolerant.
pub fn looked_at(campaign: &Campaign) -> Option<f64> {
    let bound = equal_quality::LPIPS;
    let tolerable = |kind| Some(curve(campaign, kind)?.tolerable(bound).rate());
    let most = || {
        let all = ProtectionKind::ALL.into_iter().filter_map(tolerable);
        all.reduce(f64::max)
    };
    let wanted = tolerable(ProtectionKind::Drift).or_else(most)?;
    let rates = campaign
        .rows
        .iter()
        .filter_map(Row::ber)
        .filter(|ber| *ber > 0.0 && *ber <= wanted);
    Some(rates.fold(0.0, f64::max))
}

/// The protections of a campaign, the most tolerant first. What they do is that at `at`, the rate
/// of the grid that is next to what DRIFT tolerates. `None` where fewer than two have curves.
pub fn protections(campaign: &Campaign) -> Option<Table> {
    let bound = equal_quality::LPIPS;
    let mut found: Vec<(ProtectionKind, Curve, Tolerable)> = ProtectionKind::ALL
        .into_iter()
        .filter_map(|kind| {
            let curve = curve(campaign, kind)?;
            let tolerable = curve.tolerable(bound);
            Some((kind, curve, tolerable))
        })
        .collect();
    if found.len() < 2 {
        return None;
    }
    let end = |tolerable: Tolerable| (matches!(tolerable, Tolerable::Above(_)), tolerable.rate());
    found.sort_by(|a, b| end(b.2).partial_cmp(&end(a.2)).expect("rates are numbers"));
    let at = looked_at(campaign)?;
    let rows = found.iter().map(|(kind, curve, tolerable)| {
        let interval = curve
            .interval(bound, CONFIDENCE)
            .filter(|_| matches!(tolerable, Tolerable::At(_)))
            .map_or("–".to_owned(), |[low, high]| {
                format!("{low:.1e}–{high:.1e}")
            });
        let mut cells = vec![title(*kind).to_owned(), tolerable.to_string(), interval];
        let row = campaign
            .rows
            .iter()
            .find(|row| row.cell.protection == *kind && row.ber() == Some(at));
        cells.extend(row.map_or(vec!["–".to_owned(); 6], costs));
        cells
    });
    Some(Table {
        id: "protections-compared".to_owned(),
        caption: format!(
            "The most tolerant first: bit error rate at which mean LPIPS reaches {bound}, with its 95% interval over {} images. \
             What each does, at BER {at:e}, per image and relative to the MACs of the outputs: MACs of checksums or of a second \
             copy, MACs repeated at the nominal point, tiles in which something was detected, elements mended, checkpoint bytes to \
             and from DRAM. ThUnderVolt's Razor flip-flops are in every PE. What that costs in energy and area is below.",
            found[0].1.images()
        ),
        columns: vec![
            Column::text("Protection"),
            Column::number("Tolerable BER"),
            Column::number("95% interval"),
            Column::number("LPIPS"),
            Column::number("Extra MACs"),
            Column::number("Repeated MACs"),
            Column::number("Tiles detected"),
            Column::number("Elements mended"),
            Column::number("DRAM traffic"),
        ],
        rows: rows.collect(),
        command: campaign.command(),
    })
}

/// What a protection did, per image.
fn costs(row: &Row) -> Vec<String> {
    let work = row.work();
    let tiles: u64 = row.images.values().map(|image| image.tiles).sum();
    let images = row.images.len().max(1) as f64;
    let share =
        |part: u64, whole: u64| format!("{:.2}%", 100.0 * part as f64 / whole.max(1) as f64);
    let mended = work.corrected + work.zeroed + work.razor_corrections + work.restored;
    let traffic = (work.checkpoint_bytes_written + work.checkpoint_bytes_read) as f64 / images;
    vec![
        row.estimate("lpips")
            .map_or("–".to_owned(), |loss| format!("{:.4}", loss.value)),
        share(work.checksum_macs + work.redundant_macs, work.macs),
        share(work.recomputed_macs, work.macs),
        share(work.detected_tiles, tiles),
        format!("{:.0}", mended as f64 / images),
        format!("{:.2} MB", traffic * 1e-6),
    ]
}

/// Name of a protection in prose.
pub fn title(kind: ProtectionKind) -> &'static str {
    match kind {
        ProtectionKind::None => "no protection",
        ProtectionKind::Dmr => "DMR",
        ProtectionKind::Thundervolt => "ThUnderVolt",
        ProtectionKind::Abft => "classical ABFT",
        ProtectionKind::ApproxAbft => "ApproxABFT",
        ProtectionKind::StatisticalAbft => "statistical ABFT",
        ProtectionKind::Drift => "DRIFT",
        ProtectionKind::DriftKeep => "DRIFT, elements kept",
        ProtectionKind::DriftZero => "DRIFT, elements zeroed",
        ProtectionKind::DriftRowMajor => "DRIFT, row-major checkpoints",
    }
}
