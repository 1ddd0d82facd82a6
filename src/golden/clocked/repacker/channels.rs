//! The two directions of the repacker, and what cuts their bursts.

use super::Place;
use crate::config::ArrayConfig;
use crate::golden::clocked::fifo::Fifo;
use crate::golden::{AddressMap, Layout};

/// Beats of the longest AXI4 burst.
const MAX_BEATS: u32 = 256;
/// Bytes of the page that no burst leaves.
const PAGE: u32 = 4096;

/// `drift_tile_bursts`: a run of beats is cut into bursts; further runs follow.
struct Bursts {
    valid: bool,
    address: u32,
    left: u32,
    next_row: u32,
    stride: u32,
    runs: u32,
    beat_bytes: u32,
    row_beats: u32,
}

impl Bursts {
    fn new(config: &ArrayConfig) -> Self {
        Self {
            valid: false,
            address: 0,
            left: 0,
            next_row: 0,
            stride: 0,
            runs: 0,
            beat_bytes: config.memory_bytes as u32,
            row_beats: config.row_beats() as u32,
        }
    }

    /// Beats of the present burst.
    fn beats(&self) -> u32 {
        let room = (PAGE - self.address % PAGE) / self.beat_bytes;
        self.left.min(room).min(MAX_BEATS)
    }

    /// AxLEN.
    fn len(&self) -> u32 {
        self.beats().wrapping_sub(1) & 0xff
    }

    fn tick(&mut self, start: Option<&Start>, ready: bool) {
        if let Some(start) = start {
            self.valid = true;
            self.address = start.header;
            self.next_row = start.row;
            self.stride = start.stride;
            (self.left, self.runs) = match start.layout {
                Layout::Tile => (1 + start.rows * self.row_beats, 0),
                Layout::RowMajor => (1, start.rows),
            };
        } else if self.valid && ready {
            let beats = self.beats();
            if self.left > beats {
                self.address = self.address.wrapping_add(beats * self.beat_bytes);
                self.left -= beats;
            } else {
                self.valid = self.runs > 0;
                self.runs = self.runs.saturating_sub(1);
                self.address = self.next_row;
                self.next_row = self.next_row.wrapping_add(self.stride);
                self.left = self.row_beats;
            }
        }
    }
}

/// A tile's addresses.
pub(super) struct Start {
    layout: Layout,
    header: u32,
    row: u32,
    stride: u32,
    rows: u32,
}

impl Start {
    /// `drift_address_map`.
    pub(super) fn new(config: &ArrayConfig, map: &AddressMap, place: Place) -> Self {
        Self {
            layout: map.layout,
            header: map.header(config, place.tile_m, place.tile_n),
            row: map.row(config, place.tile_m, place.tile_n, 0),
            stride: map.stride(config),
            rows: place.rows,
        }
    }
}

/// `drift_repack_reader` with its `drift_row_unpacker`.
pub(super) struct Reader {
    bursts: Bursts,
    left: u32,
    await_header: bool,
    failed: bool,
    pub(super) header: u8,
    /// The row that is put together, the beat that comes next, and whether the row is complete.
    row: Vec<u8>,
    segment: usize,
    row_full: bool,
    row_error: bool,
    /// Complete rows, and whether something up to them could not be read.
    rows: Fifo<(Vec<u8>, bool)>,
}

/// A beat on the R channel.
pub(super) struct ReadBeat<'a> {
    pub(super) data: &'a [u8],
    pub(super) error: bool,
}

impl Reader {
    pub(super) fn new(config: &ArrayConfig) -> Self {
        Self {
            bursts: Bursts::new(config),
            left: 0,
            await_header: false,
            failed: false,
            header: 0,
            row: vec![0; config.columns],
            segment: 0,
            row_full: false,
            row_error: false,
            rows: Fifo::new(config.tile_rows),
        }
    }

    pub(super) fn busy(&self) -> bool {
        self.left > 0 || self.row_full || self.rows.out_valid()
    }

    pub(super) fn row_valid(&self) -> bool {
        self.rows.out_valid()
    }

    /// The row at the output, and whether something up to it could not be read.
    pub(super) fn row(&self) -> &(Vec<u8>, bool) {
        self.rows.out()
    }

    /// (arvalid, araddr, arlen)
    pub(super) fn address(&self) -> (bool, u32, u32) {
        (self.bursts.valid, self.bursts.address, self.bursts.len())
    }

    pub(super) fn rready(&self) -> bool {
        self.left > 0 && (self.await_header || !self.row_full || self.rows.in_ready())
    }

    /// `beat`: what is on the R channel, accepted if ready.
    pub(super) fn tick(
        &mut self,
        start: Option<&Start>,
        arready: bool,
        beat: Option<ReadBeat<'_>>,
        row_ready: bool,
    ) {
        self.bursts.tick(start, arready);
        let accepted = beat.filter(|_| self.rready());
        let push = self.row_full.then(|| (self.row.clone(), self.row_error));
        self.row_full &= !self.rows.in_ready();
        self.rows.tick(push, row_ready);
        if let Some(start) = start {
            self.left = 1 + start.rows * self.bursts.row_beats;
            self.await_header = true;
            self.failed = false;
        } else if let Some(beat) = accepted {
            self.left -= 1;
            self.failed |= beat.error;
            if self.await_header {
                self.header = beat.data[0];
            } else {
                let from = self.segment * beat.data.len();
                for (element, &byte) in self.row[from..].iter_mut().zip(beat.data) {
                    *element = byte;
                }
                self.segment = (self.segment + 1) % self.bursts.row_beats as usize;
                self.row_full = self.segment == 0;
                self.row_error = self.failed;
            }
            self.await_header = false;
        }
    }
}

/// `drift_repack_writer` with its `drift_row_packer`.
pub(super) struct Writer {
    bursts: Bursts,
    left: u32,
    header: bool,
    header_byte: u8,
    aw_done: bool,
    w_done: bool,
    sent: u32,
    /// Bursts without a response.
    waiting: u32,
    row: Vec<u8>,
    segment: usize,
    row_full: bool,
}

/// The write channels in one cycle.
pub(super) struct WriteWires {
    pub(super) awvalid: bool,
    pub(super) awaddr: u32,
    pub(super) awlen: u32,
    pub(super) wvalid: bool,
    pub(super) wdata: Vec<u8>,
    pub(super) wlast: bool,
    /// A row is taken.
    pub(super) row_ready: bool,
    /// The last beat of the tile goes out.
    pub(super) done: bool,
    aw_fire: bool,
    w_fire: bool,
    burst_done: bool,
    row_done: bool,
}

impl Writer {
    pub(super) fn new(config: &ArrayConfig) -> Self {
        Self {
            bursts: Bursts::new(config),
            left: 0,
            header: false,
            header_byte: 0,
            aw_done: false,
            w_done: false,
            sent: 0,
            waiting: 0,
            row: vec![0; config.columns],
            segment: 0,
            row_full: false,
        }
    }

    pub(super) fn busy(&self) -> bool {
        self.bursts.valid
    }

    pub(super) fn idle(&self) -> bool {
        !self.busy() && self.waiting == 0
    }

    pub(super) fn wires(&self, awready: bool, wready: bool) -> WriteWires {
        let beat_bytes = self.bursts.beat_bytes as usize;
        let allowed = self.bursts.valid && self.waiting != 0xff;
        let awvalid = allowed && !self.aw_done;
        let wvalid = allowed && !self.w_done && (self.header || self.row_full);
        let wlast = self.sent == self.bursts.len();
        let mut wdata = if self.header {
            vec![self.header_byte]
        } else {
            let from = self.segment * beat_bytes;
            self.row[from..self.row.len().min(from + beat_bytes)].to_vec()
        };
        wdata.resize(beat_bytes, 0);
        let (aw_fire, w_fire) = (awvalid && awready, wvalid && wready);
        let burst_done = (self.aw_done || aw_fire) && (self.w_done || (w_fire && wlast));
        let row_done = self.row_full
            && w_fire
            && !self.header
            && self.segment + 1 == self.bursts.row_beats as usize;
        WriteWires {
            awvalid,
            awaddr: self.bursts.address,
            awlen: self.bursts.len(),
            wvalid,
            wdata,
            wlast,
            row_ready: !self.row_full || row_done,
            done: burst_done && self.left == u32::from(w_fire),
            aw_fire,
            w_fire,
            burst_done,
            row_done,
        }
    }

    /// `row`: the row on offer; `start` comes with the header byte.
    pub(super) fn tick(
        &mut self,
        wires: &WriteWires,
        start: Option<(&Start, u8)>,
        row: Option<Vec<u8>>,
        bvalid: bool,
    ) {
        self.bursts
            .tick(start.map(|(start, _)| start), wires.burst_done);
        if wires.row_done {
            self.segment = 0;
        } else if self.row_full && wires.w_fire && !self.header {
            self.segment += 1;
        }
        self.row_full &= !wires.row_done;
        if let Some(row) = row.filter(|_| wires.row_ready) {
            self.row = row;
            self.row_full = true;
        }
        if let Some((start, byte)) = start {
            self.left = 1 + start.rows * self.bursts.row_beats;
            self.header = true;
            self.header_byte = byte;
        }
        self.aw_done |= wires.aw_fire;
        if wires.w_fire {
            self.left -= 1;
            self.header = false;
            self.sent += 1;
            self.w_done = wires.wlast;
        }
        if wires.burst_done {
            (self.aw_done, self.w_done, self.sent) = (false, false, 0);
        }
        self.waiting += u32::from(wires.burst_done);
        self.waiting -= u32::from(bvalid);
    }
}
