//! `drift registers`: the documentation page of the register map.

use super::{Verdict, output};
use anyhow::Result;
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
        Some(path) => output::write(path, &page)?,
        None => print!("{page}"),
    }
    Ok(Verdict::Good)
}
