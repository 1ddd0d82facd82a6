{{ banner }}
// Accumulator of one column: adds the psums of a tile's passes in a two-bank memory. The banks alternate
// between tiles, so that one drains while the other accumulates. The memory has one write port and two
// asynchronous read ports; a register file macro may stand in for it.
//
// Latency: sum_o is combinational; the memory holds it from the next cycle on.

module drift_accumulator (
  input  logic                  clk_i,
  // A psum is at the bottom of the column, for the word addr_i; the first pass of a tile starts from zero.
  input  logic                  valid_i,
  input  logic                  first_i,
  input  drift_pkg::acc_addr_t addr_i,
  input  drift_pkg::psum_t     psum_i,
  // The accumulated sum including psum_i.
  output drift_pkg::psum_t     sum_o,

  // Read port of the drain.
  input  drift_pkg::acc_addr_t drain_addr_i,
  output drift_pkg::psum_t     drain_data_o
);

  drift_pkg::psum_t mem_q [drift_pkg::AccDepth];

  assign sum_o        = (first_i ? 32'sd0 : mem_q[addr_i]) + psum_i;
  assign drain_data_o = mem_q[drain_addr_i];

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      mem_q[addr_i] <= sum_o;
    end
  end

endmodule : drift_accumulator
