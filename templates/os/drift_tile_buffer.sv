{{ banner }}
// Holds one column of two output tiles: the banks alternate between tiles, so that one drains while the other
// fills. The memory has one write port and one asynchronous read port; a register file macro may stand in for it.
//
// Latency: a sum is readable in the cycle after it was written.

module drift_tile_buffer (
  input  logic                  clk_i,
  // A sum leaves the column, for the word addr_i.
  input  logic                  valid_i,
  input  drift_pkg::acc_addr_t addr_i,
  input  drift_pkg::psum_t     psum_i,

  // Read port of the drain.
  input  drift_pkg::acc_addr_t drain_addr_i,
  output drift_pkg::psum_t     drain_data_o
);

  drift_pkg::psum_t mem_q [drift_pkg::AccDepth];

  assign drain_data_o = mem_q[drain_addr_i];

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      mem_q[addr_i] <= psum_i;
    end
  end

endmodule : drift_tile_buffer
