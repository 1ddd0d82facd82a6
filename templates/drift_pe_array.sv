{{ banner }}
// Weight-stationary systolic array of int8 processing elements (PEs). Activations move east, weights and
// partial sums move south. The columns are grouped in strips (drift_pe_strip), west to east: one strip simulates
// fastest, strips of one column suit hierarchical synthesis; the function is the same. The array advances in
// every cycle; between GEMMs nothing valid is in it, and its clock may be gated.
//
// Latency: an activation at act_i lane r in cycle t is in column c in cycle t+2+c; the psum of the row that was
// at lane 0 in cycle t leaves column c in cycle t+Rows+3+c.

module drift_pe_array #(
  // Columns of a strip, 1..Lanes; the last strip takes what is left.
  parameter int unsigned StripColumns = {{ lanes }}
) (
  input  logic                            clk_i,
  // Skewed activations, lane r in bits [8*r +: 8], with their valid bits; swap marks the first row of a pass,
  // from which on a PE uses its shadow weight.
  input  logic [8*drift_pkg::Rows-1:0]   act_i,
  input  logic [drift_pkg::Rows-1:0]     valid_i,
  input  logic [drift_pkg::Rows-1:0]     swap_i,
  // Skewed weights, column c in bits [8*c +: 8]; one cycle later shift_i moves column c's shadow weights south.
  input  logic [8*drift_pkg::Lanes-1:0]  weight_i,
  input  logic [drift_pkg::Lanes-1:0]    shift_i,
  // A weight arrives at some column in this cycle.
  input  logic                            load_i,
  // Partial sums that leave the array, column c in bits [32*c +: 32].
  output logic [32*drift_pkg::Lanes-1:0] psum_o
);

  localparam int unsigned Rows = drift_pkg::Rows;
  localparam int unsigned Lanes = drift_pkg::Lanes;
  localparam int unsigned Strips = (Lanes + StripColumns - 1) / StripColumns;
  localparam int unsigned LastColumns = Lanes - (Strips - 1) * StripColumns;

  // West edge, in the layout of a PE's word.
  logic [32*Rows-1:0] west_q;

  always_ff @(posedge clk_i) begin
    for (int unsigned r = 0; r < Rows; r++) begin
      west_q[32*r +: 32] <= {valid_i[r], swap_i[r], 22'b0, act_i[8*r +: 8]};
    end
  end

  for (genvar s = 0; s < Strips; s++) begin : g_strip
    localparam int unsigned First = s * StripColumns;
    localparam int unsigned Columns = (s == Strips - 1) ? LastColumns : StripColumns;

    logic [32*Rows-1:0] west, east;

    if (s == 0) begin : g_west
      assign west = west_q;
    end else begin : g_neighbour
      assign west = g_strip[s-1].east;
    end

    drift_pe_strip #(
      .Columns(Columns)
    ) u_strip (
      .clk_i,
      .west_i  (west),
      .east_o  (east),
      .weight_i(weight_i[8*First +: 8*Columns]),
      .shift_i (shift_i[First +: Columns]),
      .load_i,
      .psum_o  (psum_o[32*First +: 32*Columns])
    );

    if (s == Strips - 1) begin : g_east
      logic unused_east;
      assign unused_east = ^east;
    end
  end

endmodule : drift_pe_array
