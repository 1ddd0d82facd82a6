{{ banner }}
// A strip of Columns columns of processing elements (PEs) of the output-stationary array.
//
// PE (r, c) is state_q[r+1][c] and psum_q[r][c]; index [0][c] is the north edge of column c. The narrow registers
// of a PE share one word,
//   {{ '{' }}valid, first, step, done, 12'b0, weight[7:0], activation[7:0]{{ '}' }},
// of which valid and the activation come from the west, the rest from the north. A product counts where both say
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
  input  logic                            clk_i,
  // Advances the strip.
  input  logic                            en_i,
  // Words of the western neighbours, row r in bits [32*r +: 32], and of the easternmost column.
  input  logic [32*drift_pkg::PeRows-1:0] west_i,
  output logic [32*drift_pkg::PeRows-1:0] east_o,
  // Weights entering from the north, column c in bits [8*c +: 8], and what the PEs do with them.
  input  logic [8*Columns-1:0]            weight_i,
  input  logic [Columns-1:0]              step_i,
  input  logic [Columns-1:0]              first_i,
  input  logic [Columns-1:0]              done_i,
  // Some PE may be done.
  input  logic                            collect_i,
  // Sums that leave the columns, column c in bits [32*c +: 32].
  output logic [32*Columns-1:0]           psum_o
);

  localparam int unsigned PeRows = drift_pkg::PeRows;

  // Fields of a PE's word.
  localparam int unsigned ValidBit = 31;
  localparam int unsigned FirstBit = 30;
  localparam int unsigned StepBit = 29;
  localparam int unsigned DoneBit = 28;
  localparam logic [31:0] EastMask = 32'h8000_00ff;
  localparam logic [31:0] SouthMask = 32'h7000_ff00;

  drift_pkg::word_t       state_q [PeRows+1][Columns];
  drift_pkg::psum_t       psum_q [PeRows][Columns];
  logic [32*Columns-1:0] south_q;

  // North edge.
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      for (int unsigned c = 0; c < Columns; c++) begin
        state_q[0][c] <= {1'b0, first_i[c], step_i[c], done_i[c], 12'b0, weight_i[8*c +: 8], 8'b0};
      end
    end
  end

  // PEs.
  always_ff @(posedge clk_i) begin
    if (en_i) begin
      for (int unsigned r = 0; r < PeRows; r++) begin
        state_q[r+1][0] <= (west_i[32*r +: 32] & EastMask) | (state_q[r][0] & SouthMask);
        for (int unsigned c = 1; c < Columns; c++) begin
          state_q[r+1][c] <= (state_q[r+1][c-1] & EastMask) | (state_q[r][c] & SouthMask);
        end
      end
      for (int unsigned r = 0; r < PeRows; r++) begin
        for (int unsigned c = 0; c < Columns; c++) begin
          psum_q[r][c] <= (psum_q[r][c] & ~{32{state_q[r+1][c][FirstBit]}})
              + 32'($signed(state_q[r+1][c][7:0] & {8{state_q[r+1][c][ValidBit] & state_q[r+1][c][StepBit]}}))
              * 32'($signed(state_q[r+1][c][15:8]));
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
          leaving = leaving | (psum_q[r][c] & {32{state_q[r+1][c][DoneBit]}});
        end
        south_q[32*c +: 32] <= leaving;
      end
    end
  end

  assign psum_o = south_q;

  for (genvar r = 0; r < PeRows; r++) begin : g_east
    assign east_o[32*r +: 32] = state_q[r+1][Columns-1];
  end

endmodule : drift_os_strip
