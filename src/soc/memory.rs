//! A memory behind an AXI4 port: contents, order and handshakes. When a burst
//! is ready is a function that the user supplies, a constant or a DRAM model.

use crate::golden::clocked::{RecoveryOutputs, RepackerOutputs, TopOutputs};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::{BTreeMap, VecDeque};

/// Bytes of a page: of the storage, and of AXI4, whose bursts do not leave it.
const PAGE: u32 = 4096;
/// Bursts of either direction that the port accepts ahead.
const QUEUE: usize = 64;
/// Data beats that it takes before their address.
const EARLY_BEATS: usize = 256;

/// Contents; what was never written is zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    pages: BTreeMap<u32, Vec<u8>>,
}

impl Memory {
    /// `count` bytes from an address on; addresses wrap.
    pub fn read(&self, address: u32, count: usize) -> Vec<u8> {
        let byte = |i: usize| {
            let at = address.wrapping_add(i as u32);
            let page = self.pages.get(&(at / PAGE));
            page.map_or(0, |page| page[(at % PAGE) as usize])
        };
        (0..count).map(byte).collect()
    }

    /// Writes bytes from an address on; addresses wrap.
    pub fn write(&mut self, address: u32, bytes: &[u8]) {
        for (i, &byte) in bytes.iter().enumerate() {
            let at = address.wrapping_add(i as u32);
            let page = self.pages.entry(at / PAGE);
            page.or_insert_with(|| vec![0; PAGE as usize])[(at % PAGE) as usize] = byte;
        }
    }
}

/// What the master drives in a cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MasterPins {
    /// Write address: (address, AxLEN) when valid.
    pub aw: Option<(u32, u32)>,
    /// Write data: (words, last) when valid.
    pub w: Option<(Vec<u32>, bool)>,
    /// Write response is taken.
    pub bready: bool,
    /// Read address: (address, AxLEN) when valid.
    pub ar: Option<(u32, u32)>,
    /// Read data is taken.
    pub rready: bool,
}

/// The pins of a module that has the master port, read as the memory sees them.
macro_rules! master {
    ($($outputs:ty),+) => {$(
        impl From<&$outputs> for MasterPins {
            fn from(pins: &$outputs) -> Self {
                Self {
                    aw: pins
                        .m_axi_awvalid_o
                        .then_some((pins.m_axi_awaddr_o, pins.m_axi_awlen_o)),
                    w: pins
                        .m_axi_wvalid_o
                        .then(|| (pins.m_axi_wdata_o.clone(), pins.m_axi_wlast_o)),
                    bready: pins.m_axi_bready_o,
                    ar: pins
                        .m_axi_arvalid_o
                        .then_some((pins.m_axi_araddr_o, pins.m_axi_arlen_o)),
                    rready: pins.m_axi_rready_o,
                }
            }
        }
    )+};
}
master!(RecoveryOutputs, RepackerOutputs, TopOutputs);

/// What the memory drives in a cycle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SlavePins {
    /// Write address is taken.
    pub awready: bool,
    /// Write data is taken.
    pub wready: bool,
    /// Write response.
    pub bvalid: bool,
    /// 0: okay, 2: error.
    pub bresp: u32,
    /// Read address is taken.
    pub arready: bool,
    /// Read data.
    pub rvalid: bool,
    /// A beat, in words.
    pub rdata: Vec<u32>,
    /// 0: okay, 2: error.
    pub rresp: u32,
    /// Last beat of its burst.
    pub rlast: bool,
}

/// How unruly the port is. All zero: always ready, no errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backpressure {
    /// Of 256 cycles, how many a channel waits in.
    pub stall: u8,
    /// Of 65 536 responses, how many are errors.
    pub errors: u16,
    /// Write addresses are taken only when data has come.
    pub data_first: bool,
}

/// A burst that was accepted.
#[derive(Clone, Debug)]
struct Burst {
    address: u32,
    beats: u32,
    /// Cycle from which its next beat may be given.
    ready: u64,
    /// The same of the beats after that; at once where there is none.
    later: VecDeque<u64>,
}

/// Says from which cycle on each beat of the read asked for last is there.
type Pace = Box<dyn FnMut() -> Vec<u64>>;

/// The memory and the state of its port. `L` says from which cycle on a burst
/// that is complete in a cycle (reads: address; writes: address and data) can be
/// answered: `(cycle, write, address, bytes) -> cycle`.
pub struct MemoryPort<L> {
    /// Contents.
    pub memory: Memory,
    /// How unruly the port is from the next cycle on.
    pub backpressure: Backpressure,
    beat_bytes: u32,
    latency: L,
    pace: Option<Pace>,
    rng: ChaCha8Rng,
    reads: VecDeque<Burst>,
    addresses: VecDeque<(u32, u32)>,
    data: VecDeque<(Vec<u8>, bool)>,
    responses: VecDeque<u64>,
    pins: SlavePins,
}

impl<L: FnMut(u64, bool, u32, u32) -> u64> MemoryPort<L> {
    /// An empty memory with beats of `beat_bytes` bytes.
    pub fn new(beat_bytes: usize, latency: L, seed: u64) -> Self {
        Self {
            memory: Memory::default(),
            backpressure: Backpressure::default(),
            beat_bytes: beat_bytes as u32,
            latency,
            pace: None,
            rng: ChaCha8Rng::seed_from_u64(seed),
            reads: VecDeque::new(),
            addresses: VecDeque::new(),
            data: VecDeque::new(),
            responses: VecDeque::new(),
            pins: SlavePins {
                rdata: vec![0; beat_bytes / 4],
                ..SlavePins::default()
            },
        }
    }

    /// Gives every beat of a read its own time: `pace` is called after each read request and
    /// returns the cycles from which on its beats are there, the first being what the
    /// latency said. Without it, beats follow one another at once.
    pub fn pace_beats(&mut self, pace: impl FnMut() -> Vec<u64> + 'static) {
        self.pace = Some(Box::new(pace));
    }

    /// Whether no burst is under way.
    pub fn is_idle(&self) -> bool {
        self.reads.is_empty()
            && self.addresses.is_empty()
            && self.data.is_empty()
            && self.responses.is_empty()
    }

    /// The pins in `cycle`, given what the master drove in the cycle before.
    ///
    /// # Panics
    /// When a burst crosses a page, is misaligned or ends in the wrong beat.
    pub fn step(&mut self, cycle: u64, master: &MasterPins) -> &SlavePins {
        self.finish(cycle.saturating_sub(1), master);
        self.drive(cycle, master);
        &self.pins
    }

    /// Carries out the handshakes of a cycle.
    fn finish(&mut self, cycle: u64, master: &MasterPins) {
        if let Some((address, len)) = master.ar.filter(|_| self.pins.arready) {
            self.check(address, len);
            let beats = len + 1;
            let ready = (self.latency)(cycle, false, address, beats * self.beat_bytes);
            let pace = self.pace.as_mut().map_or_else(Vec::new, |pace| pace());
            self.reads.push_back(Burst {
                address,
                beats,
                ready,
                later: pace.into_iter().skip(1).collect(),
            });
        }
        if self.pins.rvalid && master.rready {
            self.pins.rvalid = false;
            let burst = self.reads.front_mut().expect("a beat on the bus");
            burst.address += self.beat_bytes;
            burst.beats -= 1;
            burst.ready = burst.later.pop_front().unwrap_or(burst.ready);
            if burst.beats == 0 {
                self.reads.pop_front();
            }
        }
        if let Some((address, len)) = master.aw.filter(|_| self.pins.awready) {
            self.check(address, len);
            self.addresses.push_back((address, len + 1));
        }
        if let Some((words, last)) = master.w.as_ref().filter(|_| self.pins.wready) {
            let bytes = words.iter().flat_map(|word| word.to_le_bytes());
            self.data.push_back((bytes.collect(), *last));
        }
        if self.pins.bvalid && master.bready {
            self.pins.bvalid = false;
            self.responses.pop_front();
        }
        self.complete_writes(cycle);
    }

    /// Writes the bursts of which address and all data have come.
    fn complete_writes(&mut self, cycle: u64) {
        while let Some(&(address, beats)) = self.addresses.front() {
            if self.data.len() < beats as usize {
                break;
            }
            for (i, (bytes, last)) in self.data.drain(..beats as usize).enumerate() {
                assert_eq!(last, i + 1 == beats as usize, "wlast of {address:#x}");
                let at = address + i as u32 * self.beat_bytes;
                self.memory.write(at, &bytes);
            }
            self.addresses.pop_front();
            let ready = (self.latency)(cycle, true, address, beats * self.beat_bytes);
            self.responses.push_back(ready);
        }
    }

    /// Chooses the pins of a cycle; what waits for the master stays as it is.
    fn drive(&mut self, cycle: u64, master: &MasterPins) {
        let data_came = !self.data.is_empty() || master.w.is_some();
        self.pins.arready = self.willing() && self.reads.len() < QUEUE;
        self.pins.awready = self.willing()
            && self.addresses.len() < QUEUE
            && (!self.backpressure.data_first || data_came);
        self.pins.wready = self.willing() && self.data.len() < EARLY_BEATS;
        let read = self.reads.front();
        let read = read.filter(|burst| !self.pins.rvalid && burst.ready <= cycle);
        if let Some((address, beats)) = read.map(|burst| (burst.address, burst.beats))
            && self.willing()
        {
            let bytes = self.memory.read(address, self.beat_bytes as usize);
            let word = |four: &[u8]| u32::from_le_bytes(four.try_into().expect("whole words"));
            self.pins.rvalid = true;
            self.pins.rdata = bytes.chunks(4).map(word).collect();
            self.pins.rresp = self.response();
            self.pins.rlast = beats == 1;
        }
        let write = self.responses.front().copied();
        if write.is_some_and(|ready| !self.pins.bvalid && ready <= cycle) && self.willing() {
            self.pins.bvalid = true;
            self.pins.bresp = self.response();
        }
    }

    fn willing(&mut self) -> bool {
        self.rng.next_u32() as u8 >= self.backpressure.stall
    }

    fn response(&mut self) -> u32 {
        let error = (self.rng.next_u32() as u16) < self.backpressure.errors;
        if error { 2 } else { 0 }
    }

    fn check(&self, address: u32, len: u32) {
        let bytes = (len + 1) * self.beat_bytes;
        assert!(len < 256 && address.is_multiple_of(self.beat_bytes));
        assert!(
            address % PAGE + bytes <= PAGE,
            "{bytes} bytes from {address:#x}"
        );
    }
}
