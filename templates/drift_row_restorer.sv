{{ banner }}
// Turns rows of int8 mantissas back into int32 elements:
//   y = saturate((mantissa * scale * 2**exponent) >>> 14),
// scale unsigned with 14 fraction bits (16384 is 1.0), the shift arithmetic (towards minus infinity).
//
// Latency: one cycle; one row per cycle. The exponent is needed in the second one.

module drift_row_restorer (
  input  logic                             clk_i,
  input  logic                             rst_ni,

  input  logic [15:0]                      scale_i,
  // Constant as long as a row of the tile is at the output; above {{ max_exponent }} it counts as {{ max_exponent }}.
  input  logic [7:0]                       exponent_i,

  input  logic                             row_valid_i,
  output logic                             row_ready_o,
  input  logic [8*drift_pkg::Columns-1:0]  row_data_i,
  input  logic                             row_error_i,

  output logic                             restored_valid_o,
  input  logic                             restored_ready_i,
  output logic [32*drift_pkg::Columns-1:0] restored_data_o,
  output logic                             restored_error_o
);

  localparam logic [7:0] MaxExponent = 8'(drift_pkg::MaxExponent);

  logic                             valid_q, error_q, accept;
  // |mantissa * scale| < 2**23.
  logic [24*drift_pkg::Columns-1:0] product, product_q;
  logic [4:0]                       exponent;

  function automatic logic [23:0] product_of(logic signed [7:0] mantissa, logic [15:0] scale);
    product_of = 24'(mantissa) * $signed({8'b0, scale});
  endfunction

  // product * 2**exponent / 2**14, saturated.
  function automatic logic [31:0] rescale(logic [23:0] value, logic [4:0] shift);
    logic [33:0] wide;
    wide    = 34'((48'($signed(value)) << shift) >> 14);
    rescale = wide[31:0];
    if (wide[33:31] != {3{wide[33]}}) begin
      rescale = {wide[33], {31{!wide[33]}}};
    end
  endfunction

  assign row_ready_o      = !valid_q || restored_ready_i;
  assign accept           = row_valid_i && row_ready_o;
  assign exponent         = (exponent_i > MaxExponent) ? 5'(MaxExponent) : exponent_i[4:0];
  assign restored_valid_o = valid_q;
  assign restored_error_o = error_q;

  always_comb begin
    for (int unsigned j = 0; j < drift_pkg::Columns; j++) begin
      product[24*j +: 24]         = product_of(row_data_i[8*j +: 8], scale_i);
      restored_data_o[32*j +: 32] = rescale(product_q[24*j +: 24], exponent);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= 1'b0;
      error_q <= 1'b0;
    end else begin
      valid_q <= accept || (valid_q && !restored_ready_i);
      if (accept) begin
        error_q <= row_error_i;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (accept) begin
      product_q <= product;
    end
  end

endmodule : drift_row_restorer
