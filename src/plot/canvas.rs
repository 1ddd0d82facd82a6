//! SVG text, element by element.

use super::style::{FAMILY, INK, LIGHT_SERIES, PAPER, Size, TEXT};
use std::fmt::{self, Write};

/// A coordinate: at most two decimals, no superfluous digits.
pub(super) struct N(pub f64);

impl fmt::Display for N {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = (self.0 * 100.0).round() / 100.0;
        // Minus zero would be written with its sign.
        write!(f, "{}", hundredths + 0.0)
    }
}

/// Text with the five characters of XML escaped. Control characters, which
/// XML has no way to write, become spaces.
pub(super) struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => f.write_char(' ')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// The content of a `text` element of the given font size. Superscript
/// characters, which many fonts draw unevenly or lack, become raised digits.
struct Content<'a>(&'a str, f64);

impl fmt::Display for Content<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (size, rise) = (N(self.1 * 0.78), self.1 * 0.36);
        let mut raised = false;
        let characters: Vec<char> = self.0.chars().collect();
        for part in characters.chunk_by(|a, b| plain(*a).is_some() == plain(*b).is_some()) {
            let plain: Option<String> = part.iter().map(|&c| plain(c)).collect();
            if let Some(text) = plain {
                let rise = N(-rise);
                write!(
                    f,
                    "<tspan dy=\"{rise}\" font-size=\"{size}\">{text}</tspan>"
                )?;
                raised = true;
                continue;
            }
            let text: String = part.iter().collect();
            if raised {
                write!(f, "<tspan dy=\"{}\">{}</tspan>", N(rise), Escaped(&text))?;
            } else {
                write!(f, "{}", Escaped(&text))?;
            }
            raised = false;
        }
        Ok(())
    }
}

/// The character that a superscript character raises.
fn plain(c: char) -> Option<char> {
    Some(match c {
        '¹' => '1',
        '²' => '2',
        '³' => '3',
        '⁻' => '−',
        '⁰' | '⁴'..='⁹' => char::from_digit(u32::from(c) - 0x2070, 10)?,
        _ => return None,
    })
}

/// Where a text lies from its position.
#[derive(Clone, Copy)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn attribute(self) -> &'static str {
        match self {
            Self::Start => "",
            Self::Middle => " text-anchor=\"middle\"",
            Self::End => " text-anchor=\"end\"",
        }
    }
}

/// An SVG document being written.
pub(super) struct Canvas {
    text: String,
}

impl Canvas {
    /// A sheet of white paper; `name` is what a screen reader says of it.
    pub fn new(size: Size, name: &str) -> Self {
        let (width, height) = (N(size.width), N(size.height));
        let mut canvas = Self {
            text: String::new(),
        };
        canvas.put(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
             width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{}\" color=\"{INK}\" \
             font-family=\"{FAMILY}\" font-size=\"{TEXT}\">",
            Escaped(name)
        ));
        canvas.put(format_args!(
            "<rect class=\"paper\" width=\"{width}\" height=\"{height}\" fill=\"{PAPER}\"/>"
        ));
        canvas
    }

    /// One element, or part of one, on a line of its own.
    pub fn put(&mut self, element: fmt::Arguments<'_>) {
        writeln!(self.text, "{element}").expect("a string takes everything");
    }

    /// Text in ink of the given opacity; `extra` are further attributes.
    pub fn text(
        &mut self,
        (x, y): (f64, f64),
        anchor: Anchor,
        opacity: f64,
        extra: &str,
        text: &str,
    ) {
        let (separator, anchor) = (if extra.is_empty() { "" } else { " " }, anchor.attribute());
        self.put(format_args!(
            "<text x=\"{}\" y=\"{}\"{anchor} fill=\"currentColor\" fill-opacity=\"{opacity}\"{separator}{extra}>{}</text>",
            N(x),
            N(y),
            Content(text, TEXT)
        ));
    }

    /// Text on a halo of paper, for text over data.
    pub fn text_on_data(&mut self, at: (f64, f64), anchor: Anchor, opacity: f64, text: &str) {
        let halo = format!(
            "class=\"halo\" stroke=\"{PAPER}\" stroke-width=\"4\" stroke-linejoin=\"round\" paint-order=\"stroke\" font-size=\"12\""
        );
        self.text(at, anchor, opacity, &halo, text);
    }

    /// A straight line in ink.
    pub fn rule(&mut self, from: (f64, f64), to: (f64, f64), opacity: f64, dashes: &str) {
        let dashes = if dashes.is_empty() {
            String::new()
        } else {
            format!(" stroke-dasharray=\"{dashes}\"")
        };
        self.put(format_args!(
            "<path d=\"M{} {}L{} {}\" stroke=\"currentColor\" stroke-opacity=\"{opacity}\"{dashes}/>",
            N(from.0),
            N(from.1),
            N(to.0),
            N(to.1)
        ));
    }

    /// Opens a group in the colour of a series; `close` ends it.
    pub fn open_series(&mut self, series: usize) {
        let index = series % LIGHT_SERIES.len();
        self.put(format_args!(
            "<g class=\"s{index}\" color=\"{}\">",
            LIGHT_SERIES[index]
        ));
    }

    /// Ends the group opened last.
    pub fn close(&mut self) {
        self.put(format_args!("</g>"));
    }

    /// The finished document.
    pub fn finish(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}
