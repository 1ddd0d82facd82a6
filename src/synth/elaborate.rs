//! The Yosys commands that read a directory of RTL and elaborate its top.

use super::SynthError;
use super::filelist::Filelist;
use crate::rtl;
use std::path::Path;

/// The parameter of both tops that sets how many columns of an output-stationary
/// array share a module. One column each makes Yosys elaborate and synthesise a
/// single small module however wide the array is, as it always is in a
/// weight-stationary one.
const HIERARCHY: &str = "-chparam StripColumns 1";

/// Commands that read, and derive only with the chosen parameters, the filelist
/// `drift.f` of `directory` with Yosys's own front end and elaborate `top`, the
/// array split into columns.
pub(crate) fn elaborate(directory: &Path, top: &str) -> Result<String, SynthError> {
    check_name(top)?;
    let list = Filelist::read(directory)?;
    let include: String = list.include.iter().map(|i| format!(" -I{i}")).collect();
    let files: String = list.files.iter().map(|f| format!(" \"{f}\"")).collect();
    let has_array = [rtl::TOP, rtl::ACCELERATOR].contains(&top);
    let hierarchy = if has_array && list.has_strips() {
        HIERARCHY
    } else {
        ""
    };
    Ok(format!(
        "read_verilog -sv -defer -DSYNTHESIS{include}{files}\nhierarchy -check -top {top} {hierarchy}\n"
    ))
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
