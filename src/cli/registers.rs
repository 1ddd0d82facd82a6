//! `drift registers`: the documentation page of the register map.

use super::Verdict;
use anyhow::{Context, Result};
use std::path::PathBuf;

#[derive(clap::Args)]
pub(super) struct Args {
    /// File to write; without it the page is printed
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<Verdict> {
    let page = drift::registers::markdown();
    match &args.out {
        Some(path) => drift::atomic::write(path, &page)
            .with_context(|| format!("{}: cannot be written", path.display()))?,
        None => print!("{page}"),
    }
    Ok(Verdict::Good)
}
