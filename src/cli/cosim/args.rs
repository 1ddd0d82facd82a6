//! Arguments of `drift cosim`.

use crate::cli::inputs::FaultArgs;
use clap::ValueEnum;
use drift::golden::Layout;
use std::path::PathBuf;

/// Arguments of `drift cosim`.
#[derive(clap::Args)]
pub struct Args {
    /// Shipped name (tiny, default, edge, tpu, tiny-os, default-os) or YAML file
    #[arg(long, default_value = "default")]
    pub config: String,
    /// tiny-dit, FILE.safetensors, X.npy,W.npy or SHAPES.csv
    #[arg(long, default_value = "tiny-dit")]
    pub workload: String,
    #[command(flatten)]
    pub faults: FaultArgs,
    /// Detection threshold θ instead of the configuration's, 0..=31
    #[arg(long, value_name = "BIT", value_parser = clap::value_parser!(u32).range(0..=31))]
    pub threshold_bit: Option<u32>,
    /// Run at most this many tiles
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub tiles: Option<u64>,
    /// Run only this GEMM, by number (from 0) or name
    #[arg(long, value_name = "GEMM")]
    pub gemm: Option<String>,
    /// Percentage of cycles in which every stream stalls (the cycle count is then not compared)
    #[arg(long, value_name = "PERCENT", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=90))]
    pub stall: u8,
    /// Write a record of the run
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the faults of the run as a list
    #[arg(long, value_name = "FILE")]
    pub save_faults: Option<PathBuf>,
    /// Write an FST waveform of --wave-tiles of one GEMM
    #[arg(long, value_name = "FILE.fst")]
    pub wave: Option<PathBuf>,
    /// Tiles in the waveform, both included
    #[arg(
        long,
        value_name = "A..B",
        default_value = "0..0",
        requires = "wave",
        conflicts_with = "accelerator"
    )]
    pub wave_tiles: String,
    /// Upset the hardware once behind the golden model's back, to see a mismatch reported
    #[arg(long)]
    pub sabotage: bool,
    #[command(flatten)]
    pub accelerator: AcceleratorArgs,
}

/// Options of the whole accelerator.
#[derive(clap::Args)]
#[command(next_help_heading = "Whole accelerator")]
pub struct AcceleratorArgs {
    /// Run denoising steps on the whole accelerator, with checkpoints and rollback; --gemm then
    /// chooses a layer, --tiles limits every step, and --stall stalls memory and host as well
    #[arg(long)]
    pub accelerator: bool,
    /// Run the first N steps; a workload without steps in its names is repeated N times (3), with its faults
    #[arg(long, value_name = "N", requires = "accelerator", value_parser = clap::value_parser!(u16).range(1..))]
    pub steps: Option<u16>,
    /// Steps from one checkpoint of a layer to the next, instead of the configuration's
    #[arg(long, value_name = "N", requires = "accelerator", value_parser = clap::value_parser!(u32).range(1..=65535))]
    pub interval: Option<u32>,
    /// Layout of checkpoints in memory
    #[arg(long, requires = "accelerator", default_value = "tile")]
    pub layout: LayoutName,
    /// Memory: ddr4-3200-x16, ddr4-3200-x64, YAML file, or a fixed latency in cycles
    #[arg(
        long,
        value_name = "DEVICE",
        requires = "accelerator",
        default_value = "ddr4-3200-x16"
    )]
    pub dram: String,
    /// Write the memory's requests; formats ramulator2 (default), ramulator2-rw, dramsim3
    #[arg(long, value_name = "FILE[:FORMAT]", requires = "accelerator")]
    pub dram_trace: Option<String>,
    /// Rollback and checkpoints
    #[arg(long, requires = "accelerator", default_value = "on")]
    pub protect: Switch,
    /// What becomes of a masked tile without a checkpoint
    #[arg(
        long,
        value_name = "POLICY",
        requires = "accelerator",
        default_value = "recompute"
    )]
    pub no_checkpoint: Policy,
    /// What becomes of a tile with flags in one direction only
    #[arg(
        long,
        value_name = "POLICY",
        requires = "accelerator",
        default_value = "keep"
    )]
    pub unlocated: Policy,
    /// Force an operating point, 0..=7, instead of the configuration's schedule
    #[arg(long, value_name = "N", requires = "accelerator", value_parser = clap::value_parser!(u32).range(0..=7))]
    pub point: Option<u32>,
    /// GEMM in the waveform of --wave, such as 25.0.q (the last one); the run ends after it
    #[arg(long, value_name = "STEP.LAYER", requires_all = ["accelerator", "wave"])]
    pub wave_gemm: Option<String>,
}

/// A layout on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LayoutName {
    /// Repacked: every tile on as few DRAM rows as possible
    Tile,
    /// As the matrix lies
    RowMajor,
}

impl LayoutName {
    /// The library's name for it.
    pub fn layout(self) -> Layout {
        match self {
            LayoutName::Tile => Layout::Tile,
            LayoutName::RowMajor => Layout::RowMajor,
        }
    }
}

/// On or off.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    On,
    Off,
}

/// What becomes of a tile that cannot be rolled back.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// It is delivered as it is
    Keep,
    /// It is computed again, without faults
    Recompute,
}
