//! What `drift cosim --accelerator` says at its end.

use crate::cli::cosim::args::{Args, LayoutName, Policy, Switch};
use drift::config::ArrayConfig;
use drift::cosim::BuiltModel;
use drift::golden::Layout;
use drift::sequence::{
    Deviation, Divergence, Plan, RECORD_SCHEMA, Record, Session, Settings, StepReport,
    TrafficRecord, energy_parts,
};
use drift::workload::Workload;

/// What a run came to.
#[derive(Default)]
pub struct Outcome {
    pub steps: Vec<StepReport>,
    pub seconds: f64,
    pub divergence: Option<Divergence>,
}

/// The record of a run.
pub fn record(
    args: &Args,
    config: &ArrayConfig,
    workload: &Workload,
    built: Option<&BuiltModel>,
    session: &Session,
    outcome: &Outcome,
) -> Record {
    let memory = session.memory();
    Record {
        schema: RECORD_SCHEMA,
        drift: env!("CARGO_PKG_VERSION"),
        verilator: built.map_or_else(String::new, |built| built.verilator.version.clone()),
        config: config.clone(),
        config_hash: config.hash().to_string(),
        workload: workload.name().to_owned(),
        workload_hash: workload.hash(),
        arguments: arguments(args),
        steps: outcome.steps.clone(),
        counters: session.counters().clone(),
        reads: memory.reads.into(),
        writes: memory.writes.into(),
        dram_energy_pj: memory.energy(session.cycle()).map(energy_parts),
        mismatches: u64::from(outcome.divergence.is_some()),
        divergence: outcome.divergence.as_ref().map(ToString::to_string),
        seconds: outcome.seconds,
    }
}

/// Prints what came out.
pub fn summary(args: &Args, record: &Record, settings: &Settings, plan: &Plan) {
    let config = &record.config;
    println!(
        "\nDRIFT {} accelerator: {}x{} {}, theta {}, Verilator {}",
        record.drift,
        config.rows,
        config.columns,
        config.dataflow,
        settings.threshold_bit,
        record.verilator
    );
    println!(
        "workload     {}: {} GEMMs, {} layers, steps {:?}",
        record.workload,
        plan.jobs.len(),
        plan.layers.len(),
        plan.steps
    );
    println!("faults       {}", args.faults.replay());
    let layout = match args.accelerator.layout.layout() {
        Layout::Tile => "repacked by tile",
        Layout::RowMajor => "row-major",
    };
    if settings.protect {
        println!(
            "checkpoints  every {} steps, {layout}, memory {}",
            settings.interval, args.accelerator.dram
        );
    } else {
        println!("checkpoints  none: protection is off");
    }
    steps(&record.steps);
    effects(&record.steps);
    if let Some(energy) = record.dram_energy_pj {
        dram(record, energy);
    }
    println!(
        "mismatches RTL / golden {:>11}    any ends the run with exit status 1",
        record.mismatches
    );
    println!(
        "{:.1} s; every pin in every cycle, every output, flag, counter and byte of memory was compared",
        record.seconds
    );
}

fn steps(steps: &[StepReport]) {
    println!(
        "\n step  GEMMs  tiles flagged  rolled  elements  recom-  kept  written  recovery      held      late    cycles"
    );
    println!(
        "                              back  restored   puted                  cycles      back"
    );
    for s in steps {
        println!(
            "{:>5} {:>6} {:>6} {:>7} {:>7} {:>9} {:>7} {:>5} {:>8} {:>9} {:>9} {:>9} {:>9}",
            s.step,
            s.gemms,
            s.tiles,
            s.flagged,
            s.rolled_back,
            s.restored,
            s.recomputed,
            s.kept,
            s.checkpoints,
            s.recovery_cycles,
            s.stall_cycles,
            s.late_cycles,
            s.cycles
        );
    }
}

/// What the faults did: relative to the magnitude of all outputs of the step.
fn effects(steps: &[StepReport]) {
    println!("\nerror of the outputs, as the array computed them and as they were delivered");
    println!("  (relative: sum of |y - y*| over sum of |y*|, y* without faults)");
    println!(
        "{:>5} {:>11} {:>11} {:>12} {:>14} {:>11} {:>12}",
        "step", "wrong", "relative", "largest", "then: wrong", "relative", "largest"
    );
    for step in steps {
        let effect = &step.effect;
        let relative = |deviation: &Deviation| deviation.sum / effect.magnitude.max(1.0);
        println!(
            "{:>5} {:>11} {:>11.2e} {:>12} {:>14} {:>11.2e} {:>12}",
            step.step,
            effect.before.wrong,
            relative(&effect.before),
            effect.before.max,
            effect.after.wrong,
            relative(&effect.after),
            effect.after.max
        );
    }
}

fn dram(record: &Record, energy: [f64; 5]) {
    println!(
        "\nDRAM {:>17} {:>10} {:>10} {:>10} {:>12}",
        "AXI bursts", "bytes", "bursts", "row hits", "activations"
    );
    let line = |name: &str, traffic: &TrafficRecord| {
        println!(
            "  {name:<9} {:>10} {:>10} {:>10} {:>10} {:>12}",
            traffic.requests, traffic.bytes, traffic.bursts, traffic.row_hits, traffic.activations
        );
    };
    line("fetches", &record.reads);
    line("writes", &record.writes);
    let [activate, read, write, background, refresh] = energy.map(|pj| pj / 1e6);
    println!(
        "  energy    {:.2} uJ: activate {activate:.2}, read {read:.2}, write {write:.2}, background {background:.2}, refresh {refresh:.2}\n",
        activate + read + write + background + refresh
    );
}

/// The arguments of a run again, without its outputs.
fn arguments(args: &Args) -> String {
    let options = &args.accelerator;
    let mut text = format!(
        "--accelerator --config {} --workload {} {}",
        args.config,
        args.workload,
        args.faults.replay()
    );
    let mut add = |given: bool, option: String| {
        if given {
            text += " ";
            text += &option;
        }
    };
    let number = |name: &str, value: Option<u64>| {
        let option = value.map(|value| format!("--{name} {value}"));
        (option.is_some(), option.unwrap_or_default())
    };
    for (given, option) in [
        number("threshold-bit", args.threshold_bit.map(u64::from)),
        number("tiles", args.tiles),
        number("steps", options.steps.map(u64::from)),
        number("interval", options.interval.map(u64::from)),
        number("point", options.point.map(u64::from)),
        number("stall", (args.stall > 0).then(|| args.stall.into())),
    ] {
        add(given, option);
    }
    if let Some(layer) = &args.gemm {
        add(true, format!("--gemm {layer}"));
    }
    add(
        options.layout == LayoutName::RowMajor,
        "--layout row-major".to_owned(),
    );
    add(true, format!("--dram {}", options.dram));
    add(options.protect == Switch::Off, "--protect off".to_owned());
    add(
        options.no_checkpoint == Policy::Keep,
        "--no-checkpoint keep".to_owned(),
    );
    add(
        options.unlocated == Policy::Recompute,
        "--unlocated recompute".to_owned(),
    );
    add(args.sabotage, "--sabotage".to_owned());
    text
}

/// The command that runs this again, with a waveform of the GEMM that diverged.
pub fn replay(args: &Args, divergence: Option<&Divergence>) -> String {
    let mut text = format!("drift cosim {}", arguments(args));
    if let Some(divergence) = divergence {
        text += &format!(" --wave mismatch.fst --wave-gemm {}", divergence.gemm);
    }
    text
}

/// Prints the first difference and how to see it again.
pub fn report_mismatch(divergence: &Divergence, seed: u64, replay: &str) {
    println!("\nMISMATCH in {divergence}");
    println!("seed {seed}; replay with a waveform:");
    println!("  {replay}");
}
