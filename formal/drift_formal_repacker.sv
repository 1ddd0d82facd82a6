// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_repacker with a memory, the addresses of tiles left open (drift_formal_address_map).
//
// Assumed: reset in the first cycle; a tile has between 1 and TileRows rows; addresses are multiples of a beat; offers of
//   tiles and rows are stable until accepted; rows to write come only for a tile that was accepted; the tile that is read is
//   not the one that is written. The memory gives a read beat only for an accepted address, stable until it is taken, and a
//   write response only for a burst whose address and last beat it has.
// Proved: address, data and last of all AXI4 channels are stable until accepted; W beats are as many as AW announces, with
//   WLAST on the last; bursts stay in a 4 KiB page; the read side gives exactly as many rows as were asked for, accepts
//   the next tile only after that, and asks for exactly as many beats as it takes; the write side takes exactly as many rows
//   as the tile has before it accepts the next; nothing is left when idle.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_repacker (
  input logic                                clk_i,
  input logic                                rst_ni,
  input logic                                row_major_i,
  input logic [31:0]                         base_i,
  input logic [31:0]                         header_base_i,
  input logic [drift_pkg::TileWidth-1:0]     tiles_n_i,
  input logic                                read_valid_i,
  input logic [drift_pkg::TileWidth-1:0]     read_tile_m_i,
  input logic [drift_pkg::TileWidth-1:0]     read_tile_n_i,
  input logic [drift_pkg::RowWidth-1:0]      read_rows_i,
  input logic                                read_row_ready_i,
  input logic                                write_valid_i,
  input logic [drift_pkg::TileWidth-1:0]     write_tile_m_i,
  input logic [drift_pkg::TileWidth-1:0]     write_tile_n_i,
  input logic [drift_pkg::RowWidth-1:0]      write_rows_i,
  input logic [7:0]                          write_header_i,
  input logic                                write_row_valid_i,
  input logic [8*drift_pkg::Columns-1:0]     write_row_data_i,
  input logic                                m_axi_awready_i,
  input logic                                m_axi_wready_i,
  input logic                                m_axi_bvalid_i,
  input logic [1:0]                          m_axi_bresp_i,
  input logic                                m_axi_arready_i,
  input logic                                m_axi_rvalid_i,
  input logic [8*drift_pkg::MemoryBytes-1:0] m_axi_rdata_i,
  input logic [1:0]                          m_axi_rresp_i,
  input logic                                m_axi_rlast_i
);

  logic read_ready;
  logic [7:0] read_header;
  logic read_row_valid;
  logic [8*drift_pkg::Columns-1:0] read_row_data;
  logic read_row_error;
  logic write_ready;
  logic write_row_ready;
  logic idle;
  logic write_done;
  logic read_error;
  logic write_error;
  logic m_axi_awvalid;
  logic [31:0] m_axi_awaddr;
  logic [7:0] m_axi_awlen;
  logic [2:0] m_axi_awsize;
  logic [1:0] m_axi_awburst;
  logic m_axi_wvalid;
  logic [8*drift_pkg::MemoryBytes-1:0] m_axi_wdata;
  logic [drift_pkg::MemoryBytes-1:0] m_axi_wstrb;
  logic m_axi_wlast;
  logic m_axi_bready;
  logic m_axi_arvalid;
  logic [31:0] m_axi_araddr;
  logic [7:0] m_axi_arlen;
  logic [2:0] m_axi_arsize;
  logic [1:0] m_axi_arburst;
  logic m_axi_rready;

  drift_repacker u_repacker (
    .clk_i,
    .rst_ni,
    .row_major_i,
    .base_i,
    .header_base_i,
    .tiles_n_i,
    .read_valid_i,
    .read_ready_o(read_ready),
    .read_tile_m_i,
    .read_tile_n_i,
    .read_rows_i,
    .read_header_o(read_header),
    .read_row_valid_o(read_row_valid),
    .read_row_ready_i,
    .read_row_data_o(read_row_data),
    .read_row_error_o(read_row_error),
    .write_valid_i,
    .write_ready_o(write_ready),
    .write_tile_m_i,
    .write_tile_n_i,
    .write_rows_i,
    .write_header_i,
    .write_row_valid_i,
    .write_row_ready_o(write_row_ready),
    .write_row_data_i,
    .idle_o(idle),
    .write_done_o(write_done),
    .read_error_o(read_error),
    .write_error_o(write_error),
    .m_axi_awvalid_o(m_axi_awvalid),
    .m_axi_awready_i,
    .m_axi_awaddr_o(m_axi_awaddr),
    .m_axi_awlen_o(m_axi_awlen),
    .m_axi_awsize_o(m_axi_awsize),
    .m_axi_awburst_o(m_axi_awburst),
    .m_axi_wvalid_o(m_axi_wvalid),
    .m_axi_wready_i,
    .m_axi_wdata_o(m_axi_wdata),
    .m_axi_wstrb_o(m_axi_wstrb),
    .m_axi_wlast_o(m_axi_wlast),
    .m_axi_bvalid_i,
    .m_axi_bready_o(m_axi_bready),
    .m_axi_bresp_i,
    .m_axi_arvalid_o(m_axi_arvalid),
    .m_axi_arready_i,
    .m_axi_araddr_o(m_axi_araddr),
    .m_axi_arlen_o(m_axi_arlen),
    .m_axi_arsize_o(m_axi_arsize),
    .m_axi_arburst_o(m_axi_arburst),
    .m_axi_rvalid_i,
    .m_axi_rready_o(m_axi_rready),
    .m_axi_rdata_i,
    .m_axi_rresp_i,
    .m_axi_rlast_i
  );

  `DRIFT_FORMAL_RESET

  localparam logic [31:0] BeatMask = 32'(drift_pkg::MemoryBytes - 1);
  localparam int unsigned RowBeats = drift_pkg::RowBeats;

  logic read_start, write_start, give, take, ar, r, aw, w, b;

  assign read_start  = read_valid_i && read_ready;
  assign write_start = write_valid_i && write_ready;
  assign give        = read_row_valid && read_row_ready_i;
  assign take        = write_row_valid_i && write_row_ready;
  assign ar          = m_axi_arvalid && m_axi_arready_i;
  assign r           = m_axi_rvalid_i && m_axi_rready;
  assign aw          = m_axi_awvalid && m_axi_awready_i;
  assign w           = m_axi_wvalid && m_axi_wready_i;
  assign b           = m_axi_bvalid_i && m_axi_bready;

  // Rows to give and to take; beats that the memory owes, and that are still to be asked for; addresses and last beats of
  // writes without response.
  logic [15:0] give_q, take_q, owed_q, asked_q;
  logic [15:0] bursts_q, lasts_q;
  // The beats of the burst under way.
  logic [15:0] burst_sent_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      give_q       <= '0;
      take_q       <= '0;
      owed_q       <= '0;
      asked_q      <= '0;
      burst_sent_q <= '0;
      bursts_q     <= '0;
      lasts_q      <= '0;
    end else begin
      give_q  <= read_start ? 16'(read_rows_i) : give_q - 16'(give);
      take_q  <= write_start ? 16'(write_rows_i) : take_q - 16'(take);
      owed_q  <= owed_q + (ar ? 16'(m_axi_arlen) + 1'b1 : '0) - 16'(r);
      asked_q <= read_start ? 16'(1 + 32'(read_rows_i) * RowBeats) : asked_q - (ar ? 16'(m_axi_arlen) + 1'b1 : '0);
      bursts_q <= bursts_q + 16'(aw) - 16'(b);
      lasts_q  <= lasts_q + 16'(w && m_axi_wlast) - 16'(b);
      if (w) begin
        burst_sent_q <= m_axi_wlast ? '0 : burst_sent_q + 1'b1;
      end
    end
  end

  // The previous cycle.
  logic                              r_waiting_q, row_waiting_q, b_waiting_q;
  logic [8*drift_pkg::MemoryBytes+1:0] r_q;
  logic [8*drift_pkg::Columns-1:0]   row_q;
  logic                              read_waiting_q, write_waiting_q;
  logic [2*drift_pkg::TileWidth+drift_pkg::RowWidth-1:0] read_q, read, written_q, write;

  assign read  = {read_tile_m_i, read_tile_n_i, read_rows_i};
  assign write = {write_tile_m_i, write_tile_n_i, write_rows_i};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      r_waiting_q     <= 1'b0;
      b_waiting_q     <= 1'b0;
      row_waiting_q   <= 1'b0;
      read_waiting_q  <= 1'b0;
      write_waiting_q <= 1'b0;
    end else begin
      r_waiting_q     <= m_axi_rvalid_i && !m_axi_rready;
      b_waiting_q     <= m_axi_bvalid_i && !m_axi_bready;
      row_waiting_q   <= write_row_valid_i && !write_row_ready;
      read_waiting_q  <= read_valid_i && !read_ready;
      write_waiting_q <= write_valid_i && !write_ready;
    end
  end

  always_ff @(posedge clk_i) begin
    r_q       <= {m_axi_rdata_i, m_axi_rresp_i};
    row_q     <= write_row_data_i;
    read_q    <= read;
    written_q <= write;
  end

  `DRIFT_ASSUME(ReadRows, read_rows_i >= 1 && 32'(read_rows_i) <= drift_pkg::TileRows)
  `DRIFT_ASSUME(WriteRows, write_rows_i >= 1 && 32'(write_rows_i) <= drift_pkg::TileRows)
  `DRIFT_ASSUME(ReadHeld, !read_waiting_q || (read_valid_i && read == read_q))
  `DRIFT_ASSUME(WriteHeld, !write_waiting_q || (write_valid_i && write == written_q))
  `DRIFT_ASSUME(RowHeld, !row_waiting_q || (write_row_valid_i && write_row_data_i == row_q))
  `DRIFT_ASSUME(RowOfTile, !write_row_valid_i || take_q != '0)
  `DRIFT_ASSUME(Aligned, ((u_repacker.header | u_repacker.row | u_repacker.stride) & BeatMask) == '0)
  `DRIFT_ASSUME(NeverTheSameTile, !(u_repacker.read_busy && u_repacker.write_busy)
                || u_repacker.read_tile_q != u_repacker.write_tile_q)
  `DRIFT_ASSUME(BeatWasAsked, !m_axi_rvalid_i || owed_q != '0)
  `DRIFT_ASSUME(BeatHeld, !r_waiting_q || (m_axi_rvalid_i && {m_axi_rdata_i, m_axi_rresp_i} == r_q))
  `DRIFT_ASSUME(ResponseOfBurst, !m_axi_bvalid_i || (bursts_q != '0 && lasts_q != '0))
  `DRIFT_ASSUME(ResponseHeld, !b_waiting_q || m_axi_bvalid_i)

  `DRIFT_ASSERT(RowsAsAsked, !read_row_valid || give_q != '0, clk_i, rst_ni)
  `DRIFT_ASSERT(NextAfterAll, !read_ready || give_q == '0, clk_i, rst_ni)
  `DRIFT_ASSERT(BeatsAsAsked, !m_axi_arvalid || 16'(m_axi_arlen) < asked_q, clk_i, rst_ni)
  `DRIFT_ASSERT(AllAsked, !read_ready || (asked_q == '0 && owed_q == '0), clk_i, rst_ni)
  `DRIFT_ASSERT(LastIsLast, !m_axi_wvalid || m_axi_wlast == (burst_sent_q == 16'(m_axi_awlen)), clk_i, rst_ni)
  `DRIFT_ASSERT(NextWriteAfterAll, !write_ready || (take_q == '0 && burst_sent_q == '0), clk_i, rst_ni)
  `DRIFT_ASSERT(IdleIsIdle, !idle || (give_q == '0 && take_q == '0 && owed_q == '0 && bursts_q == '0 && lasts_q == '0),
                clk_i, rst_ni)

  // Induction, read side: beats to be asked for, owed, in the unpacker, and the rows that they make.
  logic [15:0] read_left, unpacked, packed_left;

  assign read_left = u_repacker.u_reader.u_bursts.valid_q
      ? u_repacker.u_reader.u_bursts.left_q + 16'(32'(u_repacker.u_reader.u_bursts.runs_q) * RowBeats) : '0;
  assign unpacked  = u_repacker.u_reader.u_unpacker.full_q
      ? 16'(RowBeats) : 16'(u_repacker.u_reader.u_unpacker.segment_q);

  `DRIFT_ASSERT(ReadAsked, asked_q == read_left, clk_i, rst_ni)
  `DRIFT_ASSERT(ReadLeft, u_repacker.u_reader.left_q == asked_q + owed_q, clk_i, rst_ni)
  `DRIFT_ASSERT(ReadRowsLeft, 16'(32'(give_q) * RowBeats) + 16'(u_repacker.u_reader.await_header_q)
                == u_repacker.u_reader.left_q + unpacked + 16'(32'(u_repacker.u_reader.u_rows.fill_q) * RowBeats),
                clk_i, rst_ni)
  `DRIFT_ASSERT(HeaderFirst, !u_repacker.u_reader.await_header_q
                || (u_repacker.u_reader.left_q != '0 && unpacked == '0), clk_i, rst_ni)
  `DRIFT_ASSERT(ReadBounds, 32'(give_q) <= drift_pkg::TileRows && asked_q <= 16'(1 + drift_pkg::TileRows * RowBeats)
                && owed_q <= 16'(1 + drift_pkg::TileRows * RowBeats), clk_i, rst_ni)
  `DRIFT_ASSERT(UnpackerSegment, 32'(u_repacker.u_reader.u_unpacker.segment_q) < RowBeats, clk_i, rst_ni)

  // Induction, write side.
  logic [15:0] write_left;

  assign write_left  = u_repacker.u_writer.burst_valid
      ? u_repacker.u_writer.u_bursts.left_q + 16'(32'(u_repacker.u_writer.u_bursts.runs_q) * RowBeats)
        - 16'(u_repacker.u_writer.sent_q) : '0;
  assign packed_left = u_repacker.u_writer.u_packer.full_q
      ? 16'(RowBeats) - 16'(u_repacker.u_writer.u_packer.segment_q) : '0;

  `DRIFT_ASSERT(WriteLeft, u_repacker.u_writer.left_q == write_left, clk_i, rst_ni)
  `DRIFT_ASSERT(WriteRowsLeft, u_repacker.u_writer.left_q
                == 16'(u_repacker.u_writer.header_q) + 16'(32'(take_q) * RowBeats) + packed_left, clk_i, rst_ni)
  `DRIFT_ASSERT(WriteBounds, 32'(take_q) <= drift_pkg::TileRows
                && u_repacker.u_writer.left_q <= 16'(1 + drift_pkg::TileRows * RowBeats), clk_i, rst_ni)
  `DRIFT_ASSERT(PackerSegment, 32'(u_repacker.u_writer.u_packer.segment_q) < RowBeats, clk_i, rst_ni)
  `DRIFT_ASSERT(SentOfBurst, burst_sent_q == (u_repacker.u_writer.w_done_q ? '0 : 16'(u_repacker.u_writer.sent_q)),
                clk_i, rst_ni)
  `DRIFT_ASSERT(SentInBurst, !u_repacker.u_writer.burst_valid
                || (u_repacker.u_writer.w_done_q ? 16'(u_repacker.u_writer.sent_q) == 16'(m_axi_awlen) + 1'b1
                                                 : u_repacker.u_writer.sent_q <= m_axi_awlen), clk_i, rst_ni)
  `DRIFT_ASSERT(NothingSent, u_repacker.u_writer.burst_valid || (!u_repacker.u_writer.aw_done_q
                && !u_repacker.u_writer.w_done_q && u_repacker.u_writer.sent_q == '0), clk_i, rst_ni)
  `DRIFT_ASSERT(OnlyOneDone, !(u_repacker.u_writer.aw_done_q && u_repacker.u_writer.w_done_q), clk_i, rst_ni)
  `DRIFT_ASSERT(Responses, bursts_q == 16'(u_repacker.u_writer.waiting_q) + 16'(u_repacker.u_writer.aw_done_q)
                && lasts_q == 16'(u_repacker.u_writer.waiting_q) + 16'(u_repacker.u_writer.w_done_q), clk_i, rst_ni)

  // Induction, addresses.
  `DRIFT_ASSERT(ReadAligned, !u_repacker.u_reader.u_bursts.valid_q || ((u_repacker.u_reader.u_bursts.address_q
                | u_repacker.u_reader.u_bursts.row_q | u_repacker.u_reader.u_bursts.stride_q) & BeatMask) == '0,
                clk_i, rst_ni)
  `DRIFT_ASSERT(WriteAligned, !u_repacker.u_writer.u_bursts.valid_q || ((u_repacker.u_writer.u_bursts.address_q
                | u_repacker.u_writer.u_bursts.row_q | u_repacker.u_writer.u_bursts.stride_q) & BeatMask) == '0,
                clk_i, rst_ni)
  `DRIFT_ASSERT(BurstsNotEmpty, (!u_repacker.u_reader.u_bursts.valid_q || u_repacker.u_reader.u_bursts.left_q != '0)
                && (!u_repacker.u_writer.u_bursts.valid_q || u_repacker.u_writer.u_bursts.left_q != '0), clk_i, rst_ni)
  `DRIFT_ASSERT(BurstsSmall, u_repacker.u_reader.u_bursts.left_q <= 16'(1 + drift_pkg::TileRows * RowBeats)
                && u_repacker.u_writer.u_bursts.left_q <= 16'(1 + drift_pkg::TileRows * RowBeats), clk_i, rst_ni)

endmodule : drift_formal_repacker
