{{ banner }}
// Moves int8 tiles between a stream of rows ({{ columns }} elements a row) and memory ({{ memory_bytes }} bytes a beat) over an AXI4 master, in
// either of two layouts, and both directions at once. It holds one tile that is read and one row that is written, never the
// matrix. The layouts are in drift_address_map; a tile is a header of one beat, byte 0 of which is the user's, and up to
// TileRows rows.
//
// To read: offer read_tile_m_i, read_tile_n_i and read_rows_i; when they are accepted, take read_rows_i rows from the
// read_row stream. To write: the same with the write_ ports and the header byte, then give the rows. Tiles come one
// after the other in each direction; the next may be offered at any time. The layout inputs are constant while idle_o
// is low. Bases are multiples of MemoryBytes.
//
// AXI4: INCR bursts of whole beats, at most 256 of them, never across 4 KiB, one ID; no valid waits for a ready; reads of
// a tile are issued without waiting for data; read data and write responses are taken at once, whatever the row streams do,
// so that a memory that serves one request at a time cannot lock up. Write data may wait for rows. Reads and writes are not
// ordered against each other: the user does not read a tile while it is written.
//
// Latency: read address one cycle after the tile was accepted, rows two cycles after their last beat; write address and
// header one cycle after the tile was accepted.

`include "drift_assert.svh"

module drift_repacker (
  input  logic                                clk_i,
  input  logic                                rst_ni,

  // Layout of the matrix, see drift_address_map.
  input  logic                                row_major_i,
  input  logic [31:0]                         base_i,
  input  logic [31:0]                         header_base_i,
  input  logic [drift_pkg::TileWidth-1:0]     tiles_n_i,

  // Tile to read.
  input  logic                                read_valid_i,
  output logic                                read_ready_o,
  input  logic [drift_pkg::TileWidth-1:0]     read_tile_m_i,
  input  logic [drift_pkg::TileWidth-1:0]     read_tile_n_i,
  input  logic [drift_pkg::RowWidth-1:0]      read_rows_i,
  // Its header byte, valid with every row, and its rows. Error: something of the tile up to this row could not be read.
  output logic [7:0]                          read_header_o,
  output logic                                read_row_valid_o,
  input  logic                                read_row_ready_i,
  output logic [8*drift_pkg::Columns-1:0]     read_row_data_o,
  output logic                                read_row_error_o,

  // Tile to write, its header byte and its rows.
  input  logic                                write_valid_i,
  output logic                                write_ready_o,
  input  logic [drift_pkg::TileWidth-1:0]     write_tile_m_i,
  input  logic [drift_pkg::TileWidth-1:0]     write_tile_n_i,
  input  logic [drift_pkg::RowWidth-1:0]      write_rows_i,
  input  logic [7:0]                          write_header_i,
  input  logic                                write_row_valid_i,
  output logic                                write_row_ready_o,
  input  logic [8*drift_pkg::Columns-1:0]     write_row_data_i,

  // Nothing is under way, all writes are answered.
  output logic                                idle_o,
  // The last beat of a written tile goes out.
  output logic                                write_done_o,
  // An error response to a read or a write is taken.
  output logic                                read_error_o,
  output logic                                write_error_o,

  output logic                                m_axi_awvalid_o,
  input  logic                                m_axi_awready_i,
  output logic [31:0]                         m_axi_awaddr_o,
  output logic [7:0]                          m_axi_awlen_o,
  output logic [2:0]                          m_axi_awsize_o,
  output logic [1:0]                          m_axi_awburst_o,
  output logic                                m_axi_wvalid_o,
  input  logic                                m_axi_wready_i,
  output logic [8*drift_pkg::MemoryBytes-1:0] m_axi_wdata_o,
  output logic [drift_pkg::MemoryBytes-1:0]   m_axi_wstrb_o,
  output logic                                m_axi_wlast_o,
  input  logic                                m_axi_bvalid_i,
  output logic                                m_axi_bready_o,
  input  logic [1:0]                          m_axi_bresp_i,
  output logic                                m_axi_arvalid_o,
  input  logic                                m_axi_arready_i,
  output logic [31:0]                         m_axi_araddr_o,
  output logic [7:0]                          m_axi_arlen_o,
  output logic [2:0]                          m_axi_arsize_o,
  output logic [1:0]                          m_axi_arburst_o,
  input  logic                                m_axi_rvalid_i,
  output logic                                m_axi_rready_o,
  input  logic [8*drift_pkg::MemoryBytes-1:0] m_axi_rdata_i,
  input  logic [1:0]                          m_axi_rresp_i,
  input  logic                                m_axi_rlast_i
);

  // AxSIZE of a whole beat, AxBURST of addresses that count up.
  localparam logic [2:0] BeatSize = 3'd{{ beat_size }};
  localparam logic [1:0] Incr = 2'b01;

  logic        read_busy, write_busy, write_waiting;
  logic        read_start, write_start;
  logic [31:0] header, row, stride;
  logic        unused_last;

  // One address map for both directions; a read goes first.
  assign read_ready_o  = !read_busy;
  assign write_ready_o = !write_busy && !read_valid_i;
  assign read_start    = read_valid_i && read_ready_o;
  assign write_start   = write_valid_i && write_ready_o;
  assign idle_o        = !read_busy && !write_busy && !write_waiting;

  drift_address_map u_address_map (
    .row_major_i,
    .base_i,
    .header_base_i,
    .tiles_n_i,
    .tile_m_i(read_valid_i ? read_tile_m_i : write_tile_m_i),
    .tile_n_i(read_valid_i ? read_tile_n_i : write_tile_n_i),
    .header_o(header),
    .row_o   (row),
    .stride_o(stride)
  );

  drift_repack_reader u_reader (
    .clk_i,
    .rst_ni,
    .start_i    (read_start),
    .row_major_i,
    .header_i   (header),
    .row_i      (row),
    .stride_i   (stride),
    .rows_i     (read_rows_i),
    .busy_o     (read_busy),
    .header_o   (read_header_o),
    .row_valid_o(read_row_valid_o),
    .row_ready_i(read_row_ready_i),
    .row_data_o (read_row_data_o),
    .row_error_o(read_row_error_o),
    .m_axi_arvalid_o,
    .m_axi_arready_i,
    .m_axi_araddr_o,
    .m_axi_arlen_o,
    .m_axi_rvalid_i,
    .m_axi_rready_o,
    .m_axi_rdata_i,
    .m_axi_rresp_i,
    .error_o    (read_error_o)
  );

  drift_repack_writer u_writer (
    .clk_i,
    .rst_ni,
    .start_i         (write_start),
    .row_major_i,
    .header_address_i(header),
    .row_i           (row),
    .stride_i        (stride),
    .rows_i          (write_rows_i),
    .header_i        (write_header_i),
    .busy_o          (write_busy),
    .done_o          (write_done_o),
    .waiting_o       (write_waiting),
    .row_valid_i     (write_row_valid_i),
    .row_ready_o     (write_row_ready_o),
    .row_data_i      (write_row_data_i),
    .m_axi_awvalid_o,
    .m_axi_awready_i,
    .m_axi_awaddr_o,
    .m_axi_awlen_o,
    .m_axi_wvalid_o,
    .m_axi_wready_i,
    .m_axi_wdata_o,
    .m_axi_wlast_o,
    .m_axi_bvalid_i,
    .m_axi_bready_o,
    .m_axi_bresp_i,
    .error_o         (write_error_o)
  );

  assign m_axi_awsize_o  = BeatSize;
  assign m_axi_awburst_o = Incr;
  assign m_axi_arsize_o  = BeatSize;
  assign m_axi_arburst_o = Incr;
  assign m_axi_wstrb_o   = '1;
  // Beats are counted.
  assign unused_last     = m_axi_rlast_i;

`ifndef SYNTHESIS
  drift_handshake_check #(
    .Width(40)
  ) u_check_aw (
    .clk_i,
    .rst_ni,
    .valid_i  (m_axi_awvalid_o),
    .ready_i  (m_axi_awready_i),
    .payload_i({m_axi_awaddr_o, m_axi_awlen_o})
  );

  drift_handshake_check #(
    .Width(8 * drift_pkg::MemoryBytes + 1)
  ) u_check_w (
    .clk_i,
    .rst_ni,
    .valid_i  (m_axi_wvalid_o),
    .ready_i  (m_axi_wready_i),
    .payload_i({m_axi_wlast_o, m_axi_wdata_o})
  );

  drift_handshake_check #(
    .Width(40)
  ) u_check_ar (
    .clk_i,
    .rst_ni,
    .valid_i  (m_axi_arvalid_o),
    .ready_i  (m_axi_arready_i),
    .payload_i({m_axi_araddr_o, m_axi_arlen_o})
  );

  // The tile that is read and the tile that is written.
  logic [2*drift_pkg::TileWidth-1:0] read_tile_q, write_tile_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      read_tile_q  <= '0;
      write_tile_q <= '0;
    end else begin
      if (read_start) begin
        read_tile_q <= {read_tile_m_i, read_tile_n_i};
      end
      if (write_start) begin
        write_tile_q <= {write_tile_m_i, write_tile_n_i};
      end
    end
  end

  `DRIFT_ASSERT(NeverTheSameTile, !(read_busy && write_busy && read_tile_q == write_tile_q), clk_i, rst_ni)
`endif
  `DRIFT_ASSERT(AlignedBases, !(read_start || write_start) || (header[{{ beat_size }}-1:0] == '0 && row[{{ beat_size }}-1:0] == '0), clk_i, rst_ni)

endmodule : drift_repacker
