//! Random runs of the whole accelerator: RTL, clocked model and timeless golden
//! model on the same sequence of GEMMs, under whatever the surroundings do.

mod program;
mod surroundings;

use super::draw::Draw;
use super::{Plan, arrays};
use crate::config::ArrayConfig;
use crate::cosim::{Accelerator, CosimError};
use crate::golden::Counters;
use crate::golden::accelerator::{Accelerator as Golden, DeliveredTile, RecoveryCounters};
use crate::registers;
use crate::soc::{Operation, ReceivedTile};
use program::{Gemm, Program};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use surroundings::Surroundings;

/// Streams from here on draw runs; below are those of arrays and cases.
const FIRST_STREAM: u64 = 1 << 62;
/// Cycles after which a GEMM counts as hanging: far above what the slowest
/// memory, regulator and streams can explain.
const LIMIT: u64 = 2_000_000;

/// What is verified. Equal plans draw equal runs on any machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceleratorPlan {
    /// Runs, distributed evenly over the arrays.
    pub runs: usize,
    /// Array configurations, drawn as those of [`Plan`].
    pub arrays: usize,
    /// Seed of everything.
    pub seed: u64,
    /// Most rows and most columns of an array; at least 2.
    pub max_array: usize,
    /// Only this run.
    pub only: Option<usize>,
}

/// What ran, and the failure that ended it.
#[derive(Clone, Debug, Default)]
pub struct AcceleratorSummary {
    /// Runs, the failed one included.
    pub runs: usize,
    /// GEMMs of all runs.
    pub gemms: usize,
    /// Clock cycles, each compared on every pin.
    pub cycles: u64,
    /// Faults injected.
    pub faults: usize,
    /// Events of the engines.
    pub engine: Counters,
    /// Events of recovery.
    pub recovery: RecoveryCounters,
    /// Operating points reached, requests timed out, panics, error responses.
    pub transitions: u64,
    /// Requests that regulator or PLL did not answer in time.
    pub timeouts: u64,
    /// Panics.
    pub panics: u64,
    /// Error responses of the memory.
    pub axi_errors: u64,
    /// Runs with stalls or backpressure somewhere.
    pub unruly: usize,
    /// Time of everything, builds included.
    pub elapsed: Duration,
    /// Number of the run that failed, and how.
    pub failure: Option<(usize, String)>,
}

impl AcceleratorPlan {
    /// The array of a run.
    pub fn array_of(&self, run: usize) -> ArrayConfig {
        let plan = Plan {
            cases: self.runs,
            arrays: self.arrays,
            seed: self.seed,
            max_array: self.max_array,
            only: None,
        };
        arrays::array(&plan, run % self.arrays)
    }
}

/// Runs a plan up to its first failure. `progress` hears the number of runs
/// that are over, and the number of cycles.
///
/// # Errors
/// [`CosimError`] when a model cannot be built or loaded.
pub fn run_accelerators(
    plan: &AcceleratorPlan,
    mut progress: impl FnMut(usize, u64),
) -> Result<AcceleratorSummary, CosimError> {
    let started = Instant::now();
    let mut summary = AcceleratorSummary::default();
    for run in 0..plan.runs {
        if plan.only.is_some_and(|only| only != run) {
            continue;
        }
        let outcome = run_one(plan, run, &mut summary)?;
        summary.runs += 1;
        progress(summary.runs, summary.cycles);
        if let Err(message) = outcome {
            summary.failure = Some((run, message));
            break;
        }
    }
    summary.elapsed = started.elapsed();
    Ok(summary)
}

/// The GEMMs of a run: those that [`run_one`] draws.
pub(super) fn gemms(plan: &AcceleratorPlan, run: usize) -> Vec<Gemm> {
    let draw = &mut Draw::new(plan.seed, FIRST_STREAM + run as u64);
    let _ = Surroundings::draw(draw);
    Program::draw(draw, &plan.array_of(run)).gemms
}

/// One run on a fresh accelerator; the inner error says what differed.
fn run_one(
    plan: &AcceleratorPlan,
    run: usize,
    summary: &mut AcceleratorSummary,
) -> Result<Result<(), String>, CosimError> {
    let config = plan.array_of(run);
    let draw = &mut Draw::new(plan.seed, FIRST_STREAM + run as u64);
    let surroundings = Surroundings::draw(draw);
    let program = Program::draw(draw, &config);
    summary.unruly += usize::from(surroundings.unruly());
    let errors = surroundings.memory_errors();
    let mut accelerator = Accelerator::with_rtl(&config, surroundings.board(&config))?;
    let mut golden = Golden::new(&config);
    let mut checked = || -> Result<BTreeMap<&'static str, u64>, String> {
        accelerator
            .access(program.setup.iter().copied())
            .map_err(|error| error.to_string())?;
        for (number, gemm) in program.gemms.iter().enumerate() {
            let at = |error: String| format!("GEMM {number}: {error}");
            run_gemm(&config, gemm, &mut accelerator, &mut golden, errors).map_err(at)?;
            summary.gemms += 1;
            summary.faults += gemm.faults.iter().map(|f| f.flips.len()).sum::<usize>();
        }
        accelerator
            .access(registers::map().iter().map(|r| Operation::Read(r.offset)))
            .map_err(|error| error.to_string())?;
        let counters = accelerator.counters().map_err(|error| error.to_string())?;
        if !errors {
            compare_counters(&counters, &golden)?;
            for (&address, bytes) in golden.memory() {
                let found = accelerator.board.memory.memory.read(address, bytes.len());
                if found != *bytes {
                    return Err(format!(
                        "memory at {address:#x}: RTL {found:x?}, golden {bytes:x?}"
                    ));
                }
            }
        }
        Ok(counters)
    };
    let outcome = checked();
    summary.cycles += accelerator.cycle();
    summary.engine += golden.engine;
    summary.recovery += golden.recovery;
    Ok(outcome.map(|counters| {
        summary.transitions += counters["transitions"];
        summary.timeouts += counters["dvfs_timeouts"];
        summary.panics += counters["panics"];
        summary.axi_errors += counters["axi_errors"];
    }))
}

/// One GEMM on hardware, clocked and timeless model.
fn run_gemm<L: FnMut(u64, bool, u32, u32) -> u64>(
    config: &ArrayConfig,
    gemm: &Gemm,
    accelerator: &mut Accelerator<L>,
    golden: &mut Golden,
    errors: bool,
) -> Result<(), String> {
    accelerator
        .access(gemm.before.iter().copied())
        .map_err(|error| error.to_string())?;
    if gemm.clears_checkpoints {
        golden.clear_checkpoints();
    }
    accelerator
        .idle(gemm.idle)
        .map_err(|error| error.to_string())?;
    let request = gemm.request();
    let received = accelerator
        .run(&request, &gemm.settings, LIMIT)
        .map_err(|error| error.to_string())?;
    let expected = golden.run(&request);
    if errors {
        // An error response changes what is rolled back: only the clocked model knows.
        return Ok(());
    }
    if received.len() != expected.len() {
        let (found, expected) = (received.len(), expected.len());
        return Err(format!("{found} tiles instead of {expected}"));
    }
    received
        .iter()
        .zip(&expected)
        .try_for_each(|((number, tile), expected)| {
            compare_tile(config.columns, *number, tile, expected)
        })
}

fn compare_tile(
    columns: usize,
    number: usize,
    found: &ReceivedTile,
    expected: &DeliveredTile,
) -> Result<(), String> {
    let differ = |what: &str| {
        Err(format!(
            "tile {number}: {what} differ: {found:?}, {expected:?}"
        ))
    };
    let y: Vec<Vec<u32>> = expected
        .y
        .rows()
        .into_iter()
        .map(|row| row.iter().map(|&y| y as u32).collect())
        .collect();
    let rows: Vec<bool> = (0..found.rows.len())
        .map(|row| found.row_flag(columns, row))
        .collect();
    let flags: Vec<bool> = (0..columns)
        .map(|column| found.column_flag(columns, column))
        .collect();
    if number != expected.tile {
        return differ("numbers");
    }
    if found.rows != y {
        return differ("outputs");
    }
    if rows != expected.row_flags || flags != expected.column_flags {
        return differ("flags");
    }
    if found.rolled_back(columns) != expected.rolled_back
        || found.repeated_later(columns) != expected.repeated_later
    {
        return differ("fates");
    }
    Ok(())
}

/// Compares every counter that does not count cycles.
fn compare_counters(found: &BTreeMap<&'static str, u64>, golden: &Golden) -> Result<(), String> {
    let (engine, recovery) = (&golden.engine, &golden.recovery);
    let expected = [
        ("tiles", engine.tiles),
        ("flagged_rows", engine.flagged_rows),
        ("flagged_columns", engine.flagged_columns),
        ("masked", engine.masked),
        ("unlocated", engine.unlocated),
        ("rollbacks", recovery.rollbacks),
        ("restored", recovery.restored),
        ("recomputes", recovery.recomputes),
        ("kept", recovery.kept),
        ("overflows", recovery.overflows),
        ("checkpoints", recovery.checkpoints),
        ("axi_errors", 0),
    ];
    let differs = expected.iter().find(|(name, value)| found[name] != *value);
    match differs {
        None => Ok(()),
        Some((name, value)) => Err(format!(
            "counter {name}: RTL {}, golden {value}",
            found[name]
        )),
    }
}
