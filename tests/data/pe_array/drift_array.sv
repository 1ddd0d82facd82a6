module drift_array #(parameter int unsigned Rows = 4, parameter int unsigned Columns = 4) (
  input  logic clk_i, input logic rst_ni, input logic load_i,
  input  drift_pkg::lane_t act_i [Rows],
  input  drift_pkg::operand_t weight_i [Columns],
  input  logic [5:0] addr_i,
  output drift_pkg::psum_t psum_o [Columns]
);
  drift_pkg::lane_t act [Rows][Columns+1];
  drift_pkg::psum_t psum [Rows+1][Columns];
  for (genvar r = 0; r < Rows; r++) begin : gen_row
    assign act[r][0] = act_i[r];
    for (genvar c = 0; c < Columns; c++) begin : gen_col
      drift_pe u_pe (.clk_i, .rst_ni, .load_i, .act_i(act[r][c]), .act_o(act[r][c+1]),
        .weight_i(weight_i[c]), .psum_i(psum[r][c]), .psum_o(psum[r+1][c]));
    end
  end
  for (genvar c = 0; c < Columns; c++) begin : gen_acc
    assign psum[0][c] = '0;
    drift_acc u_acc (.clk_i, .addr_i, .data_i(psum[Rows][c]), .data_o(psum_o[c]));
  end
endmodule
