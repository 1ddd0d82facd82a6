//! `drift area`.

use super::{Verdict, inputs};
use anyhow::Result;
use drift::rtl;
use drift::synth::area;

/// Arguments of `drift area`.
#[derive(clap::Args)]
pub struct Args {
    /// Shipped name (tiny, default, edge, tpu, tiny-os, default-os) or YAML file
    #[arg(long, default_value = "default")]
    config: String,
}

/// Counts cells per module, with and without checksums.
pub fn run(args: &Args) -> Result<Verdict> {
    let config = inputs::config(&args.config)?;
    let mut plain = config.clone();
    plain.checksum = false;
    let (with, without) = (tempfile::tempdir()?, tempfile::tempdir()?);
    rtl::write(&rtl::generate(&config, "drift rtl")?, with.path())?;
    rtl::write(&rtl::generate(&plain, "drift rtl")?, without.path())?;
    let report = area(with.path(), rtl::TOP, Some(without.path()))?;
    println!(
        "{}x{} array, generic cells ({}), {:.1} s\n",
        config.rows, config.columns, report.yosys, report.seconds
    );
    println!(
        "{:<28} {:>9} {:>11} {:>11} {:>13} {:>7}",
        "module", "instances", "gates", "flip-flops", "memory bits", "share"
    );
    for row in report.table() {
        println!(
            "{:<28} {:>9} {:>11} {:>11} {:>13} {:>6.1}%",
            row.module,
            row.instances,
            row.all.gates,
            row.all.flip_flops,
            row.all.memory_bits,
            100.0 * row.share
        );
    }
    let total = &report.design.total;
    println!(
        "{:<28} {:>9} {:>11} {:>11} {:>13}",
        "total", "", total.gates, total.flip_flops, total.memory_bits
    );
    if let Some(overhead) = report.overhead() {
        let percent = |part: Option<f64>| {
            part.map_or("n/a".to_owned(), |part| format!("{:+.1}%", 100.0 * part))
        };
        println!(
            "\nchecksums cost: gates {}, flip-flops {}, memory bits {}, NAND2 equivalents without memories {}",
            percent(overhead.gates),
            percent(overhead.flip_flops),
            percent(overhead.memory_bits),
            percent(overhead.area)
        );
    }
    Ok(Verdict::Good)
}
