{{ banner }}
// Checksum digits of a skewed vector of operands: the sum over its lanes as two signed base-256 digits. The sum
// travels with the skew, one adder per lane, so that no adder tree is needed however wide the array.
//
// Latency: aligned with the skew; hi_o belongs to lane Lanes, lo_o to lane Lanes+1.

module drift_digit_encoder #(
  // Number of lanes, 2..256.
  parameter int unsigned Lanes = {{ columns }}
) (
  input  logic               clk_i,
  // Advances the sums with the skewed operands.
  input  logic               en_i,
  // Skewed operands, lane i in bits [8*i +: 8].
  input  logic [8*Lanes-1:0] lanes_i,
  output logic [7:0]         hi_o,
  output logic [7:0]         lo_o
);

  // sum_q[i]: sum of lanes 0..i of the vector that lane i held in the previous cycle.
  drift_pkg::operand_sum_t sum_q [Lanes];
  logic [15:0]              digits;
  logic [7:0]               lo_q;

  assign digits = drift_pkg::digits(sum_q[Lanes-1]);

  always_ff @(posedge clk_i) begin
    if (en_i) begin
      sum_q[0] <= 16'($signed(lanes_i[7:0]));
      for (int unsigned i = 1; i < Lanes; i++) begin
        sum_q[i] <= sum_q[i-1] + 16'($signed(lanes_i[8*i +: 8]));
      end
      lo_q <= digits[7:0];
    end
  end

  assign hi_o = digits[15:8];
  assign lo_o = lo_q;

endmodule : drift_digit_encoder
