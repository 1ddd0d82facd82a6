// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_tile_engine with its PEs: nothing moves in the array while it is quiet.
//
// Assumed: reset in the first cycle; the registers of the array, which reset does not reach, power up as zeros; an
//   activation is zero where no row was accepted (drift_formal_row_encoder proves it).
// Proved: in a cycle in which quiet_o is high, no register of any PE changes but its psum, no PE multiplies, and no
//   column carries a sum. (drift_formal_pe_column proves that psums are then zero, and stay so.)

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_frozen (
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

  localparam int unsigned Rows = drift_pkg::Rows;
  localparam int unsigned Lanes = drift_pkg::Lanes;

  // What moves east and the weights of all PEs, the control words of all columns, and the north edge.
  logic [64*Rows*Lanes-1:0]  array, array_q;
  logic [32*Lanes-1:0]       north, control;
  // PE computes with a valid activation; and its psum may differ from zero, because of it or of one north of it.
  logic [Rows*Lanes-1:0]     computes;
  logic [(Rows+1)*Lanes-1:0] carry_q;
  logic                      quiet_q;

  for (genvar c = 0; c < Lanes; c++) begin : g_column
    assign north[32*c +: 32]        = u_engine.u_array.g_column[c].u_column.u_pes.weight_q[Rows];
    assign control[32*c +: 32]      = u_engine.u_array.g_column[c].u_column.east_o[32*Rows +: 32];
    assign carry_q[(Rows+1)*c+Rows] = 1'b0;
    for (genvar i = 0; i < Rows; i++) begin : g_pe
      assign array[64*(Rows*c+i) +: 64] = {u_engine.u_array.g_column[c].u_column.u_pes.weight_q[i],
                                           u_engine.u_array.g_column[c].u_column.east_o[32*i +: 32]};
      assign computes[Rows*c+i]         = array[64*(Rows*c+i)+31];

      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          carry_q[(Rows+1)*c+i] <= 1'b0;
        end else begin
          carry_q[(Rows+1)*c+i] <= carry_q[(Rows+1)*c+i+1] || computes[Rows*c+i];
        end
      end
    end
  end

  always_comb assume (u_engine.valid_wave[0] || u_engine.act_first == '0);
  for (genvar r = 1; r < Rows; r++) begin : g_act
    always_comb assume (u_engine.valid_wave[r] || u_engine.act[8*r +: 8] == '0);
  end

  always_comb begin
    if (!rst_ni) assume (array == '0 && north == '0 && control == '0 && u_engine.u_array.west_q == '0);
  end

  always_ff @(posedge clk_i) array_q <= array;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      quiet_q <= 1'b0;
    end else begin
      quiet_q <= quiet;
    end
  end

  `DRIFT_ASSERT(Frozen, !quiet_q || array == array_q, clk_i, rst_ni)
  `DRIFT_ASSERT(NothingComputes, !quiet || computes == '0, clk_i, rst_ni)
  `DRIFT_ASSERT(NothingCarried, !quiet || carry_q == '0, clk_i, rst_ni)

endmodule : drift_formal_frozen
