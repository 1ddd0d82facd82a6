{{ banner }}
// A strip of Columns columns of processing elements (PEs) of the output-stationary array.
//
// PE (r, c) is state_q[c][r+1] and psum_q[c][r]; state_q[c][0] is the north edge of column c, psum_q[c][PeRows] the
// south edge: the sum that leaves the column. The narrow registers of a PE share one word,
//   {{ '{' }}valid, first, step, done, 12'b0, weight[7:0], activation[7:0]{{ '}' }},
// of which valid and the activation come from the west, the rest from the north, where first, step and done move
// east along the edge. A product counts where both say
// that there is one: valid and step. The first step of a tile starts from zero, and with the step after a tile's
// last one (done) the PE offers its partial sum to its column. All PEs are alike and without a condition of their
// own, which lets simulators compute many of them at once.
//
// A column passes on the sum of the one PE that is done in a cycle. That takes an AND-OR over the PE rows, less
// logic than the multiply-accumulate, and spares every PE a second 32-bit register to shift results through.
//
// Latency: a PE hands its activation east and its weight south after one cycle; the sum of a PE that is done in
// cycle t is at psum_o in cycle t+1.

module drift_os_strip #(
  // Columns of this strip, at least 1.
  parameter int unsigned Columns = 1
) (
  input  logic                             clk_i,
  // Advances the strip.
  input  logic                             en_i,
  // Words of the western neighbours and of the easternmost column: the north edge in bits [31:0], PE row r in bits
  // [32*(r+1) +: 32].
  input  logic [32*drift_pkg::PeRows+31:0] west_i,
  output logic [32*drift_pkg::PeRows+31:0] east_o,
  // Weights entering from the north, column c in bits [8*c +: 8].
  input  logic [8*Columns-1:0]             weight_i,
  // Some PE may be done.
  input  logic                             collect_i,
  // Sums that leave the columns, column c in bits [32*c +: 32].
  output logic [32*Columns-1:0]            psum_o
);

  localparam int unsigned PeRows = drift_pkg::PeRows;

  // Fields of a PE's word.
  localparam int unsigned ValidBit = 31;
  localparam int unsigned FirstBit = 30;
  localparam int unsigned StepBit = 29;
  localparam int unsigned DoneBit = 28;
  localparam logic [31:0] EastMask = 32'h8000_00ff;
  localparam logic [31:0] SouthMask = 32'h7000_ff00;
  localparam logic [31:0] EdgeMask = 32'h7000_0000;

  drift_pkg::word_t state_q [Columns][PeRows+1];
  drift_pkg::psum_t psum_q [Columns][PeRows+1];

  // North edge.
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      state_q[0][0] <= (west_i[31:0] & EdgeMask) | {16'b0, weight_i[7:0], 8'b0};
      for (int unsigned c = 1; c < Columns; c++) begin
        state_q[c][0] <= (state_q[c-1][0] & EdgeMask) | {16'b0, weight_i[8*c +: 8], 8'b0};
      end
    end
  end

  // PEs.
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      for (int unsigned r = 1; r <= PeRows; r++) begin
        state_q[0][r] <= (west_i[32*r +: 32] & EastMask) | (state_q[0][r-1] & SouthMask);
      end
      for (int unsigned c = 1; c < Columns; c++) begin
        for (int unsigned r = 1; r <= PeRows; r++) begin
          state_q[c][r] <= (state_q[c-1][r] & EastMask) | (state_q[c][r-1] & SouthMask);
        end
      end
      for (int unsigned c = 0; c < Columns; c++) begin
        for (int unsigned r = 0; r < PeRows; r++) begin
          psum_q[c][r] <= (psum_q[c][r] & ~{32{state_q[c][r+1][FirstBit]}})
              + 32'($signed(state_q[c][r+1][7:0] & {8{state_q[c][r+1][ValidBit] & state_q[c][r+1][StepBit]}}))
              * 32'($signed(state_q[c][r+1][15:8]));
        end
      end
    end
  end

  // South edge.
  always_ff @(posedge clk_i) begin
    if (collect_i) begin
      for (int unsigned c = 0; c < Columns; c++) begin : g_column
        drift_pkg::psum_t leaving;
        leaving = '0;
        for (int unsigned r = 0; r < PeRows; r++) begin
          leaving = leaving | (psum_q[c][r] & {32{state_q[c][r+1][DoneBit]}});
        end
        psum_q[c][PeRows] <= leaving;
      end
    end
  end

  for (genvar c = 0; c < Columns; c++) begin : g_south
    assign psum_o[32*c +: 32] = psum_q[c][PeRows];
  end

  for (genvar r = 0; r <= PeRows; r++) begin : g_east
    assign east_o[32*r +: 32] = state_q[Columns-1][r];
  end

endmodule : drift_os_strip
