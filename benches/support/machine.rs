//! What the numbers were measured on.

use drift::tool::{Compiler, Verilator};
use serde::Serialize;
use std::fmt;

/// Facts without which a number says little.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// Processor, as /proc/cpuinfo names it.
    pub cpu: String,
    /// Threads that can run at once.
    pub cores: usize,
    /// Load average at the start; near zero on an idle machine.
    pub load_before: String,
    /// Version of Verilator.
    pub verilator: String,
    /// First line of the C++ compiler's `--version`.
    pub compiler: String,
    /// The compiler's command.
    pub cxx: String,
}

impl Machine {
    /// This machine, with the tools that a build would use.
    pub fn read(verilator: &Verilator, compiler: &Compiler) -> Self {
        Self {
            verilator: verilator.version.clone(),
            compiler: compiler.version.clone(),
            cxx: compiler.command.clone(),
            ..Self::alone()
        }
    }

    /// This machine, for what needs no tools.
    pub fn alone() -> Self {
        let file = |path| std::fs::read_to_string(path).unwrap_or_default();
        let cpuinfo = file("/proc/cpuinfo");
        let cpu = cpuinfo
            .lines()
            .find(|line| line.starts_with("model name"))
            .and_then(|line| line.split_once(':'))
            .map_or("unknown", |(_, name)| name.trim());
        let loadavg = file("/proc/loadavg");
        let load: Vec<&str> = loadavg.split_whitespace().take(3).collect();
        Self {
            cpu: cpu.to_owned(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            load_before: load.join(" "),
            verilator: "not used".to_owned(),
            compiler: "not used".to_owned(),
            cxx: "-".to_owned(),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "processor  {}, {} cores", self.cpu, self.cores)?;
        writeln!(f, "load       {} before the run", self.load_before)?;
        writeln!(f, "verilator  {}", self.verilator)?;
        write!(f, "compiler   {} ({})", self.compiler, self.cxx)
    }
}
