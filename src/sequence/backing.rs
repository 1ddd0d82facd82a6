//! The memory behind the accelerator's port: a fixed latency or a DRAM model,
//! with the traffic of fetches and of checkpoint writes counted apart.

use crate::dram::{
    Access, BankCounts, Device, Energy, Memory, TraceError, TraceFormat, TraceWriter,
};
use std::path::Path;

/// Accesses of one direction. The accelerator reads to roll back, and writes
/// checkpoints; there is nothing else on its port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// AXI bursts.
    pub requests: u64,
    /// Bytes.
    pub bytes: u64,
    /// What the DRAM did for them: the difference of its counts around each access. A
    /// row that a write closed and a read opens again counts as the read's activation.
    pub counts: BankCounts,
}

/// When the memory answers.
pub struct MemoryModel {
    kind: Kind,
    beat_bytes: u32,
    /// When each beat of the read asked for last is there; empty for one per cycle.
    beats: Vec<u64>,
    trace: Option<TraceWriter>,
    /// The first line of the trace that could not be written.
    trace_error: Option<TraceError>,
    /// Fetches of checkpoints.
    pub reads: Traffic,
    /// Writes of checkpoints.
    pub writes: Traffic,
}

enum Kind {
    /// So many cycles from the request to its first beat.
    Fixed(u64),
    Dram(Box<Channel>),
}

/// A DRAM channel and what it is.
struct Channel {
    device: Device,
    memory: Memory,
}

impl MemoryModel {
    /// A memory that answers every burst after the same number of cycles.
    pub fn fixed(cycles: u64, beat_bytes: usize) -> Self {
        Self::new(Kind::Fixed(cycles), beat_bytes)
    }

    /// A DRAM channel.
    pub fn dram(device: &Device, beat_bytes: usize) -> Self {
        let memory = Memory::new(device, device.clock_ratio());
        let device = device.clone();
        Self::new(Kind::Dram(Box::new(Channel { device, memory })), beat_bytes)
    }

    fn new(kind: Kind, beat_bytes: usize) -> Self {
        Self {
            kind,
            beat_bytes: beat_bytes as u32,
            beats: Vec::new(),
            trace: None,
            trace_error: None,
            reads: Traffic::default(),
            writes: Traffic::default(),
        }
    }

    /// Writes all requests from now on into a trace; without a DRAM there is none.
    ///
    /// # Errors
    /// [`TraceError::Write`] if the folder of `file` cannot be written to.
    pub fn trace(&mut self, file: &Path, format: TraceFormat) -> Result<(), TraceError> {
        if let Some(device) = self.device() {
            let ratio = device.clock_ratio();
            self.trace = Some(TraceWriter::create(file, format, device, ratio)?);
        }
        Ok(())
    }

    /// Puts the complete trace in its place.
    ///
    /// # Errors
    /// [`TraceError::Write`], also for lines that could not be written before.
    pub fn finish_trace(&mut self) -> Result<(), TraceError> {
        if let Some(error) = self.trace_error.take() {
            return Err(error);
        }
        self.trace.take().map_or(Ok(()), TraceWriter::finish)
    }

    /// The DRAM, if it is one.
    pub fn device(&self) -> Option<&Device> {
        match &self.kind {
            Kind::Fixed(_) => None,
            Kind::Dram(channel) => Some(&channel.device),
        }
    }

    /// Bytes that it has; addresses are 32 bits wide.
    pub fn capacity(&self) -> u64 {
        let addressable = 1 << 32;
        self.device()
            .map_or(addressable, |device| device.capacity().min(addressable))
    }

    /// Energy of the DRAM until a cycle of the accelerator.
    pub fn energy(&self, cycle: u64) -> Option<Energy> {
        match &self.kind {
            Kind::Fixed(_) => None,
            Kind::Dram(channel) => Some(channel.memory.energy(cycle)),
        }
    }

    /// The cycle from which on a burst that comes in `cycle` is answered: its first beat
    /// is there (read), or its last one is written.
    pub(super) fn answer(&mut self, cycle: u64, write: bool, address: u32, bytes: u32) -> u64 {
        let access = if write { Access::Write } else { Access::Read };
        let traffic = if write {
            &mut self.writes
        } else {
            &mut self.reads
        };
        traffic.requests += 1;
        traffic.bytes += u64::from(bytes);
        if let Some(trace) = &mut self.trace
            && let Err(error) = trace.record(cycle, access, address.into(), bytes)
        {
            self.trace_error.get_or_insert(error);
        }
        match &mut self.kind {
            Kind::Fixed(latency) => {
                // The beats follow one another.
                self.beats.clear();
                cycle + *latency
            }
            Kind::Dram(channel) => {
                let memory = &mut channel.memory;
                let before = memory.counts().total();
                let beats = bytes / self.beat_bytes;
                let ends =
                    memory.access_beats(cycle, access, address.into(), beats, self.beat_bytes);
                traffic.counts += memory.counts().total() - before;
                // Bursts of the port have a beat at least.
                match access {
                    Access::Read => {
                        self.beats = ends;
                        self.beats[0]
                    }
                    Access::Write => ends[ends.len() - 1],
                }
            }
        }
    }

    /// When each beat of the read asked for last is there; empty for one per cycle from
    /// the first on.
    pub(super) fn beats(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.beats)
    }
}
