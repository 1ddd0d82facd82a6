{{ banner }}
// Prepares each row for the array: lanes beyond the reduction depth become zeros{% if checksum %}, and after the data rows
// of a pass come the two checksum rows, the sum over the data rows of every lane as two signed base-256
// digits{% endif %}. The row leaves skewed, lane r by r cycles.
//
// Latency: a row accepted in cycle t is at the output of lane r in cycle t+r.

module drift_row_encoder (
  input  logic                              clk_i,
  // Advances the skew.
  input  logic                              en_i,

  // Activations of one row, lane r in bits [8*r +: 8].
  input  logic [8*drift_pkg::Rows-1:0]     data_i,
  // Lanes of this pass that carry data.
  input  logic [drift_pkg::DepthWidth-1:0] depth_i,
  // A row is accepted: the first of its pass{% if checksum %}, the high or the low checksum row{% endif %}.
  input  logic                              accept_i,
{%- if checksum %}
  input  logic                              first_i,
  input  logic                              hi_i,
  input  logic                              lo_i,
{%- endif %}

  // Skewed row for the left edge of the array, lane 0 and all others; zero where no row was accepted.
  output logic [7:0]                        act_first_o,
  output logic [8*drift_pkg::Rows-1:8]     act_o
);

  logic [8*drift_pkg::Rows-1:0] data, row;

  always_comb begin
    data = data_i;
    if (depth_i != {{ depth_width }}'(drift_pkg::Rows)) begin
      for (int unsigned r = 0; r < drift_pkg::Rows; r++) begin
        if ({{ depth_width }}'(r) >= depth_i) begin
          data[8*r +: 8] = '0;
        end
      end
    end
  end
{%- if checksum %}

  // Sum of the data rows of the pass so far, per lane.
  drift_pkg::operand_sum_t sum_q [drift_pkg::Rows];

  always_ff @(posedge clk_i) begin
    if (accept_i && !hi_i && !lo_i) begin
      if (first_i) begin
        for (int unsigned r = 0; r < drift_pkg::Rows; r++) begin
          sum_q[r] <= 16'($signed(data[8*r +: 8]));
        end
      end else begin
        for (int unsigned r = 0; r < drift_pkg::Rows; r++) begin
          sum_q[r] <= sum_q[r] + 16'($signed(data[8*r +: 8]));
        end
      end
    end
  end

  always_comb begin
    row = '0;
    if (accept_i) begin
      row = data;
      if (hi_i || lo_i) begin
        for (int unsigned r = 0; r < drift_pkg::Rows; r++) begin
          row[8*r +: 8] = 8'(drift_pkg::digits(sum_q[r]) >> (hi_i ? 8 : 0));
        end
      end
    end
  end
{%- else %}
  assign row = accept_i ? data : '0;
{%- endif %}

  drift_skew #(
    .Lanes(drift_pkg::Rows),
    .Width(8)
  ) u_skew (
    .clk_i,
    .en_i,
    .lanes_i(row[8*drift_pkg::Rows-1:8]),
    .lanes_o(act_o)
  );

  assign act_first_o = row[7:0];

endmodule : drift_row_encoder
