//! The memories that energy is counted for, on the command line.

use anyhow::{Result, bail};
use drift::energy::Constants;
use std::path::PathBuf;

/// DRAM and on-chip memories.
#[derive(clap::Args)]
pub struct MemoryArgs {
    /// DRAM, by its name in the constants: ddr4-3200 (one channel), ddr4-3200-1chip, ddr4-3200-4ch or hbm2
    #[arg(long, value_name = "NAME", default_value = "ddr4-3200")]
    pub memory: String,
    /// Constants other than those of configs/energy.yaml
    #[arg(long, value_name = "FILE")]
    pub constants: Option<PathBuf>,
    /// Feature size in nm for the on-chip memories; by default that of the technology table
    #[arg(long, value_name = "NM")]
    pub node: Option<f64>,
}

impl MemoryArgs {
    /// The constants, of the file or the shipped ones. `--node` is checked, too.
    pub fn constants(&self) -> Result<Constants> {
        if let Some(nm) = self.node.filter(|nm| !(*nm > 0.0 && nm.is_finite())) {
            bail!("--node {nm} is not allowed; expected a number of nanometres above 0");
        }
        Ok(match &self.constants {
            Some(file) => Constants::from_file(file)?,
            None => Constants::shipped(),
        })
    }
}
