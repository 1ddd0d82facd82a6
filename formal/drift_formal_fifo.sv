// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_fifo, alone, with five entries: a depth that is no power of two.
//
// Assumed: reset in the first cycle; nothing else.
// Proved: it never overflows and never underflows; it is full with exactly Depth entries; an entry leaves as it came in,
//   after exactly those that came before it, and none is lost: shown for one entry of any age; output and its payload
//   are stable until they are taken.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_fifo (
  input logic       clk_i,
  input logic       rst_ni,
  input logic       in_valid_i,
  input logic [3:0] in_data_i,
  input logic       out_ready_i,
  // Follow the entry that is accepted in this cycle.
  input logic       follow_i
);

  localparam int unsigned Depth = 5;

  logic       in_ready, out_valid, push, pop;
  logic [3:0] out_data;

  drift_fifo #(
    .Width(4),
    .Depth(Depth)
  ) u_fifo (
    .clk_i,
    .rst_ni,
    .in_valid_i,
    .in_ready_o (in_ready),
    .in_data_i,
    .out_valid_o(out_valid),
    .out_ready_i,
    .out_data_o (out_data)
  );

  `DRIFT_FORMAL_RESET

  assign push = in_valid_i && in_ready;
  assign pop  = out_valid && out_ready_i;

  // Entries inside, and the one that is followed with the number of those before it.
  logic [3:0] inside_q, ahead_q, data_q, out_data_q;
  logic       followed_q, waiting_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      inside_q   <= '0;
      ahead_q    <= '0;
      data_q     <= '0;
      followed_q <= 1'b0;
      waiting_q  <= 1'b0;
    end else begin
      inside_q  <= inside_q + 4'(push) - 4'(pop);
      waiting_q <= out_valid && !out_ready_i;
      if (!followed_q && push && follow_i) begin
        followed_q <= 1'b1;
        data_q     <= in_data_i;
        ahead_q    <= inside_q - 4'(pop);
      end else if (followed_q && pop) begin
        followed_q <= ahead_q != '0;
        ahead_q    <= ahead_q - 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) out_data_q <= out_data;

  `DRIFT_ASSERT(NeverMoreThanDepth, 32'(inside_q) <= Depth, clk_i, rst_ni)
  `DRIFT_ASSERT(FullWhenFull, in_ready == (32'(inside_q) < Depth), clk_i, rst_ni)
  `DRIFT_ASSERT(EmptyWhenEmpty, out_valid == (inside_q != '0), clk_i, rst_ni)
  `DRIFT_ASSERT(StillInside, !followed_q || ahead_q < inside_q, clk_i, rst_ni)
  `DRIFT_ASSERT(LeavesAsItCame, !(followed_q && ahead_q == '0) || out_data == data_q, clk_i, rst_ni)
  `DRIFT_ASSERT(OutputHeld, !waiting_q || (out_valid && out_data == out_data_q), clk_i, rst_ni)

endmodule : drift_formal_fifo
