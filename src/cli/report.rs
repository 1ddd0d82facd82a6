//! `drift report`.

use super::Verdict;
use anyhow::Result;
use drift::report::{self, Report};
use std::path::PathBuf;

/// Arguments of `drift report`.
#[derive(clap::Args)]
pub struct Args {
    /// Results: records of campaigns (*.jsonl), repack.json, area.json, comparison.json, *.section.json
    folder: PathBuf,
    /// Where index.html and data/ go [default: the same folder]
    #[arg(long)]
    out: Option<PathBuf>,
}

/// Writes the page and the data of its figures.
pub fn run(args: &Args) -> Result<Verdict> {
    let report = Report::from_folder(&args.folder)?;
    let written = report::write(&report, args.out.as_ref().unwrap_or(&args.folder))?;
    println!(
        "{}: {} sections; {} files of data beside it",
        written.page.display(),
        report.sections.len(),
        written.data
    );
    Ok(Verdict::Good)
}
