//! The repacker (`drift_repacker`), cycle by cycle: tiles between a stream of
//! rows of int8 elements and memory beats.

mod channels;
mod pins;

use super::Clocked;
use crate::config::ArrayConfig;
use crate::golden::{AddressMap, Layout};
use channels::{ReadBeat, Reader, Start, WriteWires, Writer};

pub use pins::{RepackerInputs, RepackerOutputs};

/// AxBURST of addresses that count up.
const INCR: u32 = 1;

/// Place and height of a tile.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) tile_m: u32,
    pub(super) tile_n: u32,
    pub(super) rows: u32,
}

/// The first `count` bytes of a wide pin.
pub(super) fn to_bytes(words: &[u32], count: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    bytes.resize(count, 0);
    bytes
}

/// A wide pin.
pub(super) fn to_words(bytes: &[u8]) -> Vec<u32> {
    let word = |four: &[u8]| {
        let mut word = [0; 4];
        word[..four.len()].copy_from_slice(four);
        u32::from_le_bytes(word)
    };
    bytes.chunks(4).map(word).collect()
}

/// The repacker.
pub struct Repacker {
    config: ArrayConfig,
    reader: Reader,
    writer: Writer,
}

impl Repacker {
    /// The repacker after reset.
    pub fn new(config: &ArrayConfig) -> Self {
        Self {
            reader: Reader::new(config),
            writer: Writer::new(config),
            config: config.clone(),
        }
    }

    /// Header byte of the tile that is read.
    pub(super) fn header(&self) -> u8 {
        self.reader.header
    }

    fn write_ready(&self, inputs: &RepackerInputs) -> bool {
        !self.writer.busy() && !inputs.read_valid_i
    }

    fn write_wires(&self, inputs: &RepackerInputs) -> WriteWires {
        let (aw, w) = (inputs.m_axi_awready_i, inputs.m_axi_wready_i);
        self.writer.wires(aw, w)
    }

    /// The output pins in this cycle.
    pub(super) fn pins(&self, inputs: &RepackerInputs) -> RepackerOutputs {
        let write = self.write_wires(inputs);
        let (arvalid, araddr, arlen) = self.reader.address();
        let (row, error) = self.reader.row();
        let size = self.config.memory_bytes.ilog2();
        let read_fire = inputs.m_axi_rvalid_i && self.reader.rready();
        RepackerOutputs {
            read_ready_o: !self.reader.busy(),
            read_header_o: u32::from(self.reader.header),
            read_row_valid_o: self.reader.row_valid(),
            read_row_data_o: to_words(row),
            read_row_error_o: *error,
            write_ready_o: self.write_ready(inputs),
            write_row_ready_o: write.row_ready,
            idle_o: !self.reader.busy() && self.writer.idle(),
            write_done_o: write.done,
            read_error_o: read_fire && inputs.m_axi_rresp_i & 2 != 0,
            write_error_o: inputs.m_axi_bvalid_i && inputs.m_axi_bresp_i & 2 != 0,
            m_axi_awvalid_o: write.awvalid,
            m_axi_awaddr_o: write.awaddr,
            m_axi_awlen_o: write.awlen,
            m_axi_awsize_o: size,
            m_axi_awburst_o: INCR,
            m_axi_wvalid_o: write.wvalid,
            m_axi_wdata_o: to_words(&write.wdata),
            m_axi_wstrb_o: u64::MAX >> (64 - self.config.memory_bytes),
            m_axi_wlast_o: write.wlast,
            m_axi_bready_o: true,
            m_axi_arvalid_o: arvalid,
            m_axi_araddr_o: araddr,
            m_axi_arlen_o: arlen,
            m_axi_arsize_o: size,
            m_axi_arburst_o: INCR,
            m_axi_rready_o: self.reader.rready(),
        }
    }
}

impl Clocked for Repacker {
    type Inputs = RepackerInputs;
    type Outputs = RepackerOutputs;

    fn outputs(&mut self, inputs: &RepackerInputs) -> RepackerOutputs {
        self.pins(inputs)
    }

    fn tick(&mut self, inputs: &RepackerInputs) {
        let map = AddressMap {
            layout: if inputs.row_major_i {
                Layout::RowMajor
            } else {
                Layout::Tile
            },
            base: inputs.base_i,
            header_base: inputs.header_base_i,
            tiles_n: inputs.tiles_n_i,
        };
        let write = (inputs.write_valid_i && self.write_ready(inputs)).then(|| {
            let place = Place {
                tile_m: inputs.write_tile_m_i,
                tile_n: inputs.write_tile_n_i,
                rows: inputs.write_rows_i,
            };
            Start::new(&self.config, &map, place)
        });
        let row = inputs
            .write_row_valid_i
            .then(|| to_bytes(&inputs.write_row_data_i, self.config.columns));
        let wires = self.write_wires(inputs);
        self.writer.tick(
            &wires,
            write
                .as_ref()
                .map(|start| (start, inputs.write_header_i as u8)),
            row,
            inputs.m_axi_bvalid_i,
        );

        let read = (inputs.read_valid_i && !self.reader.busy()).then(|| {
            let place = Place {
                tile_m: inputs.read_tile_m_i,
                tile_n: inputs.read_tile_n_i,
                rows: inputs.read_rows_i,
            };
            Start::new(&self.config, &map, place)
        });
        let data = to_bytes(&inputs.m_axi_rdata_i, self.config.memory_bytes);
        let beat = inputs.m_axi_rvalid_i.then(|| ReadBeat {
            data: &data,
            error: inputs.m_axi_rresp_i & 2 != 0,
        });
        self.reader.tick(
            read.as_ref(),
            inputs.m_axi_arready_i,
            beat,
            inputs.read_row_ready_i,
        );
    }
}
