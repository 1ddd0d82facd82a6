//! The bit error rate up to which quality is equal: where the mean loss crosses a bound.

use super::model::Measured;
use crate::campaign::statistics::bootstrap_interval;
use std::collections::BTreeMap;

/// Loss that stands for none at all where logarithms are taken: far below what can be seen.
const NONE: f64 = 1e-6;

/// Losses at ascending rates, each by seed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    rates: Vec<f64>,
    /// By seed; one loss per rate.
    losses: BTreeMap<u64, Vec<f64>>,
}

/// Where a mean loss crosses a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Tolerable {
    /// Below the lowest rate.
    Below(f64),
    /// Here, between two rates.
    At(f64),
    /// Not up to the highest rate.
    Above(f64),
}

impl Tolerable {
    /// The rate, or the end of the rates.
    pub fn rate(self) -> f64 {
        match self {
            Self::Below(rate) | Self::At(rate) | Self::Above(rate) => rate,
        }
    }
}

impl std::fmt::Display for Tolerable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Below(rate) => write!(f, "< {rate:.1e}"),
            Self::At(rate) => write!(f, "{rate:.1e}"),
            Self::Above(rate) => write!(f, "> {rate:.1e}"),
        }
    }
}

impl Curve {
    /// Losses by seed at each rate; rates of zero are left out, and seeds that are not everywhere.
    /// `None` with fewer than two rates or without seeds.
    pub fn new(points: impl IntoIterator<Item = (f64, BTreeMap<u64, f64>)>) -> Option<Self> {
        let mut points: Vec<_> = points.into_iter().filter(|(rate, _)| *rate > 0.0).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (_, first) = points.first()?;
        let mut losses = BTreeMap::new();
        for seed in first.keys() {
            let own: Option<Vec<f64>> =
                points.iter().map(|(_, at)| at.get(seed).copied()).collect();
            if let Some(own) = own {
                losses.insert(*seed, own);
            }
        }
        let rates: Vec<f64> = points.iter().map(|(rate, _)| *rate).collect();
        (rates.len() > 1 && !losses.is_empty()).then_some(Self { rates, losses })
    }

    /// Number of images.
    pub fn images(&self) -> usize {
        self.losses.len()
    }

    /// The first crossing of `bound`.
    pub fn tolerable(&self, bound: f64) -> Tolerable {
        let all: Vec<&Vec<f64>> = self.losses.values().collect();
        self.crossing(&all, bound)
    }

    /// Its confidence interval over images.
    pub fn interval(&self, bound: f64, confidence: f64) -> Option<[f64; 2]> {
        let all: Vec<&Vec<f64>> = self.losses.values().collect();
        bootstrap_interval(all.len(), confidence, |drawn| {
            let drawn: Vec<&Vec<f64>> = drawn.iter().map(|at| all[*at]).collect();
            self.crossing(&drawn, bound).rate()
        })
    }

    /// Interpolated between rates in log(loss) against log(rate).
    fn crossing(&self, images: &[&Vec<f64>], bound: f64) -> Tolerable {
        let means: Vec<f64> = (0..self.rates.len())
            .map(|at| images.iter().map(|image| image[at]).sum::<f64>() / images.len() as f64)
            .collect();
        let Some(over) = means.iter().position(|mean| *mean > bound) else {
            return Tolerable::Above(self.rates[self.rates.len() - 1]);
        };
        if over == 0 {
            return Tolerable::Below(self.rates[0]);
        }
        let log = |value: f64| value.max(NONE).ln();
        let (low, high) = (log(means[over - 1]), log(means[over]));
        let share = (log(bound) - low) / (high - low);
        let (from, to) = (self.rates[over - 1].ln(), self.rates[over].ln());
        Tolerable::At((from + share * (to - from)).exp())
    }
}

/// How many times the rate that `without` tolerates `with` does, on the same images. `None` where
/// either does not cross the bound within its rates, or they share no images.
pub fn ratio(with: &Curve, without: &Curve, bound: f64, confidence: f64) -> Option<Measured> {
    let (Tolerable::At(upper), Tolerable::At(lower)) =
        (with.tolerable(bound), without.tolerable(bound))
    else {
        return None;
    };
    let shared: Vec<(&Vec<f64>, &Vec<f64>)> = with
        .losses
        .iter()
        .filter_map(|(seed, own)| Some((own, without.losses.get(seed)?)))
        .collect();
    if shared.is_empty() {
        return None;
    }
    let interval = bootstrap_interval(shared.len(), confidence, |drawn| {
        let (one, two): (Vec<_>, Vec<_>) = drawn.iter().map(|at| shared[*at]).unzip();
        with.crossing(&one, bound).rate() / without.crossing(&two, bound).rate()
    });
    Some(Measured {
        value: upper / lower,
        interval,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [f64; 4] = [0.0, 1e-9, 1e-8, 1e-7];

    /// Loss = slope · rate, a little different for each image.
    fn curve(slope: f64) -> Curve {
        let at = |rate: f64| {
            let loss = |seed: u64| slope * rate * (1.0 + 0.1 * (seed % 3) as f64 - 0.1);
            (rate, (0..9).map(|seed| (seed, loss(seed))).collect())
        };
        Curve::new(RATES.map(at)).expect("three rates")
    }

    #[test]
    fn a_straight_line_crosses_where_it_must() {
        // 0.02 = 1e6 · 2e-8.
        let Tolerable::At(rate) = curve(1e6).tolerable(0.02) else {
            panic!("it crosses");
        };
        assert!((rate / 2e-8 - 1.0).abs() < 1e-9, "{rate}");
        assert_eq!(curve(1e8).tolerable(0.02), Tolerable::Below(1e-9));
        assert_eq!(curve(1e3).tolerable(0.02), Tolerable::Above(1e-7));
        assert_eq!(Tolerable::Above(1e-7).to_string(), "> 1.0e-7");
    }

    #[test]
    fn ratios_have_intervals_and_only_exist_between_crossings() {
        let found = ratio(&curve(4e5), &curve(4e6), 0.02, 0.95).expect("both cross");
        assert!((found.value - 10.0).abs() < 1e-9);
        // The same images: their differences cancel.
        let [low, high] = found.interval.expect("an interval");
        assert!((low - 10.0).abs() < 1e-6 && (high - 10.0).abs() < 1e-6);
        assert_eq!(ratio(&curve(1e3), &curve(4e6), 0.02, 0.95), None);
        let [low, high] = curve(1e6).interval(0.02, 0.95).expect("an interval");
        assert!(low < 2e-8 && 2e-8 < high, "{low} {high}");
    }

    #[test]
    fn too_little_is_no_curve() {
        let losses = BTreeMap::from([(0, 0.1)]);
        assert_eq!(
            Curve::new([(1e-9, losses.clone()), (0.0, losses.clone())]),
            None
        );
        assert_eq!(Curve::new([(1e-9, losses), (1e-8, BTreeMap::new())]), None);
    }
}
