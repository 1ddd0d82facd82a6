//! Delay against voltage: the alpha-power law.

use thiserror::Error;

/// delay(V) = k · V / (V − Vth)^α (Sakurai and Newton, 1990).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlphaPower {
    /// k in ns · V^(α−1).
    pub scale: f64,
    /// Vth in V: a parameter of the fit near the transistors' threshold.
    pub threshold: f64,
    /// α.
    pub alpha: f64,
    /// Root mean square of the relative errors at the fitted points.
    pub rms: f64,
    /// The largest relative error at the fitted points.
    pub worst: f64,
}

/// Delays that no alpha-power law describes.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("no alpha-power law: {0}")]
pub struct FitError(String);

/// Golden-section steps; each narrows the threshold by 0.618.
const STEPS: usize = 80;
/// Coarse steps that find the valley to search in.
const GRID: usize = 400;

impl AlphaPower {
    /// The delay in ns at a voltage in V; infinite at the threshold and below.
    pub fn delay(&self, voltage: f64) -> f64 {
        if voltage <= self.threshold {
            return f64::INFINITY;
        }
        self.scale * voltage / (voltage - self.threshold).powf(self.alpha)
    }

    /// Fits points of (voltage in V, delay in ns), by least squares of the
    /// logarithm: for a given threshold that is a straight line.
    ///
    /// # Errors
    /// [`FitError`] with fewer than four different voltages, or with
    /// values that are not above 0.
    pub fn fit(points: &[(f64, f64)]) -> Result<Self, FitError> {
        let mut voltages: Vec<f64> = points.iter().map(|(voltage, _)| *voltage).collect();
        voltages.sort_by(f64::total_cmp);
        voltages.dedup();
        if voltages.len() < 4 {
            let message = format!("expected four or more voltages, found {}", voltages.len());
            return Err(FitError(message));
        }
        let usable = |(v, t): &(f64, f64)| *v > 0.0 && *t > 0.0 && v.is_finite() && t.is_finite();
        if !points.iter().all(usable) {
            let message = "expected voltages and delays above 0".to_owned();
            return Err(FitError(message));
        }
        // Just below the lowest voltage, whose delay would be infinite there.
        let highest = voltages[0] * 0.999;
        let at = |step: usize| highest * step as f64 / GRID as f64;
        let squares = |threshold: f64| Self::line(points, threshold).rms;
        let best = (0..=GRID).min_by(|a, b| squares(at(*a)).total_cmp(&squares(at(*b))));
        let best = best.unwrap_or(0);
        let (mut low, mut high) = (at(best.saturating_sub(1)), at((best + 1).min(GRID)));
        let golden = 0.5 * (5_f64.sqrt() - 1.0);
        for _ in 0..STEPS {
            let (left, right) = (high - golden * (high - low), low + golden * (high - low));
            if squares(left) < squares(right) {
                high = right;
            } else {
                low = left;
            }
        }
        let mut fit = Self::line(points, 0.5 * (low + high));
        let errors = points.iter().map(|(v, t)| fit.delay(*v) / t - 1.0);
        let errors: Vec<f64> = errors.collect();
        let squares: f64 = errors.iter().map(|e| e * e).sum();
        fit.rms = (squares / errors.len() as f64).sqrt();
        fit.worst = errors.iter().fold(0.0, |worst, e| worst.max(e.abs()));
        Ok(fit)
    }

    /// The straight line ln(t/V) = ln k − α ln(V − Vth); `rms` is that of the
    /// logarithms.
    fn line(points: &[(f64, f64)], threshold: f64) -> Self {
        let count = points.len() as f64;
        let line = |(v, t): &(f64, f64)| ((v - threshold).ln(), (t / v).ln());
        let (sum_x, sum_y) = points
            .iter()
            .map(line)
            .fold((0.0, 0.0), |sum, (x, y)| (sum.0 + x, sum.1 + y));
        let (mean_x, mean_y) = (sum_x / count, sum_y / count);
        let (mut xx, mut xy) = (0.0, 0.0);
        for (x, y) in points.iter().map(line) {
            xx += (x - mean_x) * (x - mean_x);
            xy += (x - mean_x) * (y - mean_y);
        }
        let slope = xy / xx;
        let left = |(x, y): (f64, f64)| y - mean_y - slope * (x - mean_x);
        let squares: f64 = points.iter().map(|p| left(line(p)).powi(2)).sum();
        Self {
            scale: (mean_y - slope * mean_x).exp(),
            threshold,
            alpha: -slope,
            rms: (squares / count).sqrt(),
            worst: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fit_finds_the_law_that_made_the_delays() {
        let law = AlphaPower {
            scale: 2.5,
            threshold: 0.42,
            alpha: 1.37,
            rms: 0.0,
            worst: 0.0,
        };
        let voltages = [0.6, 0.7, 0.8, 0.95, 1.1];
        let exact: Vec<_> = voltages.iter().map(|v| (*v, law.delay(*v))).collect();
        let found = AlphaPower::fit(&exact).unwrap();
        assert!((found.threshold - 0.42).abs() < 1e-6, "{found:?}");
        assert!((found.alpha - 1.37).abs() < 1e-5 && (found.scale - 2.5).abs() < 1e-5);
        assert!(found.rms < 1e-8 && found.worst < 1e-8);
        // A point that is 2% off is seen in the errors.
        let mut off = exact.clone();
        off[2].1 *= 1.02;
        let found = AlphaPower::fit(&off).unwrap();
        assert!(found.worst > 0.005 && found.worst < 0.02 && found.rms < found.worst);
        assert_eq!(found.delay(found.threshold), f64::INFINITY);
    }

    #[test]
    fn too_few_or_impossible_points_are_no_law() {
        let three = [(1.0, 3.0), (1.1, 2.0), (1.2, 1.5), (1.2, 1.5)];
        assert!(
            AlphaPower::fit(&three)
                .unwrap_err()
                .to_string()
                .contains("found 3")
        );
        for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let points = [(1.0, 3.0), (1.1, 2.0), (1.2, 1.5), (1.3, wrong)];
            assert!(AlphaPower::fit(&points).is_err(), "{wrong}");
        }
    }
}
