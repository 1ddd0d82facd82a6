{{ banner }}
// Writes one tile: its header beat and its rows, as drift_tile_bursts orders them. Address and data of a burst are
// offered independently of each other; the next burst follows when both are through.
//
// Latency: the first address and the header beat are out one cycle after start_i; one beat per cycle, and one cycle
// between bursts.

`include "drift_assert.svh"

module drift_repack_writer (
  input  logic                                clk_i,
  input  logic                                rst_ni,

  // A tile, see drift_tile_bursts, and byte 0 of its header; not while busy_o.
  input  logic                                start_i,
  input  logic                                row_major_i,
  input  logic [31:0]                         header_address_i,
  input  logic [31:0]                         row_i,
  input  logic [31:0]                         stride_i,
  input  logic [drift_pkg::RowWidth-1:0]      rows_i,
  input  logic [7:0]                          header_i,
  // Addresses or data of the tile are still to go out.
  output logic                                busy_o,
  // The last of them goes out.
  output logic                                done_o,
  // Bursts without response.
  output logic                                waiting_o,

  // Rows, ascending; as many as the tile has.
  input  logic                                row_valid_i,
  output logic                                row_ready_o,
  input  logic [8*drift_pkg::Columns-1:0]     row_data_i,

  // Write channels of the AXI4 master; every beat is a whole one.
  output logic                                m_axi_awvalid_o,
  input  logic                                m_axi_awready_i,
  output logic [31:0]                         m_axi_awaddr_o,
  output logic [7:0]                          m_axi_awlen_o,
  output logic                                m_axi_wvalid_o,
  input  logic                                m_axi_wready_i,
  output logic [8*drift_pkg::MemoryBytes-1:0] m_axi_wdata_o,
  output logic                                m_axi_wlast_o,
  input  logic                                m_axi_bvalid_i,
  output logic                                m_axi_bready_o,
  input  logic [1:0]                          m_axi_bresp_i,
  // A burst was answered with an error.
  output logic                                error_o
);

  logic       burst_valid, burst_done;
  // Beats still to be sent, the header's included.
  logic [15:0] left_q, left_d;
  logic       header_q, header_d;
  logic [7:0] byte_q, byte_d;
  // Of this burst: address sent, data sent, beats sent.
  logic       aw_done_q, aw_done_d, w_done_q, w_done_d;
  logic [7:0] sent_q, sent_d;
  logic [7:0] waiting_q, waiting_d;
  logic       allowed, aw_fire, w_fire;
  logic       beat_valid, beat_ready;
  logic [8*drift_pkg::MemoryBytes-1:0] beat_data;
  logic       unused_resp;

  drift_tile_bursts u_bursts (
    .clk_i,
    .rst_ni,
    .start_i,
    .row_major_i,
    .header_i       (header_address_i),
    .row_i,
    .stride_i,
    .rows_i,
    .burst_valid_o  (burst_valid),
    .burst_ready_i  (burst_done),
    .burst_address_o(m_axi_awaddr_o),
    .burst_len_o    (m_axi_awlen_o)
  );

  drift_row_packer u_packer (
    .clk_i,
    .rst_ni,
    .row_valid_i,
    .row_ready_o,
    .row_data_i,
    .beat_valid_o(beat_valid),
    .beat_ready_i(beat_ready),
    .beat_data_o (beat_data)
  );

  // The counter of responses is never full while a burst is under way.
  assign allowed         = burst_valid && (waiting_q != '1);
  assign m_axi_awvalid_o = allowed && !aw_done_q;
  assign m_axi_wvalid_o  = allowed && !w_done_q && (header_q || beat_valid);
  assign m_axi_wdata_o   = header_q ? {{ memory_bits }}'(byte_q) : beat_data;
  assign m_axi_wlast_o   = sent_q == m_axi_awlen_o;
  assign m_axi_bready_o  = 1'b1;
  assign aw_fire         = m_axi_awvalid_o && m_axi_awready_i;
  assign w_fire          = m_axi_wvalid_o && m_axi_wready_i;
  assign beat_ready      = w_fire && !header_q;
  assign burst_done      = (aw_done_q || aw_fire) && (w_done_q || (w_fire && m_axi_wlast_o));

  assign busy_o      = burst_valid;
  assign done_o      = burst_done && (left_d == '0);
  assign waiting_o   = waiting_q != '0;
  assign error_o     = m_axi_bvalid_i && m_axi_bresp_i[1];
  // OKAY or EXOKAY.
  assign unused_resp = m_axi_bresp_i[0];

  always_comb begin
    left_d    = left_q;
    header_d  = header_q;
    byte_d    = byte_q;
    aw_done_d = aw_done_q || aw_fire;
    w_done_d  = w_done_q;
    sent_d    = sent_q;
    waiting_d = waiting_q;
    if (start_i) begin
      left_d   = 16'd1 + 16'(rows_i) * 16'(drift_pkg::RowBeats);
      header_d = 1'b1;
      byte_d   = header_i;
    end
    if (w_fire) begin
      left_d   = left_q - 1'b1;
      header_d = 1'b0;
      sent_d   = sent_q + 1'b1;
      w_done_d = m_axi_wlast_o;
    end
    if (burst_done) begin
      aw_done_d = 1'b0;
      w_done_d  = 1'b0;
      sent_d    = '0;
    end
    if (burst_done && !m_axi_bvalid_i) begin
      waiting_d = waiting_q + 1'b1;
    end else if (m_axi_bvalid_i && !burst_done) begin
      waiting_d = waiting_q - 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      left_q    <= '0;
      header_q  <= 1'b0;
      byte_q    <= '0;
      aw_done_q <= 1'b0;
      w_done_q  <= 1'b0;
      sent_q    <= '0;
      waiting_q <= '0;
    end else begin
      left_q    <= left_d;
      header_q  <= header_d;
      byte_q    <= byte_d;
      aw_done_q <= aw_done_d;
      w_done_q  <= w_done_d;
      sent_q    <= sent_d;
      waiting_q <= waiting_d;
    end
  end

  `DRIFT_ASSERT(OneTileAtATime, !(start_i && busy_o), clk_i, rst_ni)
  `DRIFT_ASSERT(NoStrayResponse, !(m_axi_bvalid_i && waiting_q == '0), clk_i, rst_ni)
  `DRIFT_ASSERT(BeatsMatchBursts, burst_valid || left_q == '0, clk_i, rst_ni)

endmodule : drift_repack_writer
