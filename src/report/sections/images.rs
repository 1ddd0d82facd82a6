//! Records of `images`: quality loss by source of faults, place and protection.

use crate::baseline::ProtectionKind;
use crate::campaign::experiments::images::{Cell, Faults, Outcome};
use crate::campaign::statistics::Estimate;
use crate::campaign::{Record, read, summarise};
use crate::plot::{Axis, Bar, BarSeries, Bars, Lines, Plot, Point, Series};
use crate::report::{Column, Figure, Item, ReportError, Section, Table};
use std::path::Path;

const CONFIDENCE: f64 = 0.95;
const LOSS: &str = "LPIPS to the error-free twin";

/// A cell with its estimates.
struct Row {
    cell: Cell,
    seeds: usize,
    estimates: Vec<Option<Estimate>>,
}

impl Row {
    fn estimate(&self, quantity: &str) -> Option<Estimate> {
        let at = Outcome::QUANTITIES
            .iter()
            .position(|name| *name == quantity)?;
        self.estimates[at]
    }

    /// The rate of a uniform source over all bits.
    fn ber(&self) -> Option<f64> {
        match self.cell.faults {
            Faults::Uniform { ber, bits: [0, 31] } => Some(ber),
            _ => None,
        }
    }
}

/// The section of a file of records.
///
/// # Errors
/// [`ReportError::Records`] for records of another kind.
pub fn section(file: &Path) -> Result<Section, ReportError> {
    let mut rows = Vec::new();
    for summary in summarise::<Outcome>(file, CONFIDENCE)? {
        rows.push(Row {
            cell: serde_json::from_value(summary.cell).map_err(|error| ReportError::Content {
                file: file.to_owned(),
                message: format!("cell: {error}"),
            })?,
            seeds: summary.seeds,
            estimates: summary.estimates,
        });
    }
    let (header, _) = read(file)?;
    let id = header.campaign.to_ascii_lowercase().replace('_', "-");
    let command = format!(
        "drift campaign configs/campaigns/paper/{}.yaml",
        header.campaign
    );
    let rates = rows.iter().filter_map(Row::ber);
    let first = rows.iter().find_map(Row::ber);
    let plot = if rates.clone().any(|ber| Some(ber) != first) {
        by_rate(&rows)
    } else {
        by_cell(&rows)
    };
    Ok(Section {
        id: id.clone(),
        title: format!("Images under faults: {}", header.campaign),
        prose: vec![
            "Images of the embedded denoiser, every GEMM in int8. Quality loss is LPIPS between an image and its error-free \
             twin of the same seed, class and sampler; the same faults meet every protection."
                .to_owned(),
        ],
        items: vec![
            Item::Figure(Box::new(Figure {
                id: format!("{id}-loss"),
                caption: "Mean over images with 95% bootstrap (BCa) intervals.".to_owned(),
                plot,
                command: command.clone(),
            })),
            Item::Table(table(&rows, &id, &command)),
        ],
    })
}

/// Loss against the bit error rate, a line for each protection. No errors have no place on a
/// logarithmic axis: they are in the table.
fn by_rate(rows: &[Row]) -> Plot {
    let axes = (
        Axis::log("Bit error rate of a captured psum"),
        Axis::linear(LOSS),
    );
    let lines = protections(rows).into_iter().map(|protection| {
        let of = rows.iter().filter(|row| row.cell.protection == protection);
        let points = of.filter_map(|row| {
            let (ber, estimate) = (row.ber()?, row.estimate("lpips")?);
            (ber > 0.0).then(|| Point {
                interval: estimate.interval,
                ..Point::new(ber, estimate.value)
            })
        });
        Series::new(protection.name(), points)
    });
    let start = Lines::new("Quality loss against bit error rate", axes.0, axes.1);
    lines.fold(start, Lines::series).into()
}

/// Loss of every cell, a colour for each protection.
fn by_cell(rows: &[Row]) -> Plot {
    let mut names: Vec<String> = Vec::new();
    for row in rows {
        let name = label(&row.cell);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let series = protections(rows).into_iter().map(|protection| {
        let bar = |name: &String| {
            let row = rows
                .iter()
                .find(|row| row.cell.protection == protection && label(&row.cell) == *name)?;
            let estimate = row.estimate("lpips")?;
            Some(Bar {
                interval: estimate.interval,
                ..Bar::new(estimate.value)
            })
        };
        BarSeries {
            name: protection.name().to_owned(),
            bars: names.iter().map(bar).collect(),
        }
    });
    let start = Bars::new("Quality loss", names.clone(), Axis::linear(LOSS));
    series.fold(start, Bars::series).into()
}

/// Protections in the order of the grid.
fn protections(rows: &[Row]) -> Vec<ProtectionKind> {
    let mut found = Vec::new();
    for row in rows {
        if !found.contains(&row.cell.protection) {
            found.push(row.cell.protection);
        }
    }
    found
}

/// A cell without its protection, in words.
fn label(cell: &Cell) -> String {
    format!(
        "{}; {}; every {} steps; θ {}",
        cell.place.name,
        source(&cell.faults),
        cell.interval,
        cell.threshold_bit
    )
}

fn source(faults: &Faults) -> String {
    match faults {
        Faults::Uniform { ber, bits: [0, 31] } => format!("BER {ber:e}"),
        Faults::Uniform {
            ber,
            bits: [low, high],
        } => format!("BER {ber:e}, bits {low}–{high}"),
        Faults::Timing {
            voltage,
            frequency,
            tech,
        } => {
            let given = |value: &Option<f64>, unit: &str| {
                value.map_or(String::new(), |value| format!("{value} {unit}, "))
            };
            format!("{}{}{tech}", given(voltage, "V"), given(frequency, "Hz"))
        }
    }
}

fn table(rows: &[Row], id: &str, command: &str) -> Table {
    let parameters = ["Place", "Faults", "Protection"].map(Column::text);
    let numbers = ["Interval", "θ", "Images"].map(Column::number);
    let quantities = [
        "LPIPS",
        "SSIM",
        "Right class",
        "Right, error-free",
        "Faults",
        "Restored",
    ]
    .map(Column::number);
    let cells = |row: &Row| {
        let cell = &row.cell;
        let mut cells = vec![
            cell.place.name.clone(),
            source(&cell.faults),
            cell.protection.name().to_owned(),
            cell.interval.to_string(),
            cell.threshold_bit.to_string(),
            row.seeds.to_string(),
        ];
        cells.extend(Outcome::QUANTITIES.iter().map(|quantity| {
            let estimate = row.estimate(quantity);
            estimate.map_or("–".to_owned(), |estimate| match *quantity {
                "faults" | "restored" => format!("{:.0}", estimate.value),
                _ => format!("{:.4}", estimate.value),
            })
        }));
        cells
    };
    Table {
        id: format!("{id}-cells"),
        caption: "Every cell of the grid, means over images.".to_owned(),
        columns: parameters
            .into_iter()
            .chain(numbers)
            .chain(quantities)
            .collect(),
        rows: rows.iter().map(cells).collect(),
        command: command.to_owned(),
    }
}
