//! A scheduler during a run.

use super::config::{SchedulerConfig, SchedulerKind};
use super::schedule::{alphas_cumprod, image_and_noise, timesteps};
use super::{ddim, ddpm, dpm_solver, pndm};
use crate::model::ModelError;

/// Takes a run from noise to an image, one step after the other.
#[derive(Clone, Debug)]
pub struct Scheduler {
    config: SchedulerConfig,
    alphas: Vec<f64>,
    timesteps: Vec<usize>,
    /// From one timestep to the next, where a scheduler takes it for the same everywhere.
    stride: usize,
    /// Steps taken.
    taken: usize,
    /// The image predicted by the step before, which DPM-Solver looks back at.
    earlier: Option<Vec<f32>>,
    /// What PNDM looks back at.
    history: pndm::History,
}

impl Scheduler {
    /// A scheduler for a run of `steps`.
    ///
    /// # Errors
    /// [`ModelError::Input`] unless there are 1 to as many steps as the training
    /// has timesteps, all of them within the training's.
    pub fn new(config: &SchedulerConfig, steps: usize) -> Result<Self, ModelError> {
        let train = config.train_timesteps;
        let refused = |allowed: String| ModelError::Input {
            input: "steps",
            found: steps.to_string(),
            allowed,
        };
        if !(1..=train).contains(&steps) {
            return Err(refused(format!(
                "1 to {train}, the timesteps of the training"
            )));
        }
        let timesteps = timesteps(config, steps);
        if let Some(beyond) = timesteps.iter().find(|timestep| **timestep >= train) {
            return Err(refused(format!(
                "fewer: with steps_offset {}, timestep {beyond} is beyond the training's {train}",
                config.steps_offset
            )));
        }
        Ok(Self {
            alphas: alphas_cumprod(config),
            config: config.clone(),
            timesteps,
            stride: train / steps,
            taken: 0,
            earlier: None,
            history: pndm::History::default(),
        })
    }

    /// The timesteps of the run, noisiest first; with PNDM one more than there are steps.
    pub fn timesteps(&self) -> &[usize] {
        &self.timesteps
    }

    /// Whether the next step adds noise.
    pub fn needs_noise(&self) -> bool {
        self.config.kind == SchedulerKind::Ddpm
            && self
                .timesteps
                .get(self.taken)
                .is_some_and(|timestep| *timestep > 0)
    }

    /// Takes the next step: from the sample and what the network predicted for it to
    /// the sample with less noise. `noise` is standard normal, for a scheduler that
    /// [`needs_noise`](Self::needs_noise).
    ///
    /// # Panics
    /// If all steps have been taken.
    pub fn step(&mut self, output: &[f32], sample: &[f32], noise: Option<&[f32]>) -> Vec<f32> {
        let (index, stride) = (self.taken, self.stride);
        let timestep = self.timesteps[index];
        self.taken += 1;
        let (config, alphas) = (&self.config, &self.alphas);
        match config.kind {
            SchedulerKind::Ddim => ddim::step(config, alphas, [timestep, stride], output, sample),
            SchedulerKind::Ddpm => {
                let previous = self.timesteps.get(index + 1).copied();
                ddpm::step(config, alphas, timestep, previous, [output, sample], noise)
            }
            SchedulerKind::Pndm => {
                let history = &mut self.history;
                history.step(config, alphas, timestep, stride, output, sample)
            }
            SchedulerKind::DpmSolver => {
                let alpha = alphas[timestep];
                let image = |(output, sample): (&f32, &f32)| {
                    image_and_noise(config.prediction, alpha, *output, *sample).0
                };
                let image: Vec<f32> = output.iter().zip(sample).map(image).collect();
                let earlier = self.earlier.as_deref();
                let operands = [image.as_slice(), sample];
                let next =
                    dpm_solver::step(config, alphas, &self.timesteps, index, operands, earlier);
                self.earlier = Some(image);
                next
            }
        }
    }
}
