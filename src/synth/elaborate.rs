//! Brings a directory of RTL into Yosys, with either of its front ends.

use super::SynthError;
use super::filelist::{FILELIST, Filelist};
use super::fold::fold;
use crate::tool::Yosys;
use std::path::Path;
use tempfile::TempDir;

/// An elaborated design, ready to be read by a Yosys script.
pub(crate) struct Elaborated {
    /// Commands that read the design.
    pub(crate) script: String,
    /// Warnings of the front end.
    pub(crate) warnings: Vec<String>,
    /// Errors of the front end; the script is of no use when there are any.
    pub(crate) errors: Vec<String>,
    /// Keeps the file that the script reads.
    _scratch: TempDir,
}

impl Elaborated {
    /// Elaborates `top` from the filelist of a directory.
    pub(crate) fn new(yosys: &Yosys, directory: &Path, top: &str) -> Result<Self, SynthError> {
        check_name(top)?;
        let list = Filelist::read(directory)?;
        let scratch = tempfile::tempdir()?;
        if !yosys.slang {
            let include: String = list.include.iter().map(|i| format!(" -I{i}")).collect();
            let files: String = list.files.iter().map(|f| format!(" \"{f}\"")).collect();
            return Ok(Self {
                script: format!("read_verilog -sv{include}{files}\n"),
                warnings: Vec::new(),
                errors: Vec::new(),
                _scratch: scratch,
            });
        }
        let file = scratch.path().join("elaborated.il");
        let script = format!(
            "read_slang --top {top} --keep-hierarchy -f {FILELIST}\nwrite_rtlil {}\n",
            quoted(&file)
        );
        let run = yosys.try_script(&script, directory)?;
        if run.errors.is_empty() {
            let text = std::fs::read_to_string(&file)?;
            std::fs::write(&file, fold(&text))?;
        }
        Ok(Self {
            script: format!("read_rtlil {}\n", quoted(&file)),
            warnings: run.output.warnings,
            errors: run.errors,
            _scratch: scratch,
        })
    }
}

/// A path as a Yosys script takes it.
fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display())
}

/// A module name goes into scripts and command lines: nothing else may.
pub(crate) fn check_name(top: &str) -> Result<(), SynthError> {
    let letters = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !top.is_empty() && top.chars().all(letters) && !top.starts_with(|c: char| c.is_ascii_digit())
    {
        Ok(())
    } else {
        Err(SynthError::Top {
            name: top.to_owned(),
        })
    }
}
