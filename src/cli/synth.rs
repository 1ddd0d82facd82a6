//! `drift synth`.

use super::{Verdict, inputs};
use anyhow::{Context, Result};
use drift::tech::AlphaPower;
use drift::timing::liberty::{Direction, Library};
use drift::timing::netlist::{Circuit, Net, Netlist};
use drift::timing::opensta;
use drift::timing::recipe::{PE_TOP, PeSignals, SynthesisedPe, synthesise_pe};
use drift::timing::sta::StaticTiming;
use std::path::PathBuf;

/// Largest relative deviation of a bit's period from OpenSTA's.
const MOST_DEVIATION: f64 = 0.02;

/// Arguments of `drift synth`.
#[derive(clap::Args)]
pub struct Args {
    /// Shipped name (tiny, default, edge, tpu) or YAML file
    #[arg(long, default_value = "default")]
    config: String,
    /// Liberty files (.lib, .lib.gz) of one library at different voltages; the PE is mapped with the first
    #[arg(long, required = true, num_args = 1.., value_name = "FILE")]
    liberty: Vec<PathBuf>,
    /// Time the same paths with OpenSTA (`sta` on PATH) and compare: fails beyond 2%
    #[arg(long)]
    opensta: bool,
    /// Folder that the netlist (pe.json, pe.v) and the Yosys script (pe.ys) are written into
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Synthesises one PE and reports its area, and its delay in every library.
pub fn run(args: &Args) -> Result<Verdict> {
    let config = inputs::config(&args.config)?;
    let pe = synthesise_pe(&config, &args.liberty[0])?;
    if let Some(folder) = &args.out {
        write(&pe, folder)?;
    }
    let netlist = Netlist::parse(&pe.json, PE_TOP)?;
    let signals = PeSignals::of(&netlist)?;
    let mut points = Vec::new();
    let mut worst_deviation: f64 = 0.0;
    for (index, file) in args.liberty.iter().enumerate() {
        let library = Library::read(file)?;
        let circuit = Circuit::bind(&netlist, &library)?;
        let timing = StaticTiming::of(&circuit)?;
        let bits = timing.of_register(&circuit, &signals.psum)?;
        if index == 0 {
            let ends: Vec<Net> = bits.iter().map(|bit| bit.net).collect();
            print_area(&circuit, &ends, &pe.yosys, &library.name);
            println!(
                "\n{:>9} {:>11} {:>9} {:>9}  library",
                "V", "T_crit/ns", "bit", "f/MHz"
            );
        }
        let periods = bits.iter().map(|bit| bit.period().unwrap_or(0.0));
        let worst = periods.enumerate().max_by(|a, b| a.1.total_cmp(&b.1));
        let (bit, period) = worst.context("the PE has no partial sum")?;
        println!(
            "{:>9.3} {period:>11.4} {bit:>9} {:>9.1}  {}",
            library.voltage,
            1000.0 / period,
            library.name
        );
        points.push((library.voltage, period));
        if args.opensta {
            let references = opensta::periods(&pe, &circuit, &bits, file)?;
            let deviations = bits
                .iter()
                .zip(&references)
                .map(|(bit, reference)| (bit.period().unwrap_or(0.0) / reference - 1.0).abs());
            // A period that OpenSTA has not found is an infinite deviation.
            let deviation = deviations.fold(0.0, f64::max);
            let reference = references.iter().copied().fold(0.0, f64::max);
            println!(
                "          {reference:>11.4} by OpenSTA; of all bits the worst is {:.2}% off",
                100.0 * deviation
            );
            worst_deviation = worst_deviation.max(deviation);
        }
    }
    // One voltage or two are no curve, and nothing to complain about.
    if let Ok(law) = AlphaPower::fit(&points) {
        println!(
            "\nT_crit = {:.4} ns * V / (V - {:.4})^{:.4}; error rms {:.2}%, worst {:.2}%",
            law.scale,
            law.threshold,
            law.alpha,
            100.0 * law.rms,
            100.0 * law.worst
        );
    }
    if worst_deviation > MOST_DEVIATION {
        println!("more than {}% off OpenSTA", 100.0 * MOST_DEVIATION);
        return Ok(Verdict::Failed);
    }
    Ok(Verdict::Good)
}

fn write(pe: &SynthesisedPe, folder: &std::path::Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (name, text) in [
        ("pe.json", &pe.json),
        ("pe.v", &pe.verilog),
        ("pe.ys", &pe.script),
    ] {
        let file = folder.join(name);
        std::fs::write(&file, text).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

/// Counts the multiply-add between the registers, and the registers at its ends.
fn print_area(circuit: &Circuit<'_>, ends: &[Net], yosys: &str, library: &str) {
    let cone = circuit.cone(ends);
    let feeds = |net: &Net| {
        let reads = |gate: &usize| {
            let mut inputs = circuit.gates[*gate].pins(Direction::Input);
            inputs.any(|(_, input)| input == *net)
        };
        cone.iter().any(reads)
    };
    let borders = |gate: &&usize| {
        let gate = &circuit.gates[**gate];
        gate.pins(Direction::Output).any(|(_, net)| feeds(&net))
            || gate
                .pins(Direction::Input)
                .any(|(_, net)| ends.contains(&net))
    };
    let registers: Vec<usize> = circuit.flip_flops.iter().filter(borders).copied().collect();
    let area = |gates: &[usize]| -> f64 { gates.iter().map(|g| circuit.gates[*g].cell.area).sum() };
    println!("one PE, {library}, Yosys {yosys}");
    println!(
        "multiply-add {:>5} cells {:>10.1} um2\nregisters    {:>5} cells {:>10.1} um2\ntogether     {:>5} cells {:>10.1} um2",
        cone.len(),
        area(&cone),
        registers.len(),
        area(&registers),
        cone.len() + registers.len(),
        area(&cone) + area(&registers)
    );
}
