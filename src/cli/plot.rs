//! `drift plot`, and how plots become files.

use super::{Verdict, output};
use anyhow::{Context, Result};
use drift::plot::{Plot, Size, png};
use drift::tech::{Table, plots};
use std::path::{Path, PathBuf};

/// Pixels of a PNG per pixel of its SVG.
const PNG_SCALE: f32 = 2.0;

/// Arguments of `drift plot`.
#[derive(clap::Args)]
pub struct Args {
    /// Technology table: shipped name or YAML file
    table: String,
    /// Folder that the plots are written into, as SVG and PNG
    #[arg(long, value_name = "DIR", default_value = "plots")]
    out: PathBuf,
}

/// Draws bit error rates, late bits, energy and delay of a table.
pub fn run(args: &Args) -> Result<Verdict> {
    let table = Table::load(&args.table)?;
    for (name, plot) in plots(&table)? {
        write(&plot, Size::WIDE, &args.out, name)?;
    }
    Ok(Verdict::Good)
}

/// Writes a plot as NAME.svg and NAME.png into a folder, which is made.
pub fn write(plot: &Plot, size: Size, folder: &Path, name: &str) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let svg = plot.svg(size);
    let picture = png(&svg, PNG_SCALE)?;
    for (extension, content) in [("svg", svg.as_bytes()), ("png", &picture)] {
        let file = folder.join(name).with_extension(extension);
        output::write(&file, content)?;
        println!("{}", file.display());
    }
    Ok(())
}
