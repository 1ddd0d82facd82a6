//! The specification of a campaign, a YAML file.

use super::error::CampaignError;
use super::statistics::CONFIDENCE;
use crate::input::{self, InputError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Version of the format.
const SCHEMA: &str = "drift-campaign/1";

/// Which seeds every cell is run with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seeds {
    /// The first.
    pub first: u64,
    /// How many, one after the other.
    pub count: usize,
}

/// When a cell has seen enough seeds. It is decided on the first `least`
/// seeds, then on `batch` more each time, never on seeds in between: what is
/// decided does not depend on which thread was faster.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stop {
    /// The quantity whose confidence interval decides.
    pub quantity: String,
    /// Half the width of the interval that is tight enough.
    pub half_width: f64,
    /// Confidence level of the interval.
    pub confidence: f64,
    /// Seeds before the first decision.
    pub least: usize,
    /// Seeds between decisions.
    pub batch: usize,
}

/// A validated specification; the grid is left to the experiment.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Where it was read.
    pub file: PathBuf,
    /// Name of the campaign and of its files.
    pub name: String,
    /// Name of the experiment.
    pub experiment: String,
    /// Seeds of every cell.
    pub seeds: Seeds,
    /// Early end, if asked for.
    pub stop: Option<Stop>,
    grid: serde_yaml::Value,
}

/// The keys as written; wide integers, so that validation can say what is allowed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    schema: String,
    name: String,
    experiment: String,
    seeds: RawSeeds,
    stop: Option<RawStop>,
    grid: serde_yaml::Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSeeds {
    #[serde(default)]
    first: i64,
    count: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStop {
    quantity: String,
    half_width: f64,
    #[serde(default = "usual_confidence")]
    confidence: f64,
    #[serde(default = "usual_least")]
    least: i64,
    batch: Option<i64>,
}

fn usual_confidence() -> f64 {
    CONFIDENCE
}

fn usual_least() -> i64 {
    8
}

impl Spec {
    /// Reads and validates a file.
    ///
    /// # Errors
    /// [`CampaignError::Io`] or [`CampaignError::Input`].
    pub fn from_file(file: &Path) -> Result<Self, CampaignError> {
        let text = std::fs::read_to_string(file).map_err(CampaignError::io(file))?;
        Self::from_yaml(&text, file)
    }

    /// Validates a text that was read from `file`.
    ///
    /// # Errors
    /// As [`Spec::from_file`].
    pub fn from_yaml(text: &str, file: &Path) -> Result<Self, CampaignError> {
        let raw: Raw = input::from_yaml(text, file)?;
        let spec = Self {
            file: file.to_owned(),
            name: raw.name,
            experiment: raw.experiment,
            seeds: Seeds { first: 0, count: 0 },
            stop: None,
            grid: raw.grid,
        };
        if raw.schema != SCHEMA {
            return Err(spec.refused("schema", raw.schema, SCHEMA));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if spec.name.is_empty() || !spec.name.chars().all(plain) {
            let allowed = "letters, digits, - and _, since it names files";
            return Err(spec.refused("name", format!("{:?}", spec.name), allowed));
        }
        let first = u64::try_from(raw.seeds.first)
            .map_err(|_| spec.refused("seeds.first", raw.seeds.first, "0 or more"))?;
        let count = spec.within("seeds.count", raw.seeds.count, 1, 1_000_000)?;
        let stop = raw
            .stop
            .map(|stop| spec.validated_stop(stop, count))
            .transpose()?;
        Ok(Self {
            seeds: Seeds { first, count },
            stop,
            ..spec
        })
    }

    fn validated_stop(&self, raw: RawStop, seeds: usize) -> Result<Stop, CampaignError> {
        if !(raw.half_width > 0.0 && raw.half_width.is_finite()) {
            let allowed = "a number above 0";
            return Err(self.refused("stop.half_width", raw.half_width, allowed));
        }
        if !(0.5..1.0).contains(&raw.confidence) {
            let allowed = "0.5 or more and below 1, such as 0.95";
            return Err(self.refused("stop.confidence", raw.confidence, allowed));
        }
        // Two seeds at least: one has no spread.
        let least = self.within("stop.least", raw.least, 2, seeds.max(2) as i64)?;
        let batch = match raw.batch {
            Some(batch) => self.within("stop.batch", batch, 1, seeds as i64)?,
            None => least,
        };
        Ok(Stop {
            quantity: raw.quantity,
            half_width: raw.half_width,
            confidence: raw.confidence,
            least,
            batch,
        })
    }

    /// The grid as the experiment's own type, which should deny unknown keys.
    ///
    /// # Errors
    /// [`CampaignError::Input`] for what the type does not take.
    pub fn grid<T: DeserializeOwned>(&self) -> Result<T, CampaignError> {
        let grid = serde_yaml::from_value(self.grid.clone());
        Ok(grid.map_err(|error| InputError::syntax(&self.file, format!("grid: {error}")))?)
    }

    /// The same campaign with another number of seeds.
    ///
    /// # Errors
    /// [`CampaignError::Input`] for numbers that are not allowed, or below what the stop rule
    /// looks at first.
    pub fn with_seeds(mut self, count: i64) -> Result<Self, CampaignError> {
        let least = self
            .stop
            .as_ref()
            .map_or(1, |stop| stop.least.max(stop.batch));
        self.seeds.count = self.within("--seeds", count, least as i64, 1_000_000)?;
        Ok(self)
    }

    /// Checks that a list of the grid has values, none of them twice.
    ///
    /// # Errors
    /// [`CampaignError::Input`].
    pub fn checked_list<T: PartialEq + std::fmt::Debug>(
        &self,
        key: &str,
        list: &[T],
    ) -> Result<(), CampaignError> {
        if list.is_empty() {
            return Err(self.refused(key, "[]", "at least one value"));
        }
        let twice = list
            .iter()
            .enumerate()
            .find(|(at, value)| list[..*at].contains(value));
        match twice {
            Some((_, value)) => {
                Err(self.refused(key, format!("{value:?} twice"), "every value once"))
            }
            None => Ok(()),
        }
    }

    /// An error about a value of this specification.
    pub fn refused(
        &self,
        key: impl Into<String>,
        value: impl ToString,
        allowed: impl Into<String>,
    ) -> CampaignError {
        let allowed = format!("expected {}", allowed.into());
        InputError::value(&self.file, key, value, allowed).into()
    }

    fn within(&self, key: &str, value: i64, low: i64, high: i64) -> Result<usize, CampaignError> {
        if (low..=high).contains(&value) {
            Ok(value as usize)
        } else {
            Err(self.refused(key, value, format!("{low}..={high}")))
        }
    }
}
