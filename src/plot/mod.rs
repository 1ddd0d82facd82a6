//! Plots: lines and points with error bars, bars, heat maps; as SVG, and as
//! PNG drawn from the same SVG.
//!
//! The SVG is meant for three places. Alone, it is dark ink on white paper. In
//! an HTML page, style sheets override the presentation attributes: `.paper`
//! (background and halos), `color` of the root (ink) and `.s0` to `.s7`
//! (series), so that one drawing serves light and dark pages; see
//! [`DARK_SERIES`]. As PNG it is rendered with the Noto Sans that is part of
//! the program, so no font of the machine matters. The bytes depend on the
//! data alone.
//!
//! Every plot can be drawn at any [`Size`]; layout follows the width and the
//! letters keep their size, so that a narrow screen gets a narrow drawing.

mod axis;
mod bars;
mod canvas;
mod frame;
mod heat_map;
mod lines;
mod raster;
mod style;
#[cfg(test)]
mod tests;

pub use axis::{Axis, Scale};
pub use bars::{Arrangement, Bar, BarSeries, Bars};
pub use heat_map::HeatMap;
pub use lines::{Intervals, Lines, Mark, Point, Reference, Region, Series, Side};
pub use raster::{PlotError, png};
pub use style::{DARK_SERIES, LIGHT_SERIES, Size};

use serde::{Deserialize, Serialize};

/// Any plot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plot {
    /// Lines and points over two numeric axes.
    Lines(Lines),
    /// Bars over categories.
    Bars(Bars),
    /// A matrix of colours.
    HeatMap(HeatMap),
}

impl Plot {
    /// The drawing as an SVG document.
    pub fn svg(&self, size: Size) -> String {
        match self {
            Self::Lines(plot) => plot.svg(size),
            Self::Bars(plot) => plot.svg(size),
            Self::HeatMap(plot) => plot.svg(size),
        }
    }

    /// The data as a table, one row per point, bar or cell; the first row
    /// holds the names of the columns.
    pub fn table(&self) -> Vec<Vec<String>> {
        match self {
            Self::Lines(plot) => plot.table(),
            Self::Bars(plot) => plot.table(),
            Self::HeatMap(plot) => plot.table(),
        }
    }
}

impl From<Lines> for Plot {
    fn from(plot: Lines) -> Self {
        Self::Lines(plot)
    }
}

impl From<Bars> for Plot {
    fn from(plot: Bars) -> Self {
        Self::Bars(plot)
    }
}

impl From<HeatMap> for Plot {
    fn from(plot: HeatMap) -> Self {
        Self::HeatMap(plot)
    }
}

/// A number in a data table: the shortest text that reads back the same.
fn cell(value: f64) -> String {
    format!("{value:?}")
}

/// An interval in a data table: two cells, empty without an interval.
fn interval_cells(interval: Option<[f64; 2]>) -> [String; 2] {
    interval.map_or_else(Default::default, |bounds| bounds.map(cell))
}
