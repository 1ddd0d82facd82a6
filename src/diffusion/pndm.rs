//! PNDM (Liu et al., arXiv 2202.09778) without its Runge-Kutta start, which is what Stable
//! Diffusion 1.x ships with: linear multistep over the predictions of up to four steps. The
//! second timestep is visited twice, as the first step is taken again with the mean of both
//! predictions.

use super::config::{Prediction, SchedulerConfig};

/// Steps that are looked back at, the present one included.
const ORDER: usize = 4;

/// What is remembered from step to step.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// What the network predicted, latest last.
    outputs: Vec<Vec<f32>>,
    /// The sample that the first step started from.
    first: Vec<f32>,
    /// Steps taken.
    taken: usize,
}

impl History {
    /// One step from `timestep`; the one before it lies a whole stride below.
    pub fn step(
        &mut self,
        config: &SchedulerConfig,
        alphas: &[f64],
        timestep: usize,
        stride: usize,
        output: &[f32],
        sample: &[f32],
    ) -> Vec<f32> {
        let again = self.taken == 1;
        self.taken += 1;
        if again {
            let mean = output.iter().zip(&self.outputs[0]);
            let mean: Vec<f32> = mean.map(|(now, before)| (now + before) / 2.0).collect();
            let levels = [timestep + stride, timestep].map(|timestep| alphas[timestep]);
            return transfer(config.prediction, levels, &mean, &self.first);
        }
        if self.outputs.is_empty() {
            self.first = sample.to_vec();
        }
        if self.outputs.len() == ORDER {
            self.outputs.remove(0);
        }
        self.outputs.push(output.to_vec());
        // Adams and Bashforth's coefficients, of the latest first.
        let (coefficients, divisor): (&[f32], f32) = match self.outputs.len() {
            1 => (&[1.0], 1.0),
            2 => (&[3.0, -1.0], 2.0),
            3 => (&[23.0, -16.0, 5.0], 12.0),
            _ => (&[55.0, -59.0, 37.0, -9.0], 24.0),
        };
        let mut mixed = vec![0.0; output.len()];
        for (coefficient, output) in coefficients.iter().zip(self.outputs.iter().rev()) {
            for (mixed, output) in mixed.iter_mut().zip(output) {
                *mixed += coefficient * output;
            }
        }
        mixed.iter_mut().for_each(|mixed| *mixed /= divisor);
        let end = if config.final_alpha_one {
            1.0
        } else {
            alphas[0]
        };
        let before = timestep.checked_sub(stride);
        let before = before.map_or(end, |before| alphas[before]);
        transfer(
            config.prediction,
            [alphas[timestep], before],
            &mixed,
            sample,
        )
    }
}

/// The paper's formula 9: from one ᾱ to another.
fn transfer(
    prediction: Prediction,
    [from, to]: [f64; 2],
    output: &[f32],
    sample: &[f32],
) -> Vec<f32> {
    let of_sample = (to / from).sqrt();
    let divisor = from * (1.0 - to).sqrt() + (from * (1.0 - from) * to).sqrt();
    let of_noise = (from - to) / divisor;
    // A velocity is √ᾱ·ε − √(1−ᾱ)·x₀; with the sample √ᾱ·x₀ + √(1−ᾱ)·ε it gives the noise.
    let (of_sample, of_output) = match prediction {
        Prediction::Velocity => (
            of_sample + of_noise * (1.0 - from).sqrt(),
            of_noise * from.sqrt(),
        ),
        Prediction::Epsilon | Prediction::Sample => (of_sample, of_noise),
    };
    let (of_sample, of_output) = (of_sample as f32, of_output as f32);
    let one = |(output, sample): (&f32, &f32)| of_sample * sample + of_output * output;
    output.iter().zip(sample).map(one).collect()
}
