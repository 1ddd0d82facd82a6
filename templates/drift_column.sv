{{ banner }}
// One column of the weight-stationary array: its processing elements (PEs) and the accumulator below them. What
// moves from column to column moves east, by one column per cycle: the words of the PEs, and the control of the column.
// All columns are alike; whoever simulates or synthesises one has them all.
//
// Latency: of the PEs, see drift_pe_column; sum_o and drain_data_o are combinational.

module drift_column (
  input  logic                               clk_i,
  // Words of the western neighbour's PEs, row r in bits [32*(Rows-1-r) +: 32], and of this column's.
  input  logic [32*drift_pkg::Rows-1:0]     west_i,
  output logic [32*drift_pkg::Rows-1:0]     east_o,
  // Control of this column, {{ '{' }}shift, valid, first, addr{{ '}' }}: a shadow weight enters; the psum at the bottom is valid,
  // starts a tile, and belongs to the accumulator's word addr. The same for the eastern neighbour.
  input  logic [drift_pkg::ControlWidth-1:0] control_i,
  output logic [drift_pkg::ControlWidth-1:0] control_o,
  // Weight entering from the north, one cycle ahead of shift.
  input  logic [7:0]                         weight_i,
  // The accumulated sum at the bottom.
  output drift_pkg::psum_t                  sum_o,
  // Read port of the drain.
  input  drift_pkg::acc_addr_t              drain_addr_i,
  output drift_pkg::psum_t                  drain_data_o
);

  localparam int unsigned FirstBit = drift_pkg::AccAddrWidth;
  localparam int unsigned ValidBit = drift_pkg::AccAddrWidth + 1;
  localparam int unsigned ShiftBit = drift_pkg::AccAddrWidth + 2;

  drift_pkg::psum_t psum;

  always_ff @(posedge clk_i) begin
    control_o <= control_i;
  end

  drift_pe_column u_pes (
    .clk_i,
    .west_i,
    .east_o,
    .weight_i,
    .shift_i (control_i[ShiftBit]),
    .psum_o  (psum)
  );

  drift_accumulator u_accumulator (
    .clk_i,
    .valid_i     (control_i[ValidBit]),
    .first_i     (control_i[FirstBit]),
    .addr_i      (control_i[drift_pkg::AccAddrWidth-1:0]),
    .psum_i      (psum),
    .sum_o,
    .drain_addr_i,
    .drain_data_o
  );

endmodule : drift_column
