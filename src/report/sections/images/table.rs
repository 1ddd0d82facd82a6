//! The table of a campaign of images.

use super::axes::Axis;
use super::costs;
use super::quality::quality;
use super::records::{Campaign, Row, Twins};
use crate::campaign::equal_quality::{Answer, Quality, classified};
use crate::campaign::experiments::images::CellCost;
use crate::campaign::statistics::Estimate;
use crate::metrics::{Classified, RealImages};
use crate::report::{Column, Table};

/// Every cell of the grid: the axes that vary, then what was measured.
pub fn table(campaign: &Campaign, axes: &[Axis], twins: &Twins, real: &RealImages) -> Table {
    let parameters = axes.iter().map(|axis| {
        if axis.numbers.iter().any(Option::is_some) {
            Column::number(axis.title())
        } else {
            Column::text(axis.title())
        }
    });
    // Energy and time where every cell has an operating point.
    let costs: Option<Vec<CellCost>> = campaign.rows.iter().map(costs::counted).collect();
    let costs = costs.filter(|_| campaign.rows.iter().any(|row| row.ber().is_none()));
    let costed = if costs.is_some() {
        vec![Column::number("Energy saved"), Column::number("Speedup")]
    } else {
        Vec::new()
    };
    let measured = ["LPIPS", "95% interval", "SSIM", "Right class", "FD-clf"].map(Column::number);
    let counted = ["Faults", "Images"].map(Column::number);
    let rows = campaign.rows.iter().enumerate().map(|(at, row)| {
        let mut cells: Vec<String> = axes.iter().map(|axis| axis.texts[at].clone()).collect();
        cells.extend(measures(row, real));
        cells.push(quality(row, twins, real).map_or("–".to_owned(), |quality| verdict(&quality)));
        if let Some(costs) = &costs {
            cells.push(format!("{:.1}%", 100.0 * costs[at].energy_saved()));
            cells.push(format!("{:.2}×", costs[at].speedup()));
        }
        cells.push(number(row.estimate("faults"), 0));
        cells.push(row.images.len().to_string());
        cells
    });
    let floor = campaign.rows.iter().map(|row| row.images.len()).min();
    let floor = floor.and_then(|images| Some((images, real.floor(images)?)));
    let floor = floor.map_or(String::new(), |(images, floor)| {
        format!(
            " FD-clf of {images} real images: {:.1} ± {:.1}.",
            floor.mean, floor.deviation
        )
    });
    let twin_right = campaign
        .rows
        .first()
        .and_then(|row| row.estimate("twin_right"));
    let twin_right = twin_right.map_or(String::new(), |share| {
        format!(
            " Of the error-free images, {:.0}% have the right class.",
            100.0 * share.value
        )
    });
    Table {
        id: format!("{}-cells", campaign.id()),
        caption: format!(
            "Every cell of the grid. Equal: within the bounds of equal quality; what so many images leave open is named; or which bounds are broken.\
             {floor}{twin_right}"
        ),
        columns: parameters
            .chain(measured)
            .chain([Column::text("Equal")])
            .chain(costed)
            .chain(counted)
            .collect(),
        rows: rows.collect(),
        command: campaign.command(),
    }
}

fn measures(row: &Row, real: &RealImages) -> Vec<String> {
    let loss = row.estimate("lpips");
    let interval = loss.and_then(|loss| loss.interval);
    let interval = interval.map_or("–".to_owned(), |[low, high]| {
        format!("{low:.4}–{high:.4}")
    });
    let features: Option<Vec<Classified>> = row
        .images
        .values()
        .map(|image| classified(&image.features))
        .collect();
    let distance = features.and_then(|features| real.distance(&features).ok());
    vec![
        number(loss, 4),
        interval,
        number(row.estimate("ssim"), 4),
        row.estimate("right").map_or("–".to_owned(), |share| {
            format!("{:.0}%", 100.0 * share.value)
        }),
        distance.map_or("–".to_owned(), |found| format!("{:.1}", found.distance)),
    ]
}

fn number(estimate: Option<Estimate>, digits: usize) -> String {
    estimate.map_or("–".to_owned(), |estimate| {
        format!("{:.digits$}", estimate.value)
    })
}

fn verdict(quality: &Quality) -> String {
    let criteria = quality.criteria();
    let named = |wanted: Answer| {
        let found = criteria
            .iter()
            .filter(|(_, criterion)| criterion.answer() == wanted);
        found.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    };
    if quality.is_equal() {
        match named(Answer::Open).as_str() {
            "" => "yes".to_owned(),
            open => format!("yes; open: {open}"),
        }
    } else {
        match named(Answer::Broken).as_str() {
            "" => "no".to_owned(),
            broken => format!("no: {broken}"),
        }
    }
}
