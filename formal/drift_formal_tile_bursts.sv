// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_tile_bursts, alone.
//
// Assumed: reset in the first cycle; a tile starts when no burst of the previous one is left; its addresses are multiples of
//   a beat; it has between 1 and TileRows rows.
// Proved: no burst crosses a 4 KiB boundary or has more than 256 beats; address and length are stable until accepted
//   (AXI4); the bursts of a tile have exactly its header beat and RowBeats beats per row, and they end.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_tile_bursts (
  input logic                           clk_i,
  input logic                           rst_ni,
  input logic                           start_i,
  input logic                           row_major_i,
  input logic [31:0]                    header_i,
  input logic [31:0]                    row_i,
  input logic [31:0]                    stride_i,
  input logic [drift_pkg::RowWidth-1:0] rows_i,
  input logic                           burst_ready_i
);

  localparam logic [31:0] BeatMask = 32'(drift_pkg::MemoryBytes - 1);

  logic        valid;
  logic [31:0] address;
  logic [7:0]  len;

  drift_tile_bursts u_bursts (
    .clk_i,
    .rst_ni,
    .start_i,
    .row_major_i,
    .header_i,
    .row_i,
    .stride_i,
    .rows_i,
    .burst_valid_o  (valid),
    .burst_ready_i,
    .burst_address_o(address),
    .burst_len_o    (len)
  );

  `DRIFT_FORMAL_RESET
  `DRIFT_ASSUME(OneTileAtATime, !(start_i && valid))
  `DRIFT_ASSUME(Aligned, ((header_i | row_i | stride_i) & BeatMask) == '0)
  `DRIFT_ASSUME(RowsInRange, rows_i >= 1 && 32'(rows_i) <= drift_pkg::TileRows)

  logic        waiting_q;
  logic [31:0] address_q;
  logic [7:0]  len_q;
  // Beats that the tile still has to have.
  logic [15:0] left_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      waiting_q <= 1'b0;
      left_q    <= '0;
    end else begin
      waiting_q <= valid && !burst_ready_i;
      if (start_i) begin
        left_q <= 16'(1 + 32'(rows_i) * drift_pkg::RowBeats);
      end else if (valid && burst_ready_i) begin
        left_q <= left_q - 16'(len) - 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    address_q <= address;
    len_q     <= len;
  end

  // The last byte of a burst.
  logic [31:0] last;

  assign last = address + (32'(len) + 1) * drift_pkg::MemoryBytes - 1;

  `DRIFT_ASSERT(WithinPage, !valid || last[31:12] == address[31:12], clk_i, rst_ni)
  `DRIFT_ASSERT(WholeBeats, !valid || (address & BeatMask) == '0, clk_i, rst_ni)
  `DRIFT_ASSERT(ValidHeld, !waiting_q || valid, clk_i, rst_ni)
  `DRIFT_ASSERT(BurstHeld, !waiting_q || (address == address_q && len == len_q), clk_i, rst_ni)
  `DRIFT_ASSERT(BeatsOfTile, valid == (left_q != '0), clk_i, rst_ni)
  `DRIFT_ASSERT(NeverTooMany, !valid || 16'(len) < left_q, clk_i, rst_ni)
  // Induction: what the module still has to do, in beats, and its addresses.
  `DRIFT_ASSERT(SameBeats, !valid
                || left_q == u_bursts.left_q + 16'(32'(u_bursts.runs_q) * drift_pkg::RowBeats), clk_i, rst_ni)
  `DRIFT_ASSERT(SomethingLeft, !valid || u_bursts.left_q != '0, clk_i, rst_ni)
  `DRIFT_ASSERT(FewRuns, !valid || (32'(u_bursts.runs_q) <= drift_pkg::TileRows
                && 32'(u_bursts.left_q) <= 1 + drift_pkg::TileRows * drift_pkg::RowBeats), clk_i, rst_ni)
  `DRIFT_ASSERT(RowsAligned, !valid || ((u_bursts.row_q | u_bursts.stride_q) & BeatMask) == '0, clk_i, rst_ni)

endmodule : drift_formal_tile_bursts
