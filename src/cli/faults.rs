//! `drift faults`.

use super::Verdict;
use super::inputs::{self, FaultArgs};
use anyhow::{Result, bail};
use drift::fault::{FaultList, Sampler};
use drift::tiling::Tiling;
use std::path::PathBuf;

/// Arguments of `drift faults`.
#[derive(clap::Args)]
pub struct Args {
    /// Shipped name (tiny, default, edge, tpu, tiny-os, default-os) or YAML file
    #[arg(long, default_value = "default")]
    config: String,
    /// tiny-dit, FILE.safetensors, X.npy,W.npy or SHAPES.csv
    #[arg(long, default_value = "tiny-dit")]
    workload: String,
    #[command(flatten)]
    faults: FaultArgs,
    /// File to write
    #[arg(long)]
    out: PathBuf,
}

/// Samples the faults of every tile of a workload into a file.
pub fn run(args: &Args) -> Result<Verdict> {
    let config = inputs::config(&args.config)?;
    let workload = inputs::workload(&args.workload, args.faults.seed)?;
    let sampler = args.faults.sampler(&config, &workload)?;
    if matches!(sampler, Sampler::None) {
        bail!("no source of faults; give --ber, --voltage, --upsets or --fault-list");
    }
    let mut list = FaultList::default();
    for (gemm, (_, m, k, n)) in workload.shapes().enumerate() {
        let tiling = Tiling::new(&config, m, k, n);
        for tile in tiling.tiles() {
            list.insert(
                gemm,
                tile.index,
                sampler.tile(&config, gemm, &tiling, &tile).flips,
            );
        }
    }
    list.write(
        &args.out,
        &config.hash(),
        &workload.hash(),
        args.faults.seed,
    )?;
    println!("{} faults in {}", list.len(), args.out.display());
    Ok(Verdict::Good)
}
