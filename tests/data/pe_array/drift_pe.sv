module drift_pe (
  input  logic clk_i, input logic rst_ni,
  input  drift_pkg::lane_t act_i, output drift_pkg::lane_t act_o,
  input  drift_pkg::operand_t weight_i, input logic load_i,
  input  drift_pkg::psum_t psum_i, output drift_pkg::psum_t psum_o
);
  drift_pkg::operand_t weight_q;
  drift_pkg::lane_t act_q;
  drift_pkg::psum_t psum_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      weight_q <= '0; act_q <= '0; psum_q <= '0;
    end else begin
      if (load_i) weight_q <= weight_i;
      act_q <= act_i;
      psum_q <= psum_i + 32'(act_i.data * weight_q);
    end
  end
  assign act_o = act_q;
  assign psum_o = psum_q;
endmodule
