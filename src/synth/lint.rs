//! Three linters over the same RTL.

use super::SynthError;
use super::elaborate::{check_name, elaborate};
use super::filelist::{FILELIST, Filelist};
use crate::tool::{PythonTool, Verilator, Yosys, run};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// slang's warnings beside those that are always on. A cast between widths that
/// depend on the configuration is useless in some configurations.
const SLANG_WARNINGS: &str =
    "-Wextra -Wno-useless-cast -Wunassigned-variable -Wundriven-net -Wundriven-port";

/// The loops over the array are longer than Verilator 5.006 unrolls by itself.
const UNROLL: [&str; 4] = ["--unroll-count", "1000000", "--unroll-stmts", "100000000"];

/// What one linter said.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolResult {
    /// Version of the tool.
    pub version: String,
    /// Its warnings, one entry each.
    pub warnings: Vec<String>,
    /// Its errors; with any, the list of warnings may be incomplete.
    pub errors: Vec<String>,
    /// Wall-clock time that it took.
    pub seconds: f64,
}

impl ToolResult {
    /// Whether there is neither a warning nor an error.
    pub fn is_clean(&self) -> bool {
        self.warnings.is_empty() && self.errors.is_empty()
    }
}

/// What all linters said.
#[derive(Clone, Debug, PartialEq)]
pub struct LintReport {
    /// `verilator_bin --lint-only -Wall`.
    pub verilator: ToolResult,
    /// Yosys: `hierarchy -check`, `proc`, `check -assert`.
    pub yosys: ToolResult,
    /// slang: elaboration and data-flow analysis with `-Wextra` and
    /// warnings about what nothing drives.
    pub slang: ToolResult,
}

impl LintReport {
    /// Whether all three are content.
    pub fn is_clean(&self) -> bool {
        self.verilator.is_clean() && self.yosys.is_clean() && self.slang.is_clean()
    }
}

/// Lints the module `top` of the RTL that the filelist `drift.f` in `dir` names.
/// `split` gives Verilator an output-stationary array in strips of one column, as
/// Yosys always gets it: as one strip, a 128×128 array takes it minutes.
///
/// # Errors
/// [`SynthError`] when the filelist is wrong or a linter cannot be started.
/// What the linters find wrong with the RTL is in the report.
pub fn lint(dir: &Path, top: &str, split: bool) -> Result<LintReport, SynthError> {
    check_name(top)?;
    let split = split && Filelist::read(dir)?.has_strips();
    let (verilator, yosys) = (Verilator::locate()?, Yosys::locate()?);
    let slang = PythonTool::slang()?;
    std::thread::scope(|scope| {
        // Yosys takes as long as the other two together.
        let slowest = scope.spawn(|| with_yosys(&yosys, dir, top));
        let verilator = with_verilator(&verilator, dir, top, split);
        let slang = with_slang(&slang, dir, top);
        Ok(LintReport {
            verilator: verilator?,
            slang: slang?,
            yosys: slowest.join().expect("the thread does not panic")?,
        })
    })
}

fn with_verilator(
    tool: &Verilator,
    dir: &Path,
    top: &str,
    split: bool,
) -> Result<ToolResult, SynthError> {
    let mut command = tool.command();
    command
        .args(["--lint-only", "-Wall"])
        .args(UNROLL)
        .args(split.then_some("-GStripColumns=1"))
        .args(["--top-module", top, "-f", FILELIST])
        .current_dir(dir);
    finish(&mut command, &tool.version, |text| {
        let (warnings, mut errors) = diagnostics(text, "%Warning", "%Error");
        // The last line only says that there were warnings or errors.
        errors.retain(|error| !error.contains("Exiting due to"));
        (warnings, errors)
    })
}

fn with_slang(tool: &PythonTool, dir: &Path, top: &str) -> Result<ToolResult, SynthError> {
    let options = format!("--top {top} {SLANG_WARNINGS} -f {FILELIST}");
    let mut command = tool.command(include_str!("../../tools/slang_lint.py"));
    command.arg(options).current_dir(dir);
    finish(&mut command, &tool.version, |text| {
        diagnostics(text, ": warning: ", "error: ")
    })
}

pub(super) fn with_yosys(tool: &Yosys, dir: &Path, top: &str) -> Result<ToolResult, SynthError> {
    let start = Instant::now();
    let script = elaborate(dir, top)? + "proc\ncheck -assert\n";
    let run = tool.try_script(&script, dir)?;
    let mut warnings = run.output.warnings;
    warnings.retain(|warning| !is_memory_note(warning));
    Ok(ToolResult {
        version: tool.version.clone(),
        warnings,
        errors: run.errors,
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// Yosys's remark that an array with constant indices becomes registers is
/// what the RTL means, not something wrong with it.
pub(super) fn is_memory_note(warning: &str) -> bool {
    warning.starts_with("Warning: Replacing memory ") && warning.contains(" with list of registers")
}

/// The lines of a linter's output that are warnings, and those that are errors.
pub(super) fn diagnostics(text: &str, warning: &str, error: &str) -> (Vec<String>, Vec<String>) {
    let lines = |mark: &str| {
        let found = text.lines().map(str::trim).filter(|l| l.contains(mark));
        found.map(str::to_owned).collect()
    };
    (lines(warning), lines(error))
}

/// Runs a linter and sorts what it prints.
fn finish(
    command: &mut Command,
    version: &str,
    sort: impl FnOnce(&str) -> (Vec<String>, Vec<String>),
) -> Result<ToolResult, SynthError> {
    let start = Instant::now();
    let finished = run(command)?;
    let text = finished.stdout + &finished.stderr;
    let (warnings, mut errors) = sort(&text);
    if !finished.success && errors.is_empty() && warnings.is_empty() {
        errors.push(format!("{}: {}", finished.status, text.trim()));
    }
    Ok(ToolResult {
        version: version.to_owned(),
        warnings,
        errors,
        seconds: start.elapsed().as_secs_f64(),
    })
}
