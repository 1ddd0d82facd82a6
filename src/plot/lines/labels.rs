//! Where labels of references and points go, so that they hide nothing.

use super::drawing::Plane;
use super::{Reference, Series, Side};
use crate::plot::canvas::{Anchor, Canvas};
use crate::plot::style::text_width;

impl Plane {
    /// The labels come after the data, on halos.
    pub fn reference_labels(&self, canvas: &mut Canvas, references: &[Reference]) {
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

    /// Labels of points: beside the point where nothing else lies, else above
    /// or below it.
    pub fn labels(&self, canvas: &mut Canvas, series: &[Series]) {
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
