//! Fault lists as files: JSON lines, a header with the hashes of what the list
//! belongs to, then one fault per line.

use super::types::{Fault, Register, Site, StuckAt, TileFaults};
use crate::atomic;
use crate::config::{ArrayConfig, ChecksumDomain, ConfigHash, Dataflow};
use crate::tiling::Tiling;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Schema of the file format.
const SCHEMA: &str = "drift-faults/1";

/// Why a fault list cannot be used.
#[derive(Debug, Error)]
pub enum FaultError {
    /// The file could not be read or written.
    #[error("{file}: {source}", file = .file.display())]
    Io {
        /// The fault list.
        file: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A line is not what the format asks for.
    #[error("{file}:{line}: {message}", file = .file.display())]
    Line {
        /// The fault list.
        file: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// What was found and what is allowed.
        message: String,
    },
    /// The list was made for something else.
    #[error("{file}:1: {what} {found} does not match this run's {expected}; make the list again with `drift faults`", file = .file.display())]
    Mismatch {
        /// The fault list.
        file: PathBuf,
        /// Which hash differs.
        what: &'static str,
        /// The hash in the file.
        found: String,
        /// The hash of this run.
        expected: String,
    },
}

/// First line of a fault list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the format.
    pub schema: String,
    /// Hash of the configuration that the coordinates belong to.
    pub config: String,
    /// Hash of the workload that the coordinates belong to.
    pub workload: String,
    /// Seed that the faults were sampled with.
    pub seed: u64,
}

/// One line after the header.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Flip {
        gemm: u32,
        tile: u32,
        pass: u32,
        row: u32,
        pe: [u32; 2],
        register: Register,
        xor: u32,
    },
    Stuck {
        pe: [u32; 2],
        register: Register,
        stuck_mask: u32,
        stuck_value: u32,
    },
}

/// A list of faults by GEMM and tile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultList {
    flips: BTreeMap<(u32, u32), Vec<Fault>>,
    stuck: Vec<StuckAt>,
}

impl FaultList {
    /// An empty list with permanent faults.
    pub fn with_stuck(stuck: Vec<StuckAt>) -> Self {
        Self {
            flips: BTreeMap::new(),
            stuck,
        }
    }

    /// Adds the transient faults of a tile.
    pub fn insert(&mut self, gemm: usize, tile: usize, mut flips: Vec<Fault>) {
        if flips.is_empty() {
            return;
        }
        let entry = self.flips.entry((gemm as u32, tile as u32)).or_default();
        entry.append(&mut flips);
        TileFaults::normalise(entry);
    }

    /// Transient faults of a tile.
    pub fn tile(&self, gemm: usize, tile: usize) -> &[Fault] {
        self.flips
            .get(&(gemm as u32, tile as u32))
            .map_or(&[], Vec::as_slice)
    }

    /// Permanent faults.
    pub fn stuck(&self) -> &[StuckAt] {
        &self.stuck
    }

    /// Number of faults, transient and permanent.
    pub fn len(&self) -> usize {
        self.flips.values().map(Vec::len).sum::<usize>() + self.stuck.len()
    }

    /// Whether the list holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the list through a temporary file that is renamed.
    ///
    /// # Errors
    /// [`FaultError::Io`] names the file.
    pub fn write(
        &self,
        file: &Path,
        config: &ConfigHash,
        workload: &str,
        seed: u64,
    ) -> Result<(), FaultError> {
        let io = |source| FaultError::Io {
            file: file.to_owned(),
            source,
        };
        let temporary = atomic::temporary_beside(file).map_err(io)?;
        let mut out = std::io::BufWriter::new(&temporary);
        let mut put = |line: String| writeln!(out, "{line}").map_err(io);
        let header = Header {
            schema: SCHEMA.to_owned(),
            config: config.to_string(),
            workload: workload.to_owned(),
            seed,
        };
        put(serde_json::to_string(&header).expect("plain data"))?;
        for stuck in &self.stuck {
            let line = Line::Stuck {
                pe: [stuck.site.pe_row, stuck.site.pe_column],
                register: stuck.site.register,
                stuck_mask: stuck.mask,
                stuck_value: stuck.value,
            };
            put(serde_json::to_string(&line).expect("plain data"))?;
        }
        for (&(gemm, tile), flips) in &self.flips {
            for fault in flips {
                let line = Line::Flip {
                    gemm,
                    tile,
                    pass: fault.pass,
                    row: fault.row,
                    pe: [fault.site.pe_row, fault.site.pe_column],
                    register: fault.site.register,
                    xor: fault.xor,
                };
                put(serde_json::to_string(&line).expect("plain data"))?;
            }
        }
        out.flush().map_err(io)?;
        drop(out);
        temporary.persist(file).map_err(|e| io(e.error))?;
        Ok(())
    }

    /// Reads a list and checks every coordinate against the array and the
    /// tilings of the workload's GEMMs.
    ///
    /// # Errors
    /// [`FaultError`] names the file, the line, the value and what is allowed;
    /// a list of another configuration or workload is refused.
    pub fn read(
        file: &Path,
        config: &ArrayConfig,
        workload: &str,
        tilings: &[Tiling],
    ) -> Result<(Self, Header), FaultError> {
        let io = |source| FaultError::Io {
            file: file.to_owned(),
            source,
        };
        let bad = |line: usize, message: String| FaultError::Line {
            file: file.to_owned(),
            line,
            message,
        };
        let reader = BufReader::new(std::fs::File::open(file).map_err(io)?);
        let mut lines = reader.lines().enumerate();
        let (_, first) = lines
            .next()
            .ok_or_else(|| bad(1, "the file is empty; expected a header line".to_owned()))?;
        let header: Header = serde_json::from_str(&first.map_err(io)?)
            .map_err(|e| bad(1, format!("header: {e}")))?;
        if header.schema != SCHEMA {
            let message = format!("schema {:?} is unknown; expected {SCHEMA:?}", header.schema);
            return Err(bad(1, message));
        }
        let checks = [
            ("configuration", &header.config, config.hash().to_string()),
            ("workload", &header.workload, workload.to_owned()),
        ];
        for (what, found, expected) in checks {
            if *found != expected {
                return Err(FaultError::Mismatch {
                    file: file.to_owned(),
                    what,
                    found: found.clone(),
                    expected,
                });
            }
        }
        let mut list = Self::default();
        for (index, line) in lines {
            let number = index + 1;
            let text = line.map_err(io)?;
            if text.trim().is_empty() {
                continue;
            }
            let parsed: Line = serde_json::from_str(&text).map_err(|_| {
                let allowed = "expected {gemm, tile, pass, row, pe: [r, c], register, xor} or \
                               {pe, register, stuck_mask, stuck_value}";
                bad(number, format!("{text}: {allowed}"))
            })?;
            list.add(parsed, config, tilings)
                .map_err(|message| bad(number, message))?;
        }
        for flips in list.flips.values_mut() {
            TileFaults::normalise(flips);
        }
        Ok((list, header))
    }

    /// Checks one line and takes it in.
    fn add(&mut self, line: Line, config: &ArrayConfig, tilings: &[Tiling]) -> Result<(), String> {
        match line {
            Line::Stuck {
                pe,
                register,
                stuck_mask,
                stuck_value,
            } => {
                let site = site(pe, register, config)?;
                check_mask("stuck_mask", stuck_mask, register)?;
                if stuck_value & !stuck_mask != 0 {
                    return Err(format!(
                        "stuck_value {stuck_value} has bits outside stuck_mask {stuck_mask}"
                    ));
                }
                self.stuck.push(StuckAt {
                    site,
                    mask: stuck_mask,
                    value: stuck_value,
                });
            }
            Line::Flip {
                gemm,
                tile,
                pass,
                row,
                pe,
                register,
                xor,
            } => {
                let site = site(pe, register, config)?;
                check_mask("xor", xor, register)?;
                below("gemm", gemm, tilings.len())?;
                let tiling = &tilings[gemm as usize];
                below("tile", tile, tiling.len())?;
                below("pass", pass, tiling.passes())?;
                match config.dataflow {
                    Dataflow::Ws => check_row(row, tile, tiling, config)?,
                    Dataflow::Os => below("row", row, tiling.pass_depth(pass as usize).len())?,
                }
                self.flips.entry((gemm, tile)).or_default().push(Fault {
                    pass,
                    row,
                    site,
                    xor,
                });
            }
        }
        Ok(())
    }
}

fn below(key: &str, value: u32, limit: usize) -> Result<(), String> {
    if (value as usize) < limit {
        Ok(())
    } else {
        Err(format!(
            "{key} {value} is out of range; expected 0..={}",
            limit - 1
        ))
    }
}

/// The rows of a weight-stationary tile: data rows and checksum rows.
fn check_row(row: u32, tile: u32, tiling: &Tiling, config: &ArrayConfig) -> Result<(), String> {
    let data_rows = tiling.tile(tile as usize).rows.len();
    let checksum_rows = config.tile_rows..config.pass_rows();
    if (row as usize) < data_rows || checksum_rows.contains(&(row as usize)) {
        return Ok(());
    }
    Err(format!(
        "row {row} is outside tile {tile}; expected 0..={} or a checksum row {}..{}",
        data_rows - 1,
        checksum_rows.start,
        checksum_rows.end
    ))
}

fn check_mask(key: &str, mask: u32, register: Register) -> Result<(), String> {
    if mask == 0 || mask & !register.mask() != 0 {
        return Err(format!(
            "{key} {mask} is not allowed; {register} has {} bits, expected 1..={}",
            register.bits(),
            register.mask()
        ));
    }
    Ok(())
}

fn site(pe: [u32; 2], register: Register, config: &ArrayConfig) -> Result<Site, String> {
    let [pe_row, pe_column] = pe;
    let (rows, columns) = config.faulty_pes();
    if pe_row as usize >= rows || pe_column as usize >= columns {
        return Err(format!(
            "pe [{pe_row}, {pe_column}] is outside the array; expected [0..={}, 0..={}]{}",
            rows - 1,
            columns - 1,
            match config.checksum_domain {
                ChecksumDomain::Shared => "",
                ChecksumDomain::Protected => " (checksum_domain: protected)",
            }
        ));
    }
    Ok(Site {
        pe_row,
        pe_column,
        register,
    })
}
