//! `drift energy`.

use super::memories::MemoryArgs;
use super::{Verdict, inputs, output};
use anyhow::{Result, bail};
use drift::baseline::Hardware;
use drift::energy::{Analytic, Constants, Cost, Machine, Report, Run, shapes_from_csv};
use drift::forecast::FullSteps;
use drift::golden::Layout;
use drift::model::GemmShape;
use drift::policy::{Classes, DvfsSchedule, Schedule, Setpoint};
use drift::tech::{self, OperatingPoint, Table};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Version of the record's schema.
const SCHEMA: &str = "drift-energy-report/2";

/// Arguments of `drift energy`.
#[derive(clap::Args)]
pub struct Args {
    /// GEMMs of one denoising step: CSV with layer_name, block_index, kind, M, N, K and count
    #[arg(long, value_name = "FILE")]
    shapes: PathBuf,
    /// Shipped name (tiny, default, edge, tpu, tiny-os, default-os) or YAML file
    #[arg(long, default_value = "tpu")]
    config: String,
    /// Technology table: shipped name or YAML file; the first shipped one by default
    #[arg(long, value_name = "TABLE")]
    tech: Option<String>,
    #[command(flatten)]
    memories: MemoryArgs,
    /// Supply in V away from nominal; nominal by default
    #[arg(long, value_name = "V")]
    voltage: Option<f64>,
    /// Clock in Hz, such as 120e6, away from nominal; nominal by default
    #[arg(long, value_name = "HZ")]
    frequency: Option<f64>,
    /// Denoising steps
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    steps: u32,
    /// The shapes are those of one image: run a conditional and an unconditional half
    #[arg(long)]
    guidance: bool,
    /// What protects the array
    #[arg(long, value_enum, default_value_t = ProtectionArg::Drift)]
    protection: ProtectionArg,
    /// Which GEMMs are away from nominal: `paper` (all but early steps, embeddings and first blocks),
    /// `uniform` (all), or a schedule's YAML file, which has operating points of its own
    #[arg(long, value_name = "RULE|FILE", default_value = "paper")]
    schedule: String,
    /// Steps at the nominal point in the paper's schedule
    #[arg(long, default_value_t = 5)]
    early: usize,
    /// Blocks at the nominal point in the paper's schedule
    #[arg(long, default_value_t = 1)]
    first: usize,
    /// Steps from one checkpoint to the next; the configuration's by default
    #[arg(long)]
    interval: Option<u32>,
    /// Share of the tiles away from nominal that is rolled back, 0..=1
    #[arg(long, default_value_t = 0.01)]
    rollbacks: f64,
    /// Checkpoints row-major instead of repacked
    #[arg(long)]
    row_major: bool,
    /// TaylorSeer: a full step every N steps
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    taylorseer: Option<u32>,
    /// Write a record
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Protections by name.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum ProtectionArg {
    /// Nothing
    None,
    /// Every GEMM twice
    Dmr,
    /// Razor flip-flops
    Thundervolt,
    /// Checksums without checkpoints: any ABFT, its recomputed tiles left out
    Checksums,
    /// Checksums and checkpoints
    Drift,
}

#[derive(Serialize)]
struct Record<'a> {
    schema: &'static str,
    drift: &'static str,
    shapes: String,
    config: &'a str,
    technology: &'a str,
    memory: &'a str,
    steps: u32,
    guidance: bool,
    nominal_point: OperatingPoint,
    points: &'a [OperatingPoint],
    schedule: Schedule,
    hardware: Hardware,
    checkpoints: Option<Analytic>,
    full_steps: Option<usize>,
    constants: &'a Constants,
    /// The plain array at the nominal point, all steps in full.
    nominal: &'a Report,
    report: &'a Report,
}

/// Costs a run beside the plain array at its nominal point.
pub fn run(args: &Args) -> Result<Verdict> {
    if !(0.0..=1.0).contains(&args.rollbacks) {
        bail!(
            "--rollbacks {} is not allowed; expected a share in 0..=1",
            args.rollbacks
        );
    }
    let config = inputs::config(&args.config)?;
    let file = schedule_file(args)?;
    let own = file.as_ref().map(|file| file.tech.as_str());
    let named = args.tech.as_deref().or(own);
    let table = Table::load(named.unwrap_or(tech::DEFAULT))?;
    let constants = args.memories.constants()?;
    let (memory, nm) = (&args.memories.memory, args.memories.node);
    let machine = Machine::new(&config, &table, memory, &constants, nm)?;
    let mut shapes = shapes_from_csv(&args.shapes)?;
    if args.guidance {
        shapes = shapes.into_iter().map(GemmShape::guided).collect();
    }
    let (hardware, checkpoints) = protection(args, config.run.checkpoint_interval)?;
    let steps = args.steps as usize;
    let blocks = GemmShape::blocks(&shapes);
    let (classes, schedule, points) = match &file {
        Some(file) => (
            file.classes.classes(steps, blocks),
            file.schedule,
            file.operating_points(&table),
        ),
        None => (
            Classes::protecting(steps, args.early, blocks, args.first),
            match args.schedule.as_str() {
                "uniform" => Schedule::uniform(1),
                _ => Schedule::paper(1),
            },
            vec![table.nominal(), point(args)?.of(&table)],
        ),
    };
    let protected = Run {
        machine: &machine,
        shapes: &shapes,
        steps,
        classes,
        schedule,
        points: &points,
        hardware,
        checkpoints,
        errors: None,
        full_steps: args.taylorseer.map(|n| FullSteps::every(n as usize)),
    };
    let (nominal, report) = (protected.plain().report()?, protected.report()?);
    let name = args
        .shapes
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    let shown = |point: &OperatingPoint| format!("{} at {}", point.voltage, point.frequency);
    let shown: Vec<String> = points.iter().map(shown).collect();
    println!(
        "{name}, {steps} steps{}, {} array of {}x{}, {}, {}\n\
         nominal {}, away from it {}",
        if args.guidance { " with guidance" } else { "" },
        config.dataflow,
        config.rows,
        config.columns,
        table.name,
        memory,
        shown[0],
        shown[1..].join(", "),
    );
    print(&nominal, &report, &constants);
    if let Some(file) = &args.json {
        let record = Record {
            schema: SCHEMA,
            drift: env!("CARGO_PKG_VERSION"),
            shapes: name.into_owned(),
            config: &args.config,
            technology: &table.name,
            memory,
            steps: args.steps,
            guidance: args.guidance,
            nominal_point: machine.nominal(),
            points: &points,
            schedule,
            hardware,
            checkpoints,
            full_steps: protected.full_steps.map(|full| full.count(steps)),
            constants: &constants,
            nominal: &nominal,
            report: &report,
        };
        output::record(file, &record)?;
    }
    Ok(Verdict::Good)
}

/// The file of `--schedule`, unless that is a rule.
fn schedule_file(args: &Args) -> Result<Option<DvfsSchedule>> {
    if ["paper", "uniform"].contains(&args.schedule.as_str()) {
        return Ok(None);
    }
    let file = Path::new(&args.schedule);
    if !file.exists() {
        bail!(
            "--schedule {}: no such file; expected paper, uniform or a schedule's YAML file",
            args.schedule
        );
    }
    if args.voltage.is_some() || args.frequency.is_some() || args.tech.is_some() {
        bail!(
            "--schedule {}: it has points of a technology of its own; expected no --voltage, \
             --frequency or --tech",
            args.schedule
        );
    }
    Ok(Some(DvfsSchedule::from_file(file)?))
}

/// The point of `--voltage` and `--frequency`.
fn point(args: &Args) -> Result<Setpoint> {
    let point = Setpoint {
        voltage: args.voltage,
        frequency: args.frequency,
    };
    if let Some((name, value)) = point.refused() {
        bail!("--{name} {value} is not allowed; expected a number above 0");
    }
    Ok(point)
}

/// What `--protection` adds to the array, and its checkpoints.
fn protection(args: &Args, interval: u32) -> Result<(Hardware, Option<Analytic>)> {
    let hardware = match args.protection {
        ProtectionArg::None => Hardware::Plain,
        ProtectionArg::Dmr => Hardware::Twice,
        ProtectionArg::Thundervolt => Hardware::Razor,
        ProtectionArg::Checksums | ProtectionArg::Drift => Hardware::Checksums,
    };
    let interval = args.interval.unwrap_or(interval) as usize;
    if interval == 0 {
        bail!("--interval 0 is not allowed; expected 1 at least");
    }
    let checkpoints = (args.protection == ProtectionArg::Drift).then_some(Analytic {
        interval,
        rollbacks: args.rollbacks,
        layout: if args.row_major {
            Layout::RowMajor
        } else {
            Layout::Tile
        },
    });
    Ok((hardware, checkpoints))
}

fn print(nominal: &Report, report: &Report, constants: &Constants) {
    let share = |now: f64, before: f64| {
        if before > 0.0 {
            format!("{:+.1}%", 100.0 * (now / before - 1.0))
        } else {
            String::new()
        }
    };
    println!(
        "\n{:<22} {:>14} {:>14} {:>9}",
        "mJ per image", "plain, nominal", "this run", ""
    );
    let parts = nominal.parts().all().into_iter().zip(report.parts().all());
    for ((title, before), (_, now)) in parts.filter(|((_, a), (_, b))| *a > 0.0 || *b > 0.0) {
        let (before_mj, now_mj) = (before * 1e-9, now * 1e-9);
        println!(
            "{title:<22} {before_mj:>14.3} {now_mj:>14.3} {:>9}",
            share(now, before)
        );
    }
    let line = |title: &str, of: fn(&Cost) -> f64| {
        let (before, now) = (of(&nominal.total), of(&report.total));
        println!(
            "{title:<22} {before:>14.3} {now:>14.3} {:>9}",
            share(now, before)
        );
    };
    line("total", |cost| cost.joules() * 1e3);
    line("seconds", |cost| cost.seconds);
    line("DRAM traffic in GB", |cost| cost.dram_bytes * 1e-9);
    println!(
        "\n{:<22} {:>14} {:>14} {:>9}",
        "mJ by kind of GEMM", "plain, nominal", "this run", ""
    );
    for (kind, before) in &nominal.by_kind {
        let now = report.by_kind.get(kind).map_or(0.0, Cost::joules);
        println!(
            "{kind:<22} {:>14.3} {:>14.3} {:>9}",
            before.joules() * 1e3,
            now * 1e3,
            share(now, before.joules())
        );
    }
    println!(
        "\n{:.3} TMAC of {:.3}, {} changes of the operating point; speedup {:.2}x",
        report.macs as f64 * 1e-12,
        nominal.macs as f64 * 1e-12,
        report.transitions,
        nominal.total.seconds / report.total.seconds
    );
    let assumed: Vec<String> = constants
        .all()
        .into_iter()
        .filter(|(_, constant, _)| constant.assumed)
        .map(|(key, _, _)| key)
        .collect();
    println!(
        "assumed, not cited (configs/energy.yaml): buffer and accumulator at 7 nm, {}",
        assumed.join(", ")
    );
}
