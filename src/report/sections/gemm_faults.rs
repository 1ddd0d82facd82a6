//! Records of `gemm-faults`: what the checksums find, and what error is left.

use super::anchor;
use crate::campaign::experiments::gemm_faults::{Cell, Damage};
use crate::campaign::statistics::{CONFIDENCE, Estimate};
use crate::campaign::{Record, read, summarise};
use crate::plot::{Axis, Lines, Point, Series};
use crate::report::grouped::grouped;
use crate::report::{Column, Figure, Item, ReportError, Section, Table};
use std::path::Path;

/// A cell with its estimates.
struct Row {
    cell: Cell,
    seeds: usize,
    estimates: Vec<Option<Estimate>>,
}

impl Row {
    fn estimate(&self, quantity: &str) -> Option<Estimate> {
        let at = Damage::QUANTITIES
            .iter()
            .position(|name| *name == quantity)?;
        self.estimates[at]
    }
}

/// Which parameters of a cell are the horizontal axis and the name of a line.
struct Axes {
    position: fn(&Cell) -> f64,
    name: fn(&Cell) -> String,
}

/// The section of a file of records.
///
/// # Errors
/// [`ReportError::Records`] for records of another kind.
pub fn section(file: &Path) -> Result<Section, ReportError> {
    let mut rows = Vec::new();
    for summary in summarise::<Damage>(file, CONFIDENCE)? {
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
    let id = anchor(&header.campaign);
    let command = format!("drift campaign configs/campaigns/{}.yaml", header.campaign);
    let figure = |name: &str, caption: &str, plot: Lines| {
        Item::Figure(Box::new(Figure {
            id: format!("{id}-{name}"),
            caption: caption.to_owned(),
            plot: plot.into(),
            command: command.clone(),
        }))
    };
    let located = lines(
        &rows,
        "Faults that hurt, and are located",
        Axis::linear("Threshold bit θ"),
        Axis::linear("Share of faults that change an output by 2^θ or more"),
        "located",
        &Axes {
            position: |cell| f64::from(cell.threshold_bit),
            name: |cell| format!("BER {:e}", cell.ber),
        },
    );
    let residual = lines(
        &rows,
        "Error that is left after correction",
        Axis::log("Bit error rate of the psum registers"),
        Axis::log("Relative error of the outputs, ‖Y′ − Y‖ / ‖Y‖"),
        "residual_error",
        &Axes {
            position: |cell| cell.ber,
            name: |cell| format!("θ = {}", cell.threshold_bit),
        },
    );
    Ok(Section {
        id: id.clone(),
        title: "Faults in GEMMs: detected, located, missed".to_owned(),
        prose: vec![
            "Psum bits flip at a bit error rate in the GEMMs of a workload, on the golden model. A fault is `located` when \
             every output that it changes by 2^θ or more is in the correction mask. The error that is left assumes that \
             outputs in the mask are put right and all others stay as they are."
                .to_owned(),
        ],
        items: vec![
            figure(
                "located",
                "Wilson's 95% intervals over all faults of all seeds.",
                located,
            ),
            figure(
                "residual",
                "Mean over seeds with 95% bootstrap (BCa) intervals. A hollow marker at the lower edge: no error at all.",
                residual,
            ),
            Item::Table(table(&rows, &id, &command)),
        ],
    })
}

/// One line per value of one axis of the grid, over another; only the cells of
/// the first configuration, workload and range of bits.
fn lines(rows: &[Row], title: &str, x: Axis, y: Axis, quantity: &str, axes: &Axes) -> Lines {
    let same = |row: &&Row| {
        let (cell, first) = (&row.cell, &rows[0].cell);
        cell.config == first.config && cell.workload == first.workload && cell.bits == first.bits
    };
    let points = rows.iter().filter(same).filter_map(|row| {
        let estimate = row.estimate(quantity)?;
        let point = Point {
            interval: estimate.interval,
            ..Point::new((axes.position)(&row.cell), estimate.value)
        };
        Some(((axes.name)(&row.cell), point))
    });
    let series = grouped(points).into_iter();
    series
        .map(|(name, points)| Series::new(name, points))
        .fold(Lines::new(title, x, y), Lines::series)
}

fn table(rows: &[Row], id: &str, command: &str) -> Table {
    let parameters = ["Config", "Workload"].map(Column::text);
    let numbers = ["BER", "Bits", "θ", "Seeds"].map(Column::number);
    let quantities = ["Detected", "Located", "Missed", "Error", "Error left"].map(Column::number);
    let cells = |row: &Row| {
        let cell = &row.cell;
        let mut cells = vec![
            cell.config.clone(),
            cell.workload.clone(),
            format!("{:e}", cell.ber),
            format!("{}–{}", cell.bits[0], cell.bits[1]),
            cell.threshold_bit.to_string(),
            row.seeds.to_string(),
        ];
        cells.extend(
            Damage::QUANTITIES
                .iter()
                .map(|quantity| match row.estimate(quantity) {
                    None => "–".to_owned(),
                    Some(estimate) => short(estimate.value),
                }),
        );
        cells
    };
    Table {
        id: format!("{id}-cells"),
        caption: "Every cell of the grid. Detected: of the faults that changed anything; located and missed: of those that \
                  changed an output by 2^θ or more."
            .to_owned(),
        columns: parameters.into_iter().chain(numbers).chain(quantities).collect(),
        rows: rows.iter().map(cells).collect(),
        command: command.to_owned(),
    }
}

/// Four digits after the point, or a power of ten below that.
fn short(value: f64) -> String {
    if value == 0.0 || value >= 1e-3 {
        format!("{value:.4}")
    } else {
        format!("{value:.2e}")
    }
}
