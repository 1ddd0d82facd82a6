//! DDIM (Song, Meng, Ermon, arXiv 2010.02502, formula 12) with η = 0.

use super::config::SchedulerConfig;
use super::schedule::image_and_noise;

/// One step from `timestep`; the one before it lies a whole stride below.
pub(super) fn step(
    config: &SchedulerConfig,
    alphas: &[f64],
    [timestep, stride]: [usize; 2],
    output: &[f32],
    sample: &[f32],
) -> Vec<f32> {
    let alpha = alphas[timestep];
    let end = if config.final_alpha_one {
        1.0
    } else {
        alphas[0]
    };
    let before = timestep.checked_sub(stride);
    let previous = before.map_or(end, |before| alphas[before]);
    let (signal, noise) = (previous.sqrt() as f32, (1.0 - previous).sqrt() as f32);
    let one = |(output, sample): (&f32, &f32)| {
        let (image, epsilon) = image_and_noise(config.prediction, alpha, *output, *sample);
        let image = config
            .clip
            .map_or(image, |range| image.clamp(-range, range));
        signal * image + noise * epsilon
    };
    output.iter().zip(sample).map(one).collect()
}
