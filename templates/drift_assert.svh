{{ banner }}
// Assertion macro. Verilator checks it as a concurrent assertion in simulation
// with --assert, a formal flow (`FORMAL defined) as an immediate one, and
// synthesis sees nothing. Only what the reset state satisfies is asserted: Verilator would take a condition on
// the asynchronous reset for a second, synchronous use of it.

`ifndef DRIFT_ASSERT_SVH
`define DRIFT_ASSERT_SVH

`ifdef SYNTHESIS
`define DRIFT_ASSERT(name_, expr_, clk_, rst_n_)
`elsif FORMAL
`define DRIFT_ASSERT(name_, expr_, clk_, rst_n_) \
  always @(posedge clk_) begin \
    if (rst_n_) name_: assert (expr_); \
  end
`elsif VERILATOR
`define DRIFT_ASSERT(name_, expr_, clk_, rst_n_) \
  name_: assert property (@(posedge clk_) (expr_));
`else
`define DRIFT_ASSERT(name_, expr_, clk_, rst_n_)
`endif

`endif  // DRIFT_ASSERT_SVH
