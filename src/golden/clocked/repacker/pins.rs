//! The pins of `drift_repacker`.

use crate::golden::clocked::signals;

signals! {
    /// Input pins of the repacker.
    pub struct RepackerInputs {
        /// Layout of the matrix.
        row_major_i: bool,
        /// Address of the records or rows.
        base_i: u32,
        /// Address of the headers, row-major.
        header_base_i: u32,
        /// Tiles across.
        tiles_n_i: u32,
        /// A tile is to be read.
        read_valid_i: bool,
        /// Its row of tiles.
        read_tile_m_i: u32,
        /// Its position in that row.
        read_tile_n_i: u32,
        /// Its rows.
        read_rows_i: u32,
        /// A row that was read is taken.
        read_row_ready_i: bool,
        /// A tile is to be written.
        write_valid_i: bool,
        /// Its row of tiles.
        write_tile_m_i: u32,
        /// Its position in that row.
        write_tile_n_i: u32,
        /// Its rows.
        write_rows_i: u32,
        /// Its header byte.
        write_header_i: u32,
        /// A row of it.
        write_row_valid_i: bool,
        /// C int8.
        write_row_data_i: Vec<u32>,
        /// AXI4 write address.
        m_axi_awready_i: bool,
        /// AXI4 write data.
        m_axi_wready_i: bool,
        /// AXI4 write response.
        m_axi_bvalid_i: bool,
        /// Bit 1: error.
        m_axi_bresp_i: u32,
        /// AXI4 read address.
        m_axi_arready_i: bool,
        /// AXI4 read data.
        m_axi_rvalid_i: bool,
        /// B bytes.
        m_axi_rdata_i: Vec<u32>,
        /// Bit 1: error.
        m_axi_rresp_i: u32,
        /// Last beat of a burst.
        m_axi_rlast_i: bool,
    }
}

signals! {
    /// Output pins of the repacker.
    pub struct RepackerOutputs {
        /// The tile to be read is accepted.
        read_ready_o: bool,
        /// Header byte of the tile that is read.
        read_header_o: u32,
        /// A row of it.
        read_row_valid_o: bool,
        /// C int8.
        read_row_data_o: Vec<u32>,
        /// Something up to this row could not be read.
        read_row_error_o: bool,
        /// The tile to be written is accepted.
        write_ready_o: bool,
        /// A row of it is taken.
        write_row_ready_o: bool,
        /// Nothing is under way.
        idle_o: bool,
        /// The last beat of a written tile goes out.
        write_done_o: bool,
        /// An error response to a read.
        read_error_o: bool,
        /// An error response to a write.
        write_error_o: bool,
        /// AXI4 write address.
        m_axi_awvalid_o: bool,
        /// Byte address.
        m_axi_awaddr_o: u32,
        /// Beats - 1.
        m_axi_awlen_o: u32,
        /// log2 of the bytes of a beat.
        m_axi_awsize_o: u32,
        /// INCR.
        m_axi_awburst_o: u32,
        /// AXI4 write data.
        m_axi_wvalid_o: bool,
        /// B bytes.
        m_axi_wdata_o: Vec<u32>,
        /// All ones.
        m_axi_wstrb_o: u64,
        /// Last beat of a burst.
        m_axi_wlast_o: bool,
        /// AXI4 write response.
        m_axi_bready_o: bool,
        /// AXI4 read address.
        m_axi_arvalid_o: bool,
        /// Byte address.
        m_axi_araddr_o: u32,
        /// Beats - 1.
        m_axi_arlen_o: u32,
        /// log2 of the bytes of a beat.
        m_axi_arsize_o: u32,
        /// INCR.
        m_axi_arburst_o: u32,
        /// AXI4 read data.
        m_axi_rready_o: bool,
    }
}
