//! What a recovery costs in either layout of the checkpoints: row activations of
//! the DRAM and cycles, measured on runs of the accelerator, and row activations by
//! address alone for shapes of other models.

use super::{Hardware, Limits, MemoryModel, Plan, SequenceError, Session, Settings, StepReport};
use crate::config::ArrayConfig;
use crate::dram::{self, Device};
use crate::fault::{Fault, Register, Site, TileFaults};
use crate::golden::{AddressMap, Layout};
use crate::tiling::Tiling;
use crate::tool::Verilator;
use crate::workload::Workload;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Psum bit that is upset: above any θ of use, and in no danger of vanishing.
const BIT: u32 = 30;

/// A measurement.
#[derive(Clone, Debug)]
pub struct Experiment<'a> {
    /// The array.
    pub config: &'a ArrayConfig,
    /// The workload; its first step only writes checkpoints.
    pub workload: &'a Workload,
    /// Its part that is run.
    pub limits: Limits,
    /// The DRAM.
    pub device: &'a Device,
    /// Every so many tiles, from the second step on, one is upset; at least 1.
    pub every: u64,
    /// Seed of the upsets.
    pub seed: u64,
    /// What computes.
    pub hardware: Hardware,
}

/// What recoveries cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// Tiles rolled back.
    pub recoveries: u64,
    /// Rows that the DRAM opened for their fetches, in the running system: rows that
    /// another fetch or a checkpoint write left open are not opened again.
    pub activations: u64,
    /// The same with all banks precharged before each fetch.
    pub alone_activations: u64,
    /// Cycles from the first beat of a masked tile to its acceptance.
    pub recovery_cycles: u64,
    /// Cycles that the engine was busy longer than without any wait.
    pub late_cycles: u64,
    /// Cycles of the steps.
    pub cycles: u64,
}

impl Cost {
    /// Something per recovery; 0 where there is none.
    pub fn per_recovery(&self, of: u64) -> f64 {
        of as f64 / self.recoveries.max(1) as f64
    }

    fn add(&mut self, step: &StepReport, activations: u64) {
        self.recoveries += step.rolled_back;
        self.activations += activations;
        self.alone_activations += step.alone_activations;
        self.recovery_cycles += step.recovery_cycles;
        self.late_cycles += step.late_cycles;
        self.cycles += step.cycles;
    }
}

/// What the recoveries of a run cost, by the steps that they happen in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// Steps that write no checkpoints: the memory serves nothing but fetches.
    pub quiet: Cost,
    /// Steps that write checkpoints between the fetches. Activations are those of the
    /// fetches all the same; rows that a write closed count when a fetch opens them again.
    pub writing: Cost,
}

/// Version of [`Record`]'s schema.
pub const SCHEMA: &str = "drift-repack/1";

/// What recoveries cost on an array with a layout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Size of the array, such as `16x16`.
    pub array: String,
    /// Layout of the checkpoints.
    pub layout: Layout,
    /// Whether the RTL ran in lockstep.
    pub rtl: bool,
    /// The costs.
    #[serde(flatten)]
    pub costs: Costs,
}

/// Rows opened by fetching each tile of an output once, by address alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Addressed {
    /// The output.
    pub shape: String,
    /// Size of the array.
    pub array: String,
    /// Layout of the checkpoints.
    pub layout: Layout,
    /// Tiles of the output.
    pub tiles: u64,
    /// Rows opened.
    pub activations: u64,
}

/// What `drift repack` found; for each array the row-major layout comes first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of the program.
    pub drift: String,
    /// The workload.
    pub workload: String,
    /// Its hash.
    pub workload_hash: String,
    /// The DRAM.
    pub dram: String,
    /// One tile of so many was upset.
    pub every: u64,
    /// Seed of the upsets.
    pub seed: u64,
    /// Runs of the accelerator.
    pub measured: Vec<Measured>,
    /// By address alone.
    pub by_address: Vec<Addressed>,
}

impl Experiment<'_> {
    /// Runs the workload with checkpoints in a layout, everything compared with the
    /// golden model. `notice` is called when a Verilator build starts, `progress` with
    /// the number of GEMMs done and of all.
    ///
    /// # Errors
    /// [`SequenceError`], a divergence among them.
    pub fn run(
        &self,
        layout: Layout,
        notice: impl FnOnce(&Path, &Verilator),
        mut progress: impl FnMut(usize, usize),
    ) -> Result<Costs, SequenceError> {
        let config = self.config;
        let settings = Settings {
            threshold_bit: config.threshold_bit,
            protect: true,
            recompute_missing: false,
            recompute_unlocated: false,
            interval: config.run.checkpoint_interval,
            point: None,
            stall: 0,
            seed: self.seed,
        };
        let memory = MemoryModel::dram(self.device, config.memory_bytes);
        let capacity = memory.capacity();
        let plan = Plan::new(config, self.workload, layout, &self.limits, capacity)?;
        let (mut session, _) = Session::new(config, &settings, memory, self.hardware, notice)?;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let (mut tiles, mut costs, mut step) = (0, Costs::default(), StepReport::default());
        let mut activations = 0;
        for (done, job) in plan.jobs.iter().enumerate() {
            progress(done, plan.jobs.len());
            let tiling = job.tiling(config);
            let mut faults = vec![TileFaults::default(); tiling.len()];
            if job.step != plan.steps[0] {
                for (tile, faults) in faults.iter_mut().enumerate() {
                    if tiles % self.every == 0 {
                        faults.flips = vec![upset(config, &tiling, tile, &mut rng)];
                    }
                    tiles += 1;
                }
            }
            let gemm = self.workload.gemm(job.gemm)?;
            let scale = self.workload.activation_scale(job.gemm)?;
            step.add(&session.run(&plan, job, &gemm, scale, &faults)?);
            let next = plan.jobs.get(done + 1);
            if next.is_none_or(|next| next.step != job.step) {
                let before = session.counters().clone();
                step.count(&before, &session.check(&job.name)?);
                let now = session.memory().reads.counts.activations;
                if step.rolled_back > 0 {
                    let cost = if step.checkpoints > 0 {
                        &mut costs.writing
                    } else {
                        &mut costs.quiet
                    };
                    cost.add(&step, now - activations);
                }
                activations = now;
                step = StepReport::default();
            }
        }
        Ok(costs)
    }
}

/// One upset that is always located: a psum of a data PE in a data row.
fn upset(config: &ArrayConfig, tiling: &Tiling, tile: usize, rng: &mut ChaCha8Rng) -> Fault {
    let place = tiling.tile(tile);
    let mut below = |limit: usize| rng.next_u32() % limit as u32;
    let (row, pe_row) = match config.dataflow {
        crate::config::Dataflow::Ws => (below(place.rows.len()), below(config.rows)),
        // Step 0 of pass 0, in a PE row that holds a row of the tile.
        crate::config::Dataflow::Os => (0, below(place.rows.len())),
    };
    Fault {
        pass: 0,
        row,
        site: Site {
            pe_row,
            pe_column: below(place.columns.len()),
            register: Register::Psum,
        },
        xor: 1 << BIT,
    }
}

/// Tiles of an M×N output, and the row activations of fetching each of them once, with all
/// banks precharged before.
pub fn by_address(
    config: &ArrayConfig,
    device: &Device,
    layout: Layout,
    m: usize,
    n: usize,
) -> (u64, u64) {
    let tiling = Tiling::new(config, m, 1, n);
    let tiles_n = n.div_ceil(config.columns) as u32;
    let map = AddressMap {
        layout,
        base: 0,
        // Behind the rows.
        header_base: m as u32 * tiles_n * config.row_bytes() as u32,
        tiles_n,
    };
    let activations = tiling.tiles().map(|tile| {
        let rows = tile.rows.len() as u32;
        dram::activations(device, map.tile_requests(config, tile.index as u32, rows))
    });
    (tiling.len() as u64, activations.sum())
}
