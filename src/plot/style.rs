//! Colours, sizes and the width of text.

use serde::{Deserialize, Serialize};

/// Series colours on white paper: Okabe and Ito's palette ("Color Universal
/// Design", 2008), told apart with every common colour blindness; its yellow
/// darkened so that it shows on white.
pub const LIGHT_SERIES: [&str; 8] = [
    "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#6b6f76", "#9a8700",
];

/// The same series on dark paper, for `.s0` to `.s7` in a style sheet.
pub const DARK_SERIES: [&str; 8] = [
    "#4ea8e6", "#ff8a3d", "#2fcb9b", "#e69bc5", "#f2bb3f", "#93d2fa", "#a4a9b3", "#d9cc4a",
];

/// Ink and paper of a drawing that stands alone.
pub(super) const INK: &str = "#1d242c";
pub(super) const PAPER: &str = "#ffffff";

/// Opacity of the ink in secondary text, in axis lines and in the grid.
pub(super) const MUTED: f64 = 0.72;
pub(super) const RULE: f64 = 0.5;
pub(super) const GRID: f64 = 0.13;

/// Font sizes: title, everything else.
pub(super) const TITLE: f64 = 15.0;
pub(super) const TEXT: f64 = 13.0;
/// From one line of text to the next.
pub(super) const LINE: f64 = 19.0;
/// Font family; the first is the one that PNGs are drawn with.
pub(super) const FAMILY: &str = "Noto Sans, system-ui, -apple-system, Segoe UI, Roboto, sans-serif";

/// Width and height of a drawing in CSS pixels. Letters keep their size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Size {
    /// For a page column.
    pub const WIDE: Self = Self {
        width: 720.0,
        height: 400.0,
    };
    /// For half a page column, or a telephone.
    pub const NARROW: Self = Self {
        width: 380.0,
        height: 320.0,
    };
}

/// Width of `text` in pixels, about: advance widths of Noto Sans, which the
/// usual sans-serif fonts stay within a few percent of.
pub(super) fn text_width(text: &str, font_size: f64) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.27,
        ' ' | '\u{2009}' => 0.24,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' | 'I' => 0.37,
        '\u{2070}'..='\u{207f}' | '\u{b2}' | '\u{b3}' | '\u{b9}' => 0.36,
        'm' | 'M' | 'W' => 0.92,
        'w' | '%' | '@' => 0.82,
        c if c.is_ascii_uppercase() => 0.65,
        c if c.is_ascii_lowercase() => 0.56,
        _ => 0.57,
    };
    text.chars().map(em).sum::<f64>() * font_size
}

/// Breaks `text` into lines of at most `width` pixels, at spaces; a word that
/// is longer stays whole.
pub(super) fn wrap(text: &str, font_size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), font_size) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
