//! The drawing of bars.

use super::{Arrangement, Bar, Bars};
use crate::plot::axis::{Fit, Ruler, short};
use crate::plot::canvas::{Anchor, Canvas, Escaped, N};
use crate::plot::frame::{self, Area, Entry, REFERENCE_DASHES, Sample};
use crate::plot::style::{LINE, RULE, Size, TEXT, text_width, wrap};
use crate::plot::{Reference, Side};

/// Share of a category's room that its bars take.
const FILLED: f64 = 0.74;
/// Thickness of a lying bar, and room between categories, in pixels.
const LYING: f64 = 17.0;
const LYING_GAP: f64 = 13.0;

impl Bars {
    /// The drawing as an SVG document. Lying bars take the height they need.
    pub fn svg(&self, size: Size) -> String {
        let ruler = self.ruler(5);
        let left = frame::left_of(&ruler);
        let room = (size.width - left - frame::right_of()) / self.categories.len().max(1) as f64;
        let widest = self
            .categories
            .iter()
            .flat_map(|name| name.split_whitespace())
            .map(|word| text_width(word, TEXT))
            .fold(0.0, f64::max);
        let (lanes, annotation) = (self.lanes() as f64, self.annotated);
        // An annotation needs about four digits of room above each bar.
        let narrow = annotation && room * FILLED / lanes < 30.0;
        if widest + 8.0 > room || narrow {
            self.lying(size)
        } else {
            self.standing(size, &ruler, left, room)
        }
    }

    /// Bars beside each other in one category.
    fn lanes(&self) -> usize {
        match self.arrangement {
            Arrangement::Grouped => self.series.len().max(1),
            Arrangement::Stacked => 1,
        }
    }

    fn ruler(&self, wanted: usize) -> Ruler {
        let mut values: Vec<f64> = self.references.iter().map(|r| r.at).collect();
        for index in 0..self.categories.len() {
            for segment in self.segments(index) {
                values.extend([segment.from, segment.to].into_iter().flatten());
                values.extend(segment.interval.into_iter().flatten());
            }
        }
        Ruler::new(&self.values, values.into_iter(), Fit::FromZero, wanted)
    }

    /// The bars of a category, from where to where.
    fn segments(&self, category: usize) -> Vec<Segment> {
        let mut top = 0.0;
        let mut segments = Vec::new();
        for (index, series) in self.series.iter().enumerate() {
            let Some(bar) = series.bars.get(category).copied().flatten() else {
                continue;
            };
            if !bar.value.is_finite() {
                continue;
            }
            let shift = match self.arrangement {
                Arrangement::Grouped => 0.0,
                Arrangement::Stacked => top,
            };
            top += bar.value;
            segments.push(Segment {
                series: index,
                from: (shift != 0.0).then_some(shift),
                to: Some(shift + bar.value),
                interval: bar.interval.map(|bounds| bounds.map(|b| b + shift)),
                hint: hint(&self.categories[category], &series.name, bar),
            });
        }
        segments
    }

    fn legend(&self) -> Vec<Entry<'_>> {
        let named = self.series.iter().enumerate();
        let references = self.value_references().map(|reference| Entry {
            name: &reference.label,
            series: 0,
            sample: Sample::Dashes,
        });
        named
            .filter(|(_, series)| !series.name.is_empty())
            .map(|(index, series)| Entry {
                name: &series.name,
                series: index,
                sample: Sample::Swatch,
            })
            .chain(references)
            .collect()
    }

    fn standing(&self, size: Size, ruler: &Ruler, left: f64, room: f64) -> String {
        let mut canvas = Canvas::new(size, &self.title);
        let top = frame::head(
            &mut canvas,
            size,
            &self.title,
            &self.legend(),
            &self.values.label,
        );
        let names: Vec<_> = self
            .categories
            .iter()
            .map(|name| wrap(name, TEXT, room - 6.0))
            .collect();
        let rows = names.iter().map(Vec::len).max().unwrap_or(0) as f64;
        let area = Area {
            left,
            right: (size.width - frame::right_of()).max(left + 40.0),
            top: top + if self.annotated { 10.0 } else { 0.0 },
            bottom: (size.height - rows * LINE - 12.0).max(top + 40.0),
        };
        frame::vertical_axis(&mut canvas, &area, ruler);
        let width = room * FILLED / self.lanes() as f64;
        for (category, lines) in names.iter().enumerate() {
            let middle = area.left + room * (category as f64 + 0.5);
            for segment in self.segments(category) {
                let x = middle - room * FILLED / 2.0 + self.lane(&segment) * width;
                let (from, to) = segment.ends(ruler);
                let (y0, y1) = (area.y(ruler, from), area.y(ruler, to));
                segment.draw(
                    &mut canvas,
                    (x + 0.75, y0.min(y1)),
                    (width - 1.5, (y0 - y1).abs()),
                );
                let mut end = y1.min(y0);
                if let Some(bounds) = segment.interval {
                    let [low, high] = bounds.map(|b| area.y(ruler, b).clamp(area.top, area.bottom));
                    let x = x + width / 2.0;
                    canvas.put(format_args!(
                        "<path d=\"M{} {}V{}m-4 0h8M{} {}h8\" stroke=\"currentColor\" stroke-width=\"1.4\" fill=\"none\"/>",
                        N(x), N(low), N(high), N(x - 4.0), N(low)
                    ));
                    end = end.min(high);
                }
                if self.annotates(category, &segment) {
                    canvas.text_on_data(
                        (x + width / 2.0, end - 5.0),
                        Anchor::Middle,
                        0.95,
                        &short(segment.to.unwrap_or(0.0)),
                    );
                }
            }
            for (row, line) in lines.iter().enumerate() {
                canvas.text(
                    (middle, area.bottom + 20.0 + row as f64 * LINE),
                    Anchor::Middle,
                    0.9,
                    "",
                    line,
                );
            }
        }
        let zero = area.y(ruler, ruler.base());
        canvas.rule((area.left, zero), (area.right, zero), RULE, "");
        for reference in self.value_references() {
            let y = area.y(ruler, reference.at);
            canvas.rule((area.left, y), (area.right, y), 0.75, REFERENCE_DASHES);
        }
        canvas.finish()
    }

    fn lying(&self, size: Size) -> String {
        let names: Vec<_> = self
            .categories
            .iter()
            .map(|name| wrap(name, TEXT, size.width * 0.36))
            .collect();
        let left = names
            .iter()
            .flatten()
            .map(|line| text_width(line, TEXT))
            .fold(0.0, f64::max)
            + 22.0;
        let rows: Vec<f64> = names
            .iter()
            .map(|lines| {
                (self.lanes() as f64 * LYING).max(lines.len() as f64 * (LINE - 3.0)) + LYING_GAP
            })
            .collect();
        let bottom = frame::below(&self.values.label);
        // The head is drawn once to learn its height.
        let head = |canvas: &mut Canvas| frame::head(canvas, size, &self.title, &self.legend(), "");
        let top = head(&mut Canvas::new(size, ""));
        let height = top + rows.iter().sum::<f64>() + bottom;
        let mut canvas = Canvas::new(Size { height, ..size }, &self.title);
        head(&mut canvas);
        let annotation = if self.annotated { 44.0 } else { 0.0 };
        let area = Area {
            left,
            right: (size.width - frame::right_of() - annotation).max(left + 40.0),
            top,
            bottom: height - bottom,
        };
        let ruler = self.ruler((area.width() / 75.0).floor().max(4.0) as usize);
        frame::horizontal_axis(&mut canvas, &area, &ruler, &self.values.label);
        let mut y = area.top;
        for (category, lines) in names.iter().enumerate() {
            let middle = y + rows[category] / 2.0;
            for (row, line) in lines.iter().enumerate() {
                let shift = (row as f64 - (lines.len() as f64 - 1.0) / 2.0) * (LINE - 3.0);
                canvas.text(
                    (area.left - 8.0, middle + shift + 4.6),
                    Anchor::End,
                    0.9,
                    "",
                    line,
                );
            }
            for segment in self.segments(category) {
                let y = middle + (self.lane(&segment) - self.lanes() as f64 / 2.0) * LYING;
                let (from, to) = segment.ends(&ruler);
                let (x0, x1) = (area.x(&ruler, from), area.x(&ruler, to));
                segment.draw(
                    &mut canvas,
                    (x0.min(x1), y + 1.0),
                    ((x1 - x0).abs(), LYING - 2.0),
                );
                let mut end = x1.max(x0);
                if let Some(bounds) = segment.interval {
                    let [low, high] =
                        bounds.map(|b| area.x(&ruler, b).clamp(area.left, area.right));
                    let y = y + LYING / 2.0;
                    canvas.put(format_args!(
                        "<path d=\"M{} {}H{}m0 -4v8M{} {}v8\" stroke=\"currentColor\" stroke-width=\"1.4\" fill=\"none\"/>",
                        N(low), N(y), N(high), N(low), N(y - 4.0)
                    ));
                    end = end.max(high);
                }
                if self.annotates(category, &segment) {
                    canvas.text_on_data(
                        (end + 6.0, y + LYING / 2.0 + 4.4),
                        Anchor::Start,
                        0.95,
                        &short(segment.to.unwrap_or(0.0)),
                    );
                }
            }
            y += rows[category];
        }
        let zero = area.x(&ruler, ruler.base());
        canvas.rule((zero, area.top), (zero, area.bottom), RULE, "");
        for reference in self.value_references() {
            let x = area.x(&ruler, reference.at);
            canvas.rule((x, area.top), (x, area.bottom), 0.75, REFERENCE_DASHES);
        }
        canvas.finish()
    }

    fn value_references(&self) -> impl Iterator<Item = &Reference> {
        self.references.iter().filter(|r| r.side == Side::Y)
    }

    /// Which bar of its category a segment belongs to.
    fn lane(&self, segment: &Segment) -> f64 {
        match self.arrangement {
            Arrangement::Grouped => segment.series as f64,
            Arrangement::Stacked => 0.0,
        }
    }

    /// Whether the value is written at this segment: at every bar, or at the
    /// last part of a stack.
    fn annotates(&self, category: usize, segment: &Segment) -> bool {
        let last = || self.segments(category).last().map(|s| s.series);
        self.annotated
            && (self.arrangement == Arrangement::Grouped || last() == Some(segment.series))
    }
}

/// A bar or a part of a stack.
struct Segment {
    series: usize,
    /// `None`: the base of the axis.
    from: Option<f64>,
    to: Option<f64>,
    interval: Option<[f64; 2]>,
    hint: String,
}

impl Segment {
    fn ends(&self, ruler: &Ruler) -> (f64, f64) {
        let end = |value: Option<f64>| match value {
            Some(value) if ruler.has_place(value) => value,
            _ => ruler.base(),
        };
        (end(self.from), end(self.to))
    }

    fn draw(&self, canvas: &mut Canvas, (x, y): (f64, f64), (width, height): (f64, f64)) {
        canvas.open_series(self.series);
        canvas.put(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"currentColor\" fill-opacity=\"0.88\"><title>{}</title></rect>",
            N(x),
            N(y),
            N(width.max(0.0)),
            N(height),
            Escaped(&self.hint)
        ));
        canvas.close();
    }
}

fn hint(category: &str, series: &str, bar: Bar) -> String {
    let interval = bar
        .interval
        .map(|[low, high]| format!(" [{}, {}]", short(low), short(high)))
        .unwrap_or_default();
    let series = if series.is_empty() {
        String::new()
    } else {
        format!(", {series}")
    };
    format!("{category}{series}: {}{interval}", short(bar.value))
}
