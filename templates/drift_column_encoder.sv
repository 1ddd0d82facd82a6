{{ banner }}
// Checksum digits of a row of weights: the sum over its columns as two signed base-256 digits. The sum
// travels with the skewed row, one adder per column, so that no adder tree is needed however wide the array.
//
// Latency: aligned with the skew; hi_o belongs to column Columns, lo_o to column Columns+1.

module drift_column_encoder (
  input  logic                             clk_i,
  // Advances the sums with the skewed weights.
  input  logic                             en_i,
  // Skewed weights: of column 0, and of column j in bits [8*j +: 8].
  input  logic [7:0]                       weight_first_i,
  input  logic [8*drift_pkg::Columns-1:8] weight_i,
  output logic [7:0]                       hi_o,
  output logic [7:0]                       lo_o
);

  // sum_q[j]: sum of columns 0..j of the row that column j held in the previous cycle.
  drift_pkg::operand_sum_t sum_q [drift_pkg::Columns];
  logic [15:0]              digits;
  logic [7:0]               lo_q;

  assign digits = drift_pkg::digits(sum_q[drift_pkg::Columns-1]);

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      sum_q[0] <= 16'($signed(weight_first_i));
      for (int unsigned j = 1; j < drift_pkg::Columns; j++) begin
        sum_q[j] <= sum_q[j-1] + 16'($signed(weight_i[8*j +: 8]));
      end
      lo_q <= digits[7:0];
    end
  end

  assign hi_o = digits[15:8];
  assign lo_o = lo_q;

endmodule : drift_column_encoder
