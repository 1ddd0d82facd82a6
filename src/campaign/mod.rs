//! Campaigns: a grid of experiments, run seed by seed on all cores, recorded
//! so that nothing is lost or done twice whenever the run is killed.
//!
//! ```text
//! spec.yaml ─► Spec ─► cells × seeds = jobs ─► Plan ─► threads ─► RecordFile (JSON lines)
//!                                               ▲                     │ on resume
//!                                               └─────────────────────┘
//! shards' files ─► merge ─► one sorted file ─► summary, report
//! ```
//!
//! A job is a cell of the grid with a seed. Its record depends on nothing else,
//! so that any number of threads, shards and kills gives the same records; only
//! their order in the file differs, and [`merge`] sorts. Wall times are kept
//! beside the records, never in them.

pub mod equal_quality;
mod error;
mod experiment;
pub mod experiments;
mod job;
mod merge;
mod plan;
mod records;
mod run;
mod spec;
pub mod statistics;
mod summary;
#[cfg(test)]
mod tests;

pub use error::CampaignError;
pub use experiment::{Experiment, ExperimentError, Measure, Record};
pub use job::{Shard, job_id};
pub use merge::merge;
pub use records::{Header, Line, read};
pub use run::{Outcome, Progress, run};
pub use spec::{Seeds, Spec, Stop};
pub use summary::{CellSummary, summarise};
