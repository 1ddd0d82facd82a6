{{ banner }}
// Weight-stationary systolic array of int8 processing elements (PEs), with an accumulator below every column.
// Activations move east, weights and partial sums move south. The array advances in every cycle; between GEMMs
// nothing valid is in it, and its clock may be gated.
//
// Latency: an activation at act_i lane r in cycle t is in column c in cycle t+2+c; the sum of the row that was
// at lane 0 in cycle t is at sum_o of column c in cycle t+Rows+3+c.

module drift_pe_array (
  input  logic                               clk_i,
  // Skewed activations, of lane 0 and of lane r in bits [8*r +: 8], with their valid bits; swap marks the first row of
  // a pass, from which on a PE uses its shadow weight.
  input  logic [7:0]                         act_first_i,
  input  logic [8*drift_pkg::Rows-1:8]      act_i,
  input  logic [drift_pkg::Rows-1:0]        valid_i,
  input  logic [drift_pkg::Rows-1:0]        swap_i,
  // Skewed weights, of column 0 and of column c in bits [8*c +: 8]; shift_i comes with column 0's, and moves its shadow
  // weights south two cycles later.
  input  logic [7:0]                         weight_first_i,
  input  logic [8*drift_pkg::Lanes-1:8]     weight_i,
  input  logic                               shift_i,
  // Tag of the psum that is at the bottom of column 0 in the next cycle; a tag moves east with its row.
  input  logic                               tag_valid_i,
  input  logic                               tag_first_i,
  input  drift_pkg::acc_addr_t              tag_addr_i,
  // The accumulator word of the row that is beyond the last column.
  output drift_pkg::acc_addr_t              tag_addr_o,
  // Accumulated sums at the bottom of the data columns, column c in bits [32*c +: 32]{% if checksum %}, and of the
  // checksum columns; the upper eight bits of the high digit's vanish modulo 2**32{% endif %}.
  output logic [32*drift_pkg::Columns-1:0]  sum_o,
{%- if checksum %}
  output logic [23:0]                        hi_sum_o,
  output drift_pkg::psum_t                  lo_sum_o,
{%- endif %}
  // Read port of the drain, over the data columns.
  input  drift_pkg::acc_addr_t              drain_addr_i,
  output logic [32*drift_pkg::Columns-1:0]  drain_data_o
);

  localparam int unsigned Rows = drift_pkg::Rows;
  localparam int unsigned Lanes = drift_pkg::Lanes;
  localparam int unsigned Columns = drift_pkg::Columns;

  // West edge, in the layout of what moves east.
  logic [32*Rows-1:0] west_q;
  drift_pkg::word_t   control;

  always_ff @(posedge clk_i) begin
    west_q[32*(Rows-1) +: 32] <= {valid_i[0], swap_i[0], 22'b0, act_first_i};
    for (int unsigned r = 1; r < Rows; r++) begin
      west_q[32*(Rows-1-r) +: 32] <= {valid_i[r], swap_i[r], 22'b0, act_i[8*r +: 8]};
    end
  end

  always_comb begin
    control                                = '0;
    control[drift_pkg::ControlShift]       = shift_i;
    control[drift_pkg::ControlValid]       = tag_valid_i;
    control[drift_pkg::ControlFirst]       = tag_first_i;
    control[drift_pkg::AccAddrWidth-1:0]   = tag_addr_i;
  end

  for (genvar c = 0; c < Lanes; c++) begin : g_column
    logic [drift_pkg::EastWidth-1:0] west, east;
    logic [7:0]                      weight;
    drift_pkg::psum_t                sum, drain_data;

    if (c == 0) begin : g_west
      assign west   = {control, west_q};
      assign weight = weight_first_i;
    end else begin : g_neighbour
      assign west   = g_column[c-1].east;
      assign weight = weight_i[8*c +: 8];
    end

    drift_column u_column (
      .clk_i,
      .west_i      (west),
      .east_o      (east),
      .weight_i    (weight),
      .sum_o       (sum),
      .drain_addr_i,
      .drain_data_o(drain_data)
    );

    if (c < Columns) begin : g_data
      assign sum_o[32*c +: 32]        = sum;
      assign drain_data_o[32*c +: 32] = drain_data;
    end{% if checksum %} else begin : g_checksum
      logic unused_data;
      if (c == Columns) begin : g_hi
        assign hi_sum_o    = sum[23:0];
        assign unused_data = ^{sum[31:24], drain_data};
      end else begin : g_lo
        assign lo_sum_o    = sum;
        assign unused_data = ^drain_data;
      end
    end{% endif %}
    if (c == Lanes - 1) begin : g_east
      logic unused_east;
      assign unused_east = ^east;

      always_ff @(posedge clk_i) begin
        tag_addr_o <= east[32*Rows +: drift_pkg::AccAddrWidth];
      end
    end
  end

endmodule : drift_pe_array
