// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_tile_engine: every started tile ends. With drift_formal_gemm_walker, which proves that a GEMM has finitely many passes
// of finitely many rows, it is enough that every step of a tile comes in time.
//
// Assumed: reset in the first cycle; activations and weights are always valid, results are always taken, and nobody pauses
//   the engine: its surroundings answer at once. Commands of any shape at any time.
// Proved: while rows remain to be accepted, the next one is accepted within MaxStall cycles; a tile has left its bank within
//   MaxFlight cycles of its last row; the engine is ready within MaxFlight + 2 cycles of the last row of a GEMM.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_tile_ends (
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

  // Loading the weights of a pass, or waiting for a bank to be drained.
  localparam int unsigned MaxStall = 2 * drift_pkg::Rows + drift_pkg::PsumDelay + drift_pkg::Lanes;
  // Through the array and out of the accumulators.
  localparam int unsigned MaxFlight = drift_pkg::PsumDelay + drift_pkg::Lanes + 2 * drift_pkg::TileRows + 2;

  `DRIFT_ASSUME(AlwaysReady, s_axis_act_tvalid_i && s_axis_weight_tvalid_i && m_axis_result_tready_i && !pause_i)

  // Cycles without a row, since the last row of the tile in a bank, and since the GEMM has no row left.
  logic [7:0] stall_q, rest_q;
  logic [7:0] flight_q [2];
  logic [1:0] flying_q;
  logic       last_row;

  assign last_row = u_engine.u_row_sequencer.advance && u_engine.u_row_sequencer.last_pass;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      stall_q  <= '0;
      rest_q   <= '0;
      flying_q <= '0;
    end else begin
      stall_q <= (u_engine.rows_active && !u_engine.row_accept) ? stall_q + 1'b1 : '0;
      rest_q  <= (cmd_ready || u_engine.rows_active || u_engine.load_q) ? '0 : rest_q + 1'b1;
      for (int unsigned b = 0; b < 2; b++) begin
        flight_q[b] <= flight_q[b] + 1'b1;
        if (last_row && u_engine.tile_start_bank == 1'(b)) begin
          flying_q[b] <= 1'b1;
          flight_q[b] <= '0;
        end else if (u_engine.bank_release[b]) begin
          flying_q[b] <= 1'b0;
        end
      end
    end
  end

  `DRIFT_ASSERT(NextRowInTime, 32'(stall_q) <= MaxStall, clk_i, rst_ni)
  `DRIFT_ASSERT(ReadyInTime, 32'(rest_q) <= MaxFlight + 2, clk_i, rst_ni)

  for (genvar b = 0; b < 2; b++) begin : g_bank
    `DRIFT_ASSERT(LeavesInTime, !flying_q[b] || 32'(flight_q[b]) <= MaxFlight, clk_i, rst_ni)
    // A bank is busy only while a tile gets rows or is on its way out.
    `DRIFT_ASSERT(BusyForATile, !u_engine.bank_busy[b] || flying_q[b] || (u_engine.rows_active
                  && u_engine.tile_start_bank == 1'(b)), clk_i, rst_ni)
  end

endmodule : drift_formal_tile_ends
