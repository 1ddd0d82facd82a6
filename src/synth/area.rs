//! Synthesis of an array to generic gates or to the cells of a library, and what
//! its checksums cost.

use super::SynthError;
use super::elaborate::elaborate;
use super::mapping::CellLibrary;
use super::stat::{Counts, DesignArea};
use crate::tool::Yosys;
use std::path::Path;
use std::time::Instant;

/// Synthesis with the hierarchy kept, so that a column of PEs is mapped once
/// however many there are. Memories stay memories: they become RAM macros or
/// register files, which gates and flip-flops would misrepresent.
const GATES: &str = "\
opt -fast -full
memory_unpack
opt_clean
opt -undriven -fine
techmap
opt -fast
simplemap
";

/// Without a library.
const GENERIC: &str = "\
abc -g gates,MUX
opt -fast
opt_clean
";

/// Stands before the statistics in Yosys's output.
const MARK: &str = "drift-statistics-follow";

/// Area of a design, and of the same design without checksums.
#[derive(Clone, Debug, PartialEq)]
pub struct AreaReport {
    /// Version of Yosys.
    pub yosys: String,
    /// The design.
    pub design: DesignArea,
    /// The design to compare it with.
    pub baseline: Option<DesignArea>,
    /// Wall-clock time of the synthesis.
    pub seconds: f64,
}

/// What a design needs more than its baseline: 0.1 is ten per cent more.
/// `None` where the baseline has nothing of the kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Overhead {
    /// Number of gates.
    pub gates: Option<f64>,
    /// Number of flip-flops.
    pub flip_flops: Option<f64>,
    /// Bits of memory.
    pub memory_bits: Option<f64>,
    /// Area of gates and flip-flops together.
    pub area: Option<f64>,
}

/// One line of a table: a module, or the whole design.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Name of the module.
    pub module: String,
    /// Instances in the design.
    pub instances: u64,
    /// One instance without its submodules.
    pub each: Counts,
    /// All instances together, without submodules; the rows of a design add
    /// up to its total.
    pub all: Counts,
    /// Share of the design's gate and flip-flop area, 0..=1.
    pub share: f64,
}

impl AreaReport {
    /// The design's modules, top first, then by area.
    pub fn table(&self) -> Vec<Row> {
        let total = self.design.total.area().max(f64::MIN_POSITIVE);
        let row = |m: &super::ModuleArea| {
            let all = m.own * m.instances;
            Row {
                module: m.name.clone(),
                instances: m.instances,
                each: m.own,
                all,
                share: all.area() / total,
            }
        };
        self.design.modules.iter().map(row).collect()
    }

    /// What the design needs more than its baseline.
    pub fn overhead(&self) -> Option<Overhead> {
        let (new, old) = (self.design.total, self.baseline.as_ref()?.total);
        let more = |a: u64, b: u64| (b > 0).then(|| a as f64 / b as f64 - 1.0);
        Some(Overhead {
            gates: more(new.gates, old.gates),
            flip_flops: more(new.flip_flops, old.flip_flops),
            memory_bits: more(new.memory_bits, old.memory_bits),
            area: more(new.micro_area, old.micro_area),
        })
    }
}

/// Synthesises the module `top` of the RTL in `dir` and, for comparison, of
/// the RTL in `baseline` (the same array without checksums), to generic gates
/// or to the cells of `library`.
///
/// # Errors
/// [`SynthError`] when a filelist is wrong, Yosys is missing or refuses the
/// RTL, or the library lacks a cell that the design needs.
pub fn area(
    dir: &Path,
    top: &str,
    baseline: Option<&Path>,
    library: Option<&CellLibrary>,
) -> Result<AreaReport, SynthError> {
    let yosys = Yosys::locate_pinned_or_newer()?;
    let start = Instant::now();
    let design = synthesise(&yosys, dir, top, library)?;
    let baseline = baseline.map(|other| synthesise(&yosys, other, top, library));
    Ok(AreaReport {
        design,
        baseline: baseline.transpose()?,
        seconds: start.elapsed().as_secs_f64(),
        yosys: yosys.version,
    })
}

pub(super) fn synthesise(
    yosys: &Yosys,
    dir: &Path,
    top: &str,
    library: Option<&CellLibrary>,
) -> Result<DesignArea, SynthError> {
    let elaborate = elaborate(dir, top)?;
    let synthesis = match library {
        None => format!("synth -run coarse:fine\n{GATES}{GENERIC}"),
        Some(library) => {
            let quoted = |file: &Path| format!("\"{}\"", file.display());
            let files: Vec<String> = library.paths().map(quoted).collect();
            // Constants need no tie cells: most lead nowhere, and are only seen
            // because modules are kept apart.
            format!(
                "{}synth -run coarse:fine -booth\n{GATES}opt_clean -purge\n{}opt_clean -purge\n",
                CellLibrary::read(&files),
                library.map(&files)
            )
        }
    };
    // On standard output: older versions cannot write to a quoted file name.
    let script = format!("{elaborate}{synthesis}log {MARK}\nstat -json\n");
    let output = yosys.run_script(&script, dir)?;
    let printed = output.stdout.rsplit_once(MARK);
    DesignArea::from_stat(printed.map_or("", |(_, after)| after), top, library)
}
