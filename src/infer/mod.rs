//! Denoising on the accelerator: every GEMM of a denoiser in int8, with the faults
//! of its fault plan, mended by a protection, exactly as the hardware would.
//!
//! ```text
//! run ─► engine (f32) ─► gemm (int8) ─► {plan (which faults), backend (what computes), audit (RTL)}
//!            └────► {scaling, weights, finish}
//! ```
//!
//! One engine makes one image: its checkpoints, layer numbers and fault streams are the
//! image's own, so that images do not depend on each other or on threads.

mod audit;
mod backend;
mod calibrate;
mod engine;
mod error;
mod finish;
mod gemm;
mod hardware;
mod job;
mod monitored;
mod picture;
mod plan;
mod run;
mod scaling;
mod setting;
mod source;
mod tile_output;
mod weights;

pub use audit::Audit;
pub use backend::Backend;
pub use calibrate::CalibrationEngine;
pub use engine::ProtectedEngine;
pub use error::{InferError, TileMismatch};
pub use gemm::Totals;
pub use monitored::PointsUsed;
pub use picture::{is_picture, picture};
pub use plan::{FaultPlan, Kind, Rule, Selector, image_seed};
pub use run::{EngineKind, ImageTask, Made, Run, for_all};
pub use scaling::ActivationScales;
pub use setting::Setting;
pub use source::{CALIBRATION_FILE, EMBEDDED, ModelSource};
pub use tile_output::Difference;
pub use weights::WeightStore;

#[cfg(test)]
mod forecast_tests;
#[cfg(test)]
mod tests;
