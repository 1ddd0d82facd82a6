//! `drift verify`.

use super::Verdict;
use super::progress::Progress;
use anyhow::Result;
use drift::config::ArrayConfig;
use drift::cosim::BuiltModel;
use drift::verify::{self, AcceleratorPlan, Case, Observer, Plan};

/// Arguments of `drift verify`.
#[derive(clap::Args)]
pub struct Args {
    /// Runs of the whole accelerator instead of cases of the tile engine
    #[arg(long)]
    accelerator: bool,
    /// The fast engine instead of the hardware, against the golden model
    #[arg(long)]
    fast: bool,
    /// Random cases, or runs [default: 10000 cases, 2000 runs]
    #[arg(long, value_parser = positive)]
    cases: Option<usize>,
    /// Random arrays, the cases being shared among them [default: 24, with --accelerator 12]
    #[arg(long, value_parser = positive)]
    arrays: Option<usize>,
    /// Most rows and columns of an array, 2..=256 [default: 32, with --accelerator 8]
    #[arg(long, value_parser = clap::value_parser!(u16).range(2..=256))]
    max_array: Option<u16>,
    /// Seed of arrays and cases
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this case
    #[arg(long)]
    only: Option<usize>,
}

impl Args {
    fn plan(&self) -> Plan {
        Plan {
            cases: self.cases.unwrap_or(10_000),
            arrays: self.arrays.unwrap_or(24),
            seed: self.seed,
            max_array: self.max_array.unwrap_or(32).into(),
            only: self.only,
        }
    }

    fn accelerator_plan(&self) -> AcceleratorPlan {
        AcceleratorPlan {
            runs: self.cases.unwrap_or(2_000),
            arrays: self.arrays.unwrap_or(12),
            seed: self.seed,
            max_array: self.max_array.unwrap_or(8).into(),
            only: self.only,
        }
    }
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("expected a whole number from 1".to_owned()),
    }
}

struct Screen {
    progress: Progress,
    array: String,
}

impl Observer for Screen {
    fn array(&mut self, number: usize, config: &ArrayConfig) {
        self.array = format!(
            "array {number}: {} {}x{}",
            config.dataflow, config.rows, config.columns
        );
    }

    fn model(&mut self, model: &BuiltModel) {
        if !model.cached {
            eprintln!(
                "{} built in {:.1} s",
                self.array,
                model.elapsed.as_secs_f64()
            );
        }
    }

    fn case(&mut self, done: usize, _case: &Case) {
        self.progress.at(done as u64, &self.array);
    }
}

/// Runs random cases on hardware and golden model.
pub fn run(args: &Args) -> Result<Verdict> {
    if args.fast {
        return Ok(run_fast(args));
    }
    if args.accelerator {
        return run_accelerator(args);
    }
    let plan = args.plan();
    let mut screen = Screen {
        progress: Progress::new(plan.cases as u64, "cases"),
        array: String::new(),
    };
    let summary = verify::run(&plan, &mut screen)?;
    screen.progress.finish();
    println!(
        "{} cases on {} arrays: {} tiles, {} cycles, {} faults (at most {} a case), {} cases with stalled streams, {:.0} s",
        summary.cases,
        summary.arrays.len(),
        summary.counters.tiles,
        summary.counters.cycles,
        summary.faults,
        summary.max_faults,
        summary.stalled,
        summary.elapsed.as_secs_f64()
    );
    match &summary.failure {
        None => {
            println!("outputs, flags, masks, counters and cycles agree bit for bit");
            Ok(Verdict::Good)
        }
        Some(failure) => {
            println!("MISMATCH: {failure}");
            println!(
                "replay with: drift verify --cases {} --arrays {} --max-array {} --seed {} --only {}",
                plan.cases,
                plan.arrays,
                plan.max_array,
                plan.seed,
                failure.replay.only.unwrap_or_default()
            );
            Ok(Verdict::Failed)
        }
    }
}

/// Runs random cases, or programs, on fast engine and golden model.
fn run_fast(args: &Args) -> Verdict {
    let (plan, programs) = (args.plan(), args.accelerator_plan());
    let (cases, arrays, max_array, options) = if args.accelerator {
        let options = " --accelerator";
        (programs.runs, programs.arrays, programs.max_array, options)
    } else {
        (plan.cases, plan.arrays, plan.max_array, "")
    };
    let mut progress = Progress::new(cases as u64, "cases");
    let started = std::time::Instant::now();
    let mut at = |done: usize| progress.at(done as u64, "");
    let summary = if args.accelerator {
        verify::run_fast_accelerators(&programs, &mut at)
    } else {
        verify::run_fast(&plan, &mut at)
    };
    progress.finish();
    println!(
        "{} cases, {} GEMMs, {} tiles: {} faults change {} outputs and checksums, {} rollbacks, {:.0} s",
        summary.cases,
        summary.gemms,
        summary.tiles,
        summary.faults,
        summary.deltas,
        summary.rollbacks,
        started.elapsed().as_secs_f64()
    );
    let Some((number, failure)) = &summary.failure else {
        println!("fast engine and golden model agree bit for bit");
        return Verdict::Good;
    };
    println!("MISMATCH: case {number} of seed {}: {failure}", args.seed);
    println!(
        "replay with: drift verify --fast{options} --cases {cases} --arrays {arrays} --max-array {max_array} --seed {} --only {number}",
        args.seed
    );
    Verdict::Failed
}

/// Runs random programs on the whole accelerator.
fn run_accelerator(args: &Args) -> Result<Verdict> {
    let plan = args.accelerator_plan();
    let mut progress = Progress::new(plan.runs as u64, "runs");
    let summary = verify::run_accelerators(&plan, |done, cycles| {
        progress.at(done as u64, &format!("{cycles} cycles"));
    })?;
    progress.finish();
    println!(
        "{} runs of the accelerator: {} GEMMs, {} tiles, {} cycles with every pin compared, {} faults, {} runs with stalls, {:.0} s",
        summary.runs,
        summary.gemms,
        summary.engine.tiles,
        summary.cycles,
        summary.faults,
        summary.unruly,
        summary.elapsed.as_secs_f64()
    );
    let recovery = &summary.recovery;
    println!(
        "{} rollbacks ({} elements), {} recomputed tiles, {} kept, {} beyond the repeat FIFO, {} checkpoint tiles",
        recovery.rollbacks,
        recovery.restored,
        recovery.recomputes,
        recovery.kept,
        recovery.overflows,
        recovery.checkpoints
    );
    println!(
        "{} changes of operating point, {} unanswered requests, {} panics, {} memory errors",
        summary.transitions, summary.timeouts, summary.panics, summary.axi_errors
    );
    match &summary.failure {
        None => {
            println!("outputs, registers, memory contents and cycles agree");
            Ok(Verdict::Good)
        }
        Some((run, failure)) => {
            println!("MISMATCH: run {run} of seed {}: {failure}", plan.seed);
            println!(
                "replay with: drift verify --accelerator --cases {} --arrays {} --max-array {} --seed {} --only {run}",
                plan.runs, plan.arrays, plan.max_array, plan.seed
            );
            Ok(Verdict::Failed)
        }
    }
}
