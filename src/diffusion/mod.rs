//! Denoising: schedulers as diffusers has them, guidance, seeds, and the loop.
//!
//! A [`SchedulerConfig`] is read from scheduler_config.json or made by hand;
//! [`sample`] runs a [`Denoiser`](crate::model::Denoiser) from seeded noise to an image or latents.

mod config;
mod ddim;
mod ddpm;
mod dpm_solver;
mod noise;
mod pndm;
mod sampling;
mod schedule;
mod scheduler;

pub use config::{
    BetaSchedule, Prediction, SchedulerConfig, SchedulerKind, TimestepSpacing, scheduler_file,
};
pub use noise::standard_normal;
pub use sampling::{Request, StepView, sample};
pub use scheduler::Scheduler;

#[cfg(test)]
mod tests;
