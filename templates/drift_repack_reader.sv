{{ banner }}
// Reads one tile: its header beat and its rows, as drift_tile_bursts orders them. Read addresses run ahead of the
// data, and the rows of a tile wait here, so that the memory never waits for whoever takes them.
//
// Latency: the first read address is out one cycle after start_i; a row is at the output two cycles after its last beat.

`include "drift_assert.svh"

module drift_repack_reader (
  input  logic                                clk_i,
  input  logic                                rst_ni,

  // A tile, see drift_tile_bursts; not while busy_o.
  input  logic                                start_i,
  input  logic                                row_major_i,
  input  logic [31:0]                         header_i,
  input  logic [31:0]                         row_i,
  input  logic [31:0]                         stride_i,
  input  logic [drift_pkg::RowWidth-1:0]      rows_i,
  // Beats are still to come, or rows to be taken.
  output logic                                busy_o,

  // Byte 0 of the header; valid with every row.
  output logic [7:0]                          header_o,
  // Rows, ascending; error: a beat of the tile up to and including this row was read with an error.
  output logic                                row_valid_o,
  input  logic                                row_ready_i,
  output logic [8*drift_pkg::Columns-1:0]     row_data_o,
  output logic                                row_error_o,

  // Read channels of the AXI4 master; every beat is a whole one.
  output logic                                m_axi_arvalid_o,
  input  logic                                m_axi_arready_i,
  output logic [31:0]                         m_axi_araddr_o,
  output logic [7:0]                          m_axi_arlen_o,
  input  logic                                m_axi_rvalid_i,
  output logic                                m_axi_rready_o,
  input  logic [8*drift_pkg::MemoryBytes-1:0] m_axi_rdata_i,
  input  logic [1:0]                          m_axi_rresp_i,
  // A beat is taken that was read with an error.
  output logic                                error_o
);

  // Beats still to come, the header's among them while await_header_q.
  logic [15:0] left_q, left_d;
  logic        await_header_q, await_header_d;
  logic        failed_q, failed_d;
  logic [7:0]  header_q, header_d;
  logic        reading, accept, failed, unpack_ready;
  logic        unpacked_valid, unpacked_ready, unpacked_error;
  logic        unused_resp;

  logic [8*drift_pkg::Columns-1:0] unpacked;

  drift_tile_bursts u_bursts (
    .clk_i,
    .rst_ni,
    .start_i,
    .row_major_i,
    .header_i,
    .row_i,
    .stride_i,
    .rows_i,
    .burst_valid_o  (m_axi_arvalid_o),
    .burst_ready_i  (m_axi_arready_i),
    .burst_address_o(m_axi_araddr_o),
    .burst_len_o    (m_axi_arlen_o)
  );

  assign reading        = left_q != '0;
  assign busy_o         = reading || unpacked_valid || row_valid_o;
  assign m_axi_rready_o = reading && (await_header_q || unpack_ready);
  assign accept         = m_axi_rvalid_i && m_axi_rready_o;
  assign error_o        = accept && m_axi_rresp_i[1];
  assign failed         = failed_q || m_axi_rresp_i[1];
  assign header_o       = header_q;
  // OKAY or EXOKAY.
  assign unused_resp    = m_axi_rresp_i[0];

  always_comb begin
    left_d         = left_q;
    await_header_d = await_header_q;
    failed_d       = failed_q;
    header_d       = header_q;
    if (start_i) begin
      left_d         = 16'd1 + 16'(rows_i) * 16'(drift_pkg::RowBeats);
      await_header_d = 1'b1;
      failed_d       = 1'b0;
    end else if (accept) begin
      left_d         = left_q - 1'b1;
      await_header_d = 1'b0;
      failed_d       = failed;
      if (await_header_q) begin
        header_d = m_axi_rdata_i[7:0];
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      left_q         <= '0;
      await_header_q <= 1'b0;
      failed_q       <= 1'b0;
      header_q       <= '0;
    end else begin
      left_q         <= left_d;
      await_header_q <= await_header_d;
      failed_q       <= failed_d;
      header_q       <= header_d;
    end
  end

  drift_row_unpacker u_unpacker (
    .clk_i,
    .rst_ni,
    .beat_valid_i(m_axi_rvalid_i && reading && !await_header_q),
    .beat_ready_o(unpack_ready),
    .beat_data_i (m_axi_rdata_i),
    .beat_error_i(failed),
    .row_valid_o (unpacked_valid),
    .row_ready_i (unpacked_ready),
    .row_data_o  (unpacked),
    .row_error_o (unpacked_error)
  );

  drift_fifo #(
    .Width(8 * drift_pkg::Columns + 1),
    .Depth(drift_pkg::TileRows)
  ) u_rows (
    .clk_i,
    .rst_ni,
    .in_valid_i (unpacked_valid),
    .in_ready_o (unpacked_ready),
    .in_data_i  ({unpacked_error, unpacked}),
    .out_valid_o(row_valid_o),
    .out_ready_i(row_ready_i),
    .out_data_o ({row_error_o, row_data_o})
  );

  `DRIFT_ASSERT(OneTileAtATime, !(start_i && busy_o), clk_i, rst_ni)
  `DRIFT_ASSERT(NoStrayBeat, !(m_axi_rvalid_i && !reading), clk_i, rst_ni)
  `DRIFT_ASSERT(AddressesFirst, !(m_axi_arvalid_o && !reading), clk_i, rst_ni)
  `DRIFT_ASSERT(MemoryNeverWaits, m_axi_rready_o || !reading, clk_i, rst_ni)

endmodule : drift_repack_reader
