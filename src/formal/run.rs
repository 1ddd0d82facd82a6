//! Runs one proof: writes RTL, harness and SymbiYosys's task, and reads what
//! came out.

use super::{FormalError, Method, Proof};
use crate::config::ArrayConfig;
use crate::rtl::{self, Params, RtlFile};
use crate::tool::{SymbiYosys, run};
use std::path::{Path, PathBuf};

/// The macros that all harnesses use.
const SHARED: (&str, &str) = (
    "drift_formal.svh",
    include_str!("../../formal/drift_formal.svh"),
);

/// What became of a proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No assertion can fail; for [`Method::Bounded`], within the depth.
    Proved,
    /// An assertion can fail.
    Refuted {
        /// The assertions that fail in the trace, with their places.
        assertions: Vec<String>,
        /// A waveform of the counterexample, from reset.
        trace: PathBuf,
    },
    /// Neither a proof nor a counterexample was found.
    Undecided {
        /// Why not.
        reason: String,
    },
}

/// Everything that proofs of one configuration share.
#[derive(Clone, Debug)]
pub struct Prover {
    tool: SymbiYosys,
    rtl: Vec<RtlFile>,
    /// With rows of two beats of the memory bus, the second one not full.
    wide: Vec<RtlFile>,
    folder: PathBuf,
}

/// The numbers of a configuration as proofs use them: GEMM dimensions of up to
/// 31 (more for tiles of more rows), four layers, counters of eight bits, and
/// two places for tiles to be repeated.
pub fn params(config: &ArrayConfig) -> Params {
    let full = Params::new(config);
    let dim_width = full.row_width.max(5);
    Params {
        dim_width,
        // As many tiles as there are rows or columns cannot be.
        tile_width: dim_width,
        layers: 4,
        layer_width: 2,
        count_width: 8,
        repeat_depth: 2,
        ..full
    }
}

impl Prover {
    /// Proofs of the RTL of `config`, with their files in `folder`.
    ///
    /// # Errors
    /// [`FormalError`] when the tools cannot be installed or the folder
    /// cannot be written.
    pub fn new(config: &ArrayConfig, folder: &Path) -> Result<Self, FormalError> {
        let command = "drift formal";
        let wide = ArrayConfig {
            columns: config.memory_bytes + 1,
            ..config.clone()
        };
        let rtl = rtl::generate_from(config, &params(config), command)?;
        let wide = rtl::generate_from(&wide, &params(&wide), command)?;
        Self::of(rtl, wide, folder)
    }

    /// Proofs of RTL that may have been changed since it was generated: of the
    /// configuration itself, and of one with rows wider than the memory bus.
    ///
    /// # Errors
    /// As [`Prover::new`].
    pub fn of(rtl: Vec<RtlFile>, wide: Vec<RtlFile>, folder: &Path) -> Result<Self, FormalError> {
        let folder = std::path::absolute(folder).map_err(unwritable(folder))?;
        let tool = SymbiYosys::locate()?;
        tool.link(&folder.join("bin"))?;
        Ok(Self {
            tool,
            rtl,
            wide,
            folder,
        })
    }

    /// Version of SymbiYosys.
    pub fn version(&self) -> &str {
        &self.tool.version
    }

    /// Attempts a proof. Different proofs may be attempted at the same time.
    ///
    /// # Errors
    /// [`FormalError`] when a tool fails or a file cannot be written; a failed
    /// proof is no error.
    pub fn prove(&self, proof: &Proof) -> Result<Outcome, FormalError> {
        let folder = self.folder.join(proof.name);
        let rtl = if proof.wide { &self.wide } else { &self.rtl };
        let mut files = rtl.clone();
        let harness = format!("{}.sv", proof.harness());
        for (name, text) in [(harness.as_str(), proof.text), SHARED] {
            files.push(RtlFile {
                name: name.to_owned(),
                text: text.to_owned(),
            });
        }
        files.retain(|file| file.name.ends_with(".sv") || file.name.ends_with(".svh"));
        let task = task(proof, &files);
        rtl::write(&files, &folder)?;
        let file = folder.join("proof.sby");
        std::fs::write(&file, task).map_err(unwritable(&file))?;
        let mut command = self.tool.command(&self.folder.join("bin"));
        command
            .args(["-f", "-d", "run", "proof.sby"])
            .current_dir(&folder);
        let finished = run(&mut command)?;
        let said = finished.stdout + &finished.stderr;
        outcome(&said, &folder).ok_or_else(|| FormalError::Stopped {
            proof: proof.name,
            message: errors(&said, &folder),
            log: folder.join("run").join("logfile.txt"),
        })
    }
}

fn unwritable(path: &Path) -> impl FnOnce(std::io::Error) -> FormalError {
    let path = path.to_owned();
    move |source| FormalError::Write { path, source }
}

/// SymbiYosys's description of a proof.
pub(super) fn task(proof: &Proof, files: &[RtlFile]) -> String {
    let names = |keep: &dyn Fn(&str) -> bool, between: &str| {
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        let kept: Vec<&str> = names.into_iter().filter(|name| keep(name)).collect();
        kept.join(between)
    };
    let (mode, depth, engine) = match proof.method {
        Method::Bounded { depth } => ("bmc", depth, "abc bmc3"),
        Method::Induction { depth } => ("prove", depth, "smtbmc z3"),
        // The depth only limits the search for a counterexample's waveform.
        Method::Reachability => ("prove", 100, "abc pdr"),
    };
    let top = proof.harness();
    let boxes: String = proof
        .abstracted
        .iter()
        .map(|module| format!(" --blackboxed-module {module}"))
        .collect();
    let sources = names(&|name| name.ends_with(".sv"), " ");
    let list = names(&|_| true, "\n");
    format!(
        "[options]\nmode {mode}\ndepth {depth}\ntimeout {}\n\n[engines]\n{engine}\n\n[script]\n\
         read_slang --no-synthesis-define -DFORMAL -I. --top {top}{boxes} {sources}\n\
         cutpoint -blackbox\nprep -top {top}\n\n[files]\n{list}\n",
        proof.limit
    )
}

/// Reads what SymbiYosys printed; none when it stopped with an error.
pub(super) fn outcome(said: &str, folder: &Path) -> Option<Outcome> {
    let status = said
        .lines()
        .filter_map(|line| line.split_once("DONE (").map(|(_, rest)| rest))
        .filter_map(|rest| rest.split([',', ')']).next())
        .next_back()?;
    let after = |mark: &str| -> Vec<String> {
        said.lines()
            .filter_map(|line| {
                line.split_once(mark)
                    .map(|(_, rest)| rest.trim().to_owned())
            })
            .collect()
    };
    match status {
        "PASS" => Some(Outcome::Proved),
        "FAIL" => {
            // The trace of a failed induction step does not start at reset.
            let trace = said.lines().find_map(|line| {
                let path = line.split_once("counterexample trace")?.1;
                (!path.starts_with(" [induction]")).then_some(path.split_once(": ")?.1.trim())
            });
            let mut assertions = after("failed assertion ");
            assertions.dedup();
            Some(Outcome::Refuted {
                assertions,
                trace: folder.join(trace.unwrap_or_default()),
            })
        }
        "UNKNOWN" => Some(Outcome::Undecided {
            reason: "the assertions hold from reset, but not by induction".to_owned(),
        }),
        "TIMEOUT" => Some(Outcome::Undecided {
            reason: "the time limit was reached".to_owned(),
        }),
        _ => None,
    }
}

/// The errors in what SymbiYosys printed and Yosys logged.
fn errors(said: &str, folder: &Path) -> String {
    let log = folder.join("run").join("model").join("design.log");
    let logged = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = said
        .lines()
        .chain(logged.lines())
        .filter(|line| line.contains("ERROR: ") || line.contains("Error: "))
        .collect();
    lines.join("\n")
}
