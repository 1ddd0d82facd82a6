//! `drift campaign` and `drift merge`.

use super::Verdict;
use super::progress::Progress;
use anyhow::{Result, bail};
use drift::campaign::experiments::energy::Energy;
use drift::campaign::experiments::gemm_faults::GemmFaults;
use drift::campaign::experiments::images::Images;
use drift::campaign::statistics::CONFIDENCE;
use drift::campaign::{self, Experiment, Record, Shard, Spec, summarise};
use serde_json::Value;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Arguments of `drift campaign`.
#[derive(clap::Args)]
pub struct Args {
    /// YAML file: grid, seeds, early end (see configs/campaigns/)
    spec: PathBuf,
    /// Records, JSON lines; the campaign goes on from those that are there
    /// [default: records/NAME.jsonl, of a shard records/NAME.I-of-N.jsonl]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Seeds of each cell, instead of the specification's; other numbers make other records, so give --out, too
    #[arg(long, value_name = "N")]
    seeds: Option<i64>,
    /// Only this share of the jobs, such as 3/16
    #[arg(long, value_name = "I/N")]
    shard: Option<String>,
    /// Threads [default: all cores]
    #[arg(long)]
    threads: Option<NonZeroUsize>,
}

/// Arguments of `drift merge`.
#[derive(clap::Args)]
pub struct MergeArgs {
    /// Records of all shards
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// File to write, sorted by job
    #[arg(long)]
    out: PathBuf,
    /// Take what there is, though shards are missing or have not finished
    #[arg(long)]
    partial: bool,
}

/// Runs or resumes a campaign.
pub fn run(args: &Args) -> Result<Verdict> {
    let mut spec = Spec::from_file(&args.spec)?;
    if let Some(seeds) = args.seeds {
        spec = spec.with_seeds(seeds)?;
    }
    match spec.experiment.as_str() {
        Energy::NAME => run_experiment(&Energy::new(&spec)?, &spec, args),
        GemmFaults::NAME => run_experiment(&GemmFaults::new(&spec)?, &spec, args),
        Images::NAME => run_experiment(&Images::new(&spec)?, &spec, args),
        other => bail!(
            "{}: experiment: {other} is not allowed; expected {}, {} or {}",
            args.spec.display(),
            Energy::NAME,
            GemmFaults::NAME,
            Images::NAME
        ),
    }
}

fn run_experiment<E: Experiment>(experiment: &E, spec: &Spec, args: &Args) -> Result<Verdict> {
    let shard: Shard = match &args.shard {
        Some(text) => text.parse()?,
        None => Shard::WHOLE,
    };
    let threads = match args.threads {
        Some(threads) => threads,
        None => std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
    };
    let out = args.out.clone().unwrap_or_else(|| {
        Path::new("records").join(match shard {
            Shard::WHOLE => format!("{}.jsonl", spec.name),
            Shard { index, count } => format!("{}.{index}-of-{count}.jsonl", spec.name),
        })
    });
    let mut progress: Option<(Progress, usize)> = None;
    let mut observer = |at: campaign::Progress| {
        // The bar counts what this run does, so that the time left is its own.
        let before = progress.as_ref().map_or(at.done - 1, |(_, before)| *before);
        let total = (at.done - before + at.left) as u64;
        let (bar, _) = progress.get_or_insert_with(|| (Progress::new(total, "jobs"), before));
        bar.resize(total);
        bar.at((at.done - before) as u64, &format!("{} records", at.done));
    };
    let outcome = campaign::run(experiment, spec, shard, threads, &out, &mut observer)?;
    if let Some((bar, _)) = progress {
        bar.finish();
    }
    println!(
        "{}: {} records, {} of them from before; {} of {} cells ended early",
        out.display(),
        outcome.records,
        outcome.resumed,
        outcome.ended_early,
        experiment.cells().len()
    );
    print_summary::<E::Record>(&out)?;
    Ok(Verdict::Good)
}

/// One line per cell: what varies in the grid, then the estimates.
fn print_summary<R: Record>(file: &Path) -> Result<()> {
    let cells = summarise::<R>(file, CONFIDENCE)?;
    let varies = |key: &str| {
        cells
            .iter()
            .any(|cell| cell.cell[key] != cells[0].cell[key])
    };
    let keys: Vec<&String> = match cells.first().and_then(|cell| cell.cell.as_object()) {
        Some(cell) => cell.keys().filter(|key| varies(key)).collect(),
        None => Vec::new(),
    };
    let mut table = vec![
        keys.iter()
            .map(|key| (*key).clone())
            .chain(["seeds".to_owned()])
            .chain(R::QUANTITIES.iter().map(|&name| name.to_owned()))
            .collect::<Vec<_>>(),
    ];
    for cell in &cells {
        // A schedule or a place is what its name says.
        let shown = |value: &Value| match value.get("name") {
            Some(name) => name.to_string(),
            None => value.to_string(),
        };
        let parameters = keys.iter().map(|key| shown(&cell.cell[key.as_str()]));
        let estimates = cell.estimates.iter().map(|estimate| match estimate {
            None => "-".to_owned(),
            Some(estimate) => match estimate.interval {
                None => format!("{:.4}", estimate.value),
                Some([low, high]) => format!("{:.4} [{low:.4}, {high:.4}]", estimate.value),
            },
        });
        let seeds = std::iter::once(cell.seeds.to_string());
        table.push(parameters.chain(seeds).chain(estimates).collect());
    }
    let columns = table[0].len();
    let width = |column: usize| table.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in &table {
        let cells = row.iter().zip(&widths);
        let line: Vec<String> = cells
            .map(|(text, width)| format!("{text:<width$}"))
            .collect();
        println!("  {}", line.join("  ").trim_end());
    }
    println!("  intervals: 95%, Wilson for proportions, BCa bootstrap over seeds for means");
    Ok(())
}

/// Merges the records of shards.
pub fn merge(args: &MergeArgs) -> Result<Verdict> {
    let records = campaign::merge(&args.files, &args.out, args.partial)?;
    println!("{}: {records} records", args.out.display());
    Ok(Verdict::Good)
}
