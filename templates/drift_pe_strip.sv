{{ banner }}
// A strip of Columns columns of processing elements (PEs) of the weight-stationary array.
//
// PE (r, c) is state_q[c][r+1] and psum_q[c][r+1]; index [c][0] is the north edge of column c: the weight that
// enters the column, and the zero that its partial sums start from. The narrow registers of a PE share one word,
//   {{ '{' }}valid, swap, 6'b0, shadow weight[7:0], weight[7:0], activation[7:0]{{ '}' }},
// and every register is written with AND-OR multiplexers over that word: all PEs are alike, without a condition
// of their own, which lets simulators compute many of them at once.
//
// Latency: a PE hands its activation east after one cycle, its psum south after one cycle; psum_o is registered.

module drift_pe_strip #(
  // Columns of this strip, at least 1.
  parameter int unsigned Columns = 1
) (
  input  logic                           clk_i,
  // Words of the western neighbours, row r in bits [32*r +: 32], and of the easternmost column.
  input  logic [32*drift_pkg::Rows-1:0] west_i,
  output logic [32*drift_pkg::Rows-1:0] east_o,
  // Weights entering from the north; one cycle later shift_i moves column c's shadow weights south.
  input  logic [8*Columns-1:0]          weight_i,
  input  logic [Columns-1:0]            shift_i,
  input  logic                           load_i,
  // Partial sums that leave in the south, column c in bits [32*c +: 32].
  output logic [32*Columns-1:0]         psum_o
);

  localparam int unsigned Rows = drift_pkg::Rows;

  // Fields of a PE's word: what moves east, what moves south, and what a swap replaces.
  localparam int unsigned ValidBit = 31;
  localparam int unsigned SwapBit = 30;
  localparam logic [31:0] EastMask = 32'hc000_00ff;
  localparam logic [31:0] ShadowMask = 32'h00ff_0000;
  localparam logic [31:0] WeightMask = 32'h0000_ff00;

  drift_pkg::word_t       state_q [Columns][Rows+1];
  drift_pkg::psum_t       psum_q [Columns][Rows+1];
  logic [32*Columns-1:0] south_q;

  // North edge.
  always_ff @(posedge clk_i) begin
    if (load_i) begin
      for (int unsigned c = 0; c < Columns; c++) begin
        state_q[c][0] <= {8'b0, weight_i[8*c +: 8], 16'b0};
        psum_q[c][0]  <= '0;
      end
    end
  end

  // PEs.
  always_ff @(posedge clk_i) begin
    for (int unsigned r = 1; r <= Rows; r++) begin
      state_q[0][r] <= (west_i[32*(r-1) +: 32] & EastMask)
          | (((state_q[0][r-1] & {32{shift_i[0]}}) | (state_q[0][r] & ~{32{shift_i[0]}})) & ShadowMask)
          | ((state_q[0][r] ^ ((state_q[0][r] ^ (state_q[0][r] >> 8)) & {32{west_i[32*(r-1)+SwapBit]}}))
             & WeightMask);
    end
    for (int unsigned c = 1; c < Columns; c++) begin
      for (int unsigned r = 1; r <= Rows; r++) begin
        state_q[c][r] <= (state_q[c-1][r] & EastMask)
            | (((state_q[c][r-1] & {32{shift_i[c]}}) | (state_q[c][r] & ~{32{shift_i[c]}})) & ShadowMask)
            | ((state_q[c][r] ^ ((state_q[c][r] ^ (state_q[c][r] >> 8)) & {32{state_q[c-1][r][SwapBit]}}))
               & WeightMask);
      end
    end
    // The lower 32 bits of a product do not depend on its signedness; unsigned ones simulate faster.
    for (int unsigned c = 0; c < Columns; c++) begin
      for (int unsigned r = 1; r <= Rows; r++) begin
        psum_q[c][r] <= psum_q[c][r-1]
            + $unsigned(32'($signed(state_q[c][r][7:0] & {8{state_q[c][r][ValidBit]}})))
            * $unsigned(32'($signed(state_q[c][r][15:8])));
      end
    end
  end

  // South edge.
  always_ff @(posedge clk_i) begin
    for (int unsigned c = 0; c < Columns; c++) begin
      south_q[32*c +: 32] <= psum_q[c][Rows];
    end
  end

  assign psum_o = south_q;

  for (genvar r = 0; r < Rows; r++) begin : g_east
    assign east_o[32*r +: 32] = state_q[Columns-1][r+1];
  end

endmodule : drift_pe_strip
