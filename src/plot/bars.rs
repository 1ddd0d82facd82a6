//! Bars over categories, beside or upon each other.

mod drawing;

use super::axis::Axis;
use super::lines::Reference;
use super::{Side, cell, interval_cells};
use serde::{Deserialize, Serialize};

/// A bar.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Its length.
    pub value: f64,
    /// Confidence interval of the value.
    pub interval: Option<[f64; 2]>,
}

impl Bar {
    /// A bar without an interval.
    pub fn new(value: f64) -> Self {
        Self {
            value,
            interval: None,
        }
    }

    /// A bar with a confidence interval from `low` to `high`.
    pub fn with_interval(value: f64, low: f64, high: f64) -> Self {
        Self {
            value,
            interval: Some([low, high]),
        }
    }
}

/// Bars of one colour, one per category.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BarSeries {
    /// Name in the legend.
    pub name: String,
    /// One per category; `None`: there is none.
    pub bars: Vec<Option<Bar>>,
}

impl BarSeries {
    /// A series with a bar in every category.
    pub fn new(name: impl Into<String>, bars: impl IntoIterator<Item = Bar>) -> Self {
        Self {
            name: name.into(),
            bars: bars.into_iter().map(Some).collect(),
        }
    }
}

/// How the bars of one category lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrangement {
    /// Beside each other.
    #[default]
    Grouped,
    /// Upon each other, as parts of a sum.
    Stacked,
}

/// A bar chart. The bars stand where the names of the categories fit below
/// them, and lie where they do not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Bars {
    /// What is to be seen.
    pub title: String,
    /// Names of the categories.
    pub categories: Vec<String>,
    /// Axis of the values.
    pub values: Axis,
    /// In the order of the legend.
    pub series: Vec<BarSeries>,
    /// Beside or upon each other.
    pub arrangement: Arrangement,
    /// Whether each bar (each stack) has its value at its end.
    pub annotated: bool,
    /// Dashed lines at values; only those of [`Side::Y`], the axis of the
    /// values, are drawn.
    pub references: Vec<Reference>,
}

impl Bars {
    /// A chart without bars.
    pub fn new(
        title: impl Into<String>,
        categories: impl IntoIterator<Item = impl Into<String>>,
        values: Axis,
    ) -> Self {
        Self {
            title: title.into(),
            categories: categories.into_iter().map(Into::into).collect(),
            values,
            ..Self::default()
        }
    }

    /// Adds a series.
    pub fn series(mut self, series: BarSeries) -> Self {
        self.series.push(series);
        self
    }

    /// The same bars upon each other.
    pub fn stacked(mut self) -> Self {
        self.arrangement = Arrangement::Stacked;
        self
    }

    /// The same bars with their values.
    pub fn annotated(mut self) -> Self {
        self.annotated = true;
        self
    }

    /// Adds a dashed line at a value.
    pub fn reference(mut self, at: f64, label: impl Into<String>) -> Self {
        self.references.push(Reference {
            side: Side::Y,
            at,
            label: label.into(),
        });
        self
    }

    /// One row per bar: category, series, value, interval.
    pub fn table(&self) -> Vec<Vec<String>> {
        let header = ["category", "series", "value", "low", "high"].map(str::to_owned);
        let rows = self
            .categories
            .iter()
            .enumerate()
            .flat_map(|(index, category)| {
                self.series.iter().filter_map(move |series| {
                    let bar = series.bars.get(index).copied().flatten()?;
                    let [low, high] = interval_cells(bar.interval);
                    Some(vec![
                        category.clone(),
                        series.name.clone(),
                        cell(bar.value),
                        low,
                        high,
                    ])
                })
            });
        std::iter::once(header.to_vec()).chain(rows).collect()
    }
}
