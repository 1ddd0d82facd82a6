//! `drift tech`.

use super::inputs::TimingArgs;
use super::{Verdict, compare};
use anyhow::{Context, Result};
use drift::tech::{MacEnergy, Node, OperatingPoint, RowTimingErrors, Table};
use std::path::PathBuf;

/// Arguments of `drift tech`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Say what a technology table knows of an operating point
    Show(TimingArgs),
    /// Scale a table to another node by published figures
    Scale(ScaleArgs),
    /// Compare a table with the gates themselves, on tiles of a workload
    Compare(compare::Args),
}

#[derive(clap::Args)]
struct ScaleArgs {
    /// Table to scale: shipped name or YAML file
    #[arg(long, value_name = "TABLE")]
    from: String,
    /// Node of that table
    #[arg(long, default_value = "130nm", value_parser = nodes())]
    from_node: String,
    /// Node to scale to
    #[arg(long, default_value = "14nm", value_parser = nodes())]
    to_node: String,
    /// Name of the new table
    #[arg(long, value_name = "NAME")]
    name: String,
    /// File to write
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

fn nodes() -> clap::builder::PossibleValuesParser {
    Node::ALL.map(|node| node.name).into()
}

/// Shows or scales a technology table.
pub fn run(args: &Args) -> Result<Verdict> {
    match &args.command {
        Command::Show(timing) => show(timing),
        Command::Scale(scale) => write_scaled(scale),
        Command::Compare(args) => compare::run(args),
    }
}

fn write_scaled(args: &ScaleArgs) -> Result<Verdict> {
    let node = |name: &str| Node::find(name).with_context(|| format!("node {name} is unknown"));
    let (from, to) = (node(&args.from_node)?, node(&args.to_node)?);
    let table = Table::load(&args.from)?;
    let command = format!(
        "drift tech scale --from {} --from-node {} --to-node {} --name {}",
        args.from, from.name, to.name, args.name
    );
    let scaled = table.scaled(from, to, &args.name, &command)?;
    scaled.write(&args.out)?;
    println!(
        "{} from {} in {}",
        args.name,
        table.name,
        args.out.display()
    );
    Ok(Verdict::Good)
}

fn show(args: &TimingArgs) -> Result<Verdict> {
    let table = args.table()?;
    let nominal = table.nominal();
    let point = args.point(&table);
    println!("technology    {}", table.name);
    if let Some(from) = &table.origin.scaled_from {
        println!("              SCALED from {from}, not measured");
    }
    println!("made by       {}", table.origin.command);
    println!(
        "operands      {}, {} pairs",
        table.origin.workload, table.origin.vectors
    );
    println!(
        "nominal       {} at {}: droop {} V, guardband {}% of the frequency; supply noise {} V rms",
        nominal.voltage,
        nominal.frequency,
        table.margins.voltage_droop,
        100.0 * table.margins.frequency_guardband,
        table.margins.noise_sigma
    );
    print_point("nominal", &table, nominal)?;
    if point != nominal {
        print_point("asked for", &table, point)?;
    }
    Ok(Verdict::Good)
}

fn print_point(title: &str, table: &Table, point: OperatingPoint) -> Result<()> {
    let errors = table.errors(point)?;
    let energy: MacEnergy = table.energy(point.voltage)?;
    println!("\n{title}: {} at {}", point.voltage, point.frequency);
    println!(
        "  critical path         {:.4} ns, T/T_crit {:.4}",
        table.t_crit(point.voltage).0,
        table.x(point)
    );
    let mean = table.mean_errors(&errors);
    println!(
        "  word wrong            {:.3e}: first row of a pass {:.3e}, later rows {:.3e}",
        mean.word_wrong, errors.first.word_wrong, errors.later.word_wrong
    );
    println!(
        "  bit error rate        {:.3e}, passes having {} rows",
        mean.ber(),
        table.pass_rows
    );
    println!(
        "  energy per MAC        {:.4} pJ: switching {:.4}, clock {:.4}; leakage {:.3} nW",
        energy.per_cycle_pj(point.frequency),
        energy.switching_pj,
        energy.clock_pj,
        energy.leakage_nw
    );
    print_masks(&mean);
    Ok(())
}

/// The commonest masks.
fn print_masks(errors: &RowTimingErrors) {
    const SHOWN: usize = 8;
    for (mask, share) in errors.masks.iter().take(SHOWN) {
        println!("    {mask:032b}  {:6.2}%", 100.0 * share);
    }
    if errors.masks.len() > SHOWN {
        println!("    and {} more masks", errors.masks.len() - SHOWN);
    }
}
