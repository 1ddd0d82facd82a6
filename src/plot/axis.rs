//! Numeric axes: range, ticks and their labels.

use serde::{Deserialize, Serialize};

/// How values lie along an axis.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Equal steps.
    #[default]
    Linear,
    /// Equal ratios. A value that is not positive is drawn at the lower edge.
    Log,
}

/// A numeric axis.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Axis {
    /// Quantity and unit.
    pub label: String,
    /// Linear or logarithmic.
    pub scale: Scale,
    /// Lowest and highest value shown; `None`: what the data need.
    pub range: Option<[f64; 2]>,
    /// Ticks with their labels; none: chosen from the range.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// A linear axis over what the data need.
    pub fn linear(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            ..Self::default()
        }
    }

    /// A logarithmic axis over what the data need.
    pub fn log(label: impl Into<String>) -> Self {
        Self {
            scale: Scale::Log,
            ..Self::linear(label)
        }
    }

    /// The same axis from `low` to `high`.
    pub fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some([low, high]);
        self
    }

    /// The same axis with these ticks.
    pub fn ticks(mut self, ticks: impl IntoIterator<Item = (f64, String)>) -> Self {
        self.ticks = ticks.into_iter().collect();
        self
    }
}

/// A tick: where, and what stands at it (empty: a small tick).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub value: f64,
    pub label: String,
}

/// An axis with its range and ticks decided.
#[derive(Clone, Debug)]
pub(super) struct Ruler {
    scale: Scale,
    low: f64,
    high: f64,
    pub ticks: Vec<Tick>,
}

/// What is added around the data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// A little room at both ends.
    Padded,
    /// Up to the next round values.
    Round,
    /// Round values, and zero (linear axes).
    FromZero,
}

impl Ruler {
    /// Fits `axis` to `values`, with about `wanted` labelled ticks.
    pub fn new(axis: &Axis, values: impl Iterator<Item = f64>, fit: Fit, wanted: usize) -> Self {
        let usable = |v: &f64| v.is_finite() && (axis.scale == Scale::Linear || *v > 0.0);
        let (mut low, mut high) = values
            .filter(usable)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
                (low.min(v), high.max(v))
            });
        let given = axis
            .range
            .filter(|[low, high]| usable(low) && usable(high) && low < high);
        if let Some(range) = given {
            [low, high] = range;
        } else {
            (low, high) = match axis.scale {
                Scale::Linear => fit_linear(low, high, fit, wanted),
                Scale::Log => fit_log(low, high),
            };
        }
        let ticks = if axis.ticks.is_empty() {
            match axis.scale {
                Scale::Linear => linear_ticks(low, high, wanted),
                Scale::Log => log_ticks(low, high, wanted),
            }
        } else {
            axis.ticks
                .iter()
                .filter(|(value, _)| (low..=high).contains(value))
                .map(|(value, label)| Tick {
                    value: *value,
                    label: label.clone(),
                })
                .collect()
        };
        Self {
            scale: axis.scale,
            low,
            high,
            ticks,
        }
    }

    /// Where `value` lies: 0 at the lower end, 1 at the upper. A value that a
    /// logarithmic axis has no place for lies at 0.
    pub fn position(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log if value > 0.0 => {
                (value / self.low).log10() / (self.high / self.low).log10()
            }
            Scale::Log => 0.0,
        }
    }

    /// Whether the axis has a place for `value` at all.
    pub fn has_place(&self, value: f64) -> bool {
        value.is_finite() && (self.scale == Scale::Linear || value > 0.0)
    }

    /// Where bars begin: zero, or the lower end of a logarithmic axis.
    pub fn base(&self) -> f64 {
        match self.scale {
            Scale::Linear => 0.0_f64.clamp(self.low, self.high),
            Scale::Log => self.low,
        }
    }
}

fn fit_linear(low: f64, high: f64, fit: Fit, wanted: usize) -> (f64, f64) {
    if low > high {
        return (0.0, 1.0);
    }
    let (mut low, mut high) = (low, high);
    if fit == Fit::FromZero {
        (low, high) = (low.min(0.0), high.max(0.0));
    }
    if low == high {
        let room = if low == 0.0 { 1.0 } else { low.abs() * 0.5 };
        (low, high) = match fit {
            Fit::FromZero if low >= 0.0 => (low, high + room),
            _ => (low - room, high + room),
        };
    }
    match fit {
        Fit::Padded => {
            let room = (high - low) * 0.035;
            (low - room, high + room)
        }
        Fit::Round | Fit::FromZero => {
            let step = step(low, high, wanted);
            ((low / step).floor() * step, (high / step).ceil() * step)
        }
    }
}

fn fit_log(low: f64, high: f64) -> (f64, f64) {
    if low > high {
        return (0.1, 1.0);
    }
    let room = (high / low).powf(0.05).max(1.2);
    (low / room, high * room)
}

/// The round step (1, 2 or 5 times a power of ten) that gives about `wanted`
/// ticks.
fn step(low: f64, high: f64, wanted: usize) -> f64 {
    let raw = (high - low) / wanted.max(1) as f64;
    let decade = 10f64.powf(raw.log10().floor());
    let factor = match raw / decade {
        f if f < 1.5 => 1.0,
        f if f < 3.5 => 2.0,
        f if f < 7.5 => 5.0,
        _ => 10.0,
    };
    factor * decade
}

fn linear_ticks(low: f64, high: f64, wanted: usize) -> Vec<Tick> {
    let step = step(low, high, wanted);
    // A little tolerance, so that an end that is a tick stays one.
    let (first, last) = ((low / step - 1e-6).ceil(), (high / step + 1e-6).floor());
    let decimals = (-step.log10() - 1e-6).floor() + 1.0;
    (0..=(last - first).max(0.0) as usize)
        .map(|index| {
            let value = (first + index as f64) * step;
            Tick {
                value,
                label: decimal(value, decimals.max(0.0) as usize, low.abs().max(high.abs())),
            }
        })
        .collect()
}

fn log_ticks(low: f64, high: f64, wanted: usize) -> Vec<Tick> {
    let (first, last) = (
        low.log10().floor() as i32,
        (high.log10() + 1e-9).ceil() as i32,
    );
    let inside = |value: f64| value >= low * (1.0 - 1e-9) && value <= high * (1.0 + 1e-9);
    let decades = (first..=last)
        .filter(|&d| inside(10f64.powi(d)))
        .count()
        .max(1);
    let every = decades.div_ceil(wanted.max(1)) as i32;
    // With few decades the digits between them are labelled too.
    let labelled: &[i32] = match decades {
        1 if high / low < 8.0 => &[1, 2, 3, 4, 5, 6, 7, 8, 9],
        1 | 2 => &[1, 2, 5],
        _ => &[1],
    };
    let plain = first >= -3 && last <= 5;
    let mut ticks = Vec::new();
    for decade in first..=last {
        for digit in 1..=9 {
            let value = f64::from(digit) * 10f64.powi(decade);
            if !inside(value) || (every > 1 && digit > 1) {
                continue;
            }
            let label = if labelled.contains(&digit) && decade.rem_euclid(every) == 0 {
                power_of_ten(digit, decade, plain)
            } else {
                String::new()
            };
            ticks.push(Tick { value, label });
        }
    }
    ticks
}

/// `digit`·10^`decade`.
fn power_of_ten(digit: i32, decade: i32, plain: bool) -> String {
    if plain {
        let value = f64::from(digit) * 10f64.powi(decade);
        return decimal(value, (-decade).max(0) as usize, value);
    }
    let power = format!("10{}", superscript(decade));
    if digit == 1 {
        power
    } else {
        format!("{digit}×{power}")
    }
}

fn superscript(number: i32) -> String {
    number
        .to_string()
        .chars()
        .map(|c| match c {
            '-' => '⁻',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            digit => char::from_u32(u32::from(digit) - u32::from('0') + 0x2070).unwrap_or(digit),
        })
        .collect()
}

/// A number with `decimals` digits after the point, thousands apart; as a
/// power of ten where `largest` is far from 1.
fn decimal(value: f64, decimals: usize, largest: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e7).contains(&largest) {
        return scientific(value, 2);
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) && whole.len() > 4 {
            grouped.push('\u{2009}');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 { "−" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{grouped}{point}{fraction}")
}

/// A number as m×10^e with at most `decimals` digits after the point.
fn scientific(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let mantissa = if mantissa.contains('.') {
        mantissa.trim_end_matches('0').trim_end_matches('.')
    } else {
        mantissa
    };
    let mantissa = mantissa.replace('-', "−");
    let exponent: i32 = exponent.parse().unwrap_or(0);
    match mantissa.as_str() {
        "1" => format!("10{}", superscript(exponent)),
        _ => format!("{mantissa}×10{}", superscript(exponent)),
    }
}

/// A value for people: three significant digits.
pub(super) fn short(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor();
    if !(-3.0..6.0).contains(&magnitude) {
        return scientific(value, 2);
    }
    let decimals = (2.0 - magnitude).max(0.0) as usize;
    let text = decimal(value, decimals, 1.0);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}
