//! `drift verify`.

use super::Verdict;
use super::progress::Progress;
use anyhow::Result;
use drift::config::ArrayConfig;
use drift::cosim::BuiltModel;
use drift::verify::{self, Case, Observer, Plan};

/// Arguments of `drift verify`.
#[derive(clap::Args)]
pub struct Args {
    /// Random cases
    #[arg(long, default_value_t = 10_000, value_parser = positive)]
    cases: usize,
    /// Random arrays, the cases being shared among them
    #[arg(long, default_value_t = 24, value_parser = positive)]
    arrays: usize,
    /// Most rows and columns of an array, 2..=256
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(2..=256))]
    max_array: u16,
    /// Seed of arrays and cases
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this case
    #[arg(long)]
    only: Option<usize>,
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
    let plan = Plan {
        cases: args.cases,
        arrays: args.arrays,
        seed: args.seed,
        max_array: args.max_array.into(),
        only: args.only,
    };
    let mut screen = Screen {
        progress: Progress::new(args.cases as u64, "cases"),
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
                args.cases,
                args.arrays,
                args.max_array,
                args.seed,
                failure.replay.only.unwrap_or_default()
            );
            Ok(Verdict::Failed)
        }
    }
}
