// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_row_encoder, alone.
//
// Assumed: reset in the first cycle; the skew's registers, which reset does not reach, power up as zeros; a row is
//   accepted only while the skew advances.
// Proved: lane r is zero unless a row was accepted r advances ago; lane 0 of a data row is the stream's, zero beyond the
//   reduction depth.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_row_encoder (
  input logic                              clk_i,
  input logic                              rst_ni,
  input logic                              en_i,
  input logic [8*drift_pkg::Rows-1:0]      data_i,
  input logic [drift_pkg::DepthWidth-1:0]  depth_i,
  input logic                              accept_i,
  input logic                              first_i,
  input logic                              hi_i,
  input logic                              lo_i
);

  localparam int unsigned Rows = drift_pkg::Rows;

  // Lane 0 leaves apart.
  logic [8*Rows-1:0] act;
  logic [Rows-1:0]   wave;
  logic [Rows-2:0]   wave_q;

  drift_row_encoder u_encoder (
    .clk_i,
    .en_i,
    .data_i,
    .depth_i,
    .accept_i,
    .first_i,
    .hi_i,
    .lo_i,
    .act_first_o(act[7:0]),
    .act_o      (act[8*Rows-1:8])
  );

  `DRIFT_FORMAL_RESET
  `DRIFT_ASSUME(AcceptAdvances, !accept_i || en_i)

  // Which lanes carry a row, as the engine delays it for the array's valid bits.
  assign wave = {wave_q, accept_i};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      wave_q <= '0;
    end else if (en_i) begin
      wave_q <= wave[Rows-2:0];
    end
  end

  for (genvar s = 1; s < Rows; s++) begin : g_stage
    always_comb begin
      if (!rst_ni) assume (!en_i && u_encoder.u_skew.g_stage[s].held_q == '0);
    end

    // The stage holds the lanes that are still on their way, all of the same row.
    `DRIFT_ASSERT(StageZero, wave[s] || u_encoder.u_skew.g_stage[s].held_q == '0, clk_i, rst_ni)
  end

  for (genvar r = 0; r < Rows; r++) begin : g_lane
    `DRIFT_ASSERT(ZeroWithoutRow, wave[r] || act[8*r +: 8] == '0, clk_i, rst_ni)
  end

  `DRIFT_ASSERT(DataPasses, !accept_i || hi_i || lo_i || act[7:0] == ((depth_i == '0) ? 8'h00 : data_i[7:0]),
                clk_i, rst_ni)

endmodule : drift_formal_row_encoder
