{{ banner }}
// Weight-stationary systolic array of int8 processing elements (PEs). Activations move east, weights and
// partial sums move south.
//
// PE (r, c) is state_q[c][r+1] and psum_q[c][r+1]; index [c][0] is the north edge of column c: the weight that
// enters the column, and the zero that its partial sums start from. The narrow registers of a PE share one word,
//   {{ '{' }}valid, swap, 6'b0, shadow weight[7:0], weight[7:0], activation[7:0]{{ '}' }},
// and every register is written with AND-OR multiplexers over that word: all PEs are alike, without a condition
// of their own, which lets simulators compute many of them at once.
//
// Latency: an activation at act_i lane r in cycle t is in column c in cycle t+2+c; the psum of the row that was
// at lane 0 in cycle t leaves column c in cycle t+Rows+3+c.

module drift_pe_array (
  input  logic                            clk_i,
  // Advances the whole array.
  input  logic                            en_i,
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

  // Fields of a PE's word: what moves east, what moves south, and what a swap replaces.
  localparam int unsigned ValidBit = 31;
  localparam int unsigned SwapBit = 30;
  localparam logic [31:0] EastMask = 32'hc000_00ff;
  localparam logic [31:0] ShadowMask = 32'h00ff_0000;
  localparam logic [31:0] WeightMask = 32'h0000_ff00;

  drift_pkg::word_t west_q [Rows];
  drift_pkg::word_t state_q [Lanes][Rows+1];
  drift_pkg::psum_t psum_q [Lanes][Rows+1];
  drift_pkg::psum_t south_q [Lanes];

  // West edge.
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      for (int unsigned r = 0; r < Rows; r++) begin
        west_q[r] <= {valid_i[r], swap_i[r], 22'b0, act_i[8*r +: 8]};
      end
    end
  end

  // North edge.
  always_ff @(posedge clk_i) begin
    if (load_i) begin
      for (int unsigned c = 0; c < Lanes; c++) begin
        state_q[c][0] <= {8'b0, weight_i[8*c +: 8], 16'b0};
        psum_q[c][0]  <= '0;
      end
    end
  end

  // PEs.
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      for (int unsigned r = 1; r <= Rows; r++) begin
        state_q[0][r] <= (west_q[r-1] & EastMask)
            | (((state_q[0][r-1] & {32{shift_i[0]}}) | (state_q[0][r] & ~{32{shift_i[0]}})) & ShadowMask)
            | ((state_q[0][r] ^ ((state_q[0][r] ^ (state_q[0][r] >> 8)) & {32{west_q[r-1][SwapBit]}}))
               & WeightMask);
      end
      for (int unsigned c = 1; c < Lanes; c++) begin
        for (int unsigned r = 1; r <= Rows; r++) begin
          state_q[c][r] <= (state_q[c-1][r] & EastMask)
              | (((state_q[c][r-1] & {32{shift_i[c]}}) | (state_q[c][r] & ~{32{shift_i[c]}})) & ShadowMask)
              | ((state_q[c][r] ^ ((state_q[c][r] ^ (state_q[c][r] >> 8)) & {32{state_q[c-1][r][SwapBit]}}))
                 & WeightMask);
        end
      end
      for (int unsigned c = 0; c < Lanes; c++) begin
        for (int unsigned r = 1; r <= Rows; r++) begin
          psum_q[c][r] <= psum_q[c][r-1]
              + 32'($signed(state_q[c][r][7:0] & {8{state_q[c][r][ValidBit]}}))
              * 32'($signed(state_q[c][r][15:8]));
        end
      end
    end
  end

  // South edge.
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      for (int unsigned c = 0; c < Lanes; c++) begin
        south_q[c] <= psum_q[c][Rows];
      end
    end
  end

  for (genvar c = 0; c < Lanes; c++) begin : g_south
    assign psum_o[32*c +: 32] = south_q[c];
  end

endmodule : drift_pe_array
