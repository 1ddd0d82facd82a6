//! `drift characterize`.

use super::progress::Progress;
use super::{Verdict, inputs};
use anyhow::Result;
use drift::timing::dynamic::{LateCounts, Operands, PeTiming, choose_periods, count_late};
use drift::timing::liberty::Library;
use drift::timing::netlist::Netlist;
use drift::timing::recipe::{PE_TOP, synthesise_pe};
use std::path::PathBuf;
use std::time::Instant;

/// Arguments of `drift characterize`.
#[derive(clap::Args)]
pub struct Args {
    /// Shipped name (tiny, default, edge, tpu) or YAML file
    #[arg(long, default_value = "default")]
    config: String,
    /// Liberty files (.lib, .lib.gz) of one library at different voltages; the PE is mapped with the first
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    liberty: Vec<PathBuf>,
    /// Operands: tiny-dit, a .safetensors or .csv file, X.npy,W.npy, or random
    #[arg(long, default_value = "tiny-dit")]
    workload: String,
    /// Operand pairs per voltage for the common errors
    #[arg(long, default_value_t = 1_000_000)]
    vectors: u64,
    /// Further operand pairs per voltage for the rare ones
    #[arg(long, default_value_t = 8_000_000)]
    tail_vectors: u64,
    /// Operand pairs per voltage for the energy
    #[arg(long, default_value_t = 4096)]
    energy_vectors: u64,
    /// Seed of the PEs that are drawn, and of drawn operands
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Measures the table.
pub fn run(args: &Args) -> Result<Verdict> {
    let config = inputs::config(&args.config)?;
    let workload = inputs::workload(&args.workload, args.seed)?;
    let pe = synthesise_pe(&config, &args.liberty[0])?;
    let netlist = Netlist::parse(&pe.json, PE_TOP)?;
    let operands = || Operands::of_workload(&workload, &config, args.seed);
    let mut grid = None;
    for file in &args.liberty {
        let library = Library::read(file)?;
        let start = Instant::now();
        let timing = PeTiming::new(&netlist, &library, Some((&mut operands(), args.energy_vectors)))?;
        println!(
            "{} V: T_crit {:.4} ns, energy {:?}, {} literals, {:.2} s",
            timing.voltage,
            timing.model.critical(),
            timing.energy,
            timing.model.literals(),
            start.elapsed().as_secs_f64()
        );
        if grid.is_none() {
            grid = Some(choose_periods(&timing.model, &mut operands(), 1 << 16)?);
        }
        let Some((periods, tail)) = &grid else { continue };
        let total = args.vectors + args.tail_vectors;
        let mut progress = Progress::new(total, "operand pairs");
        let mut operands = operands();
        let start = Instant::now();
        let mut counts = count_late(&timing.model, &mut operands, periods, args.vectors, |n| {
            progress.at(n, "common errors");
        })?;
        let bulk = start.elapsed().as_secs_f64();
        let start = Instant::now();
        let rare = count_late(&timing.model, &mut operands, &periods[*tail..], args.tail_vectors, |n| {
            progress.at(args.vectors + n, "rare errors");
        })?;
        let tail_time = start.elapsed().as_secs_f64();
        for (all, more) in counts[*tail..].iter_mut().zip(&rare) {
            LateCounts::merge(all, more);
        }
        progress.finish();
        println!(
            "  {:.3} M/s bulk, {:.3} M/s tail",
            args.vectors as f64 / bulk / 1e6,
            args.tail_vectors as f64 / tail_time / 1e6
        );
        for counts in &counts {
            println!(
                "  {:.4} {:.3e} {} masks {}",
                f64::from(counts.period) / 1024.0,
                counts.word_wrong(),
                counts.vectors,
                counts.masks.len()
            );
        }
    }
    Ok(Verdict::Good)
}
