{{ banner }}
// One column of the weight-stationary array: its processing elements (PEs) and the accumulator below them. What
// moves from column to column moves east by one column per cycle: the words of the PEs, and the control word.
// All columns are alike; whoever simulates or synthesises one has them all.
//
// Latency: of the PEs, see drift_pe_column; sum_o and drain_data_o are combinational.

module drift_column (
  input  logic                            clk_i,
  // Words of the western neighbour and of this column: row r in bits [32*(Rows-1-r) +: 32], control on top.
  input  logic [drift_pkg::EastWidth-1:0] west_i,
  output logic [drift_pkg::EastWidth-1:0] east_o,
  // Weight entering from the north, one cycle ahead of the control word in east_o that shifts it in.
  input  logic [7:0]                      weight_i,
  // The accumulated sum at the bottom.
  output drift_pkg::psum_t               sum_o,
  // Read port of the drain.
  input  drift_pkg::acc_addr_t           drain_addr_i,
  output drift_pkg::psum_t               drain_data_o
);

  localparam int unsigned Control = 32 * drift_pkg::Rows;

  drift_pkg::psum_t psum;

  drift_pe_column u_pes (
    .clk_i,
    .west_i,
    .east_o,
    .weight_i,
    .psum_o  (psum)
  );

  drift_accumulator u_accumulator (
    .clk_i,
    .valid_i     (east_o[Control+drift_pkg::ControlValid]),
    .first_i     (east_o[Control+drift_pkg::ControlFirst]),
    .addr_i      (east_o[Control +: drift_pkg::AccAddrWidth]),
    .psum_i      (psum),
    .sum_o,
    .drain_addr_i,
    .drain_data_o
  );

endmodule : drift_column
