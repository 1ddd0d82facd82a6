// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_dvfs: operating points are changed safely.
//
// Assumed: reset in the first cycle; a paused array that is quiet stays quiet. The table, targets, timeouts, and the
//   answers of regulator and PLL are arbitrary in every cycle.
// Proved: the assertions in the module, that is: the array is paused and quiet while voltage or frequency may be moving;
//   every frequency that the clock may have is allowed at every voltage that the supply may have; requests are stable;
//   every wait counts down, and a change only turns to a safer goal.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_dvfs (
  input logic         clk_i,
  input logic         rst_ni,
  input logic [255:0] points_i,
  input logic [15:0]  timeout_i,
  input logic [2:0]   target_i,
  input logic         panic_i,
  input logic         fault_clear_i,
  input logic         array_quiet_i,
  input logic         voltage_ack_i,
  input logic         frequency_ack_i
);

  logic array_pause;

  drift_dvfs u_dvfs (
    .clk_i,
    .rst_ni,
    .points_i,
    .timeout_i,
    .target_i,
    .panic_i,
    .fault_clear_i,
    .array_quiet_i,
    .voltage_ack_i,
    .frequency_ack_i,
    .array_pause_o   (array_pause),
    .point_o         (),
    .busy_o          (),
    .settled_o       (),
    .fault_o         (),
    .voltage_code_o  (),
    .voltage_req_o   (),
    .frequency_code_o(),
    .frequency_req_o (),
    .transitions_o   (),
    .timeouts_o      (),
    .change_cycles_o ()
  );

  `DRIFT_FORMAL_RESET

  logic was_quiet_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      was_quiet_q <= 1'b0;
    end else begin
      was_quiet_q <= array_pause && array_quiet_i;
    end
  end

  `DRIFT_ASSUME(QuietStays, !(was_quiet_q && array_pause) || array_quiet_i)

  // What makes the assumption enough: a request is only made after quiet was seen.
  `DRIFT_ASSERT(QuietWasSeen, (u_dvfs.state_q == 3'd0) || (u_dvfs.state_q == 3'd1) || was_quiet_q, clk_i, rst_ni)

endmodule : drift_formal_dvfs
