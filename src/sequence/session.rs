//! Runs the GEMMs of a plan and compares everything with the golden model.

use super::compare::compare;
use super::effect::Effect;
use super::surroundings::{Latency, board};
use super::{Divergence, Job, MemoryModel, Plan, SequenceError};
use crate::config::ArrayConfig;
use crate::cosim::{Accelerator, AcceleratorError, BuiltModel};
use crate::dram;
use crate::fault::TileFaults;
use crate::golden::accelerator::{Accelerator as Golden, DeliveredTile, GemmRequest};
use crate::golden::checkpoint::SCALE_BITS;
use crate::golden::{AddressMap, schedule};
use crate::registers as r;
use crate::soc::Operation;
use crate::soc::driver::RunSettings;
use crate::tiling::Tiling;
use crate::tool::Verilator;
use crate::workload::Gemm;
use ndarray::s;
use std::cell::{Ref, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

/// A GEMM that takes so many times its cycles without stalls hangs.
const PATIENCE: u64 = 500;

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hardware {
    /// RTL and clocked model in lockstep.
    Rtl {
        /// With waveforms.
        traced: bool,
    },
    /// The clocked model alone.
    Model,
}

/// What the host programs, and how unruly the surroundings are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// θ.
    pub threshold_bit: u32,
    /// Rollback and checkpoints.
    pub protect: bool,
    /// Masked tiles without a checkpoint are recomputed, not kept.
    pub recompute_missing: bool,
    /// Tiles with flags in one direction only are recomputed, not kept.
    pub recompute_unlocated: bool,
    /// Steps from one checkpoint of a layer to the next.
    pub interval: u32,
    /// Forced operating point; otherwise the schedule has its way.
    pub point: Option<u32>,
    /// Chance in 256 that a stream, the memory or the host stalls in a cycle.
    pub stall: u8,
    /// Seed of the stalls.
    pub seed: u64,
}

/// What happened in a GEMM, as far as no counter tells.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GemmReport {
    /// Tiles.
    pub tiles: u64,
    /// Tiles with a flag, those computed again included.
    pub flagged: u64,
    /// Row activations for its rollbacks with all banks precharged before each; 0
    /// without a DRAM.
    pub alone_activations: u64,
    /// Cycles that the engine takes where no stream ever waits.
    pub engine_cycles: u64,
    /// What the faults did.
    pub effect: Effect,
}

/// The last checkpoint of a layer, as the host remembers it.
struct Written {
    step: u32,
    scale: Option<f64>,
}

/// An accelerator, its surroundings, and the golden model beside them.
pub struct Session {
    config: ArrayConfig,
    settings: Settings,
    accelerator: Accelerator<Latency>,
    golden: Golden,
    memory: Rc<RefCell<MemoryModel>>,
    written: BTreeMap<usize, Written>,
    /// Bytes that the golden model expects to be read and written.
    expected_bytes: (u64, u64),
    counters: BTreeMap<&'static str, u64>,
}

impl Session {
    /// Builds the hardware and resets it; `notice` is called when a Verilator build
    /// starts. The model in the cache is returned where there is RTL.
    ///
    /// # Errors
    /// [`SequenceError::Cosim`], or a divergence while the operating point is set.
    pub fn new(
        config: &ArrayConfig,
        settings: &Settings,
        memory: MemoryModel,
        hardware: Hardware,
        notice: impl FnOnce(&Path, &Verilator),
    ) -> Result<(Self, Option<BuiltModel>), SequenceError> {
        let memory = Rc::new(RefCell::new(memory));
        let board = board(config, settings, &memory);
        let (accelerator, built) = match hardware {
            Hardware::Model => (Accelerator::model_only(config, board), None),
            Hardware::Rtl { traced } => {
                let (accelerator, built) =
                    Accelerator::with_rtl_built(config, board, traced, notice)?;
                (accelerator, Some(built))
            }
        };
        let mut session = Self {
            config: config.clone(),
            settings: settings.clone(),
            accelerator,
            golden: Golden::new(config),
            memory,
            written: BTreeMap::new(),
            expected_bytes: (0, 0),
            counters: BTreeMap::new(),
        };
        if let Some(point) = settings.point {
            let field = |name: &str| r::FORCE_POINT.field(name);
            let word = r::FORCE_POINT.with(0, field("force_point").name, point);
            let word = r::FORCE_POINT.with(word, field("force_enable").name, 1);
            let write = Operation::Write(r::FORCE_POINT.offset, word);
            let done = session.accelerator.access([write]);
            done.map_err(|error| diverged("(setup)", error))?;
        }
        Ok((session, built))
    }

    /// Runs a GEMM of the plan and compares its tiles. There is one list of faults per
    /// tile.
    ///
    /// # Errors
    /// [`SequenceError::Stuck`] for permanent faults, else a divergence.
    pub fn run(
        &mut self,
        plan: &Plan,
        job: &Job,
        gemm: &Gemm,
        scale: Option<f64>,
        faults: &[TileFaults],
    ) -> Result<GemmReport, SequenceError> {
        if faults.iter().any(|faults| !faults.stuck.is_empty()) {
            return Err(SequenceError::Stuck);
        }
        let layer = &plan.layers[job.layer];
        let (x, w) = (gemm.x(), gemm.w());
        let settings = &self.settings;
        let request = GemmRequest {
            x: x.slice(s![..job.slice.m, ..]),
            w: w.slice(s![.., ..job.slice.n]),
            faults,
            threshold_bit: settings.threshold_bit,
            protect: settings.protect,
            layer: job.layer as u32,
            step: job.step,
            interval: settings.interval,
            map: layer.map,
            scale: self.restore_scale(job.layer, scale),
            recompute_missing: settings.recompute_missing,
            recompute_unlocated: settings.recompute_unlocated,
        };
        let run = RunSettings {
            adaptive: false,
            timestep_class: job.timestep_class,
            block_class: layer.block_class,
        };
        let tiling = job.tiling(&self.config);
        let limit = PATIENCE * (schedule(&self.config, &tiling).cycles.0 + 10_000);
        let received = self.accelerator.run(&request, &run, limit);
        let received = received.map_err(|error| diverged(&job.name, error))?;
        let expected = self.golden.run(&request);
        compare(&self.config, &job.name, &received, &expected)?;
        let mut report = GemmReport {
            tiles: tiling.len() as u64,
            engine_cycles: schedule(&self.config, &tiling).cycles.0,
            effect: Effect::of(&self.config, &request, &expected),
            ..GemmReport::default()
        };
        let writes = self.writes(job, scale);
        for tile in &expected {
            let flagged = tile.row_flags.contains(&true) || tile.column_flags.contains(&true);
            report.flagged += u64::from(flagged);
            let rows = tile.row_flags.len();
            let bytes = (self.config.memory_bytes + rows * self.config.row_bytes()) as u64;
            if tile.repeated_later {
                let again = tiling.tile(tile.tile);
                let (rows, columns) = (again.rows.len(), again.columns.len());
                let alone = Tiling::new(&self.config, rows, job.k, columns);
                report.engine_cycles += schedule(&self.config, &alone).cycles.0;
            }
            if tile.rolled_back {
                self.expected_bytes.0 += bytes;
                report.alone_activations += self.alone(&layer.map, tile);
            }
            if writes && !tile.repeated_later {
                self.expected_bytes.1 += bytes;
            }
        }
        Ok(report)
    }

    /// Reads all counters and compares them, and all of the memory, with the golden
    /// model; returns the counters.
    ///
    /// # Errors
    /// A divergence.
    pub fn check(&mut self, after: &str) -> Result<BTreeMap<&'static str, u64>, SequenceError> {
        let counters = self.accelerator.counters();
        let counters = counters.map_err(|error| diverged(after, error))?;
        let (recovery, engine) = (&self.golden.recovery, &self.golden.engine);
        let memory = self.memory.borrow();
        for (name, found, expected) in [
            ("counter tiles", counters["tiles"], engine.tiles),
            (
                "counter flagged_rows",
                counters["flagged_rows"],
                engine.flagged_rows,
            ),
            (
                "counter flagged_columns",
                counters["flagged_columns"],
                engine.flagged_columns,
            ),
            ("counter masked", counters["masked"], engine.masked),
            ("counter unlocated", counters["unlocated"], engine.unlocated),
            (
                "counter rollbacks",
                counters["rollbacks"],
                recovery.rollbacks,
            ),
            ("counter restored", counters["restored"], recovery.restored),
            (
                "counter recomputes",
                counters["recomputes"],
                recovery.recomputes,
            ),
            ("counter kept", counters["kept"], recovery.kept),
            (
                "counter overflows",
                counters["overflows"],
                recovery.overflows,
            ),
            (
                "counter checkpoints",
                counters["checkpoints"],
                recovery.checkpoints,
            ),
            ("counter axi_errors", counters["axi_errors"], 0),
            ("bytes read", memory.reads.bytes, self.expected_bytes.0),
            ("bytes written", memory.writes.bytes, self.expected_bytes.1),
        ] {
            if found != expected {
                return Err(Divergence {
                    gemm: after.to_owned(),
                    what: format!("{name}: accelerator {found}, golden {expected}"),
                }
                .into());
            }
        }
        for (&address, expected) in self.golden.memory() {
            let found = self
                .accelerator
                .board
                .memory
                .memory
                .read(address, expected.len());
            if found != *expected {
                return Err(Divergence {
                    gemm: after.to_owned(),
                    what: format!(
                        "memory at {address:#x}: accelerator {found:02x?}, golden {expected:02x?}"
                    ),
                }
                .into());
            }
        }
        self.counters = counters.clone();
        Ok(counters)
    }

    /// Upsets the RTL once behind everybody's back, in the next GEMM.
    pub fn sabotage(&mut self) {
        self.accelerator.sabotage();
    }

    /// Dumps the RTL's cycles from now on into a VCD file.
    ///
    /// # Errors
    /// [`SequenceError::Cosim`] when there is no RTL with tracing.
    pub fn trace(&mut self, file: &Path) -> Result<(), SequenceError> {
        Ok(self.accelerator.trace(file)?)
    }

    /// Cycles since reset.
    pub fn cycle(&self) -> u64 {
        self.accelerator.cycle()
    }

    /// The counters at the last [`Session::check`]; empty before.
    pub fn counters(&self) -> &BTreeMap<&'static str, u64> {
        &self.counters
    }

    /// The memory and its traffic so far.
    pub fn memory(&self) -> Ref<'_, MemoryModel> {
        self.memory.borrow()
    }

    /// Puts the trace of the memory's requests in its place.
    ///
    /// # Errors
    /// [`SequenceError::Trace`].
    pub fn finish_trace(&self) -> Result<(), SequenceError> {
        Ok(self.memory.borrow_mut().finish_trace()?)
    }

    /// The scale register for a GEMM of a layer.
    fn restore_scale(&self, layer: usize, scale: Option<f64>) -> u16 {
        let old = self.written.get(&layer).and_then(|written| written.scale);
        fixed_scale(old, scale)
    }

    /// Whether the GEMM wrote its layer's checkpoint; the host keeps the same book as
    /// the sequencer, for the scales.
    fn writes(&mut self, job: &Job, scale: Option<f64>) -> bool {
        let age = self.written.get(&job.layer);
        let age = age.map(|written| job.step.wrapping_sub(written.step) & 0xffff);
        let writes = self.settings.protect && age.is_none_or(|age| age >= self.settings.interval);
        if writes {
            let step = job.step;
            self.written.insert(job.layer, Written { step, scale });
        }
        writes
    }

    /// Row activations of a tile's fetch in a DRAM with all banks precharged.
    fn alone(&self, map: &AddressMap, tile: &DeliveredTile) -> u64 {
        let memory = self.memory.borrow();
        memory.device().map_or(0, |device| {
            let rows = tile.row_flags.len() as u32;
            let requests = map.tile_requests(&self.config, tile.tile as u32, rows);
            dram::activations(device, requests)
        })
    }
}

/// The factor that carries a checkpoint to the present step, 14 fraction bits: a
/// unit of the checkpoint's outputs in units of these. 1.0 where scales are unknown;
/// factors of 4 and more saturate.
pub(super) fn fixed_scale(old: Option<f64>, new: Option<f64>) -> u16 {
    let factor = old.zip(new).map_or(1.0, |(old, new)| old / new);
    let one = f64::from(1 << SCALE_BITS);
    (factor * one).round().clamp(0.0, f64::from(u16::MAX)) as u16
}

fn diverged(gemm: &str, error: AcceleratorError) -> SequenceError {
    Divergence {
        gemm: gemm.to_owned(),
        what: error.to_string(),
    }
    .into()
}
