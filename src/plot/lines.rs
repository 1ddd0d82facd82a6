//! Lines and points over two numeric axes.

use super::axis::{Axis, Fit, Ruler, short};
use super::canvas::{Anchor, Canvas, N};
use super::frame::{self, Area, Entry, REFERENCE_DASHES, Sample};
use super::style::{MUTED, Size, text_width};
use super::{cell, interval_cells};
use serde::{Deserialize, Serialize};

/// With more points than this a series has no hints at its points.
const MOST_HINTS: usize = 200;

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

    /// The drawing as an SVG document.
    pub fn svg(&self, size: Size) -> String {
        let mut canvas = Canvas::new(size, &self.title);
        let legend: Vec<_> = self
            .series
            .iter()
            .enumerate()
            .filter(|(_, series)| !series.name.is_empty())
            .map(|(index, series)| Entry {
                name: &series.name,
                series: index,
                sample: match series.mark {
                    Mark::Line => Sample::Line,
                    Mark::Points => Sample::Marker,
                    Mark::LinePoints => Sample::LineMarker,
                },
            })
            .collect();
        let top = frame::head(&mut canvas, size, &self.title, &legend, &self.y.label);
        let y = Ruler::new(&self.y, self.values(Side::Y), Fit::Round, 5);
        let left = frame::left_of(&y);
        let wanted = ((size.width - left) / 75.0).floor().max(2.0) as usize;
        let x = Ruler::new(&self.x, self.values(Side::X), Fit::Padded, wanted);
        let area = Area {
            left,
            right: (size.width - frame::right_of()).max(left + 40.0),
            top,
            bottom: (size.height - frame::below(&self.x.label)).max(top + 40.0),
        };
        let plane = Plane { area, x, y };
        plane.regions(&mut canvas, &self.regions);
        frame::vertical_axis(&mut canvas, &area, &plane.y);
        frame::horizontal_axis(&mut canvas, &area, &plane.x, &self.x.label);
        plane.references(&mut canvas, &self.references);
        plane.open_clipped(&mut canvas);
        for (index, series) in self.series.iter().enumerate() {
            canvas.open_series(index);
            plane.band(&mut canvas, series);
            plane.line(&mut canvas, index, series);
            canvas.close();
        }
        canvas.put(format_args!("</svg>"));
        for (index, series) in self.series.iter().enumerate() {
            canvas.open_series(index);
            plane.error_bars(&mut canvas, series);
            plane.markers(&mut canvas, index, series);
            canvas.close();
        }
        plane.reference_labels(&mut canvas, &self.references);
        plane.labels(&mut canvas, &self.series);
        canvas.finish()
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

/// The data's rectangle with both axes.
struct Plane {
    area: Area,
    x: Ruler,
    y: Ruler,
}

impl Plane {
    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.area.x(&self.x, x), self.area.y(&self.y, y))
    }

    fn shown(&self, x: f64, y: f64) -> bool {
        let inside = |position: f64| (-0.001..=1.001).contains(&position);
        y.is_finite()
            && self.x.has_place(x)
            && inside(self.x.position(x))
            && inside(self.y.position(y))
    }

    fn hollow(&self, y: f64) -> bool {
        !self.y.has_place(y)
    }

    /// Opens a nested drawing in the same coordinates that cuts off what lies
    /// outside of the rectangle; a nested `svg` needs no identifier as a clip
    /// path does, so that many drawings fit one page.
    fn open_clipped(&self, canvas: &mut Canvas) {
        let area = &self.area;
        let (x, y, width, height) = (
            N(area.left),
            N(area.top - 2.0),
            N(area.width()),
            N(area.height() + 4.0),
        );
        canvas.put(format_args!(
            "<svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" viewBox=\"{x} {y} {width} {height}\">"
        ));
    }

    fn regions(&self, canvas: &mut Canvas, regions: &[Region]) {
        for region in regions {
            let ((left, top), (right, bottom)) = self.area.corners();
            let (x0, x1, y0, y1) = match region.side {
                Side::X => {
                    let clamp = |v: f64| self.area.x(&self.x, v).clamp(left, right);
                    (clamp(region.from), clamp(region.to), top, bottom)
                }
                Side::Y => {
                    let clamp = |v: f64| self.area.y(&self.y, v).clamp(top, bottom);
                    (left, right, clamp(region.to), clamp(region.from))
                }
            };
            canvas.put(format_args!(
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"currentColor\" fill-opacity=\"0.06\"/>",
                N(x0),
                N(y0),
                N((x1 - x0).max(0.0)),
                N((y1 - y0).max(0.0))
            ));
            let at = (x0 + 6.0, y0 + 15.0);
            canvas.text(at, Anchor::Start, MUTED, "font-size=\"12\"", &region.label);
        }
    }

    fn references(&self, canvas: &mut Canvas, references: &[Reference]) {
        let ((left, top), (right, bottom)) = self.area.corners();
        for reference in references {
            let (from, to) = match reference.side {
                Side::Y => {
                    let y = self.area.y(&self.y, reference.at);
                    ((left, y), (right, y))
                }
                Side::X => {
                    let x = self.area.x(&self.x, reference.at);
                    ((x, top), (x, bottom))
                }
            };
            canvas.rule(from, to, 0.75, REFERENCE_DASHES);
        }
    }

    /// The labels come after the data, on halos.
    fn reference_labels(&self, canvas: &mut Canvas, references: &[Reference]) {
        let ((_, top), (right, _)) = self.area.corners();
        // Labels of vertical lines step down where they would overlap.
        let mut taken: Vec<(f64, f64, f64)> = Vec::new();
        for reference in references {
            match reference.side {
                Side::Y => {
                    let y = self.area.y(&self.y, reference.at);
                    let above = if y - top < 16.0 { 14.0 } else { -5.0 };
                    canvas.text_on_data(
                        (right - 2.0, y + above),
                        Anchor::End,
                        0.85,
                        &reference.label,
                    );
                }
                Side::X => {
                    let x = self.area.x(&self.x, reference.at);
                    let width = text_width(&reference.label, 12.0);
                    let (anchor, from) = if x + width + 8.0 > right {
                        (Anchor::End, x - 5.0 - width)
                    } else {
                        (Anchor::Start, x + 5.0)
                    };
                    let mut y = top + 12.0;
                    while taken
                        .iter()
                        .any(|&(a, b, row)| row == y && a < from + width && from < b)
                    {
                        y += 16.0;
                    }
                    taken.push((from, from + width, y));
                    let x = match anchor {
                        Anchor::End => x - 5.0,
                        _ => x + 5.0,
                    };
                    canvas.text_on_data((x, y), anchor, 0.85, &reference.label);
                }
            }
        }
    }

    fn band(&self, canvas: &mut Canvas, series: &Series) {
        if series.intervals != Intervals::Band {
            return;
        }
        let bounds: Vec<_> = series
            .points
            .iter()
            .filter(|p| self.x.has_place(p.x))
            .filter_map(|p| p.interval.map(|[low, high]| (p.x, low, high)))
            .collect();
        let upper = bounds.iter().map(|&(x, _, high)| self.at(x, high));
        let lower = bounds.iter().rev().map(|&(x, low, _)| self.at(x, low));
        let mut path = String::new();
        for (index, (x, y)) in upper.chain(lower).enumerate() {
            let verb = if index == 0 { 'M' } else { 'L' };
            path.push_str(&format!("{verb}{} {}", N(x), N(y)));
        }
        if !path.is_empty() {
            canvas.put(format_args!(
                "<path d=\"{path}Z\" fill=\"currentColor\" fill-opacity=\"0.18\"/>"
            ));
        }
    }

    fn line(&self, canvas: &mut Canvas, index: usize, series: &Series) {
        if series.mark == Mark::Points {
            return;
        }
        let (mut path, mut pen_down) = (String::new(), false);
        for point in &series.points {
            if !point.y.is_finite() || !self.x.has_place(point.x) {
                pen_down = false;
                continue;
            }
            let (x, y) = self.at(point.x, point.y);
            let verb = if pen_down { 'L' } else { 'M' };
            path.push_str(&format!("{verb}{} {}", N(x), N(y)));
            pen_down = true;
        }
        let dashes = if series.mark == Mark::Line {
            frame::dashes(index)
        } else {
            ""
        };
        if !path.is_empty() {
            canvas.put(format_args!(
                "<path d=\"{path}\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"2.2\" stroke-linejoin=\"round\"{dashes}/>"
            ));
        }
    }

    fn error_bars(&self, canvas: &mut Canvas, series: &Series) {
        if series.intervals != Intervals::Bars {
            return;
        }
        let mut path = String::new();
        for point in &series.points {
            let Some([low, high]) = point.interval else {
                continue;
            };
            let drawn = self.shown(point.x, point.y) && low.is_finite() && high.is_finite();
            if !drawn {
                continue;
            }
            path.push_str(&error_bar(
                &self.area,
                self.at(point.x, low),
                self.at(point.x, high),
            ));
        }
        if !path.is_empty() {
            canvas.put(format_args!(
                "<path d=\"{path}\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.4\"/>"
            ));
        }
    }

    fn markers(&self, canvas: &mut Canvas, index: usize, series: &Series) {
        if series.mark == Mark::Line {
            return;
        }
        for point in series.points.iter().filter(|p| self.shown(p.x, p.y)) {
            let hint = (series.points.len() <= MOST_HINTS).then(|| hint(series, point));
            frame::marker(
                canvas,
                index,
                self.at(point.x, point.y),
                self.hollow(point.y),
                hint.as_deref(),
            );
        }
    }

    /// Labels of points: beside the point where nothing else lies, else above
    /// or below it.
    fn labels(&self, canvas: &mut Canvas, series: &[Series]) {
        let points = || {
            let all = series.iter().flat_map(|series| &series.points);
            all.filter(|p| self.shown(p.x, p.y))
        };
        let mut taken: Vec<Taken> = points()
            .map(|point| Taken::around(self.at(point.x, point.y), 5.0))
            .collect();
        for point in points() {
            let Some(label) = &point.label else { continue };
            let (x, y) = self.at(point.x, point.y);
            let width = text_width(label, 12.0);
            let places = [
                (x + 9.0, y + 4.0),
                (x - 9.0 - width, y + 4.0),
                (x - width / 2.0, y - 10.0),
                (x - width / 2.0, y + 18.0),
                (x + 6.0, y - 10.0),
                (x + 6.0, y + 18.0),
            ];
            let place = places
                .into_iter()
                .map(|(x, y)| Taken {
                    left: x,
                    right: x + width,
                    top: y - 10.0,
                    bottom: y + 3.0,
                })
                .find(|place| {
                    place.left >= self.area.left
                        && place.right <= self.area.right + 10.0
                        && place.bottom <= self.area.bottom
                        && !taken.iter().any(|other| place.overlaps(other))
                });
            let place = place.unwrap_or(Taken {
                left: x + 9.0,
                right: x + 9.0 + width,
                top: y - 6.0,
                bottom: y + 7.0,
            });
            canvas.text_on_data((place.left, place.bottom - 3.0), Anchor::Start, 0.9, label);
            taken.push(place);
        }
    }
}

/// A rectangle that is taken.
struct Taken {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Taken {
    fn around((x, y): (f64, f64), radius: f64) -> Self {
        Self {
            left: x - radius,
            right: x + radius,
            top: y - radius,
            bottom: y + radius,
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// Path of a vertical error bar between two pixels; an end outside of the
/// area is cut and has no cap.
fn error_bar(area: &Area, (x, low): (f64, f64), (_, high): (f64, f64)) -> String {
    let (from, to) = (
        low.clamp(area.top, area.bottom),
        high.clamp(area.top, area.bottom),
    );
    let mut path = format!("M{} {}V{}", N(x), N(from), N(to));
    for (end, cut) in [(low, from), (high, to)] {
        if end == cut {
            path.push_str(&format!("M{} {}h7", N(x - 3.5), N(end)));
        }
    }
    path
}

fn hint(series: &Series, point: &Point) -> String {
    let interval = point
        .interval
        .map(|[low, high]| format!(" [{}, {}]", short(low), short(high)))
        .unwrap_or_default();
    let name = point.label.as_ref().unwrap_or(&series.name);
    let separator = if name.is_empty() { "" } else { ": " };
    format!(
        "{name}{separator}{} at {}{interval}",
        short(point.y),
        short(point.x)
    )
}
