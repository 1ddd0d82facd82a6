// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_pe_column, alone.
//
// Assumed: reset in the first cycle; the registers of the PEs, which no reset reaches, power up with psums of zero and
//   without a valid activation.
// Proved: the psum of a PE is zero unless it, or one north of it, has computed with a valid activation since: a sum moves
//   south by one PE per cycle and leaves nothing behind. Activations and the control word move east, and nothing else
//   changes them; a weight changes only with a swap, to the shadow weight.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_pe_column (
  input logic                            clk_i,
  input logic                            rst_ni,
  input logic [drift_pkg::EastWidth-1:0] west_i,
  input logic [7:0]                      weight_i
);

  localparam int unsigned Rows = drift_pkg::Rows;

  logic [drift_pkg::EastWidth-1:0] east;
  drift_pkg::psum_t                south;

  drift_pe_column u_column (
    .clk_i,
    .west_i,
    .east_o  (east),
    .weight_i,
    .psum_o  (south)
  );

  `DRIFT_FORMAL_RESET

  // PEs from the south; the north edge is beyond the last one.
  logic [Rows:0] carry_q;
  logic [31:0]   control_q;
  logic          ran_q;

  assign carry_q[Rows] = 1'b0;

  always_comb begin
    if (!rst_ni) assume (u_column.psum_q[Rows] == '0);
  end

  always_ff @(posedge clk_i) begin
    control_q <= west_i[32*Rows +: 32];
    ran_q     <= rst_ni;
  end

  `DRIFT_ASSERT(NorthIsZero, u_column.psum_q[Rows] == '0, clk_i, rst_ni)
  `DRIFT_ASSERT(ControlMovesEast, !ran_q || east[32*Rows +: 32] == (control_q & drift_pkg::ControlMask), clk_i, rst_ni)

  for (genvar i = 0; i < Rows; i++) begin : g_pe
    logic [31:0] west_q;
    logic [7:0]  weight, weight_q, shadow_q;

    assign weight = u_column.weight_q[i][7:0];

    always_comb begin
      if (!rst_ni) assume (u_column.psum_q[i] == '0 && !east[32*i+31]);
    end

    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) begin
        carry_q[i] <= 1'b0;
      end else begin
        carry_q[i] <= carry_q[i+1] || east[32*i+31];
      end
    end

    always_ff @(posedge clk_i) begin
      west_q   <= west_i[32*i +: 32];
      weight_q <= weight;
      shadow_q <= u_column.weight_q[i][15:8];
    end

    `DRIFT_ASSERT(NoSumLeft, carry_q[i] || u_column.psum_q[i] == '0, clk_i, rst_ni)
    `DRIFT_ASSERT(ActivationsMoveEast, !ran_q || (east[32*i +: 8] == west_q[7:0] && east[32*i+30 +: 2] == west_q[31:30]),
                  clk_i, rst_ni)
    `DRIFT_ASSERT(WeightsWaitForSwap, !ran_q || weight == (west_q[30] ? shadow_q : weight_q), clk_i, rst_ni)
  end

endmodule : drift_formal_pe_column
