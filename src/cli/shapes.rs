//! `drift shapes`.

use super::{Verdict, inputs, output};
use anyhow::Result;
use drift::model::{GemmShape, gemm_shapes, shape_list, shape_list_name};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `drift shapes`.
#[derive(clap::Args)]
pub struct Args {
    /// dit-xl-2-512, dit-xl-2-256, pixart-alpha-512, pixart-alpha-1024, sd15-512, or a folder with config.json
    #[arg(long)]
    model: String,
    /// Rows of a forward pass: 2 with guidance, which predicts with and without the condition
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=64))]
    guidance_batch: u64,
    /// Tokens of a text; by default what PixArt (120) or Stable Diffusion (77) gets
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=4096))]
    text_tokens: Option<u64>,
    /// Write the list as CSV; - for standard output
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

/// Lists the GEMMs of one denoising step, or sums them up.
pub fn run(args: &Args) -> Result<Verdict> {
    let config = inputs::model_config(&args.model)?;
    let batch = args.guidance_batch as usize;
    let tokens = args.text_tokens.map(|tokens| tokens as usize);
    let gemms = gemm_shapes(&config, batch, tokens)?;
    let name = shape_list_name(&args.model, batch);
    match &args.csv {
        None => print_sums(&name, &gemms),
        Some(file) if file == Path::new("-") => {
            std::io::stdout().write_all(shape_list(&name, &gemms).as_bytes())?;
        }
        Some(file) => output::write(file, shape_list(&name, &gemms))?,
    }
    Ok(Verdict::Good)
}

fn print_sums(name: &str, gemms: &[GemmShape]) {
    let mut sums: BTreeMap<String, (usize, u64)> = BTreeMap::new();
    for gemm in gemms {
        let (products, macs) = sums.entry(gemm.kind.to_string()).or_default();
        *products += gemm.count;
        *macs += gemm.macs();
    }
    let total: u64 = gemms.iter().map(GemmShape::macs).sum();
    println!("{name}, one step\n");
    println!(
        "{:<14} {:>7} {:>16} {:>7}",
        "kind", "GEMMs", "MACs", "share"
    );
    for (kind, (products, macs)) in &sums {
        let share = 100.0 * *macs as f64 / total as f64;
        println!("{kind:<14} {products:>7} {macs:>16} {share:>6.1}%");
    }
    let products: usize = gemms.iter().map(|gemm| gemm.count).sum();
    println!("{:<14} {products:>7} {total:>16}", "total");
}
