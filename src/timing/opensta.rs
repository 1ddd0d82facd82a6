//! The same paths timed by OpenSTA, where it is installed: a second opinion on
//! static timing.

use super::TimingError;
use super::netlist::Circuit;
use super::recipe::{PE_TOP, SynthesisedPe};
use super::sta::Endpoint;
use crate::tool::{ToolError, run};
use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// The script that runs `sta`.
const SCRIPT: &str = include_str!("../../tools/opensta.sh");

/// The shortest clock period, in ns, that OpenSTA finds for each endpoint of a
/// PE; 0 where nothing arrives.
///
/// # Errors
/// [`TimingError::Tool`] when `sta` is missing or fails.
pub fn periods(
    pe: &SynthesisedPe,
    circuit: &Circuit<'_>,
    endpoints: &[&Endpoint],
    liberty: &Path,
) -> Result<Vec<f64>, TimingError> {
    let missing = |_| ToolError::Missing {
        program: "sta (OpenSTA)".to_owned(),
        remedy: "install it, for example Debian's package opensta".to_owned(),
    };
    run(Command::new("sta").arg("-version")).map_err(missing)?;
    let scratch = tempfile::tempdir().map_err(ToolError::file(std::env::temp_dir()))?;
    let write = |name: &str, text: &str| {
        let file = scratch.path().join(name);
        std::fs::write(&file, text).map_err(ToolError::file(file.as_path()))?;
        Ok::<_, TimingError>(file)
    };
    let name = |end: &&Endpoint| circuit.gates[end.gate].instance.name.as_str();
    let mut list = String::new();
    for end in endpoints {
        let _ = writeln!(list, "{} {}", name(end), end.pin);
    }
    let mut command = Command::new("sh");
    command
        .arg(write("opensta.sh", SCRIPT)?)
        .arg(write("pe.v", &pe.verilog)?)
        .args([PE_TOP, "clk_i"])
        .arg(write("endpoints", &list)?)
        .arg(liberty);
    let text = run(&mut command)?.stdout_or_fail("sta")?;
    let mut found: HashMap<&str, f64> = HashMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<f64>().ok());
        if let (Some(instance), Some(arrival), Some(setup)) = (words.get(1), number(3), number(4)) {
            let period = found.entry(instance).or_insert(0.0);
            *period = period.max(arrival + setup);
        }
    }
    let of = |end: &&Endpoint| found.get(name(end)).copied().unwrap_or(0.0);
    Ok(endpoints.iter().map(of).collect())
}
