//! What a report says, without a word about how it looks.

use crate::plot::Plot;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A whole report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Our side of the paper's table, in its order.
    pub comparisons: Vec<Comparison>,
    /// In the order of the contents.
    pub sections: Vec<Section>,
}

/// A part of the report with an entry in the contents.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Anchor and prefix of file names: lower-case letters, digits, `-`.
    pub id: String,
    /// Heading.
    pub title: String,
    /// Paragraphs below the heading; `code` between backticks.
    #[serde(default)]
    pub prose: Vec<String>,
    /// Figures, tables and the rest, in order.
    #[serde(default)]
    pub items: Vec<Item>,
}

/// Something in a section.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Item {
    /// A further paragraph.
    Prose(String),
    /// A plot.
    Figure(Box<Figure>),
    /// A table.
    Table(Table),
    /// Rows of pictures.
    Strip(Strip),
    /// A statement and whether it holds.
    Finding(Finding),
}

/// A plot with its caption.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Anchor and name of its data files; once in a report.
    pub id: String,
    /// What is to be seen, of how many samples, what the bars mean.
    pub caption: String,
    /// The drawing and its data.
    pub plot: Plot,
    /// The command that makes it.
    pub command: String,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Heading, with the unit.
    pub name: String,
    /// Whether its cells are numbers, set to the right.
    #[serde(default)]
    pub numeric: bool,
}

impl Column {
    /// A column of text.
    pub fn text(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            numeric: false,
        }
    }

    /// A column of numbers.
    pub fn number(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            numeric: true,
        }
    }
}

/// A table with its caption.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Anchor and name of its data files; once in a report.
    pub id: String,
    /// What it shows.
    pub caption: String,
    /// Headings.
    pub columns: Vec<Column>,
    /// As many cells as columns each.
    pub rows: Vec<Vec<String>>,
    /// The command that makes it.
    pub command: String,
}

/// Rows of pictures to compare: clean, faulty, recovered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Strip {
    /// Anchor; once in a report.
    pub id: String,
    /// What is to be seen.
    pub caption: String,
    /// What the columns are; may be empty.
    #[serde(default)]
    pub columns: Vec<String>,
    /// One below the other.
    pub rows: Vec<StripRow>,
    /// The command that makes it.
    pub command: String,
}

/// A row of pictures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StripRow {
    /// What the row is.
    pub label: String,
    /// Its pictures.
    pub images: Vec<Image>,
}

/// A PNG.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// The file, relative to the file that names it.
    pub file: PathBuf,
    /// What it shows, for those who do not see it, such as `seed 3, class bag`.
    pub alt: String,
    /// Text below it, such as its distance from the clean one.
    #[serde(default)]
    pub note: String,
    /// The bytes; filled when the folder is read.
    #[serde(skip)]
    pub png: Vec<u8>,
}

/// Whether a statement holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It does.
    Holds,
    /// It does not, and the report says so.
    Fails,
    /// The intervals leave it open.
    Undecided,
}

/// A qualitative statement of the paper, tested on our records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// For instance: high-order bits hurt more than low-order ones.
    pub statement: String,
    /// What the paper says.
    #[serde(default)]
    pub paper: String,
    /// Whether it holds for our model.
    pub verdict: Verdict,
    /// What decides, where it is one number.
    #[serde(default)]
    pub effect: Option<Measured>,
    /// The numbers that decide, in words.
    pub evidence: String,
    /// The files of records that they come from.
    #[serde(default)]
    pub records: Vec<String>,
    /// The command that makes them.
    #[serde(default)]
    pub command: String,
}

/// How a number is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// As it is.
    #[default]
    Number,
    /// 0.36 as 36%.
    Percent,
    /// 1.7 as 1.7×.
    Ratio,
}

impl Format {
    /// A value with three significant digits, or two in a percentage.
    pub fn text(self, value: f64) -> String {
        let digits = |value: f64, significant: i32| {
            if value == 0.0 || !value.is_finite() {
                return format!("{value}");
            }
            let decimals = (significant - 1 - value.abs().log10().floor() as i32).max(0);
            format!("{value:.*}", decimals as usize)
        };
        match self {
            Self::Number => digits(value, 3),
            Self::Percent => format!("{}%", digits(value * 100.0, 2)),
            Self::Ratio => format!("{}×", digits(value, 2)),
        }
    }
}

/// A number of ours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The value.
    pub value: f64,
    /// Its 95% confidence interval.
    pub interval: Option<[f64; 2]>,
}

/// A row of the paper's table: a claim of [`super::paper::CLAIMS`] and our
/// side of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// Which claim.
    pub claim: String,
    /// Our number; `None`: not measured.
    pub ours: Option<Measured>,
    /// How the quantity is defined here.
    #[serde(default)]
    pub definition: String,
    /// Why ours differs, naming the run that shows it.
    #[serde(default)]
    pub cause: String,
    /// The command that measures it.
    #[serde(default)]
    pub command: String,
}
