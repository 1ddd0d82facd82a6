//! Timing errors at an operating point: the table's curve with supply noise.
//!
//! The table is deterministic: a word is wrong with probability p(x) at
//! x = T/T_crit(V), one for the first row of each pass and one for all others, and
//! there are no errors above its last x. The supply is
//! V + σz with z standard normal, drawn anew for each word, so that
//!
//! ```text
//! P(wrong | V, f) = ∫ φ(z) p(T / T_crit(V + σz)) dz
//! ```
//!
//! and a mask has the share that it has under the integral. In a chip the noise
//! of neighbouring PEs and cycles is correlated: errors then cluster in time; how
//! many there are is the same.
//!
//! Between two x of a curve ln p is linear (p itself where one of them is 0), and
//! the shares of the masks are mixed; below its first x a curve has nothing
//! to say. Only the tail of the noise may reach there: it counts as the first x.
//! Between two voltages p is linear; beyond them it is that of the last curve.

use super::{Late, LateCurve, LateWords, OperatingPoint, Table, TechError};
use crate::fault::{RowErrors, WordErrors};
use crate::units::{Hertz, Nanoseconds, Volts};
use std::collections::BTreeMap;

/// Noise is integrated to this many σ; what is left out is below 2e-19.
const TAIL: f64 = 9.0;
/// Widest piece of the integral in σ.
const PIECE: f64 = 0.5;
/// Five-point Gauss-Legendre nodes and weights on −1..=1.
const GAUSS: [(f64, f64); 5] = [
    (0.0, 0.568_888_888_888_888_9),
    (-0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
    (0.538_469_310_105_683_1, 0.478_628_670_499_366_5),
    (-0.906_179_845_938_664, 0.236_926_885_056_189_1),
    (0.906_179_845_938_664, 0.236_926_885_056_189_1),
];

/// What goes wrong with psum words at an operating point.
#[derive(Clone, Debug, PartialEq)]
pub struct TimingErrors {
    /// In the first row of a pass.
    pub first: RowTimingErrors,
    /// In all other rows.
    pub later: RowTimingErrors,
}

/// What goes wrong with psum words of one kind of rows.
#[derive(Clone, Debug, PartialEq)]
pub struct RowTimingErrors {
    /// Probability that a captured word is wrong.
    pub word_wrong: f64,
    /// Probability that a bit of it is wrong, lowest first.
    pub bits: [f64; 32],
    /// XOR masks of wrong words with their shares, commonest first; empty when no word is wrong.
    pub masks: Vec<(u32, f64)>,
}

impl RowTimingErrors {
    /// Bit error rate: the mean of the 32 bits.
    pub fn ber(&self) -> f64 {
        self.bits.iter().sum::<f64>() / 32.0
    }

    fn sampled(&self) -> RowErrors {
        RowErrors::new(self.word_wrong, &self.masks)
    }

    /// Of these shares of wrong words, by mask.
    fn of_shares(word_wrong: f64, shares: BTreeMap<u32, f64>) -> Self {
        let mut bits = [0.0; 32];
        for (mask, wrong) in &shares {
            for (bit, sum) in bits.iter_mut().enumerate() {
                if mask >> bit & 1 == 1 {
                    *sum += wrong;
                }
            }
        }
        let sum: f64 = shares.values().sum();
        let mut masks: Vec<(u32, f64)> = shares
            .into_iter()
            .filter(|(_, wrong)| *wrong > 0.0)
            .map(|(mask, wrong)| (mask, wrong / sum))
            .collect();
        masks.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        Self {
            word_wrong: if masks.is_empty() { 0.0 } else { word_wrong },
            bits,
            masks,
        }
    }
}

impl TimingErrors {
    /// The mean over words of which this share is in first rows.
    pub fn mean(&self, first_share: f64) -> RowTimingErrors {
        let mut shares: BTreeMap<u32, f64> = BTreeMap::new();
        let mut word_wrong = 0.0;
        for (rows, weight) in [(&self.first, first_share), (&self.later, 1.0 - first_share)] {
            word_wrong += weight * rows.word_wrong;
            for (mask, share) in &rows.masks {
                *shares.entry(*mask).or_default() += weight * rows.word_wrong * share;
            }
        }
        RowTimingErrors::of_shares(word_wrong, shares)
    }

    /// The same as samplers take it.
    pub fn sampled(&self) -> WordErrors {
        WordErrors {
            first: self.first.sampled(),
            later: self.later.sampled(),
        }
    }
}

/// The first or the later rows of a pass.
pub(super) type Rows = fn(&Late) -> &LateWords;

impl Table {
    /// Timing errors at an operating point, supply noise included.
    ///
    /// # Errors
    /// [`TechError::Voltage`] and [`TechError::Frequency`] where the table has no data.
    pub fn errors(&self, point: OperatingPoint) -> Result<TimingErrors, TechError> {
        self.errors_with_noise(point, Volts(self.margins.noise_sigma))
    }

    /// The same with another σ of the supply noise than the table's; 0 is the
    /// deterministic curve.
    ///
    /// # Errors
    /// As [`Table::errors`].
    pub fn errors_with_noise(
        &self,
        point: OperatingPoint,
        sigma: Volts,
    ) -> Result<TimingErrors, TechError> {
        self.characterised(point.voltage)?;
        let (period, x) = (point.frequency.period(), self.x(point));
        let lowest_x = self.lowest_x(point.voltage);
        if !(point.frequency.0 > 0.0 && x >= lowest_x * (1.0 - 1e-9)) {
            let highest = self.t_crit(point.voltage).frequency().0 / lowest_x;
            return Err(TechError::Frequency {
                table: self.name.clone(),
                frequency: point.frequency,
                voltage: point.voltage,
                lowest_x,
                highest: Hertz(highest),
            });
        }
        let of = |rows| self.mixture(&self.weights(point.voltage, period, sigma, rows), rows);
        Ok(TimingErrors {
            first: of(|late| &late.first),
            later: of(|late| &late.later),
        })
    }

    /// The mean over the rows of the array that the table was made with.
    pub fn mean_errors(&self, errors: &TimingErrors) -> RowTimingErrors {
        errors.mean(1.0 / f64::from(self.pass_rows))
    }

    /// T / T_crit at an operating point.
    pub fn x(&self, point: OperatingPoint) -> f64 {
        point.frequency.period().0 / self.t_crit(point.voltage).0
    }

    /// The lowest T / T_crit that the table can answer for at a voltage.
    pub fn lowest_x(&self, voltage: Volts) -> f64 {
        let used = self.neighbours(voltage.0).filter(|(_, share)| *share > 0.0);
        used.map(|(index, _)| self.late[index].curve[0].x)
            .fold(0.0, f64::max)
    }

    /// The curves on both sides of a voltage, and their shares.
    fn neighbours(&self, voltage: f64) -> impl Iterator<Item = (usize, f64)> {
        let above = self.late.partition_point(|late| late.voltage <= voltage);
        let low = above.saturating_sub(1);
        let high = above.min(self.late.len() - 1);
        let (from, to) = (self.late[low].voltage, self.late[high].voltage);
        let share = if low == high {
            0.0
        } else {
            (voltage - from) / (to - from)
        };
        [(low, 1.0 - share), (high, share)].into_iter()
    }

    /// How much of the probability of a wrong word comes from each entry of
    /// each curve.
    fn weights(
        &self,
        voltage: Volts,
        period: Nanoseconds,
        sigma: Volts,
        rows: Rows,
    ) -> Vec<Vec<f64>> {
        let zeros = |late: &LateCurve| vec![0.0; late.curve.len()];
        let mut weights: Vec<Vec<f64>> = self.late.iter().map(zeros).collect();
        let mut add = |voltage: Volts, times: f64| {
            let x = period.0 / self.t_crit(voltage).0;
            for (index, share) in self.neighbours(voltage.0) {
                let curve = &self.late[index].curve;
                self::add(curve, rows, x, times * share, &mut weights[index]);
            }
        };
        if sigma.0 <= 0.0 {
            add(voltage, 1.0);
            return weights;
        }
        let density = |z: f64| (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let mut edges = self.edges(voltage, period, sigma);
        edges.sort_by(f64::total_cmp);
        for edge in edges.windows(2) {
            let pieces = ((edge[1] - edge[0]) / PIECE).ceil().max(1.0);
            let half = 0.5 * (edge[1] - edge[0]) / pieces;
            for piece in 0..pieces as usize {
                let middle = edge[0] + half * (2 * piece + 1) as f64;
                for (node, weight) in GAUSS {
                    let z = middle + half * node;
                    let noisy = Volts(voltage.0 + sigma.0 * z);
                    add(noisy, weight * half * density(z));
                }
            }
        }
        weights
    }

    /// Where the integrand has a kink or a jump, in σ, and the ends of the integral.
    fn edges(&self, voltage: Volts, period: Nanoseconds, sigma: Volts) -> Vec<f64> {
        let mut edges = vec![-TAIL, TAIL];
        let (low, high) = (voltage.0 - TAIL * sigma.0, voltage.0 + TAIL * sigma.0);
        let within = |v: &f64| *v > low && *v < high;
        let curves = self.late.iter().flat_map(|late| &late.curve);
        let mut all_x: Vec<f64> = curves.map(|late| late.x).collect();
        all_x.sort_by(f64::total_cmp);
        all_x.dedup();
        let of_x = all_x.into_iter();
        let of_x = of_x.map(|x| self.delay.voltage_at(period, x, low, high));
        let measured = self.delay.points.iter().map(|point| point.voltage);
        let curves = self.late.iter().map(|late| late.voltage);
        let inner = of_x.chain(measured).chain(curves).filter(within);
        edges.extend(inner.map(|v| (v - voltage.0) / sigma.0));
        edges
    }

    /// The mixture of the entries of all curves with these weights.
    fn mixture(&self, weights: &[Vec<f64>], rows: Rows) -> RowTimingErrors {
        let word_wrong = weights.iter().flatten().sum::<f64>().min(1.0);
        let mut shares: BTreeMap<u32, f64> = BTreeMap::new();
        let entries = self.late.iter().flat_map(|late| &late.curve);
        for (late, weight) in entries.zip(weights.iter().flatten()) {
            if *weight > 0.0 {
                for (mask, share) in &rows(late).masks {
                    *shares.entry(*mask).or_default() += share * weight;
                }
            }
        }
        RowTimingErrors::of_shares(word_wrong, shares)
    }
}

/// Adds `times` p(x) to the entries of a curve around x.
fn add(late: &[Late], rows: Rows, x: f64, times: f64, weights: &mut [f64]) {
    let wrong = |at: usize| rows(&late[at]).word_wrong;
    let above = late.partition_point(|late| late.x <= x);
    if above == 0 {
        weights[0] += times * wrong(0);
        return;
    }
    if above == late.len() {
        // Exactly at the last x there still are some.
        if x <= late[above - 1].x {
            weights[above - 1] += times * wrong(above - 1);
        }
        return;
    }
    let (low, high) = (&late[above - 1], &late[above]);
    let share = (x - low.x) / (high.x - low.x);
    let (wrong, other) = (wrong(above - 1), wrong(above));
    if wrong > 0.0 && other > 0.0 {
        let mixed = (wrong.ln() * (1.0 - share) + other.ln() * share).exp();
        weights[above - 1] += times * mixed * (1.0 - share);
        weights[above] += times * mixed * share;
    } else {
        weights[above - 1] += times * wrong * (1.0 - share);
        weights[above] += times * other * share;
    }
}
