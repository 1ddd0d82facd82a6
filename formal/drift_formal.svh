// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Macros of the formal harnesses.

`ifndef DRIFT_FORMAL_SVH
`define DRIFT_FORMAL_SVH

// Reset is active in the first cycle and never again.
`define DRIFT_FORMAL_RESET \
  logic started_q = 1'b0; \
  always_ff @(posedge clk_i) started_q <= 1'b1; \
  always_comb assume (rst_ni == started_q);

// Something about the environment that is taken for granted.
`define DRIFT_ASSUME(name_, expr_) \
  always_comb begin \
    if (rst_ni) name_: assume (expr_); \
  end

`endif  // DRIFT_FORMAL_SVH
