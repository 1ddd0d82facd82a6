//! One feature over the steps: finite differences and the Taylor forecast.

/// A feature's last value and its differences, each an approximate derivative by step.
///
/// After a full step at s, the one before being at s − d,
/// `D⁰ = F(s)`, `Dⁱ⁺¹ = (Dⁱ(s) − Dⁱ(s − d)) / d`, up to order m, and the forecast for step s + k is
/// `Σᵢ Dⁱ · kⁱ / i!`: the paper's equation with `Dⁱ = Δⁱ/Nⁱ` and steps counted upwards.
///
/// The differences look back, so a polynomial is forecast exactly up to degree 1 only: from degree
/// 2 on, Dⁱ belongs to a point between the full steps, not to s. This is the method's, not ours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// Step of the last full one.
    step: usize,
    /// D⁰ to Dᵐ, as far as there were full steps enough.
    differences: Vec<Vec<f32>>,
}

impl Series {
    /// Without any value yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Order that the next forecast has; `None` before the first value.
    pub fn order(&self) -> Option<usize> {
        self.differences.len().checked_sub(1)
    }

    /// Takes in the feature of a full step. `order` is m. A feature of another length, or of a step
    /// that is not later, starts anew.
    pub fn update(&mut self, step: usize, feature: &[f32], order: usize) {
        let fits = self
            .differences
            .first()
            .is_some_and(|last| last.len() == feature.len() && step > self.step);
        let mut fresh = vec![feature.to_vec()];
        if fits {
            let distance = (step - self.step) as f32;
            for before in self.differences.iter().take(order) {
                let now = &fresh[fresh.len() - 1];
                let difference = |(now, before): (&f32, &f32)| (now - before) / distance;
                fresh.push(now.iter().zip(before).map(difference).collect());
            }
        }
        self.step = step;
        self.differences = fresh;
    }

    /// The feature in a later step; `None` before the first value. At the full step itself it is
    /// the feature.
    pub fn forecast(&self, step: usize) -> Option<Vec<f32>> {
        let (last, higher) = self.differences.split_first()?;
        let ahead = step as f32 - self.step as f32;
        let mut forecast = last.clone();
        let mut factor = 1.0;
        for (i, difference) in higher.iter().enumerate() {
            factor *= ahead / (i + 1) as f32;
            for (value, d) in forecast.iter_mut().zip(difference) {
                *value += factor * d;
            }
        }
        Some(forecast)
    }
}
