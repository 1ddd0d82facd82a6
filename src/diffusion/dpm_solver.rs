//! DPM-Solver++ (Lu et al., arXiv 2211.01095), multistep, first and second order.

use super::config::SchedulerConfig;

/// Steps below which the last one is of first order.
const FEW_STEPS: usize = 15;

/// Signal, noise and their log ratio λ.
#[derive(Clone, Copy)]
struct Level {
    alpha: f64,
    sigma: f64,
    lambda: f64,
}

impl Level {
    /// With ᾱ as share of the image in the variance.
    fn new(alpha_cumprod: f64) -> Self {
        let (alpha, sigma) = (alpha_cumprod.sqrt(), (1.0 - alpha_cumprod).sqrt());
        Self {
            alpha,
            sigma,
            lambda: alpha.ln() - sigma.ln(),
        }
    }
}

/// One step from `timesteps[index]`: `image` is x₀ as predicted now, `earlier` as
/// predicted in the step before.
pub(super) fn step(
    config: &SchedulerConfig,
    alphas: &[f64],
    timesteps: &[usize],
    index: usize,
    [image, sample]: [&[f32]; 2],
    earlier: Option<&[f32]>,
) -> Vec<f32> {
    let level = |index: usize| Level::new(alphas[timesteps[index]]);
    let end = || {
        Level::new(if config.final_sigma_zero {
            1.0
        } else {
            alphas[0]
        })
    };
    let last = index + 1 == timesteps.len();
    let (from, to) = (level(index), if last { end() } else { level(index + 1) });
    let h = to.lambda - from.lambda;
    let of_sample = (to.sigma / from.sigma) as f32;
    let decay = (-h).exp() - 1.0;
    let of_image = (-to.alpha * decay) as f32;
    let first_order = |(image, sample): (&f32, &f32)| of_sample * sample + of_image * image;
    let mut next: Vec<f32> = image.iter().zip(sample).map(first_order).collect();
    let lower = last
        && (config.euler_at_final
            || config.final_sigma_zero
            || (config.lower_order_final && timesteps.len() < FEW_STEPS));
    if let Some(earlier) = earlier.filter(|_| config.order == 2 && index > 0 && !lower) {
        let ratio = (from.lambda - level(index - 1).lambda) / h;
        let of_slope = if config.heun {
            to.alpha * (decay / h + 1.0)
        } else {
            -0.5 * to.alpha * decay
        };
        let of_slope = (of_slope / ratio) as f32;
        for ((next, image), earlier) in next.iter_mut().zip(image).zip(earlier) {
            *next += of_slope * (image - earlier);
        }
    }
    next
}
