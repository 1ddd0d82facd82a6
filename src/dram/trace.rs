//! Request traces that other DRAM simulators replay, one line per burst.
//!
//! Their channel must be as wide and as large as the device. For `ddr4-3200-x16`
//! that is, in Ramulator 2, the presets `DDR4_8Gb_x16` and `DDR4_3200AA` with
//! `channel_width: 16` and one rank; in DRAMsim3, `DDR4_8Gb_x16_3200.ini` with
//! `bus_width = 16` and `channel_size = 1024`. Both serve row hits out of order, so
//! their cycles are others; row activations can be compared where requests visit
//! each row once, as those of a checkpoint tile do.

use super::{Access, Bursts, ClockRatio, Device, TraceError};
use crate::atomic;
use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tempfile::NamedTempFile;

/// Who can read a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceFormat {
    /// Ramulator 2, front end `LoadStoreTrace`: `LD 0x1f00` or `ST 0x1f00`, byte
    /// addresses. To be replayed with the address mapper `RoBaRaCoCh`.
    Ramulator2LoadStore,
    /// Ramulator 2, front end `ReadWriteTrace`: `R 0,0,1,3,9,40` or `W …`, the number
    /// of channel, rank, bank group, bank, row and column. Without bank group for
    /// devices that have one only; columns count bursts, as Ramulator 2's own mappers
    /// do. To be replayed with `PassThroughAddrMapper`, which version 2.1 has; the
    /// memory system of version 2.0 maps every request anew.
    Ramulator2ReadWrite,
    /// DRAMsim3, `-t`: `0x1F00 READ 27` or `… WRITE …`, byte address and the DRAM cycle
    /// in which the request comes. To be replayed with `rochrababgco`.
    DramSim3,
}

impl TraceFormat {
    /// All formats with their names.
    pub const NAMES: [(&str, Self); 3] = [
        ("ramulator2", Self::Ramulator2LoadStore),
        ("ramulator2-rw", Self::Ramulator2ReadWrite),
        ("dramsim3", Self::DramSim3),
    ];
}

impl fmt::Display for TraceFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Self::NAMES.iter().find(|(_, format)| format == self);
        f.write_str(named.map_or("", |(name, _)| name))
    }
}

impl FromStr for TraceFormat {
    type Err = TraceError;

    fn from_str(text: &str) -> Result<Self, TraceError> {
        let named = Self::NAMES.iter().find(|(name, _)| *name == text);
        named.map(|(_, format)| *format).ok_or_else(|| {
            let names: Vec<&str> = Self::NAMES.iter().map(|(name, _)| *name).collect();
            TraceError::Format {
                text: text.to_owned(),
                allowed: names.join(", "),
            }
        })
    }
}

/// A trace that is being written. It goes to disk as it comes, and appears under
/// its name when it is finished; dropped before, it leaves nothing.
#[derive(Debug)]
pub struct TraceWriter {
    target: PathBuf,
    format: TraceFormat,
    device: Device,
    ratio: ClockRatio,
    /// DRAM cycle of the latest request; traces are in the order of time.
    arrival: u64,
    out: BufWriter<NamedTempFile>,
}

impl TraceWriter {
    /// Starts a trace of the requests to a device.
    ///
    /// # Errors
    /// [`TraceError::Write`] if the folder of `target` cannot be written to.
    pub fn create(
        target: &Path,
        format: TraceFormat,
        device: &Device,
        ratio: ClockRatio,
    ) -> Result<Self, TraceError> {
        let temporary = atomic::temporary_beside(target).map_err(|source| TraceError::Write {
            file: target.to_owned(),
            source,
        })?;
        Ok(Self {
            target: target.to_owned(),
            format,
            device: device.clone(),
            ratio,
            arrival: 0,
            out: BufWriter::new(temporary),
        })
    }

    /// Appends a request, with the arguments of [`super::Memory::access`].
    ///
    /// # Errors
    /// [`TraceError::Write`].
    pub fn record(
        &mut self,
        cycle: u64,
        access: Access,
        address: u64,
        bytes: u32,
    ) -> Result<(), TraceError> {
        self.arrival = self.arrival.max(self.ratio.to_dram(cycle));
        for burst in Bursts::new(&self.device, address, bytes) {
            self.line(access, burst)
                .map_err(|source| TraceError::Write {
                    file: self.target.clone(),
                    source,
                })?;
        }
        Ok(())
    }

    /// Puts the complete trace in its place.
    ///
    /// # Errors
    /// [`TraceError::Write`]; whatever was there before is untouched then.
    pub fn finish(self) -> Result<(), TraceError> {
        let Self { target, out, .. } = self;
        let persist = |out: BufWriter<NamedTempFile>| -> io::Result<()> {
            let file = out.into_inner().map_err(|e| e.into_error())?;
            file.persist(&target).map_err(|e| e.error)?;
            Ok(())
        };
        persist(out).map_err(|source| TraceError::Write {
            file: target.clone(),
            source,
        })
    }

    fn line(&mut self, access: Access, burst: u64) -> io::Result<()> {
        let read = access == Access::Read;
        let pick = |if_read, if_write| if read { if_read } else { if_write };
        let address = burst % self.device.capacity();
        match self.format {
            TraceFormat::Ramulator2LoadStore => {
                writeln!(self.out, "{} {address:#x}", pick("LD", "ST"))
            }
            TraceFormat::Ramulator2ReadWrite => {
                let at = self.device.locate(burst);
                write!(self.out, "{} 0,0,", pick("R", "W"))?;
                if self.device.bank_groups > 1 {
                    write!(self.out, "{},", at.bank_group)?;
                }
                writeln!(self.out, "{},{},{}", at.bank, at.row, at.column)
            }
            TraceFormat::DramSim3 => {
                let name = pick("READ", "WRITE");
                writeln!(self.out, "{address:#X} {name} {}", self.arrival)
            }
        }
    }
}
