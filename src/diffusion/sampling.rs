//! The denoising loop.

use super::{Scheduler, SchedulerConfig, standard_normal};
use crate::forecast::{BlockCache, Forecast, NoCache, TaylorSeer};
use crate::model::{Conditioning, Denoiser, GemmEngine, ModelError};
use crate::tensor::Tensor;

/// One image to be made.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The scheduler.
    pub scheduler: &'a SchedulerConfig,
    /// Denoising steps.
    pub steps: usize,
    /// What the image shall show, one row.
    pub condition: &'a Conditioning,
    /// Weight of the condition, and what stands for none, one row: the prediction is
    /// u + weight·(c − u). Both are rows of the same GEMMs. Without guidance, the
    /// condition alone is predicted.
    pub guidance: Option<(f32, &'a Conditioning)>,
    /// Seed of all noise.
    pub seed: u64,
    /// Number of the image; images of one seed have different noise.
    pub image: u64,
    /// Height and width of the latents; the size the model was trained on if `None`.
    pub size: Option<[usize; 2]>,
    /// TaylorSeer between full steps; every step in full without.
    pub forecast: Option<Forecast>,
}

/// A step that has been taken.
#[derive(Debug)]
pub struct StepView<'a> {
    /// Which, from 0.
    pub step: usize,
    /// Of how many.
    pub steps: usize,
    /// Its timestep.
    pub timestep: usize,
    /// What the network predicted, after guidance, \[1, C, H, W\].
    pub prediction: &'a Tensor,
    /// The latents after the step, \[1, C, H, W\]; changes are kept.
    pub latents: &'a mut Tensor,
}

/// Makes an image, or its latents, \[1, C, H, W\]. `observe` is called after each step;
/// its error ends the run.
///
/// # Errors
/// [`ModelError`] if the request does not fit the model, from the engine, and from
/// `observe`.
pub fn sample(
    denoiser: &Denoiser,
    engine: &mut dyn GemmEngine,
    request: &Request<'_>,
    mut observe: impl FnMut(StepView<'_>) -> Result<(), ModelError>,
) -> Result<Tensor, ModelError> {
    let config = denoiser.config();
    let trained = config.sample_size();
    let [height, width] = request.size.unwrap_or([trained, trained]);
    let shape = [1, config.in_channels(), height, width];
    let len: usize = shape.iter().product();
    let noise = |draw: u64| standard_normal(request.seed, request.image, draw, len);
    let conditioning = match request.guidance {
        Some((_, none)) => request.condition.stack(none)?,
        None => request.condition.clone(),
    };
    let mut scheduler = Scheduler::new(request.scheduler, request.steps)?;
    let timesteps = scheduler.timesteps().to_vec();
    if request.forecast.is_some() && !denoiser.takes_cache() {
        return Err(ModelError::Input {
            input: "taylorseer",
            found: "a UNet".to_owned(),
            allowed: "DiT or PixArt, whose blocks are forecast".to_owned(),
        });
    }
    let mut cache: Box<dyn BlockCache> = match request.forecast {
        Some(forecast) => Box::new(TaylorSeer::new(forecast)),
        None => Box::new(NoCache),
    };
    let mut latents = Tensor::new(&shape, noise(0));
    for (step, timestep) in timesteps.iter().copied().enumerate() {
        let rows = vec![timestep as f32; conditioning.rows()];
        let input = Tensor::stack(&vec![&latents; rows.len()]);
        let cache = cache.as_mut();
        let output = denoiser.forward_cached(engine, cache, step, &input, &rows, &conditioning)?;
        let weight = request.guidance.map(|(weight, _)| weight);
        let prediction = Tensor::new(&shape, guided(&output, len, weight));
        let added = scheduler.needs_noise().then(|| noise(step as u64 + 1));
        let (output, current) = (prediction.values_or_empty(), latents.values_or_empty());
        latents = Tensor::new(&shape, scheduler.step(output, current, added.as_deref()));
        observe(StepView {
            step,
            steps: timesteps.len(),
            timestep,
            prediction: &prediction,
            latents: &mut latents,
        })?;
    }
    Ok(latents)
}

/// The first `len` values of a row, which are the prediction; what follows is a
/// learned variance, which none of the schedulers uses.
fn guided(output: &Tensor, len: usize, weight: Option<f32>) -> Vec<f32> {
    let values = output.values_or_empty();
    let condition = &values[..len];
    let Some(weight) = weight else {
        return condition.to_vec();
    };
    let none = &values[values.len() / 2..][..len];
    let one = |(c, u): (&f32, &f32)| u + weight * (c - u);
    condition.iter().zip(none).map(one).collect()
}
