//! The axes of a grid of `images`: which of them vary, and what their values are called.

use super::records::Row;
use crate::campaign::experiments::images::Faults;
use serde_json::Value as Json;

/// Keys of a cell that say what is recorded, not what is done; and schedules, whose name is that of
/// the place.
const HIDDEN: [&str; 3] = ["trace", "pictures", "schedule"];

/// Text of what a cell does not have.
const ABSENT: &str = "none";

/// Text of a voltage or a clock that is not given.
const NOMINAL: &str = "nominal";

/// An axis that varies.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Its key.
    pub key: String,
    /// Value of every row, in words.
    pub texts: Vec<String>,
    /// Value of every row, where they are numbers.
    pub numbers: Vec<Option<f64>>,
}

impl Axis {
    /// The different texts, in the order of the grid.
    pub fn distinct(&self) -> Vec<&str> {
        let mut found: Vec<&str> = Vec::new();
        for text in &self.texts {
            if !found.contains(&text.as_str()) {
                found.push(text);
            }
        }
        found
    }

    /// Heading in tables and figures.
    pub fn title(&self) -> String {
        match self.key.as_str() {
            "ber" => "BER".to_owned(),
            "bits" => "Psum bits".to_owned(),
            "voltage" => "Supply in V".to_owned(),
            "frequency" => "Clock in MHz".to_owned(),
            "interval" => "Checkpoint interval".to_owned(),
            "threshold_bit" => "Threshold bit θ".to_owned(),
            "place" => "Where".to_owned(),
            "taylorseer" => "TaylorSeer".to_owned(),
            "config" => "Array".to_owned(),
            key => {
                let mut letters = key.chars();
                let first = letters.next().map(|letter| letter.to_ascii_uppercase());
                first
                    .into_iter()
                    .chain(letters)
                    .collect::<String>()
                    .replace('_', " ")
            }
        }
    }
}

/// The axes that vary, in the order of the cell.
pub fn varying(rows: &[Row]) -> Vec<Axis> {
    let values: Vec<Vec<Value>> = rows.iter().map(values).collect();
    let mut keys: Vec<&String> = Vec::new();
    for value in values.iter().flatten() {
        if !keys.contains(&&value.key) {
            keys.push(&value.key);
        }
    }
    let axes = keys.into_iter().map(|key| {
        let of = |row: &Vec<Value>| {
            let found = row.iter().find(|value| value.key == *key);
            found.map_or((ABSENT.to_owned(), None), |value| {
                (value.text.clone(), value.number)
            })
        };
        let (texts, numbers) = values.iter().map(of).unzip();
        Axis {
            key: key.clone(),
            texts,
            numbers,
        }
    });
    axes.filter(|axis| axis.distinct().len() > 1).collect()
}

/// A value of a cell on an axis.
struct Value {
    key: String,
    text: String,
    number: Option<f64>,
}

impl Value {
    fn new(key: &str, text: String, number: Option<f64>) -> Self {
        Self {
            key: key.to_owned(),
            text,
            number,
        }
    }
}

/// The values of a cell. The source of faults is taken apart.
fn values(row: &Row) -> Vec<Value> {
    let mut all = Vec::new();
    let Some(cell) = row.raw.as_object() else {
        return all;
    };
    for (key, value) in cell {
        if HIDDEN.contains(&key.as_str()) {
            continue;
        }
        if key == "faults" {
            all.extend(faults(&row.cell.faults));
            continue;
        }
        let text = match (key.as_str(), value) {
            ("config", Json::String(text)) => array(text),
            (_, Json::String(text)) => text.clone(),
            (_, Json::Object(parts)) => match parts.get("name").and_then(Json::as_str) {
                Some(name) => name.to_owned(),
                None => value.to_string(),
            },
            (_, Json::Null) => ABSENT.to_owned(),
            _ => value.to_string(),
        };
        all.push(Value::new(key, text, value.as_f64()));
    }
    all
}

fn faults(faults: &Faults) -> Vec<Value> {
    match faults {
        Faults::Uniform { ber, bits } => vec![
            Value::new("ber", rate(*ber), Some(*ber)),
            Value::new("bits", format!("{}–{}", bits[0], bits[1]), None),
        ],
        Faults::Timing {
            voltage,
            frequency,
            tech,
        } => {
            let text = |value: Option<f64>| value.map_or(NOMINAL.to_owned(), |v| format!("{v}"));
            let megahertz = frequency.map(|hertz| hertz * 1e-6);
            vec![
                Value::new("voltage", text(*voltage), *voltage),
                Value::new("frequency", text(megahertz), megahertz),
                Value::new("tech", tech.clone(), None),
            ]
        }
    }
}

/// A bit error rate in words.
pub fn rate(ber: f64) -> String {
    if ber == 0.0 {
        "0".to_owned()
    } else {
        format!("{ber:e}")
    }
}

/// What figures call an array: its shipped name, or that of its file.
fn array(config: &str) -> String {
    let file = std::path::Path::new(config);
    let stem = file
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned());
    stem.unwrap_or_else(|| config.to_owned())
}

/// The values of some axes of a row, joined.
pub fn label(axes: &[&Axis], row: usize) -> String {
    let point = |axis: &&&Axis| {
        let nominal = axis.texts[row] == NOMINAL || axis.texts[row] == ABSENT;
        !(nominal && ["voltage", "frequency"].contains(&axis.key.as_str()))
    };
    let texts = axes
        .iter()
        .filter(point)
        .map(|axis| match axis.key.as_str() {
            "ber" => format!("BER {}", axis.texts[row]),
            "bits" => format!("bits {}", axis.texts[row]),
            "voltage" => format!("{} V", axis.texts[row]),
            "frequency" => format!("{} MHz", axis.texts[row]),
            "interval" => format!("every {}", axis.texts[row]),
            "threshold_bit" => format!("θ {}", axis.texts[row]),
            "protection" | "place" | "config" => axis.texts[row].clone(),
            "taylorseer" if axis.texts[row] == ABSENT => "all steps in full".to_owned(),
            "taylorseer" => format!("TaylorSeer {}", axis.texts[row]),
            key => format!("{} {}", key.replace('_', " "), axis.texts[row]),
        });
    texts.collect::<Vec<_>>().join(", ")
}
