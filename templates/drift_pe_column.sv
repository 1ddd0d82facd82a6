{{ banner }}
// One column of processing elements (PEs) of the weight-stationary array.
//
// The PEs are numbered from the south: row r is word i = Rows-1-r of west_i and east_o and element i of weight_q and
// psum_q, so that i+1 is the northern neighbour of i, and Rows the north edge: the weight that enters the column, and
// the zero that its partial sums start from. A PE's registers are
//   east_o    {{ '{' }}valid, swap, 22'b0, activation[7:0]{{ '}' }}, which move east,
//   weight_q  {{ '{' }}16'b0, shadow weight[7:0], weight[7:0]{{ '}' }},
//   psum_q    the partial sum, which moves south.
// All are written with AND-OR multiplexers over whole words: all PEs are alike, without a condition of their own,
// which lets simulators compute many of them at once. Word Rows of east_o is the column's control.
//
// Latency: a PE hands its activation east after one cycle, its psum south after one cycle; psum_o is registered.

module drift_pe_column (
  input  logic                            clk_i,
  // Words of the western neighbours, and of this column.
  input  logic [drift_pkg::EastWidth-1:0] west_i,
  output logic [drift_pkg::EastWidth-1:0] east_o,
  // Weight entering from the north, one cycle ahead of the control word in east_o that moves the shadow weights south.
  input  logic [7:0]                      weight_i,
  // Partial sum that leaves in the south.
  output drift_pkg::psum_t               psum_o
);

  localparam int unsigned Rows = drift_pkg::Rows;

  localparam int unsigned ValidBit = 31;
  localparam int unsigned SwapBit = 30;
  // What a PE hands east, and the fields of weight_q.
  localparam logic [31:0] EastMask = 32'hc000_00ff;
  localparam logic [31:0] ShadowMask = 32'h0000_ff00;
  localparam logic [31:0] WeightMask = 32'h0000_00ff;

  drift_pkg::word_t weight_q [Rows+1];
  drift_pkg::psum_t psum_q [Rows+1];
  drift_pkg::psum_t south_q;
  logic              shift;

  assign shift = east_o[32*Rows+drift_pkg::ControlShift];

  always_ff @(posedge clk_i) begin
    east_o <= west_i & {drift_pkg::ControlMask, {Rows{EastMask}}};
  end

  always_ff @(posedge clk_i) begin
    weight_q[Rows] <= {16'b0, weight_i, 8'b0};
    for (int unsigned i = 0; i < Rows; i++) begin
      weight_q[i] <= (((weight_q[i+1] & {32{shift}}) | (weight_q[i] & ~{32{shift}})) & ShadowMask)
          | ((weight_q[i] ^ ((weight_q[i] ^ (weight_q[i] >> 8)) & {32{west_i[32*i+SwapBit]}})) & WeightMask);
    end
  end

  // The lower 32 bits of a product do not depend on its signedness; unsigned ones simulate faster.
  always_ff @(posedge clk_i) begin
    psum_q[Rows] <= '0;
    for (int unsigned i = 0; i < Rows; i++) begin
      psum_q[i] <= psum_q[i+1]
          + $unsigned(32'($signed(east_o[32*i +: 8] & {8{east_o[32*i+ValidBit]}})))
          * $unsigned(32'($signed(weight_q[i][7:0])));
    end
    south_q <= psum_q[0];
  end

  assign psum_o = south_q;

endmodule : drift_pe_column
