//! The GEMMs of a co-simulation.

use super::args::Args;
use anyhow::{Result, bail};
use drift::config::ArrayConfig;
use drift::cosim::Slice;
use drift::tiling::Tiling;
use drift::workload::Workload;

/// One GEMM to run, possibly only its first tiles.
#[derive(Clone)]
pub struct Job {
    /// Number in the workload.
    pub index: usize,
    /// Name in the workload.
    pub name: String,
    /// Its rows and columns that are run.
    pub slice: Slice,
    k: usize,
}

impl Job {
    /// How it is cut into tiles.
    pub fn tiling(&self, config: &ArrayConfig) -> Tiling {
        Tiling::new(config, self.slice.m, self.k, self.slice.n)
    }
}

/// The GEMMs that `--gemm` and `--tiles` choose.
pub fn jobs(args: &Args, config: &ArrayConfig, workload: &Workload) -> Result<Vec<Job>> {
    let mut left = args.tiles.map_or(usize::MAX, |tiles| tiles as usize);
    let mut jobs = Vec::new();
    for (index, (name, m, k, n)) in workload.shapes().enumerate() {
        let chosen = match &args.gemm {
            Some(wanted) => *wanted == name || wanted.parse() == Ok(index),
            None => true,
        };
        if !chosen {
            continue;
        }
        let Some(slice) = Slice::of_tiles(config, m, n, left) else {
            break;
        };
        let job = Job {
            index,
            name: name.to_owned(),
            slice,
            k,
        };
        left = left.saturating_sub(job.tiling(config).len());
        jobs.push(job);
    }
    if let (Some(wanted), true) = (&args.gemm, jobs.is_empty()) {
        bail!(
            "--gemm {wanted}: {} has no such GEMM; expected 0..={} or a name",
            workload.name(),
            workload.len() - 1
        );
    }
    Ok(jobs)
}
