//! `drift waves`.

use super::{Verdict, inputs, output};
use anyhow::{Context, Result};
use drift::waves;
use std::path::PathBuf;

/// Arguments of `drift waves`.
#[derive(clap::Args)]
pub struct Args {
    /// FST file
    #[arg(long, default_value = "target/rollback.fst")]
    out: PathBuf,
    /// Draw the rollback into this file as well
    #[arg(long)]
    svg: Option<PathBuf>,
}

/// The configuration whose rollback is shown.
const CONFIG: &str = "tiny";

/// Records one rollback.
pub fn run(args: &Args) -> Result<Verdict> {
    let config = inputs::config(CONFIG)?;
    let recording = waves::record(&config, |folder, verilator| {
        eprintln!(
            "building {} with Verilator {}",
            folder.display(),
            verilator.version
        );
    })?;
    if let Some(folder) = args.out.parent() {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    recording.write_fst(&args.out)?;
    println!(
        "{} cycles of a rollback on the {}x{} accelerator in {}",
        recording.cycles(),
        config.rows,
        config.columns,
        args.out.display()
    );
    if let Some(file) = &args.svg {
        output::write(file, waves::svg(&recording, config.columns))?;
        println!("picture in {}", file.display());
    }
    Ok(Verdict::Good)
}
