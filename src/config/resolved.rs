//! The validated configuration and the quantities that follow from it.

use super::SHIPPED;
use super::points::{self, RunDefaults};
use super::raw::RawConfig;
use crate::input::{self, InputError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::path::Path;

/// Which operand stays in the PE while the others stream past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dataflow {
    /// Weight-stationary: psums flow down the columns.
    Ws,
    /// Output-stationary: psums stay, both operands stream past.
    Os,
}

impl fmt::Display for Dataflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Dataflow::Ws => "ws",
            Dataflow::Os => "os",
        })
    }
}

/// Whether the PEs of the checksums can fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChecksumDomain {
    /// The PEs of the checksums share the array's supply and can fault like it.
    Shared,
    /// The PEs of the checksums (columns, and in OS rows) sit in a nominal-voltage domain and never fault.
    Protected,
}

/// Tiles of a GEMM that can wait for being computed again.
pub const REPEAT_DEPTH: usize = 16;
/// Layers that can have checkpoints at a time.
pub const LAYERS: usize = 256;

/// A validated accelerator configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ArrayConfig {
    /// PE rows R, without those of the checksums: along the reduction dimension K (WS), or along M (OS); 2..=256.
    pub rows: usize,
    /// PE columns C, along N, without the checksum columns; 2..=256.
    pub columns: usize,
    /// Rows T of an output tile, along M; 2..=256, and R in an output-stationary array.
    pub tile_rows: usize,
    /// Dataflow of the array.
    pub dataflow: Dataflow,
    /// θ where a run names no other: a syndrome of magnitude 2^θ or more is flagged; 0..=31.
    pub threshold_bit: u32,
    /// Whether the array has checksum columns and rows at all.
    pub checksum: bool,
    /// Whether the checksums' own PEs can fault.
    pub checksum_domain: ChecksumDomain,
    /// Bytes of a beat on the memory bus; a power of two, 4..=64.
    pub memory_bytes: usize,
    /// Reset values of run-time registers.
    pub run: RunDefaults,
}

impl ArrayConfig {
    /// The configuration of this name in [`SHIPPED`], or in the YAML file of this path.
    ///
    /// # Errors
    /// [`InputError`] names the file, the key, the value and the allowed range.
    pub fn load(name_or_path: &str) -> Result<Self, InputError> {
        match SHIPPED.iter().find(|(name, _)| *name == name_or_path) {
            Some((name, yaml)) => Self::from_yaml(yaml, Path::new(name)),
            None => Self::from_file(Path::new(name_or_path)),
        }
    }

    /// Reads and validates a YAML file.
    ///
    /// # Errors
    /// [`InputError`] names the file, the key, the value and the allowed range.
    pub fn from_file(path: &Path) -> Result<Self, InputError> {
        Self::from_yaml(&input::read(path)?, path)
    }

    /// Validates YAML text; `origin` names it in error messages.
    ///
    /// # Errors
    /// [`InputError::Syntax`] or [`InputError::Value`].
    pub fn from_yaml(text: &str, origin: &Path) -> Result<Self, InputError> {
        let raw: RawConfig = input::from_yaml(text, origin)?;
        let bad = |key: &'static str, value: String, allowed: &str| {
            InputError::value(origin, key, value, allowed)
        };
        let within = |key, value: i64, low: i64, high: i64| {
            if (low..=high).contains(&value) {
                Ok(value as usize)
            } else {
                let allowed = format!("expected an integer in {low}..={high}");
                Err(bad(key, value.to_string(), &allowed))
            }
        };
        let dataflow = match raw.dataflow.as_str() {
            "ws" => Dataflow::Ws,
            "os" => Dataflow::Os,
            _ => return Err(bad("dataflow", raw.dataflow, "expected ws or os")),
        };
        let checksum_domain = match raw.checksum_domain.as_str() {
            "shared" => ChecksumDomain::Shared,
            "protected" => ChecksumDomain::Protected,
            _ => {
                return Err(bad(
                    "checksum_domain",
                    raw.checksum_domain,
                    "expected shared or protected",
                ));
            }
        };
        let memory_bytes = within("memory_bytes", raw.memory_bytes, 4, 64)?;
        if !memory_bytes.is_power_of_two() {
            let found = memory_bytes.to_string();
            return Err(bad(
                "memory_bytes",
                found,
                "expected a power of two in 4..=64",
            ));
        }
        let interval = raw.checkpoint_interval;
        let rows = within("rows", raw.rows, 2, 256)?;
        let tile_rows = within("tile_rows", raw.tile_rows, 2, 256)?;
        if dataflow == Dataflow::Os && tile_rows != rows {
            let allowed = format!(
                "expected {rows}, as rows: the rows of an output-stationary array (dataflow: os) are those of the tile"
            );
            return Err(bad("tile_rows", tile_rows.to_string(), &allowed));
        }
        Ok(Self {
            rows,
            columns: within("columns", raw.columns, 2, 256)?,
            tile_rows,
            dataflow,
            threshold_bit: within("threshold_bit", raw.threshold_bit, 0, 31)? as u32,
            checksum: raw.checksum,
            checksum_domain,
            memory_bytes,
            run: RunDefaults {
                points: points::table(raw.operating_points, &within, &bad)?,
                schedule: points::schedule(raw.schedule, &within, &bad)?,
                checkpoint_interval: within("checkpoint_interval", interval, 1, 65_535)? as u32,
            },
        })
    }

    /// Checksum columns beside the C data columns: two digits, or none.
    pub fn checksum_columns(&self) -> usize {
        if self.checksum { 2 } else { 0 }
    }

    /// Checksum rows, streamed after the data rows of a pass (WS) or rows of PEs (OS): two digits, or none.
    pub fn checksum_rows(&self) -> usize {
        self.checksum_columns()
    }

    /// Columns of PEs including the checksum columns.
    pub fn lanes(&self) -> usize {
        self.columns + self.checksum_columns()
    }

    /// Rows of PEs, those of the checksums included.
    pub fn pe_rows(&self) -> usize {
        match self.dataflow {
            Dataflow::Ws => self.rows,
            Dataflow::Os => self.rows + self.checksum_rows(),
        }
    }

    /// Rows and columns of PEs that can fault: all, or in a protected checksum
    /// domain those without the PEs of the checksums.
    pub fn faulty_pes(&self) -> (usize, usize) {
        match self.checksum_domain {
            ChecksumDomain::Shared => (self.pe_rows(), self.lanes()),
            ChecksumDomain::Protected => (self.rows, self.columns),
        }
    }

    /// Rows of an output tile with its checksums: T data rows, then the
    /// high-digit and the low-digit checksum row.
    pub fn pass_rows(&self) -> usize {
        self.tile_rows + self.checksum_rows()
    }

    /// Beats of a row of a tile in memory: its C int8 elements, padded.
    pub fn row_beats(&self) -> usize {
        self.columns.div_ceil(self.memory_bytes)
    }

    /// Bytes of a row of a tile in memory.
    pub fn row_bytes(&self) -> usize {
        self.row_beats() * self.memory_bytes
    }

    /// Bytes from one checkpoint to the next in the tile layout: the next power of two
    /// that holds a header beat and T rows.
    pub fn tile_stride(&self) -> usize {
        (self.memory_bytes + self.tile_rows * self.row_bytes()).next_power_of_two()
    }

    /// Hash of everything that changes the hardware or the meaning of a fault
    /// coordinate. θ and the other reset values are left out: they are run-time registers.
    pub fn hash(&self) -> ConfigHash {
        let mut identity = self.clone();
        identity.threshold_bit = 0;
        identity.run = RunDefaults::default();
        let text = serde_json::to_string(&identity).expect("a plain struct serialises");
        let digest = Sha256::digest(text.as_bytes());
        ConfigHash(digest[..8].iter().map(|b| format!("{b:02x}")).collect())
    }
}

/// Identity of a configuration, written into fault lists and records.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConfigHash(String);

impl fmt::Display for ConfigHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
