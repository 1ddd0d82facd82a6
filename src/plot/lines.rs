//! Lines and points over two numeric axes.

mod drawing;
mod labels;

use super::axis::Axis;
use super::{cell, interval_cells};
use serde::{Deserialize, Serialize};

/// A measured point.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Position on the horizontal axis.
    pub x: f64,
    /// Position on the vertical axis; not a number: a gap in the line.
    pub y: f64,
    /// Confidence interval of `y`.
    pub interval: Option<[f64; 2]>,
    /// What stands beside the point.
    pub label: Option<String>,
}

impl Point {
    /// A point without an interval.
    pub fn new(x: f64, y: f64) -> Self {
        Self {
            x,
            y,
            ..Self::default()
        }
    }

    /// A point with a confidence interval from `low` to `high`.
    pub fn with_interval(x: f64, y: f64, low: f64, high: f64) -> Self {
        Self {
            interval: Some([low, high]),
            ..Self::new(x, y)
        }
    }

    /// The same point with a text beside it.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Markers joined by a line.
    #[default]
    LinePoints,
    /// A line alone, for dense data.
    Line,
    /// Markers alone.
    Points,
}

/// How confidence intervals are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intervals {
    /// Error bars.
    #[default]
    Bars,
    /// A shaded band along the line.
    Band,
}

/// Points that belong together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Name in the legend.
    pub name: String,
    /// Line, markers or both.
    pub mark: Mark,
    /// Error bars or band.
    pub intervals: Intervals,
    /// In the order in which they are joined.
    pub points: Vec<Point>,
}

impl Series {
    /// Markers joined by a line, with error bars.
    pub fn new(name: impl Into<String>, points: impl IntoIterator<Item = Point>) -> Self {
        Self {
            name: name.into(),
            points: points.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The same series drawn otherwise.
    pub fn drawn(mut self, mark: Mark, intervals: Intervals) -> Self {
        (self.mark, self.intervals) = (mark, intervals);
        self
    }
}

/// Which axis a reference or region belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// A value of the horizontal axis: a vertical line.
    X,
    /// A value of the vertical axis: a horizontal line.
    Y,
}

/// A dashed line at a value worth comparing with, such as the paper's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reference {
    /// Axis of the value.
    pub side: Side,
    /// The value.
    pub at: f64,
    /// What stands at the line.
    pub label: String,
}

/// A shaded range of an axis, such as the timesteps of a class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Region {
    /// Axis of the range.
    pub side: Side,
    /// Lower end.
    pub from: f64,
    /// Upper end.
    pub to: f64,
    /// What stands in it.
    pub label: String,
}

/// Lines and points over two numeric axes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lines {
    /// What is to be seen.
    pub title: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// In the order of the legend.
    pub series: Vec<Series>,
    /// Dashed lines.
    pub references: Vec<Reference>,
    /// Shaded ranges, behind the data.
    pub regions: Vec<Region>,
}

impl Lines {
    /// An empty plot over two axes.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self {
            title: title.into(),
            x,
            y,
            ..Self::default()
        }
    }

    /// Adds a series.
    pub fn series(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// Adds a dashed line with a label.
    pub fn reference(mut self, side: Side, at: f64, label: impl Into<String>) -> Self {
        self.references.push(Reference {
            side,
            at,
            label: label.into(),
        });
        self
    }

    /// Adds a shaded range with a label.
    pub fn region(mut self, side: Side, from: f64, to: f64, label: impl Into<String>) -> Self {
        self.regions.push(Region {
            side,
            from,
            to,
            label: label.into(),
        });
        self
    }

    /// One row per point: series, x, y, interval, label.
    pub fn table(&self) -> Vec<Vec<String>> {
        let header = ["series", "x", "y", "low", "high", "label"].map(str::to_owned);
        let rows = self.series.iter().flat_map(|series| {
            series.points.iter().map(|point| {
                let [low, high] = interval_cells(point.interval);
                vec![
                    series.name.clone(),
                    cell(point.x),
                    cell(point.y),
                    low,
                    high,
                    point.label.clone().unwrap_or_default(),
                ]
            })
        });
        std::iter::once(header.to_vec()).chain(rows).collect()
    }

    /// Every value that must be visible along an axis.
    fn values(&self, side: Side) -> impl Iterator<Item = f64> {
        let points = self.series.iter().flat_map(|series| &series.points);
        let values = points.flat_map(move |point| match side {
            Side::X => vec![point.x],
            Side::Y => std::iter::once(point.y)
                .chain(point.interval.into_iter().flatten())
                .collect(),
        });
        let references = self.references.iter().filter(move |r| r.side == side);
        values.chain(references.map(|r| r.at))
    }
}
