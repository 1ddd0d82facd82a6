//! `drift area`.

use super::{Verdict, inputs, output};
use anyhow::Result;
use drift::config::ArrayConfig;
use drift::rtl;
use drift::synth::{
    self, ArrayArea, CellLibrary, NAND2, REALM_OVERHEAD, SWEEP_SCHEMA, SizedRtl, SweepRecord, area,
    sizes_needed,
};
use drift::timing::recipe::cell_library;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;
use tempfile::TempDir;

/// Arguments of `drift area`.
#[derive(clap::Args)]
pub struct Args {
    /// Shipped name (tiny, default, edge, tpu, tiny-os, default-os) or YAML file
    #[arg(long, default_value = "default")]
    config: String,
    /// Map to the cells of a Liberty file (.lib, .lib.gz): areas in its unit, mostly um2
    #[arg(long, value_name = "FILE")]
    liberty: Option<PathBuf>,
    /// What protection costs in square arrays of these sizes, instead
    #[arg(long, value_delimiter = ',', num_args = 0.., default_missing_value = "8,16,32,64,128,256",
          value_parser = clap::value_parser!(u64).range(2..=256))]
    sweep: Option<Vec<u64>>,
    /// Arrays up to this size are synthesised in the sweep, larger ones composed of small ones
    #[arg(long, default_value_t = 16, requires = "sweep", value_parser = clap::value_parser!(u64).range(16..=256))]
    synthesise_up_to: u64,
    /// Write the sweep as a record
    #[arg(long, value_name = "FILE", requires = "sweep")]
    json: Option<PathBuf>,
}

/// Counts cells per module, or compares arrays.
pub fn run(args: &Args) -> Result<Verdict> {
    let config = inputs::config(&args.config)?;
    let library = match &args.liberty {
        Some(file) => Some(cell_library(file)?),
        None => None,
    };
    let library = library.as_ref();
    match &args.sweep {
        Some(sizes) => sweep(&config, sizes, args, library),
        None => table(&config, library),
    }
}

/// The RTL of an array.
fn generated(config: &ArrayConfig) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    rtl::write(&rtl::generate(config, "drift rtl")?, folder.path())?;
    Ok(folder)
}

fn percent(part: f64) -> String {
    format!("{:+.2}%", 100.0 * part)
}

/// Unit of areas.
fn unit(library: Option<&CellLibrary>) -> &'static str {
    if library.is_some() { "um2" } else { NAND2 }
}

fn table(config: &ArrayConfig, library: Option<&CellLibrary>) -> Result<Verdict> {
    let folder = generated(config)?;
    let report = area(folder.path(), rtl::ACCELERATOR, None, library)?;
    let cells = match library {
        Some(library) => format!("cells of {}", library.name),
        None => "generic cells".to_owned(),
    };
    println!(
        "{}x{} accelerator, {cells} (Yosys {}), {:.1} s\n",
        config.rows, config.columns, report.yosys, report.seconds
    );
    println!(
        "{:<28} {:>9} {:>11} {:>11} {:>13} {:>13} {:>7}",
        "module",
        "instances",
        "gates",
        "flip-flops",
        "memory bits",
        unit(library),
        "share"
    );
    for row in report.table() {
        println!(
            "{:<28} {:>9} {:>11} {:>11} {:>13} {:>13.0} {:>6.1}%",
            row.module,
            row.instances,
            row.all.gates,
            row.all.flip_flops,
            row.all.memory_bits,
            row.all.area(),
            100.0 * row.share
        );
    }
    let total = &report.design.total;
    println!(
        "{:<28} {:>9} {:>11} {:>11} {:>13} {:>13.0}",
        "total",
        "",
        total.gates,
        total.flip_flops,
        total.memory_bits,
        total.area()
    );
    Ok(Verdict::Good)
}

/// Rows of a tile for each PE along a side: they hide the weight load, as those of the shipped
/// configurations do.
const TILE_ROWS: usize = 2;

/// The RTL of a square array, with and without checksums.
fn square(config: &ArrayConfig, size: usize) -> Result<(TempDir, TempDir)> {
    let with = ArrayConfig {
        rows: size,
        columns: size,
        tile_rows: TILE_ROWS * size,
        ..config.clone()
    };
    let without = ArrayConfig {
        checksum: false,
        ..with.clone()
    };
    Ok((generated(&with)?, generated(&without)?))
}

fn sweep(
    config: &ArrayConfig,
    sizes: &[u64],
    args: &Args,
    library: Option<&CellLibrary>,
) -> Result<Verdict> {
    let start = Instant::now();
    let largest = args.synthesise_up_to as usize;
    let sizes: Vec<usize> = sizes.iter().map(|&size| size as usize).collect();
    let mut directories = BTreeMap::new();
    for size in sizes_needed(&sizes, largest) {
        directories.insert(size, square(config, size)?);
    }
    let rtl = directories.iter().map(|(size, (with, without))| {
        let (with, without) = (with.path().to_owned(), without.path().to_owned());
        (*size, SizedRtl { with, without })
    });
    let found = synth::sweep(&sizes, largest, &rtl.collect(), library)?;
    println!(
        "cost of protection, cumulative, against the tile engine without checksums; area of gates and flip-flops in\n\
         {}, memories apart\n\n{:<9} {:>12} {:>11} {:>11} {:>11} {:>13} {:>12}  how",
        match library {
            Some(library) => format!("the unit of {}, mostly um2", library.name),
            None => "NAND2 equivalents".to_owned(),
        },
        "array",
        format!("plain {}", unit(library)),
        "checksums",
        "+ recovery",
        "+ DVFS",
        "+ registers*",
        "memory bits",
    );
    for (size, found) in sizes.iter().zip(&found) {
        let parts = &found.parts;
        let [checksums, recovery, dvfs, all] = parts.overheads(|c| c.micro_area).map(percent);
        let memory = percent(parts.overheads(|c| c.memory_bits)[3]);
        println!(
            "{:<9} {:>12.0} {checksums:>11} {recovery:>11} {dvfs:>11} {all:>13} {memory:>12}  {}",
            format!("{size}x{size}"),
            parts.plain.area(),
            if found.composed {
                "composed"
            } else {
                "synthesised"
            },
        );
    }
    println!(
        "\n* the whole accelerator: any has some registers and a sequencer\n\
         composed: engine and recovery from those of 4x4, 8x8 and 16x16, per PE and per lane; the rest is synthesised\n\
         (measured at 32x32 and 64x64: within 0.1% of the area, 0.03 points of the overheads, 0.15 of the memory bits)\n\
         ReaLM (arXiv 2503.24053) publishes {:.2}% of circuit area; its abstract speaks of detection circuits only, so compare\n\
         it with the column \"checksums\"; it does not name the array size, and none could be verified\n{:.0} s",
        100.0 * REALM_OVERHEAD,
        start.elapsed().as_secs_f64()
    );
    if let Some(file) = &args.json {
        let record = SweepRecord {
            schema: SWEEP_SCHEMA.to_owned(),
            drift: env!("CARGO_PKG_VERSION").to_owned(),
            unit: unit(library).to_owned(),
            arrays: sizes
                .iter()
                .zip(&found)
                .map(|(size, found)| ArrayArea::new(*size, TILE_ROWS * size, found))
                .collect(),
        };
        output::record(file, &record)?;
    }
    Ok(Verdict::Good)
}
