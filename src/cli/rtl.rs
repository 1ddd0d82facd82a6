//! `drift rtl`.

use super::{Verdict, inputs};
use anyhow::Result;
use drift::rtl;
use std::path::PathBuf;

/// Arguments of `drift rtl`.
#[derive(clap::Args)]
pub struct Args {
    /// Shipped name (tiny, default, edge, tpu, tiny-os, default-os) or YAML file
    #[arg(long, default_value = "default")]
    config: String,
    /// Folder for the generated files
    #[arg(long, default_value = "rtl-out")]
    out: PathBuf,
}

/// Generates the RTL.
pub fn run(args: &Args) -> Result<Verdict> {
    let config = inputs::config(&args.config)?;
    let name = std::path::Path::new(&args.config)
        .file_name()
        .map_or(args.config.clone(), |name| {
            name.to_string_lossy().into_owned()
        });
    let files = rtl::generate(&config, &format!("drift rtl --config {name}"))?;
    rtl::write(&files, &args.out)?;
    println!(
        "{} files of a {}x{} array in {} (top modules {} and {}, filelist drift.f, FuseSoC drift.core)",
        files.len(),
        config.rows,
        config.columns,
        args.out.display(),
        rtl::ACCELERATOR,
        rtl::TOP
    );
    Ok(Verdict::Good)
}
