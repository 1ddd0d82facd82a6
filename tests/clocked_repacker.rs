//! The repacker on its own, in lockstep with its clocked model: random tiles
//! anywhere in the address space, written and read at the same time.

use drift::config::ArrayConfig;
use drift::cosim::{ModuleSim, lockstep};
use drift::golden::clocked::{Repacker, RepackerInputs, RepackerOutputs};
use drift::golden::{AddressMap, Layout};
use drift::soc::{Backpressure, MasterPins, MemoryPort};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::collections::VecDeque;
use std::path::Path;

/// A tile on its way.
#[derive(Clone, Default)]
struct Tile {
    at: (u32, u32),
    header: u8,
    rows: VecDeque<Vec<u8>>,
}

/// The user of the repacker, and the memory behind it.
struct Bench<L> {
    config: ArrayConfig,
    rng: ChaCha8Rng,
    port: MemoryPort<L>,
    map: AddressMap,
    last: RepackerInputs,
    /// The tile on offer for writing; rows that were not taken yet; tiles written under this layout.
    offered: Option<Tile>,
    rows: VecDeque<Vec<u8>>,
    written: Vec<Tile>,
    /// The tile on offer for reading, and the one being read.
    wanted: Option<Tile>,
    reading: Option<Tile>,
    stopping: bool,
    wrote: u64,
    read: u64,
    done: u64,
}

fn bytes(words: &[u32], count: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.resize(count, 0);
    bytes
}

fn words(bytes: &[u8]) -> Vec<u32> {
    let word =
        |four: &[u8]| (0..four.len()).fold(0, |word, i| word | u32::from(four[i]) << (8 * i));
    bytes.chunks(4).map(word).collect()
}

impl<L: FnMut(u64, bool, u32, u32) -> u64> Bench<L> {
    fn new(config: &ArrayConfig, latency: L) -> Self {
        let mut bench = Self {
            config: config.clone(),
            rng: ChaCha8Rng::seed_from_u64(3),
            port: MemoryPort::new(config.memory_bytes, latency, 4),
            map: AddressMap::default(),
            last: RepackerInputs::default(),
            offered: None,
            rows: VecDeque::new(),
            written: Vec::new(),
            wanted: None,
            reading: None,
            stopping: false,
            wrote: 0,
            read: 0,
            done: 0,
        };
        bench.lay_out();
        bench
    }

    fn below(&mut self, limit: u32) -> u32 {
        self.rng.next_u32() % limit
    }

    /// A layout, some of them so large that the products have all their bits.
    fn lay_out(&mut self) {
        let beat = self.config.memory_bytes as u32;
        let layout = if self.below(2) == 0 {
            Layout::Tile
        } else {
            Layout::RowMajor
        };
        self.map = AddressMap {
            layout,
            base: self.below(u32::MAX / beat) * beat,
            header_base: self.below(u32::MAX / beat) * beat,
            tiles_n: [1 + self.below(4), 1 + self.below(60_000)][self.below(2) as usize],
        };
        self.written.clear();
        self.port.backpressure = Backpressure {
            stall: [0, 60, 200][self.below(3) as usize],
            errors: 0,
            data_first: self.below(2) == 0,
        };
    }

    fn tile(&mut self) -> Tile {
        let rows = 1 + self.below(self.config.tile_rows as u32);
        let tiles_n = self.map.tiles_n;
        let at = (
            [self.below(3), self.below(30_000)][self.below(2) as usize],
            self.below(tiles_n),
        );
        let columns = self.config.columns;
        Tile {
            at,
            header: self.below(256) as u8,
            rows: (0..rows)
                .map(|_| (0..columns).map(|_| self.rng.next_u32() as u8).collect())
                .collect(),
        }
    }

    /// Compares a written tile with the memory.
    fn check(&self, tile: &Tile) {
        let (config, memory, (m, n)) = (&self.config, &self.port.memory, tile.at);
        let mut header = vec![0; config.memory_bytes];
        header[0] = tile.header;
        let found = memory.read(self.map.header(config, m, n), config.memory_bytes);
        assert_eq!(found, header, "{:?} {:?}", self.map, tile.at);
        for (r, row) in tile.rows.iter().enumerate() {
            let mut row = row.clone();
            row.resize(config.row_bytes(), 0);
            let found = memory.read(self.map.row(config, m, n, r as u32), config.row_bytes());
            assert_eq!(found, row, "{:?} {:?} {r}", self.map, tile.at);
        }
    }

    /// Carries out the handshakes of the last cycle.
    fn finish(&mut self, out: &RepackerOutputs) {
        if self.last.write_valid_i && out.write_ready_o {
            let tile = self.offered.take().expect("a tile was offered");
            self.rows = tile.rows.clone();
            self.written.push(tile);
            self.wrote += 1;
        }
        if self.last.write_row_valid_i && out.write_row_ready_o {
            self.rows.pop_front();
        }
        self.done += u64::from(out.write_done_o);
        if self.last.read_valid_i && out.read_ready_o {
            self.reading = self.wanted.take();
        }
        if out.read_row_valid_o && self.last.read_row_ready_i {
            let tile = self.reading.as_mut().expect("a tile is read");
            let row = tile.rows.pop_front().expect("rows are left");
            let found = bytes(&out.read_row_data_o, self.config.columns);
            assert_eq!((found, out.read_header_o), (row, u32::from(tile.header)));
            assert!(!out.read_row_error_o);
            if tile.rows.is_empty() {
                self.reading = None;
                self.read += 1;
            }
        }
    }

    fn drive(&mut self, cycle: u64, out: &RepackerOutputs) -> RepackerInputs {
        self.finish(out);
        let axi = self.port.step(cycle, &MasterPins::from(out)).clone();
        let quiet = out.idle_o && self.offered.is_none() && self.wanted.is_none();
        self.stopping |= self.below(300) == 0;
        if self.stopping && quiet && !self.last.write_valid_i && !self.last.read_valid_i {
            assert!(self.rows.is_empty() && self.reading.is_none() && self.port.is_idle());
            // Of a place that was written twice, the last counts.
            let written = std::mem::take(&mut self.written);
            for (i, tile) in written.iter().enumerate() {
                if written[i + 1..].iter().all(|later| later.at != tile.at) {
                    self.check(tile);
                }
            }
            self.stopping = false;
            self.lay_out();
        }
        if self.offered.is_none() && !self.stopping && self.below(20) == 0 {
            let tile = self.tile();
            let busy = |other: &Option<Tile>| other.as_ref().is_some_and(|o| o.at == tile.at);
            if !busy(&self.wanted) && !busy(&self.reading) {
                self.offered = Some(tile);
            }
        }
        // A tile is read once all that was written lies in memory.
        let settled = self.done == self.wrote && self.offered.is_none() && self.port.is_idle();
        if self.wanted.is_none() && !self.stopping && settled && self.below(4) == 0 {
            self.wanted = self.written.last().cloned();
        }
        let tile_of = |tile: &Option<Tile>| tile.clone().unwrap_or_default();
        let (write, read) = (tile_of(&self.offered), tile_of(&self.wanted));
        let row = self
            .rows
            .front()
            .filter(|_| !cycle.is_multiple_of(7) || self.last.write_row_valid_i);
        let columns = self.config.columns;
        self.last = RepackerInputs {
            row_major_i: self.map.layout == Layout::RowMajor,
            base_i: self.map.base,
            header_base_i: self.map.header_base,
            tiles_n_i: self.map.tiles_n,
            read_valid_i: self.wanted.is_some(),
            read_tile_m_i: read.at.0,
            read_tile_n_i: read.at.1,
            read_rows_i: read.rows.len() as u32,
            read_row_ready_i: !cycle.is_multiple_of(3),
            write_valid_i: self.offered.is_some(),
            write_tile_m_i: write.at.0,
            write_tile_n_i: write.at.1,
            write_rows_i: write.rows.len() as u32,
            write_header_i: u32::from(write.header),
            write_row_valid_i: row.is_some(),
            write_row_data_i: words(row.unwrap_or(&vec![0; columns])),
            m_axi_awready_i: axi.awready,
            m_axi_wready_i: axi.wready,
            m_axi_bvalid_i: axi.bvalid,
            m_axi_bresp_i: axi.bresp,
            m_axi_arready_i: axi.arready,
            m_axi_rvalid_i: axi.rvalid,
            m_axi_rdata_i: axi.rdata,
            m_axi_rresp_i: axi.rresp,
            m_axi_rlast_i: axi.rlast,
        };
        self.last.clone()
    }
}

#[test]
fn the_repacker_and_its_model_agree_with_the_address_maps() {
    for yaml in [
        "{rows: 2, columns: 5, tile_rows: 6, threshold_bit: 3}",
        "{rows: 2, columns: 11, tile_rows: 7, threshold_bit: 3, memory_bytes: 4}",
    ] {
        let config = ArrayConfig::from_yaml(yaml, Path::new("test")).unwrap();
        let mut rtl = ModuleSim::build(&config, "drift_repacker").unwrap();
        let mut model = Repacker::new(&config);
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let latency = move |cycle, _, _, _| cycle + 1 + u64::from(rng.next_u32() % 20);
        let mut bench = Bench::new(&config, latency);
        let result = lockstep(&mut model, &mut rtl, 60_000, |cycle, out| {
            bench.drive(cycle, out)
        });
        if let Err(mismatch) = result {
            panic!("{yaml}: {mismatch}");
        }
        assert!(
            bench.wrote > 500 && bench.read > 200,
            "{} {}",
            bench.wrote,
            bench.read
        );
    }
}
