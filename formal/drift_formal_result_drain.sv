// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_result_drain, alone.
//
// Assumed: reset in the first cycle; a tile has between 1 and TileRows rows; a tile starts only in a bank that is
//   free, and is done only in the bank in which it started; banks alternate. (drift_formal_engine_banks proves that
//   the engine keeps to it.)
// Proved: a beat of the result stream stays as it is until it is taken (AXI4-Stream); a packet has exactly as many
//   beats as its tile has rows; the address stays within the bank; the assertions inside the module.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_result_drain (
  input logic                               clk_i,
  input logic                               rst_ni,
  input logic                               tile_start_i,
  input logic                               tile_start_bank_i,
  input logic [drift_pkg::RowWidth-1:0]     rows_i,
  input logic [drift_pkg::ColumnWidth-1:0]  columns_i,
  input logic                               tile_done_i,
  input logic                               tile_done_bank_i,
  input logic [32*drift_pkg::Columns-1:0]   data_i,
  input logic                               row_flag_i,
  input logic [2*drift_pkg::Columns-1:0]    column_flag_i,
  input logic [1:0]                         any_row_flag_i,
  input logic                               m_axis_result_tready_i
);

  logic [1:0]                             bank_release;
  drift_pkg::acc_addr_t                   addr;
  logic                                   tvalid, tlast, tile_masked, tile_unlocated, tile_end;
  logic [32*drift_pkg::Columns-1:0]       tdata;
  logic [4*drift_pkg::Columns-1:0]        tkeep;
  logic [drift_pkg::UserWidth-1:0]        tuser;
  logic [drift_pkg::FlagsWidth-1:0]       tile_flags;
  logic [drift_pkg::CountWidth-1:0]       tiles, flagged_rows, flagged_columns, masked, unlocated;

  drift_result_drain u_drain (
    .clk_i,
    .rst_ni,
    .tile_start_i,
    .tile_start_bank_i,
    .rows_i,
    .columns_i,
    .tile_done_i,
    .tile_done_bank_i,
    .bank_release_o        (bank_release),
    .addr_o                (addr),
    .data_i,
    .row_flag_i,
    .column_flag_i,
    .any_row_flag_i,
    .m_axis_result_tvalid_o(tvalid),
    .m_axis_result_tready_i,
    .m_axis_result_tdata_o (tdata),
    .m_axis_result_tkeep_o (tkeep),
    .m_axis_result_tlast_o (tlast),
    .m_axis_result_tuser_o (tuser),
    .tile_masked_o         (tile_masked),
    .tile_unlocated_o      (tile_unlocated),
    .tile_end_o            (tile_end),
    .tile_flags_o          (tile_flags),
    .tiles_o               (tiles),
    .flagged_rows_o        (flagged_rows),
    .flagged_columns_o     (flagged_columns),
    .masked_o              (masked),
    .unlocated_o           (unlocated)
  );

  `DRIFT_FORMAL_RESET

  // The life of a bank: free, then filling, then done.
  logic [1:0]                     filling_q, done_q;
  logic [drift_pkg::RowWidth-1:0] rows_q [2];
  logic                           next_start_q, next_done_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      filling_q    <= '0;
      done_q       <= '0;
      next_start_q <= 1'b0;
      next_done_q  <= 1'b0;
    end else begin
      done_q <= done_q & ~bank_release;
      if (tile_start_i) begin
        filling_q[tile_start_bank_i] <= 1'b1;
        rows_q[tile_start_bank_i]    <= rows_i;
        next_start_q                 <= !next_start_q;
      end
      if (tile_done_i) begin
        filling_q[tile_done_bank_i] <= 1'b0;
        done_q[tile_done_bank_i]    <= 1'b1;
        next_done_q                 <= !next_done_q;
      end
    end
  end

  `DRIFT_ASSUME(RowsInRange, rows_i >= 1 && 32'(rows_i) <= drift_pkg::TileRows)
  `DRIFT_ASSUME(ColumnsInRange, columns_i >= 1 && 32'(columns_i) <= drift_pkg::Columns)
  `DRIFT_ASSUME(StartInFreeBank, !tile_start_i || (!filling_q[tile_start_bank_i] && !done_q[tile_start_bank_i]
                                                   && tile_start_bank_i == next_start_q))
  `DRIFT_ASSUME(DoneWhereStarted, !tile_done_i || (filling_q[tile_done_bank_i] && tile_done_bank_i == next_done_q))

  // AXI4-Stream: valid until ready, and the payload with it.
  localparam int unsigned PayloadWidth = 36 * drift_pkg::Columns + drift_pkg::UserWidth + 3;

  logic                    waiting_q;
  logic [PayloadWidth-1:0] payload, payload_q;

  assign payload = {tdata, tkeep, tlast, tuser, tile_masked, tile_unlocated};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      waiting_q <= 1'b0;
    end else begin
      waiting_q <= tvalid && !m_axis_result_tready_i;
    end
  end

  always_ff @(posedge clk_i) payload_q <= payload;

  `DRIFT_ASSERT(ValidHeld, !waiting_q || tvalid, clk_i, rst_ni)
  `DRIFT_ASSERT(PayloadHeld, !waiting_q || payload == payload_q, clk_i, rst_ni)

  // Beats of the packet that were taken, and the rows of its tile.
  logic [drift_pkg::RowWidth-1:0] beats_q, packet_rows_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      beats_q       <= '0;
      packet_rows_q <= '0;
    end else begin
      if (u_drain.read) begin
        packet_rows_q <= rows_q[u_drain.bank_q];
      end
      if (tvalid && m_axis_result_tready_i) begin
        beats_q <= tlast ? '0 : beats_q + 1'b1;
      end
    end
  end

  `DRIFT_ASSERT(LastIsLast, !tvalid || tlast == (beats_q == packet_rows_q - 1'b1), clk_i, rst_ni)
  `DRIFT_ASSERT(AddressInBank, !u_drain.read || (32'(u_drain.row_q) < 32'(rows_q[u_drain.bank_q])), clk_i, rst_ni)
  // The module agrees with the life of its banks.
  `DRIFT_ASSERT(DoneAgrees, u_drain.done_q == done_q, clk_i, rst_ni)

endmodule : drift_formal_result_drain
