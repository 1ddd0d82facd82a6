//! Qualitative statements of the paper, put to records: an effect, its confidence interval, and
//! what these say.

use super::model::{Finding, Format, Measured, Verdict};
use crate::campaign::statistics::bootstrap_mean;
use std::collections::BTreeMap;

/// Fewer images than this decide nothing, whatever they say.
pub const LEAST: usize = 5;

/// A statement before it is tested.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// For instance: high-order bits hurt more than low-order ones.
    pub text: String,
    /// What the paper says.
    pub paper: String,
    /// What the effect is a measure of.
    pub effect: String,
    /// The files that decide.
    pub records: Vec<String>,
    /// The command that makes them.
    pub command: String,
}

/// What an interval says of `effect > neutral`.
pub fn verdict(interval: Option<[f64; 2]>, neutral: f64) -> Verdict {
    match interval {
        Some([low, _]) if low > neutral => Verdict::Holds,
        Some([_, high]) if high < neutral => Verdict::Fails,
        // An effect of exactly nothing in every image contradicts the statement.
        Some([low, high]) if low == neutral && high == neutral => Verdict::Fails,
        _ => Verdict::Undecided,
    }
}

impl Statement {
    /// Decides that the statement is an effect above `neutral`.
    pub fn decide(self, effect: Measured, neutral: f64, images: usize, format: Format) -> Finding {
        let interval = effect.interval.filter(|_| images >= LEAST);
        self.finding(verdict(interval, neutral), Some((effect, format)), images)
    }

    /// Decides that what is measured in `more` is larger than in `less`, image by image: both are
    /// by seed, and only seeds that are in both count.
    pub fn larger(
        self,
        more: &BTreeMap<u64, f64>,
        less: &BTreeMap<u64, f64>,
        confidence: f64,
    ) -> Finding {
        let differences: Vec<f64> = more
            .iter()
            .filter_map(|(seed, value)| Some(value - less.get(seed)?))
            .collect();
        match bootstrap_mean(&differences, confidence) {
            None => self.finding(Verdict::Undecided, None, 0),
            Some(mean) => {
                let effect = Measured {
                    value: mean.value,
                    interval: mean.interval,
                };
                self.decide(effect, 0.0, differences.len(), Format::Number)
            }
        }
    }

    /// A finding whose verdict does not come from an interval, such as one about a quantity
    /// without an upper end.
    pub fn settled(self, verdict: Verdict, images: usize) -> Finding {
        self.finding(verdict, None, images)
    }

    fn finding(
        self,
        verdict: Verdict,
        effect: Option<(Measured, Format)>,
        images: usize,
    ) -> Finding {
        let numbers = effect.map(|(effect, format)| {
            let interval = effect.interval.map_or(String::new(), |[low, high]| {
                format!(" (95%: {} to {})", format.text(low), format.text(high))
            });
            format!("{}{interval}", format.text(effect.value))
        });
        let evidence = match numbers {
            Some(numbers) => format!("{}: {numbers}, {images} images.", self.effect),
            None => format!("{}, {images} images.", self.effect),
        };
        Finding {
            statement: self.text,
            paper: self.paper,
            verdict,
            effect: effect.map(|(effect, _)| effect),
            evidence,
            records: self.records,
            command: self.command,
        }
    }
}

/// Means of several maps, over the seeds that are in all of them.
pub fn mean_by_seed(maps: &[BTreeMap<u64, f64>]) -> BTreeMap<u64, f64> {
    let Some((first, rest)) = maps.split_first() else {
        return BTreeMap::new();
    };
    let of = |(seed, value): (&u64, &f64)| {
        let mut sum = *value;
        for map in rest {
            sum += map.get(seed)?;
        }
        Some((*seed, sum / maps.len() as f64))
    };
    first.iter().filter_map(of).collect()
}
