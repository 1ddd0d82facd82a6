//! A tile on which hardware and fast engine disagree: its operands and faults as
//! files, and the command that replays it with a waveform.

use super::Verdict;
use anyhow::{Context, Error, Result};
use drift::config::ArrayConfig;
use drift::fault::FaultList;
use drift::infer::{InferError, TileMismatch};
use drift::workload::Workload;
use ndarray::Array2;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

/// Reports a mismatch as a failed check; any other error stays one. The configuration
/// comes with the name or path that it was given by.
pub fn report(
    error: Error,
    (name, config): (&str, &ArrayConfig),
    folder: &Path,
    seed: u64,
) -> Result<Verdict> {
    let found = error.chain().find_map(|cause| match cause.downcast_ref() {
        Some(InferError::Mismatch(mismatch)) => Some(mismatch),
        _ => None,
    });
    let Some(mismatch) = found else {
        return Err(error);
    };
    eprintln!("MISMATCH: {mismatch} (seed {seed})");
    let folder = folder.join("mismatch");
    let command = save(mismatch, (name, config), &folder, seed)?;
    eprintln!(
        "operands and faults are in {}; replay with:",
        folder.display()
    );
    eprintln!("  {command}");
    Ok(Verdict::Failed)
}

fn save(
    mismatch: &TileMismatch,
    (name, config): (&str, &ArrayConfig),
    folder: &Path,
    seed: u64,
) -> Result<String> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{}: cannot be made", folder.display()))?;
    let (x, w) = (folder.join("x.npy"), folder.join("w.npy"));
    write_npy(&x, &mismatch.x)?;
    write_npy(&w, &mismatch.w)?;
    let operands = format!("{},{}", x.display(), w.display());
    let workload = Workload::open(&Workload::parse_source(&operands)?, seed)?;
    let mut list = FaultList::with_stuck(mismatch.faults.stuck.clone());
    list.insert(0, 0, mismatch.faults.flips.clone());
    let faults = folder.join("faults.jsonl");
    list.write(&faults, &config.hash(), &workload.hash(), seed)?;
    Ok(format!(
        "drift cosim --config {name} --workload {operands} --fault-list {} --threshold-bit {}{} --wave {}",
        faults.display(),
        mismatch.threshold_bit,
        if mismatch.sabotaged {
            " --sabotage"
        } else {
            ""
        },
        folder.join("tile.fst").display()
    ))
}

fn write_npy(path: &Path, matrix: &Array2<i8>) -> Result<()> {
    use npyz::WriterBuilder;
    let failed = || format!("{}: cannot be written", path.display());
    let file = BufWriter::new(File::create(path).with_context(failed)?);
    let shape = [matrix.nrows() as u64, matrix.ncols() as u64];
    let options = npyz::WriteOptions::new().default_dtype().shape(&shape);
    let mut writer = options.writer(file).begin_nd().with_context(failed)?;
    writer.extend(matrix.iter()).with_context(failed)?;
    writer.finish().with_context(failed)
}
