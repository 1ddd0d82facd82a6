//! `drift repack`.

use super::progress::Progress;
use super::{Verdict, accelerator, inputs, output};
use anyhow::Result;
use drift::config::ArrayConfig;
use drift::dram::Device;
use drift::golden::Layout;
use drift::sequence::repack::{
    Addressed, Cost, Costs, Experiment, Measured, Record, SCHEMA, by_address,
};
use drift::sequence::{Hardware, Limits, Plan};
use drift::workload::Workload;
use std::path::PathBuf;

/// Outputs M×N of a DiT-XL/2 block at 256×256 pixels: 256 tokens, width 1152, and the
/// first layer of its MLP.
const SHAPES: [(&str, usize, usize); 2] = [
    ("DiT-XL/2 256x1152", 256, 1152),
    ("DiT-XL/2 256x4608", 256, 4608),
];

/// Arguments of `drift repack`.
#[derive(clap::Args)]
pub struct Args {
    /// Arrays: shipped names or YAML files
    #[arg(long, value_delimiter = ',', default_value = "default,edge,tpu")]
    configs: Vec<String>,
    /// Arrays of the table by address, which runs nothing [default: those of --configs]
    #[arg(long, value_name = "CONFIGS", value_delimiter = ',')]
    by_address: Option<Vec<String>>,
    /// tiny-dit, FILE.safetensors, X.npy,W.npy or SHAPES.csv
    #[arg(long, default_value = "tiny-dit")]
    workload: String,
    /// DRAM: ddr4-3200-x16, ddr4-3200-x64 or YAML file
    #[arg(long, value_name = "DEVICE", default_value = "ddr4-3200-x16")]
    dram: String,
    /// From the second step on, upset one tile of every N
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    every: u64,
    /// Run at most this many tiles of a step
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    tiles: Option<u32>,
    /// Clocked model alone, without RTL
    #[arg(long)]
    model_only: bool,
    /// Seed of the upsets
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Write a record
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Both layouts, the one that is compared first.
const LAYOUTS: [Layout; 2] = [Layout::RowMajor, Layout::Tile];

fn name(layout: Layout) -> &'static str {
    match layout {
        Layout::RowMajor => "row-major",
        Layout::Tile => "repacked",
    }
}

fn array(config: &ArrayConfig) -> String {
    format!("{}x{}", config.rows, config.columns)
}

/// Measures and prints the tables.
pub fn run(args: &Args) -> Result<Verdict> {
    let configs: Vec<ArrayConfig> = args
        .configs
        .iter()
        .map(|text| inputs::config(text))
        .collect::<Result<_>>()?;
    let addressed_configs = match &args.by_address {
        None => configs.clone(),
        Some(names) => names
            .iter()
            .map(|text| inputs::config(text))
            .collect::<Result<_>>()?,
    };
    let workload = inputs::workload(&args.workload, args.seed)?;
    let device = accelerator::device(&args.dram)?;
    let limits = Limits {
        tiles: args.tiles.map(|tiles| tiles as usize),
        ..Limits::default()
    };
    // Bad input shows before anything is built.
    for config in &configs {
        for layout in LAYOUTS {
            Plan::new(config, &workload, layout, &limits, device.capacity())?;
        }
    }
    let hardware = if args.model_only {
        Hardware::Model
    } else {
        Hardware::Rtl { traced: false }
    };
    let mut measured = Vec::new();
    for config in &configs {
        for layout in LAYOUTS {
            let experiment = Experiment {
                config,
                workload: &workload,
                limits: limits.clone(),
                device: &device,
                every: args.every,
                seed: args.seed,
                hardware,
            };
            let costs = measure(&experiment, layout)?;
            measured.push(Measured {
                array: array(config),
                layout,
                rtl: !args.model_only,
                costs,
            });
        }
    }
    let record = Record {
        schema: SCHEMA.to_owned(),
        drift: env!("CARGO_PKG_VERSION").to_owned(),
        workload: workload.name().to_owned(),
        workload_hash: workload.hash(),
        dram: args.dram.clone(),
        every: args.every,
        seed: args.seed,
        measured,
        by_address: addressed(&addressed_configs, &device),
    };
    print_measured(args, &workload, &record);
    print_addressed(&record.by_address);
    if let Some(file) = &args.json {
        output::record(file, &record)?;
    }
    Ok(Verdict::Good)
}

fn measure(experiment: &Experiment<'_>, layout: Layout) -> Result<Costs> {
    let text = format!("{} {}", array(experiment.config), name(layout));
    let mut progress: Option<Progress> = None;
    let costs = experiment.run(
        layout,
        |_, verilator| {
            eprintln!(
                "building the {} accelerator with Verilator {} (kept for the next run) ...",
                array(experiment.config),
                verilator.version
            );
        },
        |done, all| {
            progress
                .get_or_insert_with(|| Progress::new(all as u64, "GEMMs"))
                .at(done as u64, &text);
        },
    )?;
    if let Some(progress) = progress {
        progress.finish();
    }
    Ok(costs)
}

fn addressed(configs: &[ArrayConfig], device: &Device) -> Vec<Addressed> {
    let mut lines = Vec::new();
    for (shape, m, n) in SHAPES {
        for config in configs {
            for layout in LAYOUTS {
                let (tiles, activations) = by_address(config, device, layout, m, n);
                lines.push(Addressed {
                    shape: shape.to_owned(),
                    array: array(config),
                    layout,
                    tiles,
                    activations,
                });
            }
        }
    }
    lines
}

fn print_measured(args: &Args, workload: &Workload, record: &Record) {
    println!(
        "\nrollbacks of {} on the accelerator ({}), {}, one tile of every {} upset from the second step on",
        workload.name(),
        if args.model_only {
            "clocked model alone"
        } else {
            "RTL and clocked model in lockstep"
        },
        args.dram,
        args.every
    );
    for (title, of) in [
        (
            "steps without checkpoint writes",
            quiet as fn(&Measured) -> Cost,
        ),
        ("steps that write checkpoints, too", writing),
    ] {
        println!("\n{title}");
        println!(
            "array    layout     recoveries   rows opened per recovery:     cycles per recovery:"
        );
        println!("                                 running   banks precharged     held      late");
        for pair in record.measured.chunks(LAYOUTS.len()) {
            for line in pair {
                print_cost(&line.array, name(line.layout), &of(line));
            }
            let [from, to] = [of(&pair[0]), of(&pair[1])];
            let times = |from: u64, to: u64| format!("{:.1}x", from as f64 / to.max(1) as f64);
            println!(
                "{:<8} {:<10} {:>10} {:>13} {:>14}",
                "",
                "ratio",
                "",
                times(from.activations, to.activations),
                times(from.alone_activations, to.alone_activations)
            );
        }
    }
    println!(
        "\nrows opened: activations by the DRAM model's counts around each fetch; a row still open is not opened again"
    );
    println!(
        "held: from the first beat of a masked tile to its acceptance; late: cycles that the engine was busy longer"
    );
}

fn quiet(line: &Measured) -> Cost {
    line.costs.quiet
}

fn writing(line: &Measured) -> Cost {
    line.costs.writing
}

fn print_cost(array: &str, layout: &str, cost: &Cost) {
    println!(
        "{array:<8} {layout:<10} {:>10} {:>13.2} {:>14.2} {:>12.1} {:>9.1}",
        cost.recoveries,
        cost.per_recovery(cost.activations),
        cost.per_recovery(cost.alone_activations),
        cost.per_recovery(cost.recovery_cycles),
        cost.per_recovery(cost.late_cycles)
    );
}

fn print_addressed(lines: &[Addressed]) {
    println!("\nby address alone, all banks precharged before each fetch");
    println!("output               array       tiles    row-major     repacked     ratio");
    for pair in lines.chunks(LAYOUTS.len()) {
        let per_tile = |line: &Addressed| line.activations as f64 / line.tiles as f64;
        let [from, to] = [per_tile(&pair[0]), per_tile(&pair[1])];
        println!(
            "{:<20} {:<8} {:>8} {from:>12.2} {to:>12.2} {:>8.1}x",
            pair[0].shape,
            pair[0].array,
            pair[0].tiles,
            from / to
        );
    }
}
