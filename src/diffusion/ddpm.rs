//! DDPM (Ho, Jain, Abbeel, arXiv 2006.11239, formula 7): ancestral sampling.

use super::config::SchedulerConfig;
use super::schedule::image_and_noise;

/// Least variance, where the posterior's is zero.
const LEAST_VARIANCE: f64 = 1e-20;

/// One step from `timestep` to `previous`, the end if `None`; `noise` is standard
/// normal, none at timestep 0.
pub(super) fn step(
    config: &SchedulerConfig,
    alphas: &[f64],
    timestep: usize,
    previous: Option<usize>,
    [output, sample]: [&[f32]; 2],
    noise: Option<&[f32]>,
) -> Vec<f32> {
    let alpha = alphas[timestep];
    let before = previous.map_or(1.0, |previous| alphas[previous]);
    let current = alpha / before;
    let of_image = (before.sqrt() * (1.0 - current) / (1.0 - alpha)) as f32;
    let of_sample = (current.sqrt() * (1.0 - before) / (1.0 - alpha)) as f32;
    let variance = if config.large_variance {
        1.0 - current
    } else {
        ((1.0 - before) / (1.0 - alpha) * (1.0 - current)).max(LEAST_VARIANCE)
    };
    let deviation = variance.sqrt() as f32;
    let mean = |(output, sample): (&f32, &f32)| {
        let (image, _) = image_and_noise(config.prediction, alpha, *output, *sample);
        let image = config
            .clip
            .map_or(image, |range| image.clamp(-range, range));
        of_image * image + of_sample * sample
    };
    let mut next: Vec<f32> = output.iter().zip(sample).map(mean).collect();
    for (next, noise) in next.iter_mut().zip(noise.unwrap_or_default()) {
        *next += deviation * noise;
    }
    next
}
