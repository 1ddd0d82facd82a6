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

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> Statement {
        Statement {
            text: "a hurts more than b".to_owned(),
            paper: "It does".to_owned(),
            effect: "a minus b".to_owned(),
            records: vec!["x.jsonl".to_owned()],
            command: "drift campaign x.yaml".to_owned(),
        }
    }

    fn by_seed(values: &[f64]) -> BTreeMap<u64, f64> {
        (0..).zip(values.iter().copied()).collect()
    }

    #[test]
    fn a_statement_holds_fails_or_stays_open() {
        let low = by_seed(&[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]);
        let high = by_seed(&[0.5, 0.5, 0.7, 0.9, 0.8, 1.0]);
        let mixed = by_seed(&[0.3, 0.0, 0.5, 0.2, 0.7, 0.4]);
        let decided = |more, less| statement().larger(more, less, 0.95);
        let holds = decided(&high, &low);
        assert_eq!(holds.verdict, Verdict::Holds);
        let effect = holds.effect.expect("an effect");
        assert!((effect.value - 2.3 / 6.0).abs() < 1e-12);
        let [below, above] = effect.interval.expect("an interval");
        assert!(0.0 < below && below < effect.value && effect.value < above);
        assert!(
            holds.evidence.contains("a minus b: 0.383 (95%:"),
            "{}",
            holds.evidence
        );
        assert!(holds.evidence.contains("6 images"), "{}", holds.evidence);
        assert_eq!(decided(&low, &high).verdict, Verdict::Fails);
        assert_eq!(decided(&mixed, &low).verdict, Verdict::Undecided);
        // No difference at all contradicts; so few images, and none in common, decide nothing.
        assert_eq!(decided(&low, &low).verdict, Verdict::Fails);
        let few = by_seed(&[0.5, 0.5, 0.7, 0.9]);
        assert_eq!(decided(&few, &low).verdict, Verdict::Undecided);
        let others = BTreeMap::from([(99, 1.0)]);
        let nothing = decided(&others, &low);
        assert_eq!(
            (nothing.verdict, nothing.effect),
            (Verdict::Undecided, None)
        );
    }

    #[test]
    fn seeds_that_are_not_everywhere_do_not_count() {
        let one = BTreeMap::from([(0, 1.0), (1, 3.0)]);
        let two = BTreeMap::from([(1, 5.0), (2, 7.0)]);
        assert_eq!(mean_by_seed(&[one, two]), BTreeMap::from([(1, 4.0)]));
        assert_eq!(mean_by_seed(&[]), BTreeMap::new());
    }
}
