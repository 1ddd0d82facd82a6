{{ banner }}
// Output-stationary systolic array of int8 processing elements (PEs). Activations move east, weights south,
// partial sums stay until they are complete. The columns are grouped in strips (drift_os_strip), west to east: one
// strip simulates fastest, strips of one column suit hierarchical synthesis; the function is the same.
//
// Latency: a step at lane 0 in cycle t is accumulated in PE (r, c) at the end of cycle t+2+r+c; where it was the
// last step of a tile, the sum of row r leaves column c in cycle t+4+r+c.

module drift_os_array #(
  // Columns of a strip, 1..Lanes; the last strip takes what is left.
  parameter int unsigned StripColumns = {{ lanes }}
) (
  input  logic                             clk_i,
  // Advances the whole array.
  input  logic                             en_i,
  // Skewed activations, row r in bits [8*r +: 8], and skewed weights, column c in bits [8*c +: 8].
  input  logic [8*drift_pkg::PeRows-1:0]  act_i,
  input  logic [8*drift_pkg::Lanes-1:0]   weight_i,
  // At lane 0 of both are operands, those of a tile's first step; those of its last step were there in the previous
  // cycle.
  input  logic                             step_i,
  input  logic                             first_i,
  input  logic                             done_i,
  // A tile may be leaving some column.
  input  logic                             collect_i,
  // Sums that leave the array, column c in bits [32*c +: 32].
  output logic [32*drift_pkg::Lanes-1:0]  psum_o
);

  localparam int unsigned PeRows = drift_pkg::PeRows;
  localparam int unsigned Lanes = drift_pkg::Lanes;
  localparam int unsigned Strips = (Lanes + StripColumns - 1) / StripColumns;
  localparam int unsigned LastColumns = Lanes - (Strips - 1) * StripColumns;

  // West edge in the layout of a PE's word: valid moves south along it, as first, step and done move east along the
  // north edge.
  logic [32*PeRows-1:0] west_q;
  logic [31:0]          corner;

  assign corner = {1'b0, first_i, step_i, done_i, 28'b0};

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      west_q[31:0] <= {step_i, 23'b0, act_i[7:0]};
      for (int unsigned r = 1; r < PeRows; r++) begin
        west_q[32*r +: 32] <= {west_q[32*r-1], 23'b0, act_i[8*r +: 8]};
      end
    end
  end

  for (genvar s = 0; s < Strips; s++) begin : g_strip
    localparam int unsigned First = s * StripColumns;
    localparam int unsigned Columns = (s == Strips - 1) ? LastColumns : StripColumns;

    logic [32*PeRows+31:0] west, east;

    if (s == 0) begin : g_west
      assign west = {west_q, corner};
    end else begin : g_neighbour
      assign west = g_strip[s-1].east;
    end

    drift_os_strip #(
      .Columns(Columns)
    ) u_strip (
      .clk_i,
      .en_i,
      .west_i  (west),
      .east_o  (east),
      .weight_i(weight_i[8*First +: 8*Columns]),
      .collect_i,
      .psum_o  (psum_o[32*First +: 32*Columns])
    );

    if (s == Strips - 1) begin : g_east
      logic unused_east;
      assign unused_east = ^east;
    end
  end

endmodule : drift_os_array
