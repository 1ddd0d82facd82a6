//! FST waveforms. Verilator writes a VCD, because that needs no compression
//! library on the machine; this turns it into the compact FST.

use super::error::CosimError;
use crate::atomic;
use fst_writer::{
    FstFileType, FstInfo, FstScopeType, FstSignalId, FstSignalType, FstVarDirection, FstVarType,
    open_fst,
};
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use vcd::{Command, IdCode, ScopeItem};

/// Bytes of changes that are kept in memory before they are written.
const FLUSH_AT: usize = 16 << 20;

/// Converts `vcd` into `fst`, through a temporary file that is renamed.
///
/// # Errors
/// [`CosimError::Wave`] names the file that cannot be read or written.
pub fn vcd_to_fst(vcd: &Path, fst: &Path) -> Result<(), CosimError> {
    let fail = |path: &Path, message: String| CosimError::Wave {
        path: path.to_owned(),
        message,
    };
    let reading = |e: std::io::Error| fail(vcd, e.to_string());
    let writing = |e: fst_writer::FstWriteError| fail(fst, e.to_string());
    let temporary = atomic::temporary_beside(fst)
        .map_err(|e| fail(fst, e.to_string()))?
        .into_temp_path();

    let mut parser = vcd::Parser::new(BufReader::new(File::open(vcd).map_err(reading)?));
    let header = parser.parse_header().map_err(reading)?;
    let info = FstInfo {
        start_time: 0,
        timescale_exponent: -12,
        version: "DRIFT".to_owned(),
        date: String::new(),
        file_type: FstFileType::Verilog,
    };
    let mut writer = open_fst(&temporary, &info).map_err(writing)?;
    let mut signals = HashMap::new();
    declare(&mut writer, &header.items, &mut signals).map_err(writing)?;
    let mut body = writer.finish().map_err(writing)?;
    for command in parser {
        match command.map_err(reading)? {
            Command::Timestamp(time) => {
                if body.size() > FLUSH_AT {
                    body.flush().map_err(writing)?;
                }
                body.time_change(time).map_err(writing)?;
            }
            Command::ChangeScalar(id, value) => {
                let (signal, _) = signals[&id];
                body.signal_change(signal, value.to_string().as_bytes())
                    .map_err(writing)?;
            }
            Command::ChangeVector(id, value) => {
                let (signal, width) = signals[&id];
                // A VCD leaves out leading zeros.
                let text = format!("{:0>width$}", value.to_string());
                body.signal_change(signal, text.as_bytes())
                    .map_err(writing)?;
            }
            _ => {}
        }
    }
    body.finish().map_err(writing)?;
    temporary
        .persist(fst)
        .map_err(|e| fail(fst, e.error.to_string()))
}

/// Declares scopes and variables; signals that share a VCD code share a signal.
fn declare<W: std::io::Write + std::io::Seek>(
    writer: &mut fst_writer::FstHeaderWriter<W>,
    items: &[ScopeItem],
    signals: &mut HashMap<IdCode, (FstSignalId, usize)>,
) -> Result<(), fst_writer::FstWriteError> {
    for item in items {
        match item {
            ScopeItem::Scope(scope) => {
                writer.scope(&scope.identifier, "", FstScopeType::Module)?;
                declare(writer, &scope.items, signals)?;
                writer.up_scope()?;
            }
            ScopeItem::Var(var) => {
                let name = match &var.index {
                    Some(index) => format!("{} {index}", var.reference),
                    None => var.reference.clone(),
                };
                let id = writer.var(
                    name,
                    FstSignalType::bit_vec(var.size),
                    FstVarType::Logic,
                    FstVarDirection::Implicit,
                    signals.get(&var.code).map(|(signal, _)| *signal),
                )?;
                signals.insert(var.code, (id, var.size as usize));
            }
            _ => {}
        }
    }
    Ok(())
}
