{{ banner }}
// Prepares each column of activations for the array: rows beyond those of the tile become zeros{% if checksum %}, and the two
// checksum digits of the column are appended{% endif %}. The column leaves skewed, row r by r cycles.
//
// Latency: a column accepted in cycle t is at act_o of row r in cycle t+r.

module drift_act_encoder (
  input  logic                             clk_i,
  // Advances the skew.
  input  logic                             en_i,

  // Activations of one step, row r in bits [8*r +: 8].
  input  logic [8*drift_pkg::Rows-1:0]    data_i,
  // Data rows of the tile, 1..Rows.
  input  logic [drift_pkg::RowWidth-1:0]  rows_i,
  // A column is accepted.
  input  logic                             accept_i,

  // Skewed column for the west edge of the array; zero where none was accepted.
  output logic [8*drift_pkg::PeRows-1:0]  act_o
);

  logic [8*drift_pkg::Rows-1:0] data;

  always_comb begin
    data = data_i;
    if (!accept_i) begin
      data = '0;
    end else if (rows_i != {{ row_width }}'(drift_pkg::Rows)) begin
      for (int unsigned r = 0; r < drift_pkg::Rows; r++) begin
        if ({{ row_width }}'(r) >= rows_i) begin
          data[8*r +: 8] = '0;
        end
      end
    end
  end
{%- if checksum %}

  logic [8*drift_pkg::Rows-1:0] skewed;

  drift_skew #(
    .Lanes(drift_pkg::Rows),
    .Width(8)
  ) u_skew (
    .clk_i,
    .en_i,
    .lanes_i(data[8*drift_pkg::Rows-1:8]),
    .lanes_o(skewed[8*drift_pkg::Rows-1:8])
  );

  assign skewed[7:0] = data[7:0];

  drift_digit_encoder #(
    .Lanes(drift_pkg::Rows)
  ) u_encoder (
    .clk_i,
    .en_i,
    .lanes_i(skewed),
    .hi_o   (act_o[8*drift_pkg::Rows +: 8]),
    .lo_o   (act_o[8*drift_pkg::Rows+8 +: 8])
  );

  assign act_o[8*drift_pkg::Rows-1:0] = skewed;
{%- else %}

  drift_skew #(
    .Lanes(drift_pkg::Rows),
    .Width(8)
  ) u_skew (
    .clk_i,
    .en_i,
    .lanes_i(data[8*drift_pkg::Rows-1:8]),
    .lanes_o(act_o[8*drift_pkg::Rows-1:8])
  );

  assign act_o[7:0] = data[7:0];
{%- endif %}

endmodule : drift_act_encoder
