//! One GEMM, checked: the golden model computes on a second thread what the
//! simulator computes on this one, and every bit is compared.

use super::compare::{Divergence, compare};
use super::error::CosimError;
use super::ffi::Simulator;
use super::rtl_run::{RtlJob, Stalls};
use crate::config::ArrayConfig;
use crate::fault::{Fault, Register, Sampler, Site, TileFaults};
use crate::golden::{self, Counters, FaultCounts};
use crate::tiling::Tiling;
use ndarray::ArrayView2;

/// The part of a GEMM that is run: its first rows and columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Rows of X.
    pub m: usize,
    /// Columns of W.
    pub n: usize,
}

impl Slice {
    /// The largest slice of an M×N output that has at most `tiles` tiles and in
    /// which tiles keep their numbers; none for zero tiles.
    pub fn of_tiles(config: &ArrayConfig, m: usize, n: usize, tiles: usize) -> Option<Self> {
        let across = n.div_ceil(config.columns);
        if tiles == 0 {
            None
        } else if tiles >= across {
            Some(Self {
                m: m.min(tiles / across * config.tile_rows),
                n,
            })
        } else {
            Some(Self {
                m: m.min(config.tile_rows),
                n: tiles * config.columns,
            })
        }
    }
}

/// What happened to one GEMM.
#[derive(Clone, Debug)]
pub struct GemmReport {
    /// The engine's counters; the golden model's where both agree.
    pub counters: Counters,
    /// What became of the faults.
    pub faults: FaultCounts,
    /// The first difference, if any.
    pub divergence: Option<Divergence>,
}

/// Everything that defines the check of one GEMM.
pub struct Check<'a> {
    /// The array.
    pub config: &'a ArrayConfig,
    /// Number of the GEMM in its workload, for the fault streams.
    pub gemm: usize,
    /// Activations M×K, row-major.
    pub x: ArrayView2<'a, i8>,
    /// Weights K×N, row-major.
    pub w: ArrayView2<'a, i8>,
    /// Where faults come from.
    pub sampler: &'a Sampler,
    /// θ.
    pub threshold_bit: u32,
    /// Backpressure on the streams.
    pub stalls: Stalls,
    /// Flip one bit in the hardware that the golden model is not told of, to
    /// see that a mismatch is found.
    pub sabotage: bool,
}

/// Runs a GEMM on the simulator and on the golden model and compares them.
/// `progress` hears the number of result rows the simulator has delivered.
///
/// # Errors
/// [`CosimError::Protocol`] when the hardware hangs or breaks its streams. A
/// difference in values is not an error but a [`Divergence`].
pub fn check_gemm(
    simulator: &mut Simulator,
    check: &Check<'_>,
    progress: impl FnMut(u64),
) -> Result<GemmReport, CosimError> {
    let Check { config, x, w, .. } = *check;
    let tiling = Tiling::new(config, x.nrows(), x.ncols(), w.ncols());
    let faults: Vec<TileFaults> = tiling
        .tiles()
        .map(|tile| check.sampler.tile(config, check.gemm, &tiling, &tile))
        .collect();
    let mut injected = faults.clone();
    if check.sabotage {
        injected[0].flips.insert(0, SABOTAGE);
    }
    let job = RtlJob {
        tiling,
        x,
        w,
        faults: &injected,
        threshold_bit: check.threshold_bit,
        stalls: check.stalls,
    };
    let (rtl, (golden, counts)) = std::thread::scope(|scope| {
        let golden = scope.spawn(|| {
            let golden = golden::gemm(config, x, w, &faults, check.threshold_bit);
            let mut counts = FaultCounts::default();
            for (tile, faults) in golden.tiles.iter().zip(&faults) {
                counts += golden::classify(config, faults, tile, check.threshold_bit);
            }
            (golden, counts)
        });
        let rtl = simulator.run(&job, SLICE, progress);
        let golden = golden.join().expect("the golden model does not panic");
        (rtl, golden)
    });
    let rtl = rtl?;
    Ok(GemmReport {
        counters: rtl.counters,
        faults: counts,
        divergence: compare(config, &rtl, &golden, check.stalls == Stalls::default()),
    })
}

/// An upset that changes output (0, 0) of a tile by one.
pub const SABOTAGE: Fault = Fault {
    pass: 0,
    row: 0,
    site: Site {
        pe_row: 0,
        pe_column: 0,
        register: Register::Psum,
    },
    xor: 1,
};

/// Cycles between two calls of `progress`: about a millisecond at 16×16.
const SLICE: u64 = 8192;
