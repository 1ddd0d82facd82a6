//! The drawing of lines and points.

use super::{Intervals, Lines, Mark, Point, Reference, Region, Series, Side};
use crate::plot::axis::{Fit, Ruler, short};
use crate::plot::canvas::{Anchor, Canvas, N};
use crate::plot::frame::{self, Area, Entry, REFERENCE_DASHES, Sample};
use crate::plot::style::{MUTED, Size};

/// With more points than this a series has no hints at its points.
const MOST_HINTS: usize = 200;

impl Lines {
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
}

/// The data's rectangle with both axes.
pub(super) struct Plane {
    pub area: Area,
    pub x: Ruler,
    pub y: Ruler,
}

impl Plane {
    pub fn at(&self, x: f64, y: f64) -> (f64, f64) {
        (self.area.x(&self.x, x), self.area.y(&self.y, y))
    }

    pub fn shown(&self, x: f64, y: f64) -> bool {
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
