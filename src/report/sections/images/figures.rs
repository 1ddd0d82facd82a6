//! Figures of a campaign of images: the kind follows from the axes that vary.

use super::axes::{Axis as GridAxis, label};
use super::costs::counted;
use super::records::{Campaign, Row};
use super::titles::MANY;
use crate::campaign::equal_quality;
use crate::campaign::experiments::images::CellCost;
use crate::campaign::statistics::{CONFIDENCE, bootstrap_mean};
use crate::plot::{
    Axis, Bar, BarSeries, Bars, HeatMap, Intervals, Lines, Mark, Plot, Point, Scale, Series, Side,
};
use crate::report::grouped::grouped;
use crate::report::{Figure, Item};
use std::collections::BTreeMap;

const LOSS: &str = "Quality loss: LPIPS to the error-free twin";
/// Most lines of a figure of distances: more cannot be told apart.
const MOST_LINES: usize = 5;

/// All figures; of images to look at there are none.
pub fn figures(campaign: &Campaign, axes: &[GridAxis]) -> Vec<Item> {
    if campaign.rows.iter().any(|row| row.cell.pictures) {
        return Vec::new();
    }
    let figure = |name: String, caption: String, plot: Plot| {
        Item::Figure(Box::new(Figure {
            id: format!("{}-{name}", campaign.id()),
            caption,
            plot,
            command: campaign.command(),
        }))
    };
    let images = campaign
        .rows
        .iter()
        .map(|row| row.images.len())
        .min()
        .unwrap_or(0);
    let means = format!("Mean of {images} images with 95% bootstrap (BCa) intervals.");
    let mut items = Vec::new();
    if let Some((plot, caption)) = loss(&campaign.rows, axes) {
        items.push(figure("loss".to_owned(), format!("{means}{caption}"), plot));
    }
    items.extend(trade(&campaign.rows, axes).map(|(name, plot)| {
        let caption = format!(
            "What quality is paid for: every cell of the grid. {means} The dashed line is the bound of equal quality; what lies to \
             the right of the nominal array, and below the line, is worth having."
        );
        figure(name.to_owned(), caption, plot)
    }));
    for (at, (name, plot)) in distances(&campaign.rows, axes).into_iter().enumerate() {
        let caption = format!(
            "{name}: distance ‖x′ − x‖ / ‖x‖ of the latents from the error-free ones after each step, for faults in some \
             steps. Mean of {images} images, bands are 95% bootstrap (BCa) intervals; a line begins with its first fault."
        );
        items.push(figure(format!("distance-{}", at + 1), caption, plot));
    }
    items
}

/// Loss over the axes that vary, and what is to be said of the figure.
fn loss(rows: &[Row], axes: &[GridAxis]) -> Option<(Plot, &'static str)> {
    let axis = |key: &str| axes.iter().find(|axis| axis.key == key);
    let rates = axis("ber").filter(|axis| axis.distinct().len() > 2);
    if let Some(x) = rates.filter(|_| axis("bits").is_none()) {
        let plot = lines(
            rows,
            axes,
            x,
            Axis::log("Bit error rate of a captured psum"),
        );
        return Some((
            plot,
            " The dashed line is the bound of equal quality. A rate of 0 has no place here: see the table.",
        ));
    }
    let points = [("voltage", "Supply in V"), ("frequency", "Clock in MHz")];
    for (key, title) in points {
        if let Some(x) = axis(key).filter(|_| axis("taylorseer").is_none()) {
            let plot = lines(rows, axes, x, Axis::linear(title));
            return Some((plot, " The dashed line is the bound of equal quality."));
        }
    }
    if let ([one, two], Some(x), Some(y)) = (axes, axis("interval"), axis("threshold_bit"))
        && one.key != two.key
    {
        return Some((heat_map(rows, x, y), " The intervals are in the table."));
    }
    bars(rows, axes).map(|plot| (plot, ""))
}

/// The loss of a row at a place on the horizontal axis.
fn point(row: &Row, x: f64) -> Option<Point> {
    let loss = row.estimate("lpips")?;
    Some(Point {
        interval: loss.interval,
        ..Point::new(x, loss.value)
    })
}

/// Losses over a numeric axis with the bound of equal quality, by the names of their series.
fn losses(
    title: impl Into<String>,
    x: Axis,
    mark: Mark,
    points: impl IntoIterator<Item = (String, Point)>,
) -> Plot {
    let bound = equal_quality::LPIPS;
    let start = Lines::new(title, x, Axis::linear(LOSS)).reference(Side::Y, bound, "");
    let series = grouped(points).into_iter().map(|(name, points)| {
        let name = named(name, "images");
        Series::new(name, points).drawn(mark, Intervals::Bars)
    });
    series.fold(start, Lines::series).into()
}

/// A name, or another where it is empty: nothing else varies.
fn named(name: String, alone: &str) -> String {
    if name.is_empty() {
        alone.to_owned()
    } else {
        name
    }
}

/// Lines over a numeric axis, one for each combination of the others.
fn lines(rows: &[Row], axes: &[GridAxis], x: &GridAxis, horizontal: Axis) -> Plot {
    let others: Vec<&GridAxis> = axes.iter().filter(|axis| axis.key != x.key).collect();
    let shown = |at: &f64| horizontal.scale != Scale::Log || *at > 0.0;
    let points = rows.iter().enumerate().filter_map(|(at, row)| {
        let position = x.numbers[at].filter(shown)?;
        Some((label(&others, at), point(row, position)?))
    });
    let points: Vec<(String, Point)> = points.collect();
    let against = match x.key.as_str() {
        "ber" => "bit error rate",
        "voltage" => "supply voltage",
        _ => "clock frequency",
    };
    let title = format!("Quality loss against {against}");
    losses(title, horizontal, Mark::LinePoints, points)
}

/// Loss over what is gained, where every cell has an operating point: energy saved where voltages
/// vary, else the speedup.
fn trade(rows: &[Row], axes: &[GridAxis]) -> Option<(&'static str, Plot)> {
    let moving = ["voltage", "frequency", "taylorseer"];
    let varies = |key: &str| axes.iter().any(|axis| axis.key == key);
    if !moving.into_iter().any(varies) {
        return None;
    }
    let costs: Option<Vec<CellCost>> = rows.iter().map(counted).collect();
    let costs = costs?;
    let energy = varies("voltage") && !varies("taylorseer");
    let (name, title, axis) = if energy {
        (
            "saving",
            "Energy saved against quality",
            "Energy saved, %, against the plain array at nominal",
        )
    } else {
        (
            "speedup",
            "Speedup against quality",
            "Speedup over the plain array at nominal",
        )
    };
    let others: Vec<&GridAxis> = axes
        .iter()
        .filter(|axis| !moving.contains(&axis.key.as_str()))
        .collect();
    let points = rows.iter().enumerate().filter_map(|(at, row)| {
        let gain = if energy {
            100.0 * costs[at].energy_saved()
        } else {
            costs[at].speedup()
        };
        Some((label(&others, at), point(row, gain)?))
    });
    let plot = losses(title, Axis::linear(axis), Mark::Points, points);
    Some((name, plot))
}

fn heat_map(rows: &[Row], x: &GridAxis, y: &GridAxis) -> Plot {
    let (columns, lines) = (x.distinct(), y.distinct());
    let cell = |line: &str, column: &str| {
        let at = (0..rows.len()).find(|at| x.texts[*at] == column && y.texts[*at] == line)?;
        Some(rows[at].estimate("lpips")?.value)
    };
    HeatMap {
        title: "Quality loss of rollback".to_owned(),
        x_label: "Steps from one checkpoint to the next".to_owned(),
        y_label: y.title(),
        columns: columns.iter().map(|&text| text.to_owned()).collect(),
        rows: lines.iter().map(|&text| text.to_owned()).collect(),
        values: Axis::log(LOSS),
        cells: lines
            .iter()
            .map(|line| columns.iter().map(|column| cell(line, column)).collect())
            .collect(),
        annotated: true,
    }
    .into()
}

/// Bars over the axis that says most, a colour for each combination of the others.
fn bars(rows: &[Row], axes: &[GridAxis]) -> Option<Plot> {
    // More colours than a few cannot be told apart.
    let many = |axis: &&GridAxis| axis.key == "protection" && axis.distinct().len() >= MANY;
    let main = axes
        .iter()
        .find(many)
        .or_else(|| {
            ["taylorseer", "place", "bits", "config"]
                .iter()
                .find_map(|key| axes.iter().find(|axis| axis.key == *key))
        })
        .or_else(|| axes.iter().max_by_key(|axis| axis.distinct().len()))?;
    let others: Vec<&GridAxis> = axes.iter().filter(|axis| axis.key != main.key).collect();
    let categories = main.distinct();
    let mut series: Vec<BarSeries> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let Some(loss) = row.estimate("lpips") else {
            continue;
        };
        let bar = Bar {
            value: loss.value,
            interval: loss.interval,
        };
        let name = label(&others, at);
        let known = series.iter().position(|series| series.name == name);
        let known = known.unwrap_or_else(|| {
            series.push(BarSeries {
                name,
                bars: vec![None; categories.len()],
            });
            series.len() - 1
        });
        let category = categories.iter().position(|text| *text == main.texts[at]);
        series[known].bars[category.expect("it is among them")] = Some(bar);
    }
    let title = format!("Quality loss by {}", words(&main.key));
    let start = Bars::new(title, categories, Axis::linear(LOSS));
    Some(series.into_iter().fold(start, Bars::series).into())
}

fn words(key: &str) -> &str {
    match key {
        "bits" => "psum bits",
        "place" => "where the faults are",
        "taylorseer" => "TaylorSeer's interval and order",
        "config" => "array",
        key => key,
    }
}

/// Distances of the latents over the steps: a figure for each combination of the axes but the
/// place, with its name.
fn distances(rows: &[Row], axes: &[GridAxis]) -> Vec<(String, Plot)> {
    let others: Vec<&GridAxis> = axes.iter().filter(|axis| axis.key != "place").collect();
    let traced = rows.iter().enumerate().filter(|(_, row)| traced(row));
    let groups = grouped(traced.map(|(at, row)| (named(label(&others, at), "All faults"), row)));
    let plot = |(name, rows): (String, Vec<&Row>)| {
        let start = Lines::new(
            format!("How far latents are off after faults, {name}"),
            Axis::linear("Denoising step"),
            Axis::log("Distance of the latents, ‖x′ − x‖ / ‖x‖"),
        );
        let chosen = spread(rows.len());
        let lines = chosen.into_iter().map(|at| distance(rows[at]));
        let plot: Plot = lines.fold(start, Lines::series).into();
        (name, plot)
    };
    groups.into_iter().map(plot).collect()
}

/// Whether distances were recorded.
pub fn traced(row: &Row) -> bool {
    row.images.values().any(|image| !image.distance.is_empty())
}

/// Up to [`MOST_LINES`] of `count`, first and last among them.
fn spread(count: usize) -> Vec<usize> {
    let lines = count.min(MOST_LINES);
    let at = |line: usize| (line * (count - 1)).checked_div(lines - 1).unwrap_or(0);
    (0..lines).map(at).collect()
}

fn distance(row: &Row) -> Series {
    let mut by_step: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for image in row.images.values() {
        for (step, distance) in image.distance.iter().enumerate() {
            by_step.entry(step).or_default().push(*distance);
        }
    }
    let points = by_step.into_iter().filter_map(|(step, distances)| {
        let mean = bootstrap_mean(&distances, CONFIDENCE)?;
        (mean.value > 0.0).then(|| Point {
            interval: mean.interval,
            ..Point::new(step as f64, mean.value)
        })
    });
    Series::new(format!("faults in {}", row.cell.place.name), points)
        .drawn(Mark::Line, Intervals::Band)
}
