//! Records of `drift area --sweep`: what protection costs in area.

use crate::plot::{Axis, Lines, Point, Series};
use crate::report::{Column, Figure, Item, Section, Table};
use crate::synth::{ArrayArea, REALM_OVERHEAD, SweepRecord};

const COMMAND: &str = "drift area --sweep 8,16,32,64,128 --json FOLDER/area.json";

/// The section of a record.
pub fn section(record: &SweepRecord) -> Section {
    let percent = |share: f64| format!("{:.1}%", 100.0 * share);
    let rows = record.arrays.iter().map(|array| {
        vec![
            format!("{0}×{0}", array.size),
            format!("{:.0}", array.plain),
            percent(array.checksums),
            percent(array.recovery),
            percent(array.dvfs),
            percent(array.registers),
            percent(array.memory_bits),
            if array.composed {
                "composed"
            } else {
                "synthesised"
            }
            .to_owned(),
        ]
    });
    let table = Table {
        id: "area-cells".to_owned(),
        caption: "Area on top of the tile engine without checksums; each column includes those to its left. A second copy for DMR \
                  is 100%; Razor flip-flops were not synthesised."
            .to_owned(),
        columns: std::iter::once(Column::text("Array"))
            .chain(
                [
                    format!("Plain, {}", record.unit),
                    "Checksums".to_owned(),
                    "+ recovery, repacking, monitor".to_owned(),
                    "+ DVFS".to_owned(),
                    "+ registers, sequencer".to_owned(),
                    "Memory bits".to_owned(),
                ]
                .map(Column::number),
            )
            .chain([Column::text("How")])
            .collect(),
        rows: rows.collect(),
        command: COMMAND.to_owned(),
    };
    let line = |name: &str, of: fn(&ArrayArea) -> f64| {
        let points = record.arrays.iter();
        Series::new(
            name,
            points.map(|array| Point::new(array.size as f64, 100.0 * of(array))),
        )
    };
    let ticks = record
        .arrays
        .iter()
        .map(|array| (array.size as f64, array.size.to_string()));
    let plot = Lines::new(
        "Area of protection",
        Axis::log("PEs along a side of the array").ticks(ticks),
        Axis::log("Area on top of the plain engine, %"),
    )
    .series(line("checksums", |array| array.checksums))
    .series(line("+ rollback", |array| array.recovery))
    .series(line("+ DVFS and control", |array| array.registers))
    .reference(
        crate::plot::Side::Y,
        100.0 * REALM_OVERHEAD,
        "ReaLM's detection circuits, as published",
    );
    Section {
        id: "area".to_owned(),
        title: "Area of protection".to_owned(),
        prose: vec![
            "Gates and flip-flops of the generated RTL, counted by Yosys; memories apart."
                .to_owned(),
        ],
        items: vec![
            Item::Figure(Box::new(Figure {
                id: "area-by-size".to_owned(),
                caption: "Counted, not sampled: there is no interval.".to_owned(),
                plot: plot.into(),
                command: COMMAND.to_owned(),
            })),
            Item::Table(table),
        ],
    }
}
