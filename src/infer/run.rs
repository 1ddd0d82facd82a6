//! Images: a denoising run on a protected engine, and many of them on all cores.

use super::audit::Audit;
use super::backend::Backend;
use super::engine::ProtectedEngine;
use super::error::InferError;
use super::gemm::Totals;
use super::plan::FaultPlan;
use super::setting::Setting;
use crate::baseline::Protection;
use crate::cosim::Model;
use crate::diffusion::{self, SchedulerConfig};
use crate::forecast::Forecast;
use crate::model::{Conditioning, Denoiser, FloatEngine, GemmEngine, ModelError};
use crate::tensor::Tensor;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What computes the GEMMs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// No quantisation and no faults: the reference of W8A8.
    Float,
    /// Kernels and sparse deltas.
    Fast,
    /// The golden model.
    Golden,
    /// The verilated RTL.
    Rtl,
}

/// What to show, and with which noise.
#[derive(Clone, Debug)]
pub struct ImageTask {
    /// Number of the image: its noise and fault streams.
    pub image: u64,
    /// What it shall show.
    pub condition: Conditioning,
    /// What stands for nothing, with guidance.
    pub none: Option<Conditioning>,
}

/// All that the images of a run share.
pub struct Run<'a> {
    /// The network.
    pub denoiser: &'a Denoiser,
    /// Its scheduler.
    pub scheduler: &'a SchedulerConfig,
    /// Denoising steps.
    pub steps: usize,
    /// Guidance weight, for tasks that say what stands for nothing.
    pub guidance: f32,
    /// TaylorSeer between full steps.
    pub forecast: Option<Forecast>,
    /// Seed of initial noise.
    pub seed: u64,
    /// Array, θ, quantisation, weights.
    pub setting: &'a Setting,
    /// What computes.
    pub engine: EngineKind,
    /// Faults, by rule.
    pub plan: &'a FaultPlan,
    /// The verilated array, for [`EngineKind::Rtl`] and audits.
    pub hardware: Option<&'a Model>,
    /// Share of the tiles that are audited on the hardware, and its seed.
    pub audit: Option<(f64, u64)>,
    /// Upset the hardware in audits, behind the engine's back.
    pub sabotage: bool,
}

/// An image and what it took.
#[derive(Clone, Debug)]
pub struct Made {
    /// Image or latents, [1, C, H, W].
    pub latents: Tensor,
    /// Sums over its GEMMs; none in f32.
    pub totals: Totals,
}

impl Run<'_> {
    /// Makes one image. `observe` hears each step.
    ///
    /// # Errors
    /// [`InferError`]: a mismatch found by an audit among them.
    ///
    /// # Panics
    /// When the hardware is needed and there is none.
    pub fn image(
        &self,
        task: &ImageTask,
        protection: Box<dyn Protection + '_>,
        observe: impl FnMut(diffusion::StepView<'_>) -> Result<(), ModelError>,
    ) -> Result<Made, InferError> {
        let model = || self.hardware.expect("a model was built for this run");
        let backend = match self.engine {
            EngineKind::Float => {
                let latents = self.sample(&mut FloatEngine, task, observe)?;
                return Ok(Made {
                    latents,
                    totals: Totals::default(),
                });
            }
            EngineKind::Fast => Backend::Fast,
            EngineKind::Golden => Backend::Golden,
            EngineKind::Rtl => Backend::Rtl(model().simulator()),
        };
        let audit = self.audit.map(|(rate, seed)| {
            let audit = Audit::new(model().simulator(), rate, seed, task.image);
            if self.sabotage {
                audit.sabotaged()
            } else {
                audit
            }
        });
        let plan = self.plan.for_image(task.image);
        let mut engine = ProtectedEngine::new(self.setting, plan, protection, backend, audit);
        let latents = self.sample(&mut engine, task, observe)?;
        Ok(Made {
            latents,
            totals: engine.totals(),
        })
    }

    /// Denoises on any engine.
    ///
    /// # Errors
    /// As [`Run::image`].
    pub fn sample(
        &self,
        engine: &mut dyn GemmEngine,
        task: &ImageTask,
        observe: impl FnMut(diffusion::StepView<'_>) -> Result<(), ModelError>,
    ) -> Result<Tensor, InferError> {
        let request = diffusion::Request {
            scheduler: self.scheduler,
            steps: self.steps,
            condition: &task.condition,
            guidance: task.none.as_ref().map(|none| (self.guidance, none)),
            seed: self.seed,
            image: task.image,
            size: None,
            forecast: self.forecast,
        };
        Ok(diffusion::sample(self.denoiser, engine, &request, observe)?)
    }
}

/// Does something for every item on up to `threads` threads; results in the order of the items.
/// The first error, by time, ends it.
///
/// # Errors
/// What `work` says.
pub fn for_all<T: Sync, R: Send, E: Send>(
    items: &[T],
    threads: usize,
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    let failure = Mutex::new(None);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index) else {
                        return;
                    };
                    match work(item) {
                        Ok(result) => {
                            results.lock().expect("no panic in it")[index] = Some(result);
                        }
                        Err(error) => {
                            next.store(items.len(), Ordering::Relaxed);
                            failure.lock().expect("no panic in it").get_or_insert(error);
                            return;
                        }
                    }
                }
            });
        }
    });
    match failure.into_inner().expect("no panic in it") {
        Some(error) => Err(error),
        None => {
            let results = results.into_inner().expect("no panic in it");
            Ok(results.into_iter().map(|r| r.expect("all done")).collect())
        }
    }
}
