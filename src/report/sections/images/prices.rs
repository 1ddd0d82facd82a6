//! What protections cost beside none, on the same faults: energy, time, area and memory traffic.

use super::costs::{ARRAY, MEMORY, PUBLISHED, model};
use super::protections::{looked_at, title};
use super::records::{Campaign, Row};
use super::titles::MANY;
use crate::baseline::ProtectionKind;
use crate::campaign::experiments::images::{Accelerator, Cell, CellCost, Faults, Price, priced};
use crate::config::ArrayConfig;
use crate::energy::{AreaConstants, AreaOverhead, Constants, area_overhead};
use crate::infer::EMBEDDED;
use crate::plot::{Axis, Bar, BarSeries, Bars};
use crate::report::{Column, Figure, Item, Table};
use crate::synth::ArrayArea;

/// Memory of the published model: the one that keeps its array busy.
const PUBLISHED_MEMORY: &str = "hbm2";

/// Rows that differ in the protection alone, that without among them.
struct Group<'a> {
    without: &'a Row,
    rows: Vec<&'a Row>,
}

/// The tables of a campaign that compares many protections on the same faults: the embedded model, and
/// a published one where faults come from an operating point, which says how many it would have.
pub fn prices(campaign: &Campaign, areas: &[ArrayArea]) -> Vec<Item> {
    let groups = groups(campaign);
    let mut on = vec![On::own()];
    if groups.iter().all(|group| group.without.ber().is_none()) {
        on.push(On::published());
    }
    let mut items = Vec::new();
    for on in on.iter().filter(|_| !groups.is_empty()) {
        // A cell that cannot be costed leaves all of it out.
        let Some(costs) = on.costs(&groups) else {
            continue;
        };
        if on.array.is_some() {
            items.push(Item::Figure(Box::new(figure(campaign, &groups, &costs))));
        }
        items.push(Item::Table(table(campaign, &groups, &costs, areas, on)));
    }
    items
}

/// Energy of an image by where it is spent, under the last schedule.
fn figure(campaign: &Campaign, groups: &[Group<'_>], costs: &[Vec<CellCost>]) -> Figure {
    let (group, costs) = groups
        .iter()
        .zip(costs)
        .next_back()
        .expect("one group at least");
    let names = group.rows.iter().map(|row| title(row.cell.protection));
    let start = Bars::new(
        format!("Energy of an image, {PUBLISHED}"),
        names,
        Axis::linear("J per image"),
    );
    let groups = costs[0].parts().groups();
    let series = groups.iter().enumerate().map(|(at, (name, _))| {
        let joules = costs.iter().map(|cost| cost.parts().groups()[at].1 * 1e-12);
        BarSeries::new(*name, joules.map(Bar::new))
    });
    let plot = series.fold(start, Bars::series).stacked();
    Figure {
        id: format!("{}-energy", campaign.id()),
        caption: format!(
            "Under {}, with {PUBLISHED_MEMORY}. Calculated from shapes, the technology table and the shares that were counted: there is \
             no interval.",
            place(&group.without.cell)
        ),
        plot: plot.into(),
        command: campaign.command(),
    }
}

fn groups(campaign: &Campaign) -> Vec<Group<'_>> {
    let unprotected = |cell: &Cell| Cell {
        protection: ProtectionKind::None,
        ..cell.clone()
    };
    let at = looked_at(campaign);
    let without = campaign.rows.iter().filter(|row| {
        let rate = row.ber().is_none_or(|ber| Some(ber) == at);
        row.cell.protection == ProtectionKind::None && rate
    });
    let group = |without| Group {
        without,
        rows: campaign
            .rows
            .iter()
            .filter(|row| unprotected(&row.cell) == without.cell)
            .collect(),
    };
    let groups = without.map(group);
    groups.filter(|group| group.rows.len() >= MANY).collect()
}

/// What is costed, and on what.
struct On {
    id: &'static str,
    model: &'static str,
    memory: &'static str,
    /// Instead of the cell's own.
    array: Option<&'static str>,
}

impl On {
    fn own() -> Self {
        Self {
            id: "prices",
            model: EMBEDDED,
            memory: MEMORY,
            array: None,
        }
    }

    fn published() -> Self {
        Self {
            id: "prices-published",
            model: PUBLISHED,
            memory: PUBLISHED_MEMORY,
            array: Some(ARRAY),
        }
    }

    fn config(&self, cell: &Cell) -> Option<ArrayConfig> {
        ArrayConfig::load(self.array.unwrap_or(&cell.config)).ok()
    }

    /// Of every row of every group.
    fn costs(&self, groups: &[Group<'_>]) -> Option<Vec<Vec<CellCost>>> {
        let of = |group: &Group<'_>| group.rows.iter().map(|row| self.cost(row)).collect();
        groups.iter().map(of).collect()
    }

    fn cost(&self, row: &Row) -> Option<CellCost> {
        let accelerator = Accelerator {
            config: self.array.and_then(|_| self.config(&row.cell)),
            ..Accelerator::with_memory(self.memory)
        };
        priced(row, model(self.model)?, &accelerator).ok()
    }

    fn area(
        &self,
        cell: &Cell,
        areas: &[ArrayArea],
        constants: &AreaConstants,
    ) -> Option<AreaOverhead> {
        let config = self.config(cell)?;
        let square = |area: &&ArrayArea| (area.size, area.size) == (config.rows, config.columns);
        let array = areas.iter().find(square)?;
        Some(area_overhead(
            cell.protection,
            moves(cell),
            array,
            constants,
        ))
    }
}

/// Whether the schedule changes the point within an image.
fn moves(cell: &Cell) -> bool {
    let Some(schedule) = &cell.schedule else {
        return false;
    };
    let points = schedule.schedule.0.as_flattened();
    points.iter().any(|point| *point != points[0])
}

fn table(
    campaign: &Campaign,
    groups: &[Group<'_>],
    costs: &[Vec<CellCost>],
    areas: &[ArrayArea],
    on: &On,
) -> Table {
    let constants = Constants::shipped();
    let several = groups.len() > 1;
    let point = |group: &Group<'_>| group.without.cell.faults.point_name();
    let same_point = groups.iter().all(|group| point(group) == point(&groups[0]));
    let mut rows = Vec::new();
    for (group, costs) in groups.iter().zip(costs) {
        let none = |row: &&Row| row.cell == group.without.cell;
        let without = group.rows.iter().position(none).expect("it is among them");
        for (row, cost) in group.rows.iter().zip(costs) {
            let price = Price {
                with: cost.clone(),
                without: costs[without].clone(),
            };
            let area = on.area(&row.cell, areas, &constants.area);
            let place = several.then(|| match same_point {
                true => row.cell.place.name.clone(),
                false => place(&row.cell),
            });
            rows.push(place.into_iter().chain(cells(row, &price, area)).collect());
        }
    }
    let at = match &groups[0].without.cell.faults {
        Faults::Uniform { ber, .. } => format!("at BER {ber:e}, everything at the nominal point"),
        faults => format!("at {}", faults.point_name()),
    };
    let quality = match on.array {
        Some(array) => format!(
            "{PUBLISHED} on the array {array} with {}, if it had the faults that the technology table lets expect and as many of its \
             wrong tiles were mended as of the small model's; of its quality nothing is known.",
            on.memory
        ),
        None => format!(
            "The embedded model on its own array with {}, as counted in its images.",
            on.memory
        ),
    };
    Table {
        id: format!("{}-{}", campaign.id(), on.id),
        caption: format!(
            "What each protection costs, relative to no protection under the same schedule and faults, {at}. {quality} Array energy: PEs, \
             what protects them, tiles computed again, and their supply. Area: gates and flip-flops on top of the plain array, with the \
             sequencer of operating points where the schedule has several; checksums and rollback as synthesised, the rest by the \
             constants in configs/energy.yaml. Bits: memories, which are not in the area. DRAM: weights, checkpoints written and fetched, operands read again. The last \
             column is all energy against the plain array at its nominal point. Energy of recovery and repacking logic is not in it."
        ),
        columns: several
            .then(|| Column::text("Schedule"))
            .into_iter()
            .chain([Column::text("Protection")])
            .chain(
                [
                    "LPIPS",
                    "Energy",
                    "Array energy",
                    "Time",
                    "Area",
                    "Bits",
                    "DRAM bytes",
                    "DRAM rows",
                    "Over nominal",
                ]
                .map(Column::number),
            )
            .collect(),
        rows,
        command: campaign.command(),
    }
}

/// The schedule and its point.
fn place(cell: &Cell) -> String {
    format!("{}, {}", cell.place.name, cell.faults.point_name())
}

fn cells(row: &Row, price: &Price, area: Option<AreaOverhead>) -> Vec<String> {
    let more = |share: f64| match format!("{:+.1}%", 100.0 * share).as_str() {
        "+0.0%" | "-0.0%" => "0".to_owned(),
        text => text.to_owned(),
    };
    let ratio = |ratio: f64| more(ratio - 1.0);
    let maybe = |share: Option<f64>| share.map_or("–".to_owned(), more);
    vec![
        title(row.cell.protection).to_owned(),
        row.estimate("lpips")
            .map_or("–".to_owned(), |loss| format!("{:.4}", loss.value)),
        ratio(price.energy()),
        ratio(price.array_energy()),
        ratio(price.time()),
        maybe(area.map(|area| area.logic)),
        maybe(area.and_then(|area| area.memory)),
        ratio(price.dram_bytes()),
        ratio(price.dram_rows()),
        more(-price.with.energy_saved()),
    ]
}
