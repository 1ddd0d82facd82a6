module drift_acc (
  input logic clk_i, input logic [5:0] addr_i,
  input drift_pkg::psum_t data_i, output drift_pkg::psum_t data_o
);
  drift_pkg::psum_t mem_q [64];
  drift_pkg::psum_t read_q;
  always_ff @(posedge clk_i) begin
    read_q <= mem_q[addr_i];
    mem_q[addr_i] <= data_i;
  end
  assign data_o = read_q;
endmodule
