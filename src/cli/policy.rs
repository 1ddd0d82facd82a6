//! `drift policy`: schedules of operating points from records, and what images cost.

use super::memories::MemoryArgs;
use super::{Verdict, inputs, output};
use anyhow::{Result, bail};
use clap::{Subcommand, ValueEnum};
use drift::campaign::experiments::images::{
    self, Accelerator, CellCost, CellRecords, CostedModel, Counted, Objective, optimised_schedule,
};
use drift::campaign::statistics::CONFIDENCE;
use drift::infer::EMBEDDED;
use drift::policy::DvfsSchedule;
use serde::Serialize;
use std::path::PathBuf;

/// Version of the record's schema.
const SCHEMA: &str = "drift-policy-cost/1";

/// Arguments of `drift policy`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Find the schedule of least energy or time under a bound on the quality loss
    Optimise(OptimiseArgs),
    /// Energy and time of an image in every cell of a campaign's records
    Cost(CostArgs),
}

/// What is costed, and on what.
#[derive(clap::Args)]
struct AcceleratorArgs {
    /// tiny-dit, whose quality the records say, or another model under the same schedules:
    /// dit-xl-2-512, dit-xl-2-256, pixart-alpha-512, pixart-alpha-1024, sd15-512, or a folder with
    /// config.json
    #[arg(long, default_value = EMBEDDED)]
    model: String,
    /// Array other than that of the records: shipped name or YAML file
    #[arg(long)]
    config: Option<String>,
    #[command(flatten)]
    memories: MemoryArgs,
}

#[derive(clap::Args)]
struct OptimiseArgs {
    /// Records of policies {rule: only, cell: [...]}, every class at every point
    records: PathBuf,
    /// Largest quality loss (LPIPS), as the sum of the classes' losses
    #[arg(long, value_name = "LPIPS")]
    bound: f64,
    /// Schedule to write, for `drift infer --schedule` and a campaign's `policy: {file: ...}`
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Only cells with this protection
    #[arg(long)]
    protection: Option<String>,
    /// What there shall be least of
    #[arg(long, value_enum, default_value_t = ObjectiveArg::Energy)]
    minimise: ObjectiveArg,
    /// What counts as a class's loss: the upper end of its 95% interval, or its mean
    #[arg(long, value_enum, default_value_t = LossArg::Upper)]
    loss: LossArg,
    #[command(flatten)]
    accelerator: AcceleratorArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ObjectiveArg {
    /// Energy
    Energy,
    /// Time
    Time,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LossArg {
    /// Upper end of the interval
    Upper,
    /// Mean
    Mean,
}

#[derive(clap::Args)]
struct CostArgs {
    /// Records of the experiment `images`
    records: PathBuf,
    #[command(flatten)]
    accelerator: AcceleratorArgs,
    /// Write a record
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Runs `drift policy`.
pub fn run(args: &Args) -> Result<Verdict> {
    match &args.action {
        Action::Optimise(args) => optimise(args),
        Action::Cost(args) => cost(args),
    }
}

impl AcceleratorArgs {
    fn resolved(&self) -> Result<(CostedModel, Accelerator)> {
        let MemoryArgs { memory, node, .. } = &self.memories;
        let constants = self.memories.constants()?;
        constants.memory(memory)?;
        let accelerator = Accelerator {
            config: self.config.as_deref().map(inputs::config).transpose()?,
            memory: memory.clone(),
            constants,
            nm: *node,
        };
        Ok((CostedModel::named(&self.model)?, accelerator))
    }
}

impl OptimiseArgs {
    /// The command again, without folders.
    fn command(&self) -> String {
        let records = self.records.file_name().unwrap_or_default();
        let optional = |name: &str, value: &Option<String>| {
            let value = value.as_ref();
            value.map_or(String::new(), |value| format!(" --{name} {value}"))
        };
        format!(
            "drift policy optimise {} --bound {}{} --minimise {} --loss {} --model {}{} --memory {}",
            records.to_string_lossy(),
            self.bound,
            optional("protection", &self.protection),
            name(self.minimise),
            name(self.loss),
            self.accelerator.model,
            optional("config", &self.accelerator.config),
            self.accelerator.memories.memory,
        )
    }
}

/// What a value is called on the command line.
fn name(value: impl ValueEnum) -> String {
    let value = value.to_possible_value().expect("no value is hidden");
    value.get_name().to_owned()
}

fn optimise(args: &OptimiseArgs) -> Result<Verdict> {
    if !(args.bound.is_finite() && args.bound >= 0.0) {
        bail!("--bound {} is not allowed; expected 0 or more", args.bound);
    }
    let protection = args.protection.as_deref().map(inputs::protection);
    let protection = protection.transpose()?;
    let (model, accelerator) = args.accelerator.resolved()?;
    let (objective, unit) = match args.minimise {
        ObjectiveArg::Energy => (Objective::Energy, "mJ"),
        ObjectiveArg::Time => (Objective::Time, "ms"),
    };
    let counted = match args.loss {
        LossArg::Upper => Counted::Upper,
        LossArg::Mean => Counted::Mean,
    };
    let mut found = optimised_schedule(
        &args.records,
        |cell| protection.is_none_or(|kind| cell.protection == kind),
        (&model, &accelerator),
        (objective, counted, args.bound),
    )?;
    found.schedule.origin = Some(args.command());
    output::write(&args.out, found.schedule.to_yaml())?;
    println!(
        "expected loss {:.4} of {}; {:.4} {unit} an image instead of {:.4} ({:+.2}%)",
        found.loss,
        args.bound,
        found.amount * 1e3,
        found.nominal * 1e3,
        100.0 * (found.amount / found.nominal - 1.0)
    );
    print_schedule(&found.schedule);
    println!(
        "{}: losses were added up; a campaign has to confirm it",
        args.out.display()
    );
    Ok(Verdict::Good)
}

/// The points, and which class has which.
fn print_schedule(schedule: &DvfsSchedule) {
    println!("point   V        MHz      of each class of steps, classes of blocks 0 to 3");
    for (i, point) in schedule.points.iter().enumerate() {
        let shown = |value: Option<f64>, scale: f64| {
            value.map_or("nominal".to_owned(), |value| {
                format!("{:.4}", value * scale)
            })
        };
        println!(
            "{i:<7} {:<8} {}",
            shown(point.voltage, 1.0),
            shown(point.frequency, 1e-6)
        );
    }
    for (class, points) in schedule.schedule.0.iter().enumerate() {
        println!("steps {class}: {points:?}");
    }
}

#[derive(Serialize)]
struct Record<'a> {
    schema: &'static str,
    drift: &'static str,
    model: &'a str,
    memory: &'a str,
    cells: Vec<Line<'a>>,
}

#[derive(Serialize)]
struct Line<'a> {
    cell: &'a images::Cell,
    images: usize,
    lpips: Option<f64>,
    energy_saved: f64,
    speedup: f64,
    cost: CellCost,
}

fn cost(args: &CostArgs) -> Result<Verdict> {
    let (model, accelerator) = args.accelerator.resolved()?;
    let (_, all) = CellRecords::read(&args.records)?;
    println!(
        "{}, {}; quality is that of {EMBEDDED}\n\n{:<20} {:>9} {:<16} {:<6} {:>7} {:>9} {:>8} {:>10} {:>10}  \
         mJ in array, on-chip memories, DRAM, checkpoints",
        model.name,
        args.accelerator.memories.memory,
        "policy",
        "point",
        "protection",
        "Taylor",
        "LPIPS",
        "mJ",
        "saved",
        "ms",
        "speedup"
    );
    let mut lines = Vec::new();
    for records in &all {
        let cell = &records.cell;
        let cost = match images::cost(records, &model, &accelerator) {
            Ok(cost) => cost,
            Err(error) => {
                println!("{:<20} {error}", cell.place.name);
                continue;
            }
        };
        let lpips = records.lpips(CONFIDENCE).map(|estimate| estimate.value);
        let parts = cost
            .parts()
            .groups()
            .map(|(_, pj)| format!("{:.4}", pj * 1e-9));
        println!(
            "{:<20} {:>9} {:<16} {:<6} {:>7.4} {:>9.4} {:>7.2}% {:>10.4} {:>9.3}x  {}",
            cell.place.name,
            cell.faults.point_name(),
            cell.protection.name(),
            cell.taylorseer
                .map_or("-".to_owned(), |forecast| forecast.to_string()),
            lpips.unwrap_or(f64::NAN),
            cost.total().joules() * 1e3,
            100.0 * cost.energy_saved(),
            cost.total().seconds * 1e3,
            cost.speedup(),
            parts.join(", ")
        );
        lines.push(Line {
            cell,
            images: records.images.len(),
            lpips,
            energy_saved: cost.energy_saved(),
            speedup: cost.speedup(),
            cost,
        });
    }
    if let Some(file) = &args.json {
        let record = Record {
            schema: SCHEMA,
            drift: env!("CARGO_PKG_VERSION"),
            model: &model.name,
            memory: &args.accelerator.memories.memory,
            cells: lines,
        };
        output::record(file, &record)?;
    }
    Ok(Verdict::Good)
}
