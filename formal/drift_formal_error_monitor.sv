// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_error_monitor: the bias moves in one direction at a time, and only while it may.
//
// Assumed: reset in the first cycle. Everything else is arbitrary.
// Proved: the assertions in the module.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_error_monitor (
  input logic                             clk_i,
  input logic                             rst_ni,
  input logic                             tile_valid_i,
  input logic [drift_pkg::FlagsWidth-1:0] tile_flags_i,
  input logic                             enable_i,
  input logic [15:0]                      window_i,
  input logic [31:0]                      high_limit_i,
  input logic [31:0]                      low_limit_i,
  input logic [31:0]                      panic_limit_i,
  input logic [7:0]                       patience_i,
  input logic                             panic_clear_i
);

  drift_error_monitor u_error_monitor (
    .clk_i,
    .rst_ni,
    .tile_valid_i,
    .tile_flags_i,
    .enable_i,
    .window_i,
    .high_limit_i,
    .low_limit_i,
    .panic_limit_i,
    .patience_i,
    .panic_clear_i,
    .bias_o   (),
    .panic_o  (),
    .windows_o(),
    .raises_o (),
    .lowers_o (),
    .panics_o ()
  );

  `DRIFT_FORMAL_RESET

endmodule : drift_formal_error_monitor
