//! Records of `energy`: energy and time of published models by the shapes of their GEMMs.

use super::anchor;
use crate::campaign::experiments::energy::{Bill, Cell};
use crate::campaign::read;
use crate::energy::{Cost, Parts};
use crate::plot::{Axis, Bar, BarSeries, Bars};
use crate::report::{Column, Figure, Item, ReportError, Section, Table};
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
struct Stored {
    cell: Cell,
    record: Bill,
}

/// The section of a file of records.
///
/// # Errors
/// [`ReportError::Records`], [`ReportError::Content`] for records of another kind.
pub fn section(file: &Path) -> Result<Section, ReportError> {
    let (header, mut lines) = read(file)?;
    lines.sort_by_key(|line| line.job);
    let mut bills: Vec<Stored> = Vec::new();
    for line in &lines {
        let stored: Stored =
            serde_json::from_str(&line.text).map_err(|error| ReportError::Content {
                file: file.to_owned(),
                message: format!("job {}: not a record: {error}", line.id),
            })?;
        bills.push(stored);
    }
    let id = anchor(&header.campaign);
    let command = format!(
        "drift campaign configs/campaigns/paper/{}.yaml",
        header.campaign
    );
    let mut items = Vec::new();
    if let Some(first) = bills.first() {
        items.push(Item::Figure(Box::new(Figure {
            id: format!("{id}-parts"),
            caption: format!(
                "Where the energy of {} goes, per image. Calculated from shapes and constants, not sampled: there is no interval.",
                first.cell.model
            ),
            plot: parts(&bills).into(),
            command: command.clone(),
        })));
    }
    items.push(Item::Table(table(&bills, &id, &command)));
    let assumed = bills.first().map_or(String::new(), |stored| {
        format!(
            " Array {}, {}, {}, {} steps with guidance; the paper's schedule ({} steps, {} block and embeddings nominal), {:.0}% of \
             the other tiles rolled back by DRIFT.",
            stored.cell.config,
            stored.cell.tech,
            stored.cell.memory,
            stored.cell.steps,
            stored.cell.early,
            stored.cell.first,
            100.0 * stored.cell.rollbacks
        )
    });
    Ok(Section {
        id,
        title: "Energy and time of published models".to_owned(),
        prose: vec![format!(
            "Calculated from the GEMMs' shapes, whatever errors the point makes: an upper end of what a point could save, not a \
             saving at equal quality.{assumed} Every constant and its source is in `configs/energy.yaml`."
        )],
        items,
    })
}

/// Energy by part of the first model: nominal, then every setting.
fn parts(bills: &[Stored]) -> Bars {
    let first = &bills[0];
    let of_first: Vec<&Stored> = bills
        .iter()
        .filter(|stored| stored.cell.model == first.cell.model)
        .collect();
    let names = std::iter::once("plain, nominal".to_owned()).chain(
        of_first
            .iter()
            .map(|stored| stored.cell.setting.name.clone()),
    );
    let costs: Vec<_> = std::iter::once(first.record.nominal)
        .chain(of_first.iter().map(|stored| stored.record.run))
        .collect();
    let group = |name: &str, joules: fn(Parts) -> f64| {
        let bar = |cost: &Cost| Bar::new(joules(cost.energy * 1e-12));
        BarSeries::new(name, costs.iter().map(bar))
    };
    Bars::new(
        format!("Energy of an image, {}", first.cell.model),
        names,
        Axis::linear("J per image"),
    )
    .series(group("MACs and PEs", |p| p.macs + p.clock + p.leakage))
    .series(group("protection", |p| {
        p.protection + p.redundancy + p.recompute
    }))
    .series(group("regulator", |p| p.regulator + p.transitions))
    .series(group("on-chip memories", |p| {
        p.buffer + p.accumulators + p.buffer_leakage
    }))
    .series(group("DRAM", |p| {
        p.dram_weights + p.dram_activations + p.dram_background
    }))
    .series(group("checkpoints", |p| p.dram_checkpoints))
    .stacked()
}

fn table(bills: &[Stored], id: &str, command: &str) -> Table {
    let rows = bills.iter().map(|stored| {
        let Stored { cell, record } = stored;
        vec![
            cell.model.clone(),
            cell.setting.name.clone(),
            format!(
                "{:.1} → {:.1}",
                record.nominal.joules(),
                record.run.joules()
            ),
            format!("{:+.1}%", -100.0 * record.saved()),
            format!("{:.2} → {:.2}", record.nominal.seconds, record.run.seconds),
            format!("{:.2}×", record.speedup()),
            format!(
                "{:+.1}%",
                100.0 * (record.run.dram_bytes / record.nominal.dram_bytes - 1.0)
            ),
        ]
    });
    Table {
        id: format!("{id}-cells"),
        caption: "Against the plain array at its nominal point, all steps in full.".to_owned(),
        columns: [Column::text("Model"), Column::text("Setting")]
            .into_iter()
            .chain(
                [
                    "J per image",
                    "Energy",
                    "Seconds per image",
                    "Speedup",
                    "DRAM traffic",
                ]
                .map(Column::number),
            )
            .collect(),
        rows: rows.collect(),
        command: command.to_owned(),
    }
}
