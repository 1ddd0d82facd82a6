//! `drift formal`.

use super::{Verdict, inputs};
use anyhow::{Result, bail};
use drift::config::ArrayConfig;
use drift::formal::{FormalError, Method, Outcome, PROOFS, Proof, Prover};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Arguments of `drift formal`.
#[derive(clap::Args)]
pub struct Args {
    /// Shipped name or YAML file; the smallest array when none is given
    #[arg(long)]
    config: Option<String>,
    /// Only these proofs
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    only: Vec<String>,
    /// Proofs at a time
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    jobs: u16,
    /// Folder for RTL, logs and counterexamples
    #[arg(long, default_value = "formal-out")]
    out: PathBuf,
}

/// The array that proofs are about when none is named.
const SMALLEST: (&str, &str) = ("formal/array.yaml", include_str!("../../formal/array.yaml"));

/// A finished proof.
type Finished = (Result<Outcome, FormalError>, Duration);

/// Attempts the chosen proofs; any that is not done fails.
pub fn run(args: &Args) -> Result<Verdict> {
    let proofs = chosen(&args.only)?;
    let config = match &args.config {
        Some(name) => inputs::config(name)?,
        None => ArrayConfig::from_yaml(SMALLEST.1, Path::new(SMALLEST.0))?,
    };
    if !config.checksum {
        bail!("the proofs are about an array with checksums; this configuration has none");
    }
    let prover = Prover::new(&config, &args.out)?;
    println!(
        "{} proofs about a {}x{} array with tiles of {} rows; SymbiYosys {}, files in {}",
        proofs.len(),
        config.rows,
        config.columns,
        config.tile_rows,
        prover.version(),
        args.out.display()
    );
    println!(
        "{:<22} {:<26} {:<10} {:>5} {:>8}",
        "property", "module", "mode", "depth", "seconds"
    );
    let mut failed = 0;
    attempt(
        &prover,
        &proofs,
        args.jobs.into(),
        |proof, (outcome, time)| {
            let outcome = outcome?;
            failed += usize::from(outcome != Outcome::Proved);
            show(proof, &outcome, time);
            Ok(())
        },
    )?;
    println!("{} of {} proved", proofs.len() - failed, proofs.len());
    Ok(if failed == 0 {
        Verdict::Good
    } else {
        Verdict::Failed
    })
}

fn chosen(names: &[String]) -> Result<Vec<&'static Proof>> {
    for name in names {
        if !PROOFS.iter().any(|proof| proof.name == name) {
            let all: Vec<&str> = PROOFS.iter().map(|proof| proof.name).collect();
            bail!(
                "--only {name}: no such proof; expected one of {}",
                all.join(", ")
            );
        }
    }
    let wanted = |proof: &&Proof| names.is_empty() || names.iter().any(|name| name == proof.name);
    Ok(PROOFS.iter().filter(wanted).collect())
}

/// Attempts proofs on `jobs` threads and reports each as soon as it is done.
/// The first error ends it: no further proof is started.
fn attempt(
    prover: &Prover,
    proofs: &[&'static Proof],
    jobs: usize,
    mut report: impl FnMut(&Proof, Finished) -> Result<()>,
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel::<(&Proof, Finished)>();
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(proofs.len()) {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(proof) = proofs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let start = Instant::now();
                    let outcome = prover.prove(proof);
                    if sender.send((proof, (outcome, start.elapsed()))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        receiver
            .into_iter()
            .try_for_each(|(proof, finished)| report(proof, finished))
    })
}

fn show(proof: &Proof, outcome: &Outcome, time: Duration) {
    let (mode, depth) = match proof.method {
        Method::Bounded { depth } => ("bounded", depth.to_string()),
        Method::Induction { depth } => ("induction", depth.to_string()),
        Method::Reachability => ("reach", "-".to_owned()),
    };
    let verdict = if *outcome == Outcome::Proved {
        "PASS"
    } else {
        "FAIL"
    };
    println!(
        "{:<22} {:<26} {mode:<10} {depth:>5} {:>8.1} {verdict}  {}",
        proof.name,
        proof.module,
        time.as_secs_f64(),
        proof.claim
    );
    match outcome {
        Outcome::Proved => {}
        Outcome::Refuted { assertions, trace } => {
            for assertion in assertions {
                println!("    {assertion}");
            }
            println!("    counterexample: {}", trace.display());
        }
        Outcome::Undecided { reason } => println!("    not proved: {reason}"),
    }
}
