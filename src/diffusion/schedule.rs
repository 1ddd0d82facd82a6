//! The noise of training, and the timesteps of a run.

use super::config::{BetaSchedule, Prediction, SchedulerConfig, SchedulerKind, TimestepSpacing};

/// ᾱ of every training timestep: the share of the image in the variance.
pub(super) fn alphas_cumprod(config: &SchedulerConfig) -> Vec<f64> {
    let mut product = 1.0;
    let count = config.train_timesteps;
    let alpha_at = |t: usize| {
        product *= 1.0 - beta(config, t, count);
        product
    };
    (0..count).map(alpha_at).collect()
}

fn beta(config: &SchedulerConfig, t: usize, count: usize) -> f64 {
    let between =
        |start: f64, end: f64| start + (end - start) * t as f64 / (count.max(2) - 1) as f64;
    match config.beta_schedule {
        BetaSchedule::Linear => between(config.beta_start, config.beta_end),
        BetaSchedule::ScaledLinear => {
            between(config.beta_start.sqrt(), config.beta_end.sqrt()).powi(2)
        }
        BetaSchedule::SquaredCosine => {
            let alpha = |t: usize| {
                let angle = (t as f64 / count as f64 + 0.008) / 1.008 * std::f64::consts::FRAC_PI_2;
                angle.cos().powi(2)
            };
            (1.0 - alpha(t + 1) / alpha(t)).min(0.999)
        }
    }
}

/// The timesteps of a run of `steps`, noisiest first, as diffusers chooses them.
pub(super) fn timesteps(config: &SchedulerConfig, steps: usize) -> Vec<usize> {
    let mut timesteps = spaced(config, steps);
    if config.kind == SchedulerKind::Pndm && steps > 1 {
        // The second one is visited twice.
        timesteps.insert(1, timesteps[1]);
    }
    timesteps
}

fn spaced(config: &SchedulerConfig, steps: usize) -> Vec<usize> {
    let train = config.train_timesteps;
    // DPM-Solver leaves out the last of one timestep more.
    let extra = usize::from(config.kind == SchedulerKind::DpmSolver);
    match config.spacing {
        TimestepSpacing::Linspace => {
            let last = (train - 1) as f64;
            let stride = last / (steps + extra - 1).max(1) as f64;
            let ascending =
                (0..steps + extra).map(|i| (i as f64 * stride).round_ties_even() as usize);
            ascending
                .skip(extra)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect()
        }
        TimestepSpacing::Leading => {
            let stride = train / (steps + extra);
            (extra..steps + extra)
                .rev()
                .map(|i| i * stride + config.steps_offset)
                .collect()
        }
        TimestepSpacing::Trailing => {
            let stride = train as f64 / steps as f64;
            let at = |i: usize| (train as f64 - i as f64 * stride).round_ties_even() as usize - 1;
            (0..steps).map(at).collect()
        }
    }
}

/// The image x₀ and the noise ε that a prediction for a sample amounts to.
pub(super) fn image_and_noise(
    prediction: Prediction,
    alpha_cumprod: f64,
    output: f32,
    sample: f32,
) -> (f32, f32) {
    let (signal, noise) = (
        alpha_cumprod.sqrt() as f32,
        (1.0 - alpha_cumprod).sqrt() as f32,
    );
    match prediction {
        Prediction::Epsilon => ((sample - noise * output) / signal, output),
        Prediction::Sample => (output, (sample - signal * output) / noise),
        Prediction::Velocity => (
            signal * sample - noise * output,
            signal * output + noise * sample,
        ),
    }
}
