//! Records of `drift repack`: DRAM rows that rollbacks open, row-major against repacked.

use crate::golden::Layout;
use crate::plot::{Axis, Bar, BarSeries, Bars};
use crate::report::{Column, Figure, Item, Section, Table};
use crate::sequence::repack::{Addressed, Cost, Measured, Record};

/// The command behind the record.
pub const COMMAND: &str =
    "drift repack --configs default,edge --by-address default,edge,tpu --json FOLDER/repack.json";

/// An array in both layouts, row-major first.
pub fn pairs<T>(
    lines: &[T],
    key: impl Fn(&T) -> String,
    layout: impl Fn(&T) -> Layout,
) -> Vec<(&T, &T)> {
    let row_major = lines.iter().filter(|line| layout(line) == Layout::RowMajor);
    row_major
        .filter_map(|from| {
            let to = lines
                .iter()
                .find(|to| layout(to) == Layout::Tile && key(to) == key(from))?;
            Some((from, to))
        })
        .collect()
}

/// Measured arrays in both layouts.
pub fn measured(record: &Record) -> Vec<(&Measured, &Measured)> {
    pairs(
        &record.measured,
        |line| line.array.clone(),
        |line| line.layout,
    )
}

/// Outputs by address in both layouts.
pub fn addressed(record: &Record) -> Vec<(&Addressed, &Addressed)> {
    pairs(
        &record.by_address,
        |line| format!("{} {}", line.shape, line.array),
        |line| line.layout,
    )
}

/// Rows opened per fetch with all banks precharged.
pub fn alone(cost: &Cost) -> f64 {
    cost.per_recovery(cost.alone_activations)
}

/// The section of a record.
pub fn section(record: &Record) -> Section {
    let rows = measured(record).into_iter().map(|(from, to)| {
        let (a, b) = (from.costs.quiet, to.costs.quiet);
        let running = (a.per_recovery(a.activations), b.per_recovery(b.activations));
        let alone = (alone(&a), alone(&b));
        vec![
            from.array.clone(),
            if from.rtl { "RTL" } else { "clocked model" }.to_owned(),
            a.recoveries.to_string(),
            format!("{:.2} → {:.2}", running.0, running.1),
            format!("{:.1}×", running.0 / running.1),
            format!("{:.2} → {:.2}", alone.0, alone.1),
            format!("{:.1}×", alone.0 / alone.1),
            format!(
                "{:.0} → {:.0}",
                a.per_recovery(a.late_cycles),
                b.per_recovery(b.late_cycles)
            ),
        ]
    });
    let table = Table {
        id: "repack-measured".to_owned(),
        caption: format!(
            "DRAM rows that a rollback opens, row-major → repacked: steps of {} on the accelerator, {} upset, {}. \
             Running: rows that the fetch before left open are not opened again. Late: cycles that the engine was busy longer.",
            record.workload,
            if record.every == 1 {
                "every tile".to_owned()
            } else {
                format!("one tile of {}", record.every)
            },
            record.dram
        ),
        columns: [Column::text("Array"), Column::text("Computed by")]
            .into_iter()
            .chain(
                [
                    "Rollbacks",
                    "Rows, running",
                    "Ratio",
                    "Rows, banks precharged",
                    "Ratio",
                    "Cycles late",
                ]
                .map(Column::number),
            )
            .collect(),
        rows: rows.collect(),
        command: COMMAND.to_owned(),
    };
    let mut items = vec![Item::Table(table)];
    let pairs = addressed(record);
    if !pairs.is_empty() {
        let categories = pairs
            .iter()
            .map(|(from, _)| format!("{}, {}", from.shape, from.array));
        let per_tile = |line: &Addressed| Bar::new(line.activations as f64 / line.tiles as f64);
        let plot = Bars {
            annotated: true,
            ..Bars::new(
                "DRAM rows opened per rollback",
                categories,
                Axis::linear("Rows per tile, all banks precharged"),
            )
        }
        .series(BarSeries::new(
            "row-major",
            pairs.iter().map(|(from, _)| per_tile(from)),
        ))
        .series(BarSeries::new(
            "repacked",
            pairs.iter().map(|(_, to)| per_tile(to)),
        ));
        items.push(Item::Figure(Box::new(Figure {
            id: "repack-by-address".to_owned(),
            caption: "By address alone, every tile fetched once: outputs of DiT-XL/2 at 256×256 pixels on three arrays. Counted, \
                      not sampled: there is no interval."
                .to_owned(),
            plot: plot.into(),
            command: COMMAND.to_owned(),
        })));
    }
    Section {
        id: "repack".to_owned(),
        title: "DRAM rows of a rollback".to_owned(),
        prose: vec![
            "A tile of a row-major matrix lies on as many DRAM rows as it has lines; repacked it lies on the fewest. The ratio is a \
             property of the matrix's width, the array and the DRAM, not of the repacking unit."
                .to_owned(),
        ],
        items,
    }
}
