//! How TaylorSeer is set, as command lines and campaigns write it.

use super::FullSteps;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Largest interval between full steps.
const MOST_INTERVAL: usize = 1000;
/// Highest order; the authors use up to 4.
const MOST_ORDER: usize = 8;

/// A full step every so many, and the order of the forecasts between them; written `4:2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Forecast {
    interval: usize,
    order: usize,
}

/// A text that is no [`Forecast`].
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "{text} is not allowed; expected INTERVAL:ORDER, such as 4:2, with 1 to {MOST_INTERVAL} steps \
     and order 0 to {MOST_ORDER}"
)]
pub struct ForecastError {
    text: String,
}

impl Forecast {
    /// `None` for an interval beyond 1..=1000 or an order beyond 0..=8.
    pub fn new(interval: usize, order: usize) -> Option<Self> {
        let allowed = (1..=MOST_INTERVAL).contains(&interval) && order <= MOST_ORDER;
        allowed.then_some(Self { interval, order })
    }

    /// N in the paper: steps from one full step to the next.
    pub fn interval(&self) -> usize {
        self.interval
    }

    /// m in the paper.
    pub fn order(&self) -> usize {
        self.order
    }

    /// Which steps are computed in full.
    pub fn full_steps(&self) -> FullSteps {
        FullSteps::every(self.interval)
    }
}

impl FromStr for Forecast {
    type Err = ForecastError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once(':');
        let parsed = parts.and_then(|(interval, order)| {
            Self::new(interval.trim().parse().ok()?, order.trim().parse().ok()?)
        });
        parsed.ok_or_else(|| ForecastError {
            text: text.to_owned(),
        })
    }
}

impl TryFrom<String> for Forecast {
    type Error = ForecastError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Forecast> for String {
    fn from(forecast: Forecast) -> Self {
        forecast.to_string()
    }
}

impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.interval, self.order)
    }
}
