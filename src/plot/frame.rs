//! What surrounds the data: title, legend, axes, grid.

use super::axis::Ruler;
use super::canvas::{Anchor, Canvas, N};
use super::style::{GRID, LINE, MUTED, RULE, Size, TEXT, TITLE, text_width, wrap};

/// Free space at the edges of the drawing.
const MARGIN: f64 = 12.0;
/// Length of a legend sample, and its distance to the text.
const SAMPLE: f64 = 24.0;
const SWATCH: f64 = 14.0;
const SAMPLE_GAP: f64 = 6.0;
/// Dash pattern of reference lines.
pub(super) const REFERENCE_DASHES: &str = "5 4";
/// Distance between legend entries.
const ENTRY_GAP: f64 = 18.0;

/// What stands before a name in the legend.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sample {
    /// A piece of line.
    Line,
    /// A marker.
    Marker,
    /// Both.
    LineMarker,
    /// A square of colour.
    Swatch,
    /// A dashed line of ink, for a reference.
    Dashes,
}

impl Sample {
    fn width(self) -> f64 {
        match self {
            Self::Swatch => SWATCH,
            _ => SAMPLE,
        }
    }
}

/// A legend entry.
pub(super) struct Entry<'a> {
    pub name: &'a str,
    pub series: usize,
    pub sample: Sample,
}

/// The rectangle of the data.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

impl Area {
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// Pixel column of a value.
    pub fn x(&self, ruler: &Ruler, value: f64) -> f64 {
        self.left + ruler.position(value) * self.width()
    }

    /// Pixel row of a value.
    pub fn y(&self, ruler: &Ruler, value: f64) -> f64 {
        self.bottom - ruler.position(value) * self.height()
    }

    /// Left and right edge as they are, top and bottom likewise.
    pub fn corners(&self) -> ((f64, f64), (f64, f64)) {
        ((self.left, self.top), (self.right, self.bottom))
    }
}

/// Draws title, legend and the label of the vertical axis, one below the
/// other; returns where the data may begin.
pub(super) fn head(
    canvas: &mut Canvas,
    size: Size,
    title: &str,
    legend: &[Entry<'_>],
    y_label: &str,
) -> f64 {
    let width = size.width - 2.0 * MARGIN;
    let mut y = MARGIN;
    for line in wrap(title, TITLE * 1.06, width) {
        y += LINE;
        let weight = format!("font-size=\"{TITLE}\" font-weight=\"bold\"");
        canvas.text((MARGIN, y - 4.0), Anchor::Start, 1.0, &weight, &line);
    }
    if !legend.is_empty() {
        let mut x = MARGIN;
        y += LINE + 3.0;
        for entry in legend {
            let indent = entry.sample.width() + SAMPLE_GAP;
            let room = indent + text_width(entry.name, TEXT);
            if x > MARGIN && x + room > size.width - MARGIN {
                x = MARGIN;
                y += LINE;
            }
            sample(canvas, entry, x, y - 8.5);
            canvas.text((x + indent, y - 4.0), Anchor::Start, 1.0, "", entry.name);
            x += room + ENTRY_GAP;
        }
        y += 2.0;
    }
    for line in wrap(y_label, TEXT, width) {
        y += LINE;
        canvas.text((MARGIN, y - 3.0), Anchor::Start, MUTED, "", &line);
    }
    y + 8.0
}

fn sample(canvas: &mut Canvas, entry: &Entry<'_>, x: f64, y: f64) {
    if entry.sample == Sample::Dashes {
        canvas.rule((x, y), (x + SAMPLE, y), 0.75, REFERENCE_DASHES);
        return;
    }
    canvas.open_series(entry.series);
    match entry.sample {
        Sample::Swatch => canvas.put(format_args!(
            "<rect x=\"{}\" y=\"{}\" width=\"{SWATCH}\" height=\"12\" rx=\"2\" fill=\"currentColor\" fill-opacity=\"0.88\"/>",
            N(x),
            N(y - 6.5)
        )),
        other => {
            if other != Sample::Marker {
                let dashes = if other == Sample::Line {
                    dashes(entry.series)
                } else {
                    ""
                };
                canvas.put(format_args!(
                    "<path d=\"M{} {}h{SAMPLE}\" stroke=\"currentColor\" stroke-width=\"2.2\"{dashes}/>",
                    N(x),
                    N(y)
                ));
            }
            if other != Sample::Line {
                marker(canvas, entry.series, (x + SAMPLE / 2.0, y), false, None);
            }
        }
    }
    canvas.close();
}

/// Dash pattern of the lines of a series that has no markers.
pub(super) fn dashes(series: usize) -> &'static str {
    [
        "",
        " stroke-dasharray=\"7 3\"",
        " stroke-dasharray=\"2 2.5\"",
        " stroke-dasharray=\"9 3 2 3\"",
    ][series % 4]
}

/// The marker of a series: shape as well as colour tells series apart. A
/// hollow one marks a value that the axis has no place for. `hint` is shown
/// by a browser when the pointer rests on it.
pub(super) fn marker(
    canvas: &mut Canvas,
    series: usize,
    (x, y): (f64, f64),
    hollow: bool,
    hint: Option<&str>,
) {
    let (px, py) = (N(x), N(y));
    let shape = match series % 6 {
        0 => format!("<circle cx=\"{px}\" cy=\"{py}\" r=\"4\""),
        1 => format!(
            "<rect x=\"{}\" y=\"{}\" width=\"7.4\" height=\"7.4\"",
            N(x - 3.7),
            N(y - 3.7)
        ),
        2 => format!("<path d=\"M{px} {}l4.6 8h-9.2z\"", N(y - 4.9)),
        3 => format!(
            "<path d=\"M{px} {}l4.9 4.9l-4.9 4.9l-4.9 -4.9z\"",
            N(y - 4.9)
        ),
        4 => format!("<path d=\"M{px} {}l4.6 -8h-9.2z\"", N(y + 4.9)),
        _ => format!(
            "<path d=\"M{px} {}l4.6 3.3l-1.8 5.4h-5.6l-1.8 -5.4z\"",
            N(y - 4.8)
        ),
    };
    let paint = if hollow {
        "fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.6\""
    } else {
        "fill=\"currentColor\""
    };
    match hint {
        Some(hint) => {
            let tag = &shape[1..shape.find(' ').unwrap_or(1)];
            canvas.put(format_args!(
                "{shape} {paint}><title>{}</title></{tag}>",
                super::canvas::Escaped(hint)
            ));
        }
        None => canvas.put(format_args!("{shape} {paint}/>")),
    }
}

/// Space for the labels of a vertical axis.
pub(super) fn left_of(ruler: &Ruler) -> f64 {
    let widest = ruler
        .ticks
        .iter()
        .map(|tick| text_width(&tick.label, TEXT))
        .fold(0.0, f64::max);
    MARGIN + widest + 8.0
}

/// Space below the data for tick labels and the label of the axis.
pub(super) fn below(label: &str) -> f64 {
    let label = if label.is_empty() { 0.0 } else { LINE };
    8.0 + LINE + label + 6.0
}

/// Space to the right of the data.
pub(super) fn right_of() -> f64 {
    MARGIN + 6.0
}

/// Draws the grid, ticks and labels of the horizontal axis.
pub(super) fn horizontal_axis(canvas: &mut Canvas, area: &Area, ruler: &Ruler, label: &str) {
    // The right end of the label drawn last.
    let mut occupied = f64::NEG_INFINITY;
    for tick in &ruler.ticks {
        let x = area.x(ruler, tick.value);
        let labelled = !tick.label.is_empty();
        if labelled {
            canvas.rule((x, area.top), (x, area.bottom), GRID, "");
        }
        let length = if labelled { 5.0 } else { 3.0 };
        canvas.rule((x, area.bottom), (x, area.bottom + length), RULE, "");
        let half = text_width(&tick.label, TEXT) / 2.0;
        if labelled && x - half > occupied + 5.0 {
            occupied = x + half;
            canvas.text(
                (x, area.bottom + 20.0),
                Anchor::Middle,
                MUTED,
                "",
                &tick.label,
            );
        }
    }
    canvas.rule(
        (area.left, area.bottom),
        (area.right, area.bottom),
        RULE,
        "",
    );
    let middle = (area.left + area.right) / 2.0;
    canvas.text(
        (middle, area.bottom + 20.0 + LINE),
        Anchor::Middle,
        MUTED,
        "",
        label,
    );
}

/// Draws the grid, ticks and labels of the vertical axis.
pub(super) fn vertical_axis(canvas: &mut Canvas, area: &Area, ruler: &Ruler) {
    // The upper end of the label drawn last.
    let mut occupied = f64::INFINITY;
    for tick in &ruler.ticks {
        let y = area.y(ruler, tick.value);
        if tick.label.is_empty() {
            canvas.rule((area.left - 3.0, y), (area.left, y), RULE * 0.7, "");
            continue;
        }
        canvas.rule((area.left, y), (area.right, y), GRID, "");
        if y + 6.5 < occupied {
            occupied = y - 6.5;
            canvas.text(
                (area.left - 8.0, y + 4.6),
                Anchor::End,
                MUTED,
                "",
                &tick.label,
            );
        }
    }
}
