// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_tile_engine: how soon it is quiet once it is told to pause.
//
// Assumed: reset in the first cycle; during a pause the activation stream is valid (a pass that has begun goes on to its end,
//   and needs its rows); an idle engine has no row on its way (drift_formal_engine proves it). Commands, weights and
//   results as they come.
// Proved: quiet_o answers at most PassRows + PsumDelay + Lanes + 1 cycles after pause_i, whatever the engine was doing.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_pause (
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

  localparam int unsigned Bound = drift_pkg::PassRows + drift_pkg::PsumDelay + drift_pkg::Lanes + 1;

  // Cycles since the pause began, as long as it is not quiet.
  logic [7:0] waited_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      waited_q <= '0;
    end else begin
      waited_q <= (!pause_i || quiet) ? '0 : waited_q + 1'b1;
    end
  end

  `DRIFT_ASSUME(RowsComeInPause, !pause_i || s_axis_act_tvalid_i)

  `DRIFT_ASSERT(QuietInTime, 32'(waited_q) < Bound, clk_i, rst_ni)

  // Induction: the pass that had begun, the rows on their way, and the weights on their way.
  localparam int unsigned Stages = drift_pkg::PsumDelay + drift_pkg::Lanes;

  logic [Stages:0] rows;
  logic [31:0]     youngest_row, youngest_weight;

  assign rows = {u_engine.u_tag_pipeline.valid_q, u_engine.tag_valid};

  always_comb begin
    youngest_row = 32'(Stages + 1);
    for (int unsigned i = 0; i <= Stages; i++) begin
      if (rows[Stages-i]) youngest_row = 32'(Stages - i);
    end
    youngest_weight = 32'(drift_pkg::Lanes);
    for (int unsigned i = 0; i < drift_pkg::Lanes; i++) begin
      if (u_engine.u_weight_loader.shift_q[drift_pkg::Lanes-1-i]) youngest_weight = 32'(drift_pkg::Lanes - 1 - i);
    end
  end

  `DRIFT_ASSUME(IdleIsEmpty, !cmd_ready || (rows == '0 && !u_engine.in_pass))

  `DRIFT_ASSERT(PassGoesOn, !u_engine.in_pass || 32'(waited_q) < 32'(u_engine.u_row_sequencer.row_q), clk_i, rst_ni)
  `DRIFT_ASSERT(PassHasRows, 32'(u_engine.u_row_sequencer.row_q) < drift_pkg::PassRows, clk_i, rst_ni)
  `DRIFT_ASSERT(PassIsActive, !u_engine.in_pass || u_engine.rows_active, clk_i, rst_ni)
  `DRIFT_ASSERT(PassInTile, !u_engine.in_pass
                || 32'(u_engine.u_row_sequencer.row_q) <= 32'(u_engine.tile_rows) + 32'd1, clk_i, rst_ni)
  `DRIFT_ASSERT(RowsMove, u_engine.in_pass || 32'(waited_q) < drift_pkg::PassRows + youngest_row,
                clk_i, rst_ni)
  `DRIFT_ASSERT(WeightsMove, u_engine.u_weight_loader.shift_q == '0 || 32'(waited_q) <= youngest_weight + 1, clk_i, rst_ni)

endmodule : drift_formal_pause
