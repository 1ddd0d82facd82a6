//! What protections cost beside none, on the same faults: energy, time, area and memory traffic.

use super::costs::{ARRAY, MEMORY, PUBLISHED, model};
use super::findings::title;
use super::protections::looked_at;
use super::records::{Campaign, Row};
use super::titles::MANY;
use crate::baseline::ProtectionKind;
use crate::campaign::experiments::images::{Accelerator, Cell, CellCost, Faults, Price, priced};
use crate::config::ArrayConfig;
use crate::energy::{AreaConstants, AreaOverhead, Constants, area_overhead};
use crate::infer::EMBEDDED;
use crate::report::{Column, Table};
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
pub fn prices(campaign: &Campaign, areas: &[ArrayArea]) -> Vec<Table> {
    let groups = groups(campaign);
    if groups.is_empty() {
        return Vec::new();
    }
    let mut tables = vec![table(campaign, &groups, areas, &On::own())];
    if groups.iter().all(|group| group.without.ber().is_none()) {
        tables.push(table(campaign, &groups, areas, &On::published()));
    }
    tables.into_iter().flatten().collect()
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

/// `None` where a cell cannot be costed.
fn table(campaign: &Campaign, groups: &[Group<'_>], areas: &[ArrayArea], on: &On) -> Option<Table> {
    let constants = Constants::shipped();
    let several = groups.len() > 1;
    let mut rows = Vec::new();
    for group in groups {
        let without = on.cost(group.without)?;
        for row in &group.rows {
            let price = Price {
                with: on.cost(row)?,
                without: without.clone(),
            };
            let area = on.area(&row.cell, areas, &constants.area);
            let place = several.then(|| place(&row.cell));
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
    Some(Table {
        id: format!("{}-{}", campaign.id(), on.id),
        caption: format!(
            "What each protection costs, relative to no protection under the same schedule and faults, {at}. {quality} Array energy: PEs, \
             what protects them, tiles computed again, and their supply. Area: gates and flip-flops on top of the plain array, with the \
             sequencer of operating points where the schedule has several; checksums and rollback as synthesised, the rest by the \
             constants in configs/energy.yaml. DRAM: weights, checkpoints written and fetched, operands read again. The last \
             column is against the plain array at its nominal point. Energy of recovery and repacking logic is not in it."
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
                    "Memory bits",
                    "DRAM bytes",
                    "DRAM rows",
                    "Energy over nominal",
                ]
                .map(Column::number),
            )
            .collect(),
        rows,
        command: campaign.command(),
    })
}

/// The schedule and its point.
fn place(cell: &Cell) -> String {
    format!("{}, {}", cell.place.name, cell.faults.point_name())
}

fn cells(row: &Row, price: &Price, area: Option<AreaOverhead>) -> Vec<String> {
    let more = |share: f64| format!("{:+.1}%", 100.0 * share);
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
