// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_tile_engine: control, with the values of PEs, accumulators and checksums left open.
//
// Assumed: reset in the first cycle; nothing else. Commands of any shape, stalls and pauses may come at any time.
// Proved: the assertions inside: a tile starts only in a free bank and with its weights there, the shadow weights are
//   kept until they are used, and a finished bank is never overwritten nor released early; a beat of the result
//   stream stays as it is until it is taken (AXI4-Stream); no tile is lost: a bank is busy exactly as long as a tile
//   is in it; while idle nothing moves; once quiet, the engine stays quiet until the pause ends.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_engine (
  input logic                              clk_i,
  input logic                              rst_ni,
  input logic                              cmd_valid_i,
  input logic [drift_pkg::DimWidth-1:0]    cmd_m_i,
  input logic [drift_pkg::DimWidth-1:0]    cmd_k_i,
  input logic [drift_pkg::DimWidth-1:0]    cmd_n_i,
  input logic [4:0]                        threshold_bit_i,
  input logic                              pause_i,
  input logic                              s_axis_act_tvalid_i,
  input logic [8*drift_pkg::Rows-1:0]      s_axis_act_tdata_i,
  input logic                              s_axis_weight_tvalid_i,
  input logic [8*drift_pkg::Columns-1:0]   s_axis_weight_tdata_i,
  input logic                              m_axis_result_tready_i
);

  logic                              cmd_ready, quiet, act_tready, weight_tready;
  logic                              tvalid, tlast, tile_masked, tile_unlocated, tile_end;
  logic [32*drift_pkg::Columns-1:0]  tdata;
  logic [4*drift_pkg::Columns-1:0]   tkeep;
  logic [drift_pkg::UserWidth-1:0]   tuser;
  logic [drift_pkg::FlagsWidth-1:0]  tile_flags;
  logic [drift_pkg::CountWidth-1:0]  cycles, tiles, flagged_rows, flagged_columns, masked, unlocated;

  drift_tile_engine u_engine (
    .clk_i,
    .rst_ni,
    .cmd_valid_i,
    .cmd_ready_o           (cmd_ready),
    .cmd_m_i,
    .cmd_k_i,
    .cmd_n_i,
    .threshold_bit_i,
    .pause_i,
    .quiet_o               (quiet),
    .s_axis_act_tvalid_i,
    .s_axis_act_tready_o   (act_tready),
    .s_axis_act_tdata_i,
    .s_axis_weight_tvalid_i,
    .s_axis_weight_tready_o(weight_tready),
    .s_axis_weight_tdata_i,
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
    .cycles_o              (cycles),
    .tiles_o               (tiles),
    .flagged_rows_o        (flagged_rows),
    .flagged_columns_o     (flagged_columns),
    .masked_o              (masked),
    .unlocated_o           (unlocated)
  );

  `DRIFT_FORMAL_RESET

  // AXI4-Stream: valid until ready, and the payload with it.
  localparam int unsigned PayloadWidth = 36 * drift_pkg::Columns + drift_pkg::UserWidth + 1;

  logic                    waiting_q;
  logic [PayloadWidth-1:0] payload, payload_q;

  assign payload = {tdata, tkeep, tlast, tuser};

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

  // A tile is in a bank from its start to its release.
  logic [1:0] inside_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      inside_q <= '0;
    end else begin
      for (int unsigned b = 0; b < 2; b++) begin
        if (u_engine.tile_start && u_engine.tile_start_bank == 1'(b)) begin
          inside_q[b] <= 1'b1;
        end else if (u_engine.bank_release[b]) begin
          inside_q[b] <= 1'b0;
        end
      end
    end
  end

  `DRIFT_ASSERT(BankBusy, u_engine.bank_busy == inside_q, clk_i, rst_ni)
  `DRIFT_ASSERT(DoneWasInside, !u_engine.tile_done || inside_q[u_engine.tile_done_bank], clk_i, rst_ni)
  `DRIFT_ASSERT(IdleIsEmpty, !cmd_ready || (inside_q == '0 && !tvalid && !u_engine.row_accept && u_engine.tags_empty),
                clk_i, rst_ni)

  // Once quiet, quiet until the pause ends.
  logic quiet_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      quiet_q <= 1'b0;
    end else begin
      quiet_q <= quiet;
    end
  end

  `DRIFT_ASSERT(StaysQuiet, !(quiet_q && pause_i) || quiet, clk_i, rst_ni)
  `DRIFT_ASSERT(QuietMovesNothing, !quiet || (!u_engine.row_accept && !u_engine.weight_load && !u_engine.take),
                clk_i, rst_ni)

endmodule : drift_formal_engine
