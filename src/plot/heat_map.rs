//! A matrix of colours.

use super::axis::{Axis, Fit, Ruler, Scale, short};
use super::canvas::{Anchor, Canvas, Escaped, N};
use super::style::{GRID, LINE, MUTED, RULE, Size, TEXT, text_width};
use super::{cell, frame};
use serde::{Deserialize, Serialize};

/// Height of the bar that explains the colours.
const KEY: f64 = 12.0;
/// Height of a row, at least and at most.
const LOWEST: f64 = 17.0;
const HIGHEST: f64 = 44.0;

/// A matrix of values as colours, in a scale that stays readable with every
/// common colour blindness and in grey (viridis).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HeatMap {
    /// What is to be seen.
    pub title: String,
    /// What the columns are.
    pub x_label: String,
    /// What the rows are.
    pub y_label: String,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Names of the rows, top to bottom.
    pub rows: Vec<String>,
    /// Quantity, scale and range of the colours.
    pub values: Axis,
    /// rows × columns; `None`: not measured, drawn as a grey cell.
    pub cells: Vec<Vec<Option<f64>>>,
    /// Whether the values stand in the cells, where all fit.
    pub annotated: bool,
}

impl HeatMap {
    /// One row per cell: row, column, value.
    pub fn table(&self) -> Vec<Vec<String>> {
        let header = ["row", "column", "value"].map(str::to_owned).to_vec();
        let rows = self.rows.iter().zip(&self.cells);
        let cells = rows.flat_map(|(row, cells)| {
            let measured = self.columns.iter().zip(cells);
            measured.filter_map(|(column, value)| {
                Some(vec![row.clone(), column.clone(), cell((*value)?)])
            })
        });
        std::iter::once(header).chain(cells).collect()
    }

    /// The drawing as an SVG document. The height follows the rows, and is at
    /// most that of `size` as long as the rows stay legible.
    pub fn svg(&self, size: Size) -> String {
        let values = self.cells.iter().flatten().copied().flatten();
        let ruler = Ruler::new(&self.values, values, Fit::Round, 5);
        let left = self
            .rows
            .iter()
            .map(|name| text_width(name, TEXT))
            .fold(0.0, f64::max)
            + 22.0;
        let right = size.width - frame::right_of();
        let top = frame::head(
            &mut Canvas::new(size, ""),
            size,
            &self.title,
            &[],
            &self.y_label,
        );
        let below = frame::below(&self.x_label) + KEY + 2.0 * LINE + 16.0;
        let count = self.rows.len().max(1) as f64;
        let row = ((size.height - top - below) / count).clamp(LOWEST, HIGHEST);
        let bottom = top + row * count;
        let height = bottom + below;
        let mut canvas = Canvas::new(Size { height, ..size }, &self.title);
        frame::head(&mut canvas, size, &self.title, &[], &self.y_label);
        let column = (right - left).max(40.0) / self.columns.len().max(1) as f64;
        let texts = self.cells.iter().flatten().flatten().map(|v| short(*v));
        let widest = texts
            .map(|text| text_width(&text, 12.0))
            .fold(0.0, f64::max);
        let annotated = self.annotated && widest + 4.0 < column;
        for (index, (name, cells)) in self.rows.iter().zip(&self.cells).enumerate() {
            let y = top + row * index as f64;
            canvas.text(
                (left - 8.0, y + row / 2.0 + 4.6),
                Anchor::End,
                0.9,
                "",
                name,
            );
            for (value, (at, column_name)) in cells.iter().zip(self.columns.iter().enumerate()) {
                let x = left + column * at as f64;
                Self::draw_cell(
                    &mut canvas,
                    (x, y, column, row),
                    *value,
                    (&ruler, annotated),
                    &format!("{name}, {column_name}"),
                );
            }
        }
        // As many names as fit, evenly spaced.
        let names = self.columns.iter().map(|name| text_width(name, TEXT));
        let every = ((names.fold(0.0, f64::max) + 6.0) / column).ceil().max(1.0);
        for (index, name) in self.columns.iter().enumerate().step_by(every as usize) {
            let x = left + column * (index as f64 + 0.5);
            canvas.text((x, bottom + 18.0), Anchor::Middle, MUTED, "", name);
        }
        let middle = (left + right) / 2.0;
        canvas.text(
            (middle, bottom + 18.0 + LINE),
            Anchor::Middle,
            MUTED,
            "",
            &self.x_label,
        );
        let key = bottom + frame::below(&self.x_label) + 4.0;
        self.key(&mut canvas, (left, right, key), &ruler);
        canvas.finish()
    }

    fn draw_cell(
        canvas: &mut Canvas,
        (x, y, width, height): (f64, f64, f64, f64),
        value: Option<f64>,
        (ruler, annotated): (&Ruler, bool),
        hint: &str,
    ) {
        let (px, py, w, h) = (N(x + 0.5), N(y + 0.5), N(width - 1.0), N(height - 1.0));
        let Some(value) = value.filter(|v| v.is_finite()) else {
            canvas.put(format_args!(
                "<rect x=\"{px}\" y=\"{py}\" width=\"{w}\" height=\"{h}\" fill=\"currentColor\" fill-opacity=\"{GRID}\"><title>{}: not measured</title></rect>",
                Escaped(hint)
            ));
            return;
        };
        let position = ruler.position(value).clamp(0.0, 1.0);
        let colour = colorous::VIRIDIS.eval_continuous(position);
        canvas.put(format_args!(
            "<rect x=\"{px}\" y=\"{py}\" width=\"{w}\" height=\"{h}\" fill=\"#{colour:x}\"><title>{}: {}</title></rect>",
            Escaped(hint),
            short(value)
        ));
        if annotated {
            // Viridis is dark in its lower half.
            let ink = if position < 0.58 {
                "#ffffff"
            } else {
                "#1d242c"
            };
            canvas.put(format_args!(
                "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"12\" fill=\"{ink}\">{}</text>",
                N(x + width / 2.0),
                N(y + height / 2.0 + 4.2),
                short(value)
            ));
        }
    }

    /// The bar that says which colour is which value.
    fn key(&self, canvas: &mut Canvas, (left, right, y): (f64, f64, f64), ruler: &Ruler) {
        const PARTS: usize = 96;
        let width = (right - left) / PARTS as f64;
        for part in 0..PARTS {
            let colour = colorous::VIRIDIS.eval_continuous((part as f64 + 0.5) / PARTS as f64);
            canvas.put(format_args!(
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{KEY}\" fill=\"#{colour:x}\" shape-rendering=\"crispEdges\"/>",
                N(left + width * part as f64),
                N(y),
                // A little overlap hides the seams.
                N(width + 0.3)
            ));
        }
        let mut occupied = f64::NEG_INFINITY;
        for tick in ruler.ticks.iter().filter(|tick| !tick.label.is_empty()) {
            let x = left + ruler.position(tick.value) * (right - left);
            canvas.rule((x, y + KEY), (x, y + KEY + 4.0), RULE, "");
            let half = text_width(&tick.label, TEXT) / 2.0;
            if x - half > occupied + 5.0 {
                occupied = x + half;
                let at = (x, y + KEY + 18.0);
                canvas.text(at, Anchor::Middle, MUTED, "", &tick.label);
            }
        }
        let scale = match self.values.scale {
            Scale::Linear => "",
            Scale::Log => " (logarithmic)",
        };
        let label = format!("{}{scale}", self.values.label);
        let at = ((left + right) / 2.0, y + KEY + 18.0 + LINE);
        canvas.text(at, Anchor::Middle, MUTED, "", &label);
    }
}
