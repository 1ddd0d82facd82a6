//! What the error monitor made of a schedule: the points that tiles ran at, beside fixed schedules.

use super::costs::counted;
use super::protections::title;
use super::records::{Campaign, Row};
use crate::infer::PointsUsed;
use crate::plot::{Axis, Bar, BarSeries, Bars};
use crate::policy::Setpoint;
use crate::report::{Column, Figure, Item, Table};

/// Shares of the cycles below this are left out.
const LEAST: f64 = 0.0005;

/// Where the monitor had the array: a figure of the policies that share the first one's points, and a
/// table of all. Nothing of a campaign without adaptive policies.
pub fn items(campaign: &Campaign) -> Vec<Item> {
    let figure = figure(campaign).map(|figure| Item::Figure(Box::new(figure)));
    let table = points(campaign).map(Item::Table);
    figure.into_iter().chain(table).collect()
}

fn figure(campaign: &Campaign) -> Option<Figure> {
    let points = |row: &Row| Some(row.cell.schedule.as_ref()?.points.clone());
    let used = |row: &Row| {
        Some((
            row.cell.place.name.clone(),
            points(row)?,
            row.points()?.shares(),
        ))
    };
    let all: Vec<_> = campaign.rows.iter().filter_map(used).collect();
    let ladder = all.first()?.1.clone();
    let all: Vec<_> = all
        .into_iter()
        .filter(|(_, points, _)| *points == ladder)
        .collect();
    let start = Bars::new(
        "Where the error monitor had the array",
        all.iter().map(|(name, _, _)| name.clone()),
        Axis::linear("Share of the array's cycles, %"),
    );
    let shares = |at: usize| {
        let share = move |shares: &Vec<f64>| shares.get(at).copied().unwrap_or(0.0);
        all.iter().map(move |(_, _, shares)| share(shares))
    };
    let shown = (0..ladder.len()).filter(|at| shares(*at).any(|share| share >= LEAST));
    let series = shown.map(|at| {
        let bars = shares(at).map(|share| Bar::new(100.0 * share));
        BarSeries::new(point(&ladder[at]), bars)
    });
    let plot = series.fold(start, Bars::series).stacked();
    Some(Figure {
        id: format!("{}-shares", campaign.id()),
        caption: format!(
            "Operating points that tiles ran at, mean of {} images. Counted: there is no interval.",
            campaign.rows.iter().map(|row| row.images.len()).min()?
        ),
        plot: plot.into(),
        command: campaign.command(),
    })
}

/// The table; `None` without adaptive policies.
fn points(campaign: &Campaign) -> Option<Table> {
    let rows = &campaign.rows;
    if !rows.iter().any(|row| row.points().is_some()) {
        return None;
    }
    let columns = [
        "LPIPS",
        "Changes",
        "Towards nominal",
        "Back",
        "Panics",
        "Energy saved",
        "Speedup",
    ];
    Some(Table {
        id: format!("{}-points", campaign.id()),
        caption: "Fixed schedules, and those that the error monitor moves by the flags of the tiles: share of the array's cycles at each point, and per image, changes of the point and steps of the monitor. Energy \
                  and time against the plain array at nominal, from the points that tiles ran at, with every change."
            .to_owned(),
        columns: [Column::text("Policy"), Column::text("Protection")]
            .into_iter()
            .chain([Column::text("Cycles at")])
            .chain(columns.map(Column::number))
            .collect(),
        rows: rows.iter().map(line).collect(),
        command: campaign.command(),
    })
}

fn line(row: &Row) -> Vec<String> {
    let images = row.images.len().max(1) as f64;
    let used = row.points();
    let mut cells = vec![
        name(row, used.is_some()),
        title(row.cell.protection).to_owned(),
        used.as_ref()
            .map_or("–".to_owned(), |used| shares(row, used)),
        row.estimate("lpips")
            .map_or("–".to_owned(), |loss| format!("{:.4}", loss.value)),
    ];
    match &used {
        None => cells.extend(vec!["–".to_owned(); 4]),
        Some(used) => {
            let changes = used.changes.iter().map(|(_, _, times)| *times).sum();
            let counts = [changes, used.raises, used.lowers, used.panics];
            cells.extend(counts.map(|count: u64| format!("{:.1}", count as f64 / images)));
        }
    }
    match counted(row) {
        None => cells.extend(vec!["–".to_owned(); 2]),
        Some(cost) => {
            cells.push(format!("{:+.1}%", 100.0 * cost.energy_saved()));
            cells.push(format!("{:.3}×", cost.speedup()));
        }
    }
    cells
}

/// A fixed schedule has one point away from nominal, an adaptive one several.
fn name(row: &Row, adaptive: bool) -> String {
    let place = &row.cell.place.name;
    match adaptive {
        true => place.clone(),
        false => format!("{place}, {}", row.cell.faults.point_name()),
    }
}

/// Share of the cycles at each point.
fn shares(row: &Row, used: &PointsUsed) -> String {
    let points = row.cell.schedule.as_ref().map(|schedule| &schedule.points);
    let label = |at: usize| {
        points
            .and_then(|points| points.get(at))
            .map_or(at.to_string(), point)
    };
    let shares = used.shares();
    let parts = shares
        .iter()
        .enumerate()
        .filter(|(_, share)| **share >= LEAST);
    parts
        .map(|(at, share)| format!("{} {:.1}%", label(at), 100.0 * share))
        .collect::<Vec<_>>()
        .join(", ")
}

fn point(point: &Setpoint) -> String {
    let volts = point.voltage.map(|volts| format!("{volts} V"));
    let clock = point
        .frequency
        .map(|hertz| format!("{:.0} MHz", hertz * 1e-6));
    match (volts, clock) {
        (None, None) => "nominal".to_owned(),
        (volts, clock) => volts.into_iter().chain(clock).collect::<Vec<_>>().join(" "),
    }
}
