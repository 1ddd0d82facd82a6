//! What a campaign repeats.

use super::statistics::{Estimate, bootstrap_mean, wilson};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a job failed.
pub type ExperimentError = Box<dyn std::error::Error + Send + Sync>;

/// Something that is done for every cell of a grid and every seed.
pub trait Experiment: Sync {
    /// Name in specifications.
    const NAME: &'static str;
    /// A cell of the grid: everything that a job depends on but the seed.
    type Cell: Serialize + Sync;
    /// What a job finds.
    type Record: Record;

    /// Identity of everything that the cells only name: contents of
    /// configurations, weights, operands, tables.
    fn fingerprint(&self) -> String;

    /// The cells in the order of the grid.
    fn cells(&self) -> &[Self::Cell];

    /// Runs one job. The result must depend on the cell and the seed alone.
    ///
    /// # Errors
    /// Whatever stops the campaign; the job is repeated when it is resumed.
    fn run(&self, cell: &Self::Cell, seed: u64) -> Result<Self::Record, ExperimentError>;
}

/// The record of a job: no times, no paths, nothing that varies between runs.
pub trait Record: Serialize + DeserializeOwned + Send {
    /// Names of what can be estimated from records.
    const QUANTITIES: &'static [&'static str];

    /// A quantity of this record; `None` for an unknown name.
    fn measure(&self, quantity: &str) -> Option<Measure>;
}

/// One record's contribution to an estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// A value whose mean is wanted.
    Value(f64),
    /// Part of a proportion.
    Proportion {
        /// How often it happened.
        successes: u64,
        /// How often it could have.
        trials: u64,
    },
}

impl Measure {
    /// The estimate from the measures of one quantity: Wilson's interval of
    /// the pooled proportion, or the bootstrap interval of the mean. `None`
    /// without data.
    pub fn estimate(measures: &[Self], confidence: f64) -> Option<Estimate> {
        let (mut successes, mut trials, mut values) = (0, 0, Vec::new());
        for measure in measures {
            match *measure {
                Self::Value(value) => values.push(value),
                Self::Proportion {
                    successes: s,
                    trials: t,
                } => {
                    successes += s;
                    trials += t;
                }
            }
        }
        if values.is_empty() {
            wilson(successes, trials, confidence)
        } else {
            bootstrap_mean(&values, confidence)
        }
    }
}
