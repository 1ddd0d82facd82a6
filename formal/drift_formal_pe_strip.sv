// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_pe_strip, alone.
//
// Assumed: reset in the first cycle; the registers of the PEs, which no reset reaches, power up with psums of zero and
//   without a valid activation.
// Proved: the psum of a PE is zero unless it, or one north of it, has computed with a valid activation since: a sum moves
//   south by one PE per cycle and leaves nothing behind. Activations move east, and nothing else changes them; a weight
//   changes only with a swap, to the shadow weight.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_pe_strip (
  input logic                             clk_i,
  input logic                             rst_ni,
  input logic [32*drift_pkg::Rows-1:0]    west_i,
  input logic [8*drift_pkg::Columns-1:0]  weight_i,
  input logic [drift_pkg::Columns-1:0]    shift_i,
  input logic                             load_i
);

  localparam int unsigned Rows = drift_pkg::Rows;
  localparam int unsigned Columns = drift_pkg::Columns;

  logic [32*Rows-1:0]    east;
  logic [32*Columns-1:0] south;

  drift_pe_strip #(
    .Columns(Columns)
  ) u_strip (
    .clk_i,
    .west_i,
    .east_o  (east),
    .weight_i,
    .shift_i,
    .load_i,
    .psum_o  (south)
  );

  `DRIFT_FORMAL_RESET

  for (genvar c = 0; c < Columns; c++) begin : g_column
    logic [Rows:0] carry_q;

    // North edge.
    assign carry_q[0] = 1'b0;

    always_comb begin
      if (!rst_ni) assume (u_strip.psum_q[c][0] == '0);
    end

    `DRIFT_ASSERT(NorthIsZero, u_strip.psum_q[c][0] == '0, clk_i, rst_ni)

    for (genvar r = 1; r <= Rows; r++) begin : g_row
      logic [31:0] west, word, word_q, west_q, shadow_q;
      logic        ran_q;

      if (c == 0) begin : g_edge
        assign west = west_i[32*(r-1) +: 32];
      end else begin : g_inside
        assign west = u_strip.state_q[c-1][r];
      end
      assign word = u_strip.state_q[c][r];

      always_comb begin
        if (!rst_ni) assume (u_strip.psum_q[c][r] == '0 && !word[31]);
      end

      always_ff @(posedge clk_i or negedge rst_ni) begin
        if (!rst_ni) begin
          carry_q[r] <= 1'b0;
        end else begin
          carry_q[r] <= carry_q[r-1] || word[31];
        end
      end

      always_ff @(posedge clk_i) begin
        word_q   <= word;
        west_q   <= west;
        ran_q    <= rst_ni;
        shadow_q <= {24'b0, word[23:16]};
      end

      `DRIFT_ASSERT(NoSumLeft, carry_q[r] || u_strip.psum_q[c][r] == '0, clk_i, rst_ni)
      `DRIFT_ASSERT(ActivationsMoveEast, !ran_q || (word[7:0] == west_q[7:0] && word[31:30] == west_q[31:30]),
                    clk_i, rst_ni)
      `DRIFT_ASSERT(WeightsWaitForSwap, !ran_q || word[15:8] == (west_q[30] ? shadow_q[7:0] : word_q[15:8]),
                    clk_i, rst_ni)
    end
  end

endmodule : drift_formal_pe_strip
