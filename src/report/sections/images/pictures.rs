//! The images themselves, where they were recorded: a strip to look at, and the anchors that
//! LPIPS is read by.

use super::axes::{Axis, label};
use super::records::{Campaign, Row};
use crate::campaign::experiments::images::{Outcome, class};
use crate::image::Image as Picture;
use crate::metrics::{CLASS_NAMES, Lpips, anchors};
use crate::report::{Column, Image, Item, ReportError, Strip, StripRow, Table};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Images of a row of the strip.
const COLUMNS: usize = 6;
/// Pairs of images for an anchor.
const PAIRS: usize = 10_000;

/// The strip and the anchors; nothing where no images were recorded.
///
/// # Errors
/// [`ReportError::Content`] for images that cannot be read.
pub fn strip(campaign: &Campaign, axes: &[Axis]) -> Result<Vec<Item>, ReportError> {
    let content = |message: String| ReportError::Content {
        file: campaign.file.clone(),
        message,
    };
    let mut rows: Vec<StripRow> = Vec::new();
    let mut clean: Option<&Row> = None;
    let all: Vec<&Axis> = axes.iter().collect();
    for (at, row) in campaign
        .rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.cell.pictures)
    {
        let faultless = row.images.values().all(|image| image.faults == 0);
        if faultless && clean.is_some() {
            // Without faults, all protections make the same images.
            continue;
        }
        let images = row.images.iter().take(COLUMNS).map(|(seed, image)| {
            let class = CLASS_NAMES[class(*seed)];
            Ok(Image {
                file: format!("{}-{at}-{seed}.png", campaign.name).into(),
                alt: format!("seed {seed}, {class}"),
                note: if faultless {
                    class.to_owned()
                } else {
                    format!("{:.3}", image.lpips)
                },
                png: png(*seed, image).map_err(content)?,
            })
        });
        let label = if faultless {
            clean = Some(row);
            "error-free".to_owned()
        } else {
            label(&all, at)
        };
        rows.push(StripRow {
            label,
            images: images.collect::<Result<_, ReportError>>()?,
        });
    }
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let mut items = vec![Item::Strip(Strip {
        id: format!("{}-strip", campaign.id()),
        caption: "Images of the same seeds, with the same faults in every row of one bit error rate. Below each: LPIPS to the \
                  error-free image on top."
            .to_owned(),
        columns: Vec::new(),
        rows,
        command: campaign.command(),
    })];
    if let Some(clean) = clean {
        items.extend(anchor_table(campaign, clean, content)?.map(Item::Table));
    }
    Ok(items)
}

/// The PNG file of an image.
fn png(seed: u64, image: &Outcome) -> Result<Vec<u8>, String> {
    let decoded = STANDARD.decode(&image.picture);
    decoded.map_err(|error| format!("picture of seed {seed}: {error}"))
}

/// LPIPS between error-free images; `None` where no two can be compared.
fn anchor_table(
    campaign: &Campaign,
    clean: &Row,
    content: impl Fn(String) -> ReportError,
) -> Result<Option<Table>, ReportError> {
    let mut pictures = Vec::new();
    for (seed, image) in &clean.images {
        let png = png(*seed, image).map_err(&content)?;
        let picture = Picture::from_png(&png, &campaign.file);
        pictures.push(picture.map_err(|error| content(error.to_string()))?);
    }
    let labels: Vec<usize> = clean.images.keys().map(|seed| class(*seed)).collect();
    let views: Vec<&Picture> = pictures.iter().collect();
    let metric = |error: crate::metrics::MetricError| content(error.to_string());
    let features = Lpips::embedded().features(&views).map_err(metric)?;
    let found = anchors(&features, &labels, PAIRS, 1).map_err(metric)?;
    let rows: Vec<Vec<String>> = [
        ("same class, other seed", found.same_class),
        ("other class", found.other_class),
    ]
    .into_iter()
    .filter_map(|(name, anchor)| {
        let anchor = anchor?;
        Some(vec![
            name.to_owned(),
            format!("{:.3}", anchor.mean),
            format!("{:.3}", anchor.deviation),
            anchor.pairs.to_string(),
        ])
    })
    .collect();
    Ok((!rows.is_empty()).then(|| Table {
        id: format!("{}-anchors", campaign.id()),
        caption: "What LPIPS means: distance between error-free images of other seeds. A fault that costs as much has made \
                  another image."
            .to_owned(),
        columns: vec![
            Column::text("Error-free images"),
            Column::number("LPIPS"),
            Column::number("Standard deviation"),
            Column::number("Pairs"),
        ],
        rows,
        command: campaign.command(),
    }))
}
