//! `drift metrics`.

mod measure;
mod report;

use super::{Verdict, output};
use anyhow::Result;
use drift::image::{ImageSet, labels_from_file};
use measure::measure;
use std::path::PathBuf;

/// Arguments of `drift metrics`.
#[derive(clap::Args)]
#[command(after_help = "\
A and B are PNG files, folders of PNG files (matched by name), or safetensors files with a tensor
`images` [n, c, h, w]: u8, or f32/f16/bf16 in -1..=1. Quality loss is LPIPS with A from a faulty
run and B from the error-free one.")]
pub struct Args {
    /// Images to judge
    #[arg(value_name = "A")]
    a: PathBuf,
    /// Images to judge them against
    #[arg(value_name = "B")]
    b: PathBuf,
    /// Class labels of the images of B: lines of LABEL, in order, or NAME,LABEL
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Write everything into this file as well
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Compares two sets of images.
pub fn run(args: &Args) -> Result<Verdict> {
    let a = ImageSet::read(&args.a)?;
    let b = ImageSet::read(&args.b)?;
    let labels = match &args.labels {
        Some(file) => Some(labels_from_file(file, &b.names)?),
        None => b.labels.clone(),
    };
    let measured = measure(&a, &b, labels.as_deref())?;
    if let Some(file) = &args.json {
        let record = report::record(&measured, &args.a, &args.b);
        output::record(file, &record)?;
    }
    report::print(&measured);
    Ok(Verdict::Good)
}
