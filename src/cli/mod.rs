//! The command line: everything that prints.

mod area;
mod calibrate;
mod campaign;
mod characterize;
mod compare;
mod cosim;
mod energy;
mod exact;
mod faults;
mod formal;
mod infer;
mod inputs;
mod lint;
mod memories;
mod metrics;
mod mismatch;
mod output;
mod plot;
mod policy;
mod progress;
mod prompts;
mod registers;
mod repack;
mod report;
mod rtl;
mod shapes;
mod sweep;
mod synth;
mod tech;
mod tools;
mod verify;
mod waves;

use anyhow::Result;
use clap::{Parser, Subcommand};
// For `repack`, whose `--dram` it resolves as well.
use cosim::accelerator;
use drift::cosim::CosimError;
use drift::sequence::SequenceError;
use std::process::ExitCode;

/// What a finished command found.
enum Verdict {
    /// Everything as it should be.
    Good,
    /// A check failed: mismatch or warning.
    Failed,
}

#[derive(Parser)]
#[command(
    name = "drift",
    version,
    about = "Fault-tolerant systolic arrays: generator and co-simulation"
)]
#[command(
    after_help = "Exit status: 0 success; 1 a check failed; 2 bad input or unusable tool or file."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Generate the SystemVerilog of a configuration
    Rtl(rtl::Args),
    /// Write the documentation page of the register map
    Registers(registers::Args),
    /// Stream a workload through the verilated RTL with faults and check every output
    Cosim(Box<cosim::Args>),
    /// Co-simulate at several voltages: bit error rate against the table's, and what the checksums find
    Sweep(Box<sweep::Args>),
    /// Draw the plots of a technology table
    Plot(plot::Args),
    /// Measure what rollbacks cost in DRAM rows and cycles, row-major against repacked
    Repack(repack::Args),
    /// Estimate energy and latency of a model's GEMMs from its shape list
    Energy(Box<energy::Args>),
    /// Schedules of operating points from records, and what images cost under them
    Policy(Box<policy::Args>),
    /// Sample faults into a list that `cosim --fault-list` replays
    Faults(faults::Args),
    /// Check random shapes, arrays, faults and stalls, RTL against golden model
    Verify(verify::Args),
    /// Lint the RTL with Verilator, Yosys and slang
    Lint(lint::Args),
    /// Prove the assertions of the RTL of a small array with SymbiYosys
    Formal(formal::Args),
    /// Show which external programs are used
    Tools,
    /// Count cells with Yosys, and what the protection costs
    Area(area::Args),
    /// Map one PE to the cells of a Liberty library: area, and delay against voltage
    Synth(synth::Args),
    /// Show what a technology table says of a voltage and a frequency, or scale one
    Tech(tech::Args),
    /// Make images with a denoiser whose GEMMs are computed as the accelerator would
    Infer(Box<infer::Args>),
    /// Find the static scales of a model's activations
    Calibrate(calibrate::Args),
    /// Compare images: PSNR, SSIM, LPIPS, class accuracy, FD-clf
    Metrics(metrics::Args),
    /// List the GEMMs of one denoising step of a diffusion model
    Shapes(shapes::Args),
    /// Run a grid of experiments, recorded and resumable, on all cores
    Campaign(campaign::Args),
    /// Merge the records of a campaign's shards into one sorted file
    Merge(campaign::MergeArgs),
    /// Write the HTML report of a folder of results, and the data of its figures
    Report(report::Args),
    /// Measure a technology table: timing errors, delay and energy of the PE against voltage
    Characterize(characterize::Args),
    /// Record one rollback, from flag to merge, as a waveform
    Waves(waves::Args),
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    end_quietly_when_nobody_reads();
    let command = Cli::parse().command;
    let verdict: Result<Verdict> = match command {
        Command::Rtl(args) => rtl::run(&args),
        Command::Registers(args) => registers::run(&args),
        Command::Cosim(args) => cosim::run(&args),
        Command::Sweep(args) => sweep::run(&args),
        Command::Plot(args) => plot::run(&args),
        Command::Repack(args) => repack::run(&args),
        Command::Energy(args) => energy::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Faults(args) => faults::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Formal(args) => formal::run(&args),
        Command::Tools => tools::run(),
        Command::Area(args) => area::run(&args),
        Command::Synth(args) => synth::run(&args),
        Command::Tech(args) => tech::run(&args),
        Command::Infer(args) => infer::run(&args),
        Command::Calibrate(args) => calibrate::run(&args),
        Command::Metrics(args) => metrics::run(&args),
        Command::Shapes(args) => shapes::run(&args),
        Command::Campaign(args) => campaign::run(&args),
        Command::Merge(args) => campaign::merge(&args),
        Command::Report(args) => report::run(&args),
        Command::Characterize(args) => characterize::run(&args),
        Command::Waves(args) => waves::run(&args),
    };
    match verdict {
        Ok(Verdict::Good) => ExitCode::SUCCESS,
        Ok(Verdict::Failed) => ExitCode::from(1),
        Err(error) if is_closed_pipe(&error) => ExitCode::from(CLOSED_PIPE),
        Err(error) => {
            eprintln!("error: {}", message(&error));
            let misbehaved = matches!(
                error.downcast_ref::<CosimError>(),
                Some(CosimError::Protocol { .. })
            ) || matches!(
                error.downcast_ref::<SequenceError>(),
                Some(SequenceError::Divergence(_))
            );
            ExitCode::from(if misbehaved { 1 } else { 2 })
        }
    }
}

/// An error and its causes, joined by colons. Many errors of the library show their cause in
/// their own text, at its end or before advice (`; set ...`): such a cause is not said again.
fn message(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        let said = format!(": {text};").contains(&format!(": {cause};"));
        if !said {
            text += &format!(": {cause}");
        }
    }
    text
}

/// Status of a process that ends because its output is closed: a shell's 128 + SIGPIPE.
const CLOSED_PIPE: u8 = 141;

/// `println!` panics when its reader is gone, as in `drift ... | head`: no news then.
fn end_quietly_when_nobody_reads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload().downcast_ref::<String>();
        let closed = |message: &String| {
            message.starts_with("failed printing to") && message.contains("Broken pipe")
        };
        if message.is_some_and(closed) {
            std::process::exit(CLOSED_PIPE.into());
        }
        usual(panic);
    }));
}

/// Whether a command could not write to its output, which it has no other context for.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
