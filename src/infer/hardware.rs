//! Operands and faults on the verilated RTL.

use super::error::InferError;
use super::job::Faulty;
use crate::cosim::{RtlJob, RtlResult, Simulator, Stalls};
use crate::fault::TileFaults;
use crate::tiling::Tiling;
use ndarray::{Array2, ArrayView2};

/// Runs operands on the hardware, streams never stalling.
pub fn simulate(
    simulator: &mut Simulator,
    job: &Faulty<'_>,
    tiling: Tiling,
    (x, w): (ArrayView2<'_, i8>, Array2<i8>),
    faults: &[TileFaults],
) -> Result<RtlResult, InferError> {
    let x = x.as_standard_layout();
    let job = RtlJob {
        tiling,
        x: x.view(),
        w: w.view(),
        faults,
        threshold_bit: job.threshold_bit,
        stalls: Stalls::default(),
    };
    /// Cycles between two calls of the progress closure, which does nothing here.
    const SLICE: u64 = 1 << 20;
    Ok(simulator.run(&job, SLICE, |_| {})?)
}
