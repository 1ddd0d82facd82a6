//! Runs a plan.

use super::{Case, Plan};
use crate::config::ArrayConfig;
use crate::cosim::{
    BuildOptions, BuiltModel, Check, CosimError, Divergence, GemmReport, Model, Simulator, build,
    check_gemm,
};
use crate::fault::Sampler;
use crate::golden::{Counters, FaultCounts};
use std::fmt;
use std::time::{Duration, Instant};

/// Hears how a run goes on.
pub trait Observer {
    /// An array's model is needed; `number` counts from zero.
    fn array(&mut self, number: usize, config: &ArrayConfig) {
        let _ = (number, config);
    }

    /// The model is there.
    fn model(&mut self, model: &BuiltModel) {
        let _ = model;
    }

    /// A case is over; `done` counts from one.
    fn case(&mut self, done: usize, case: &Case) {
        let _ = (done, case);
    }
}

/// Hears nothing.
impl Observer for () {}

/// What went wrong in a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Hardware and golden model disagree.
    Divergence(Divergence),
    /// The hardware hangs or breaks the rules of its streams.
    Protocol(String),
}

/// A case that failed, with everything needed to replay it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The plan that runs this case alone.
    pub replay: Plan,
    /// The array.
    pub config: ArrayConfig,
    /// The case.
    pub case: Case,
    /// What went wrong.
    pub finding: Finding,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            replay,
            config,
            case,
            ..
        } = self;
        let (m, k, n) = case.shape();
        write!(
            f,
            "case {} of seed {} (array {} of {}, {} {}x{} with {} tile rows, checksum {}, GEMM \
             {m}x{k}x{n}, {} faults, threshold_bit {}, {}): ",
            case.number,
            replay.seed,
            case.array,
            replay.arrays,
            config.dataflow,
            config.rows,
            config.columns,
            config.tile_rows,
            if config.checksum { "on" } else { "off" },
            case.faults.len(),
            case.threshold_bit,
            if case.stalled() {
                "stalled"
            } else {
                "no stalls"
            },
        )?;
        match &self.finding {
            Finding::Divergence(divergence) => write!(f, "{divergence}"),
            Finding::Protocol(message) => f.write_str(message),
        }
    }
}

/// What ran on one array.
#[derive(Clone, Debug)]
pub struct ArraySummary {
    /// The array.
    pub config: ArrayConfig,
    /// Cases that ran on it.
    pub cases: usize,
    /// Time of the build, or of finding the model in the cache.
    pub build: Duration,
    /// Time of the cases.
    pub run: Duration,
}

/// What ran, and the failure that ended it. Every case is one GEMM.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Cases that ran, the failed one included.
    pub cases: usize,
    /// The arrays that were used.
    pub arrays: Vec<ArraySummary>,
    /// Counters of all GEMMs together: tiles, cycles, flags.
    pub counters: Counters,
    /// Faults injected, transient and permanent; a permanent one counts once per case.
    pub faults: usize,
    /// Most faults in one case.
    pub max_faults: usize,
    /// What became of the faults; permanent ones count once per tile.
    pub outcomes: FaultCounts,
    /// Cases whose streams stalled.
    pub stalled: usize,
    /// Time of everything, builds included.
    pub elapsed: Duration,
    /// The first failure, which ended the run.
    pub failure: Option<Failure>,
}

/// Runs the cases of a plan, array by array, up to the first failure.
///
/// # Errors
/// [`CosimError`] when a model cannot be built or loaded. What the hardware does
/// wrong is no error but a [`Failure`].
pub fn run(plan: &Plan, observer: &mut dyn Observer) -> Result<Summary, CosimError> {
    let started = Instant::now();
    let mut summary = Summary::default();
    for number in 0..plan.arrays {
        if summary.failure.is_some() {
            break;
        }
        if plan.cases_of(number).next().is_some() {
            run_array(plan, number, observer, &mut summary)?;
        }
    }
    summary.elapsed = started.elapsed();
    Ok(summary)
}

/// Runs all cases of one array on one simulator, so that whatever a case leaves
/// behind in the hardware meets the next one.
fn run_array(
    plan: &Plan,
    number: usize,
    observer: &mut dyn Observer,
    summary: &mut Summary,
) -> Result<(), CosimError> {
    let config = plan.array(number);
    observer.array(number, &config);
    let built = build(&config, BuildOptions::default(), |_, _| {})?;
    observer.model(&built);
    let mut simulator = Model::load(&built.object, &config)?.simulator();
    let started = Instant::now();
    let mut cases = 0;
    for number in plan.cases_of(number) {
        let case = plan.case(number);
        let finding = match run_case(&mut simulator, &config, &case) {
            Ok(report) => {
                summary.counters += report.counters;
                summary.outcomes += report.faults;
                report.divergence.map(Finding::Divergence)
            }
            Err(CosimError::Protocol { rows, message }) => Some(Finding::Protocol(format!(
                "after {rows} result rows: {message}"
            ))),
            Err(error) => return Err(error),
        };
        cases += 1;
        summary.cases += 1;
        summary.faults += case.faults.len();
        summary.max_faults = summary.max_faults.max(case.faults.len());
        summary.stalled += usize::from(case.stalled());
        observer.case(summary.cases, &case);
        if let Some(finding) = finding {
            let replay = Plan {
                only: Some(number),
                ..*plan
            };
            summary.failure = Some(Failure {
                replay,
                config: config.clone(),
                case,
                finding,
            });
            break;
        }
    }
    summary.arrays.push(ArraySummary {
        config,
        cases,
        build: built.elapsed,
        run: started.elapsed(),
    });
    Ok(())
}

fn run_case(
    simulator: &mut Simulator,
    config: &ArrayConfig,
    case: &Case,
) -> Result<GemmReport, CosimError> {
    let check = Check {
        config,
        gemm: 0,
        x: case.x.view(),
        w: case.w.view(),
        sampler: &Sampler::List(case.faults.clone()),
        threshold_bit: case.threshold_bit,
        stalls: case.stalls,
        sabotage: false,
    };
    check_gemm(simulator, &check, |_| {})
}
