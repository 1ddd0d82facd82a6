{{ banner }}
// Weight-stationary systolic array of int8 processing elements (PEs), with an accumulator below every column.
// Activations move east, weights and partial sums move south. The array advances in every cycle; between GEMMs
// nothing valid is in it, and its clock may be gated.
//
// Latency: an activation at act_i lane r in cycle t is in column c in cycle t+2+c; the sum of the row that was
// at lane 0 in cycle t is at sum_o of column c in cycle t+Rows+3+c.

module drift_pe_array (
  input  logic                               clk_i,
  // Skewed activations, lane r in bits [8*r +: 8], with their valid bits; swap marks the first row of a pass,
  // from which on a PE uses its shadow weight.
  input  logic [8*drift_pkg::Rows-1:0]      act_i,
  input  logic [drift_pkg::Rows-1:0]        valid_i,
  input  logic [drift_pkg::Rows-1:0]        swap_i,
  // Skewed weights, column c in bits [8*c +: 8]; one cycle later shift_i moves column 0's shadow weights south.
  input  logic [8*drift_pkg::Lanes-1:0]     weight_i,
  input  logic                               shift_i,
  // Tag of the psum at the bottom of column 0; a tag moves east with its row.
  input  logic                               tag_valid_i,
  input  logic                               tag_first_i,
  input  drift_pkg::acc_addr_t              tag_addr_i,
  // The accumulator word of the row that is beyond the last column.
  output drift_pkg::acc_addr_t              tag_addr_o,
  // Accumulated sums at the bottom, column c in bits [32*c +: 32].
  output logic [32*drift_pkg::Lanes-1:0]    sum_o,
  // Read port of the drain, over all columns.
  input  drift_pkg::acc_addr_t              drain_addr_i,
  output logic [32*drift_pkg::Lanes-1:0]    drain_data_o
);

  localparam int unsigned Rows = drift_pkg::Rows;
  localparam int unsigned Lanes = drift_pkg::Lanes;

  // West edge, in the layout of the PEs' words.
  logic [32*Rows-1:0] west_q;

  always_ff @(posedge clk_i) begin
    for (int unsigned r = 0; r < Rows; r++) begin
      west_q[32*(Rows-1-r) +: 32] <= {valid_i[r], swap_i[r], 22'b0, act_i[8*r +: 8]};
    end
  end

  for (genvar c = 0; c < Lanes; c++) begin : g_column
    logic [32*Rows-1:0]                 west, east;
    logic [drift_pkg::ControlWidth-1:0] control, control_east;

    if (c == 0) begin : g_west
      assign west    = west_q;
      assign control = {shift_i, tag_valid_i, tag_first_i, tag_addr_i};
    end else begin : g_neighbour
      assign west    = g_column[c-1].east;
      assign control = g_column[c-1].control_east;
    end

    drift_column u_column (
      .clk_i,
      .west_i      (west),
      .east_o      (east),
      .control_i   (control),
      .control_o   (control_east),
      .weight_i    (weight_i[8*c +: 8]),
      .sum_o       (sum_o[32*c +: 32]),
      .drain_addr_i,
      .drain_data_o(drain_data_o[32*c +: 32])
    );

    if (c == Lanes - 1) begin : g_east
      logic unused_east;
      assign unused_east = ^{east, control_east[drift_pkg::ControlWidth-1:drift_pkg::AccAddrWidth]};
      assign tag_addr_o  = control_east[drift_pkg::AccAddrWidth-1:0];
    end
  end

endmodule : drift_pe_array
