//! Arguments of `drift infer`.

use crate::cli::inputs::FaultArgs;
use drift::forecast::Forecast;
use drift::infer::EMBEDDED;
use std::path::PathBuf;

/// Arguments of `drift infer`.
#[derive(clap::Args)]
pub struct Args {
    /// `tiny-dit`, the folder of a model or pipeline as diffusers saves it, or an architecture
    /// with drawn weights such as dit-xl-2-512
    #[arg(long, default_value = EMBEDDED)]
    pub model: String,
    /// Accelerator: a shipped name or a YAML file
    #[arg(long, default_value = "default")]
    pub config: String,
    /// Denoising steps
    #[arg(long, default_value_t = 50)]
    pub steps: usize,
    /// Guidance weight; 1 leaves guidance out
    #[arg(long, default_value_t = 1.5)]
    pub guidance: f32,
    /// TaylorSeer: a full step every INTERVAL steps, and forecasts of this order of the attention
    /// and MLP branches between them, such as 4:2
    #[arg(long, value_name = "INTERVAL:ORDER")]
    pub taylorseer: Option<Forecast>,
    /// Number of images
    #[arg(short, long, default_value_t = 10)]
    pub n: usize,
    /// Classes, taken in turn [default: all]
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    pub classes: Vec<usize>,
    /// Text embeddings of prompts, safetensors; images take them in turn
    #[arg(long, value_name = "FILE", value_delimiter = ',')]
    pub text: Vec<PathBuf>,
    /// Text embedding of the empty prompt, for guidance
    #[arg(long, value_name = "FILE", requires = "text")]
    pub no_text: Option<PathBuf>,
    /// Prompts for the text encoder of the pipeline that --model is in (cargo feature text): one per
    /// line, COCO's captions (.json), or a table (.csv, .tsv); images take them in turn
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    pub prompts: Option<PathBuf>,
    /// What computes: f32 (no quantisation, no faults), fast, golden, or rtl
    #[arg(long, default_value = "fast", value_parser = ["f32", "fast", "golden", "rtl"])]
    pub engine: String,
    /// Scales of activations: per-tensor, per-token, or static (from a calibration)
    #[arg(long, default_value = "per-tensor", value_parser = ["per-tensor", "per-token", "static"])]
    pub activations: String,
    /// Calibration for static scales [default: the one beside the model]
    #[arg(long, value_name = "FILE")]
    pub calibration: Option<PathBuf>,
    /// Protection: none, dmr, thundervolt, abft, approx-abft, statistical-abft, drift, ...
    #[arg(long, default_value = "none")]
    pub protection: String,
    /// Steps from one checkpoint of a layer to the next
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=65535))]
    pub interval: u32,
    /// θ: syndromes of 2^θ and more are flagged [default: the configuration's]
    #[arg(long, value_name = "BIT", value_parser = clap::value_parser!(u32).range(0..=31))]
    pub threshold_bit: Option<u32>,
    #[command(flatten)]
    pub faults: FaultArgs,
    /// Timing errors of a schedule of operating points: the YAML file of `drift policy optimise`, or a
    /// campaign's; adaptive if it says so
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ber", "voltage", "frequency", "tech",
        "upsets", "fault_list", "fault_steps", "fault_blocks", "fault_layers"])]
    pub schedule: Option<PathBuf>,
    /// Steps with faults, A..B, both included, 0 the noisiest [default: all]
    #[arg(long, value_name = "A..B")]
    pub fault_steps: Option<String>,
    /// Blocks with faults; -1 stands for what is in none [default: all]
    #[arg(
        long,
        value_name = "BLOCK",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    pub fault_blocks: Option<Vec<i64>>,
    /// Layers with faults, by part of their name, such as attn1.to_q or ff. [default: all]
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub fault_layers: Option<Vec<String>>,
    /// Share of the tiles that the verilated RTL computes as well, 0..=1
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    pub audit_rate: f64,
    /// Upset the hardware of the audits behind the engine's back, to see a mismatch reported
    #[arg(long)]
    pub sabotage: bool,
    /// Images at a time [default: number of cores]
    #[arg(long)]
    pub threads: Option<usize>,
    /// Leave out the error-free images and the comparison with them
    #[arg(long)]
    pub no_reference: bool,
    /// Folder for the images and the record
    #[arg(long, value_name = "DIR", default_value = "target/infer")]
    pub out: PathBuf,
}
