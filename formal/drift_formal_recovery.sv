// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_recovery, with the repacker's outputs open. (drift_formal_repacker proves what is assumed of it.)
//
// Assumed: reset in the first cycle; the GEMM's inputs change only while idle_o is high; the engine's stream is stable until
//   it is taken, a tile has as many beats as rows and keeps its marks, and no tile comes that the GEMM does not have; a
//   tile that is repeated waits at the head of the list and is at most TileRows high. The repacker accepts a read only when
//   all rows of the previous one were taken, then gives as many rows as asked for, stable until taken; it accepts a
//   written tile only when it has all rows of the previous one.
// Proved: the result stream is stable until it is taken (AXI4-Stream), with data, flags and marks; exactly the masked
//   elements of a tile that is rolled back are replaced, by the row of the checkpoint of the same number, and nothing
//   else changes; every row of a fetched checkpoint belongs to a row of the tile; a fetch never waits for another; the old
//   checkpoint is read to its end before the tile's new one is offered; no queue overflows.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_recovery (
  input logic                             clk_i,
  input logic                             rst_ni,
  input logic                             protect_i,
  input logic                             checkpoint_valid_i,
  input logic                             checkpoint_write_i,
  input logic                             recompute_missing_i,
  input logic                             recompute_unlocated_i,
  input logic                             row_major_i,
  input logic [31:0]                      base_i,
  input logic [31:0]                      header_base_i,
  input logic [drift_pkg::DimWidth-1:0]   tiles_n_i,
  input logic [15:0]                      scale_i,
  input logic [drift_pkg::DimWidth-1:0]   dim_m_i,
  input logic                             start_i,
  input logic                             repeat_i,
  input logic                             s_axis_result_tvalid_i,
  input logic [32*drift_pkg::Columns-1:0] s_axis_result_tdata_i,
  input logic [4*drift_pkg::Columns-1:0]  s_axis_result_tkeep_i,
  input logic                             s_axis_result_tlast_i,
  input logic [drift_pkg::UserWidth-1:0]  s_axis_result_tuser_i,
  input logic                             tile_masked_i,
  input logic                             tile_unlocated_i,
  input logic                             m_axis_result_tready_i,
  input logic                             repeat_ready_i
);

  logic s_axis_result_tready;
  logic m_axis_result_tvalid;
  logic [32*drift_pkg::Columns-1:0] m_axis_result_tdata;
  logic [4*drift_pkg::Columns-1:0] m_axis_result_tkeep;
  logic m_axis_result_tlast;
  logic [drift_pkg::ResultUserWidth-1:0] m_axis_result_tuser;
  logic repeat_valid;
  logic [drift_pkg::DimWidth-1:0] repeat_tile_m;
  logic [drift_pkg::DimWidth-1:0] repeat_tile_n;
  logic idle;
  logic axi_error;
  logic [drift_pkg::CountWidth-1:0] rollbacks;
  logic [drift_pkg::CountWidth-1:0] restored;
  logic [drift_pkg::CountWidth-1:0] recomputes;
  logic [drift_pkg::CountWidth-1:0] kept;
  logic [drift_pkg::CountWidth-1:0] overflows;
  logic [drift_pkg::CountWidth-1:0] checkpoints;
  logic [drift_pkg::CountWidth-1:0] stall_cycles;
  logic [drift_pkg::CountWidth-1:0] recovery_cycles;
  logic [drift_pkg::CountWidth-1:0] axi_errors;

  drift_recovery u_recovery (
    .clk_i,
    .rst_ni,
    .protect_i,
    .checkpoint_valid_i,
    .checkpoint_write_i,
    .recompute_missing_i,
    .recompute_unlocated_i,
    .row_major_i,
    .base_i,
    .header_base_i,
    .tiles_n_i,
    .scale_i,
    .dim_m_i,
    .start_i,
    .repeat_i,
    .s_axis_result_tvalid_i,
    .s_axis_result_tready_o(s_axis_result_tready),
    .s_axis_result_tdata_i,
    .s_axis_result_tkeep_i,
    .s_axis_result_tlast_i,
    .s_axis_result_tuser_i,
    .tile_masked_i,
    .tile_unlocated_i,
    .m_axis_result_tvalid_o(m_axis_result_tvalid),
    .m_axis_result_tready_i,
    .m_axis_result_tdata_o(m_axis_result_tdata),
    .m_axis_result_tkeep_o(m_axis_result_tkeep),
    .m_axis_result_tlast_o(m_axis_result_tlast),
    .m_axis_result_tuser_o(m_axis_result_tuser),
    .repeat_valid_o(repeat_valid),
    .repeat_ready_i,
    .repeat_tile_m_o(repeat_tile_m),
    .repeat_tile_n_o(repeat_tile_n),
    .idle_o(idle),
    .axi_error_o(axi_error),
    .rollbacks_o(rollbacks),
    .restored_o(restored),
    .recomputes_o(recomputes),
    .kept_o(kept),
    .overflows_o(overflows),
    .checkpoints_o(checkpoints),
    .stall_cycles_o(stall_cycles),
    .recovery_cycles_o(recovery_cycles),
    .axi_errors_o(axi_errors),
    .m_axi_awvalid_o(),
    .m_axi_awready_i('0),
    .m_axi_awaddr_o(),
    .m_axi_awlen_o(),
    .m_axi_awsize_o(),
    .m_axi_awburst_o(),
    .m_axi_wvalid_o(),
    .m_axi_wready_i('0),
    .m_axi_wdata_o(),
    .m_axi_wstrb_o(),
    .m_axi_wlast_o(),
    .m_axi_bvalid_i('0),
    .m_axi_bready_o(),
    .m_axi_bresp_i('0),
    .m_axi_arvalid_o(),
    .m_axi_arready_i('0),
    .m_axi_araddr_o(),
    .m_axi_arlen_o(),
    .m_axi_arsize_o(),
    .m_axi_arburst_o(),
    .m_axi_rvalid_i('0),
    .m_axi_rready_o(),
    .m_axi_rdata_i('0),
    .m_axi_rresp_i('0),
    .m_axi_rlast_i('0)
  );

  `DRIFT_FORMAL_RESET

  localparam int unsigned Columns = drift_pkg::Columns;

  // What was there in the previous cycle.
  localparam int unsigned ConfigWidth = 85 + 2 * drift_pkg::DimWidth + 1;
  localparam int unsigned BeatWidth = 36 * Columns + 3 + drift_pkg::UserWidth;

  logic [ConfigWidth-1:0] gemm, gemm_q;
  logic [BeatWidth-1:0]   beat, beat_q;
  logic                   idle_q, beat_waiting_q, first_q, last_fire;
  logic [1:0]             marks_q;

  assign gemm      = {protect_i, checkpoint_valid_i, checkpoint_write_i, recompute_missing_i, recompute_unlocated_i,
                      base_i, header_base_i, scale_i, tiles_n_i, dim_m_i, repeat_i};
  assign beat      = {s_axis_result_tdata_i, s_axis_result_tkeep_i, s_axis_result_tlast_i, s_axis_result_tuser_i,
                      tile_masked_i, tile_unlocated_i};
  assign last_fire = s_axis_result_tvalid_i && s_axis_result_tready && s_axis_result_tlast_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      idle_q         <= 1'b1;
      beat_waiting_q <= 1'b0;
      first_q        <= 1'b1;
    end else begin
      idle_q         <= idle;
      beat_waiting_q <= s_axis_result_tvalid_i && !s_axis_result_tready;
      if (s_axis_result_tvalid_i && s_axis_result_tready) begin
        first_q <= s_axis_result_tlast_i;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    gemm_q <= gemm;
    beat_q <= beat;
    if (s_axis_result_tvalid_i) begin
      marks_q <= {tile_masked_i, tile_unlocated_i};
    end
  end

  `DRIFT_ASSUME(GemmHeld, idle_q || gemm == gemm_q)
  `DRIFT_ASSUME(StartWhenIdle, !start_i || (idle && !s_axis_result_tvalid_i))
  `DRIFT_ASSUME(BeatHeld, !beat_waiting_q || (s_axis_result_tvalid_i && beat == beat_q))
  `DRIFT_ASSUME(MarksHeld, first_q || !s_axis_result_tvalid_i || {tile_masked_i, tile_unlocated_i} == marks_q)
  `DRIFT_ASSUME(TileOfGemm, !s_axis_result_tvalid_i || u_recovery.left_m != '0)
  `DRIFT_ASSUME(TileHasRows, s_axis_result_tlast_i == (u_recovery.passed_q + 1'b1 == u_recovery.rows))
  `DRIFT_ASSUME(RepeatWaits, !repeat_i || repeat_valid)
  `DRIFT_ASSUME(RepeatTakenIdle, !repeat_ready_i || (idle && repeat_i))

  // The repacker: rows that it still has to give, and to take.
  logic [drift_pkg::RowWidth-1:0] give_q, take_q;
  logic                           give, take, row_waiting_q;
  logic [8*Columns+8:0]           row, row_q;

  assign give = u_recovery.read_row_valid && u_recovery.read_row_ready;
  assign take = u_recovery.write_row_valid && u_recovery.write_row_ready;
  assign row  = {u_recovery.read_header, u_recovery.read_row_error, u_recovery.read_row};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      give_q        <= '0;
      take_q        <= '0;
      row_waiting_q <= 1'b0;
    end else begin
      row_waiting_q <= u_recovery.read_row_valid && !u_recovery.read_row_ready;
      if (u_recovery.decide && u_recovery.rollback_now && u_recovery.read_ready) begin
        give_q <= u_recovery.rows;
      end else if (give) begin
        give_q <= give_q - 1'b1;
      end
      if (u_recovery.write_valid && u_recovery.write_ready) begin
        take_q <= u_recovery.write_rows;
      end else if (take) begin
        take_q <= take_q - 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) row_q <= row;

  `DRIFT_ASSUME(ReadReady, u_recovery.read_ready == (give_q == '0))
  `DRIFT_ASSUME(RowsThatWereAsked, !u_recovery.read_row_valid || give_q != '0)
  `DRIFT_ASSUME(RowHeld, !row_waiting_q || (u_recovery.read_row_valid && row == row_q))
  // The header stays until the last row has been restored.
  `DRIFT_ASSUME(HeaderHeld, !u_recovery.restored_valid || u_recovery.read_header == row_q[8*Columns+8 -: 8])
  `DRIFT_ASSUME(WriteReady, !u_recovery.write_ready || take_q == '0)
  `DRIFT_ASSUME(RepackerBusy, !u_recovery.repacker_idle || (give_q == '0 && take_q == '0))

  // Exactly the masked elements are replaced. `restored` is the row that waits; its number is counted below.
  for (genvar j = 0; j < Columns; j++) begin : g_element
    logic [31:0] given, sent;

    assign given = s_axis_result_tdata_i[32*j +: 32];
    assign sent  = m_axis_result_tdata[32*j +: 32];

    `DRIFT_ASSERT(Unmasked, !m_axis_result_tvalid || s_axis_result_tuser_i[j] || sent == given, clk_i, rst_ni)
    `DRIFT_ASSERT(NotRolledBack, !m_axis_result_tvalid || m_axis_result_tuser[drift_pkg::ResultUserWidth-1]
                  || sent == given, clk_i, rst_ni)
    `DRIFT_ASSERT(Replaced, !(m_axis_result_tvalid && m_axis_result_tuser[drift_pkg::ResultUserWidth-1]
                  && s_axis_result_tuser_i[j])
                  || (u_recovery.restored_valid && sent == u_recovery.restored[32*j +: 32]), clk_i, rst_ni)
  end

  // Rows that were taken from the repacker for this tile, before the one that waits restored.
  logic [drift_pkg::RowWidth-1:0] number_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      number_q <= '0;
    end else if (last_fire) begin
      number_q <= '0;
    end else if (u_recovery.restored_valid && u_recovery.restored_ready) begin
      number_q <= number_q + 1'b1;
    end
  end

  logic rolling;

  assign rolling = u_recovery.decided_q && u_recovery.rollback_q;

  `DRIFT_ASSERT(SameRow, !rolling || number_q == u_recovery.passed_q, clk_i, rst_ni)
  `DRIFT_ASSERT(RowsAddUp, !rolling || {1'b0, give_q} + {1'b0, u_recovery.passed_q}
                + (drift_pkg::RowWidth + 1)'(u_recovery.restored_valid) == {1'b0, u_recovery.rows}, clk_i, rst_ni)
  `DRIFT_ASSERT(NothingFetched, rolling || (give_q == '0 && !u_recovery.restored_valid), clk_i, rst_ni)
  `DRIFT_ASSERT(NumberOfNone, rolling || number_q == '0, clk_i, rst_ni)

  // Induction.
  `DRIFT_ASSERT(FirstAgrees, first_q == (u_recovery.passed_q == '0) && u_recovery.first_q == first_q, clk_i, rst_ni)
  `DRIFT_ASSERT(InsideIsDecided, first_q || u_recovery.decided_q, clk_i, rst_ni)
  `DRIFT_ASSERT(PassedInTile, !u_recovery.decided_q || u_recovery.passed_q < u_recovery.rows, clk_i, rst_ni)
  `DRIFT_ASSERT(WritesAgree, u_recovery.u_encoder.left_q == take_q, clk_i, rst_ni)
  `DRIFT_ASSERT(DecidedWaits, !u_recovery.decided_q || beat_waiting_q || !first_q, clk_i, rst_ni)

endmodule : drift_formal_recovery
