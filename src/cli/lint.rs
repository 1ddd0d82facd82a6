//! `drift lint`.

use super::{Verdict, inputs};
use anyhow::Result;
use drift::config::{ArrayConfig, ChecksumDomain, Dataflow, RunDefaults, SHIPPED};
use drift::rtl;
use drift::synth::{ToolResult, lint};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Arguments of `drift lint`.
#[derive(clap::Args)]
pub struct Args {
    /// Shipped names or YAML files; all shipped ones when none is given
    #[arg(long)]
    config: Vec<String>,
    /// Random configurations besides
    #[arg(long, default_value_t = 0)]
    random: usize,
    /// Largest array of the random configurations
    #[arg(long, default_value_t = 16)]
    max_array: usize,
    /// Seed of the random configurations
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Lints the whole accelerator of every configuration; any warning fails.
pub fn run(args: &Args) -> Result<Verdict> {
    let mut configs = Vec::new();
    if args.config.is_empty() {
        for (name, _) in SHIPPED {
            configs.push((name.to_owned(), inputs::config(name)?));
        }
    }
    for name in &args.config {
        configs.push((name.clone(), inputs::config(name)?));
    }
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    for _ in 0..args.random {
        let config = random(&mut rng, args.max_array);
        let name = format!(
            "{} {}x{} T{} B{}{}",
            config.dataflow,
            config.rows,
            config.columns,
            config.tile_rows,
            config.memory_bytes,
            if config.checksum {
                ""
            } else {
                " without checksums"
            }
        );
        configs.push((name, config));
    }
    let mut clean = true;
    for (name, config) in configs {
        let folder = tempfile::tempdir()?;
        rtl::write(&rtl::generate(&config, "drift rtl")?, folder.path())?;
        let report = lint(
            folder.path(),
            rtl::ACCELERATOR,
            config.rows * config.columns > SPLIT_ABOVE,
        )?;
        clean &= report.is_clean();
        println!("{name}:");
        show("verilator", &report.verilator);
        show("yosys", &report.yosys);
        show("slang", &report.slang);
    }
    Ok(if clean {
        Verdict::Good
    } else {
        Verdict::Failed
    })
}

/// PEs above which Verilator gets an output-stationary array in strips of one column.
const SPLIT_ABOVE: usize = 4096;

fn show(tool: &str, result: &ToolResult) {
    let verdict = if result.is_clean() {
        "clean"
    } else {
        "NOT CLEAN"
    };
    println!(
        "  {tool:<10} {:<24} {verdict} ({:.1} s)",
        result.version, result.seconds
    );
    for line in result.warnings.iter().chain(&result.errors) {
        println!("    {line}");
    }
}

fn random(rng: &mut ChaCha8Rng, max_array: usize) -> ArrayConfig {
    let mut within = |low: usize, high: usize| low + rng.next_u32() as usize % (high - low + 1);
    let (rows, columns, tile_rows) = (within(2, max_array), within(2, max_array), within(2, 80));
    let (dataflow, tile_rows) = match within(0, 1) {
        0 => (Dataflow::Ws, tile_rows),
        _ => (Dataflow::Os, rows),
    };
    ArrayConfig {
        rows,
        columns,
        tile_rows,
        dataflow,
        threshold_bit: within(0, 31) as u32,
        checksum: within(0, 3) > 0,
        checksum_domain: ChecksumDomain::Shared,
        memory_bytes: 1 << within(2, 6),
        run: RunDefaults::default(),
    }
}
