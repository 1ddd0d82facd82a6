{{ banner }}
// First-in first-out queue with valid/ready on both sides. The memory has one write port and one asynchronous
// read port; a register file macro may stand in for it.
//
// Latency: an entry is at the output one cycle after it was accepted.

`include "drift_assert.svh"

module drift_fifo #(
  parameter int unsigned Width = 8,
  // Entries, at least 2.
  parameter int unsigned Depth = 16
) (
  input  logic             clk_i,
  input  logic             rst_ni,

  input  logic             in_valid_i,
  output logic             in_ready_o,
  input  logic [Width-1:0] in_data_i,

  output logic             out_valid_o,
  input  logic             out_ready_i,
  output logic [Width-1:0] out_data_o
);

  localparam int unsigned PtrWidth = $clog2(Depth);
  localparam int unsigned FillWidth = $clog2(Depth + 1);
  localparam logic [PtrWidth-1:0] LastPtr = PtrWidth'(Depth - 1);

  logic [Width-1:0]     mem_q [Depth];
  logic [PtrWidth-1:0]  write_q, write_d, read_q, read_d;
  logic [FillWidth-1:0] fill_q, fill_d;
  logic                 push, pop;

  assign in_ready_o  = fill_q != FillWidth'(Depth);
  assign out_valid_o = fill_q != '0;
  assign out_data_o  = mem_q[read_q];
  assign push        = in_valid_i && in_ready_o;
  assign pop         = out_valid_o && out_ready_i;

  always_comb begin
    write_d = write_q;
    read_d  = read_q;
    fill_d  = fill_q;
    if (push) begin
      write_d = (write_q == LastPtr) ? '0 : write_q + 1'b1;
    end
    if (pop) begin
      read_d = (read_q == LastPtr) ? '0 : read_q + 1'b1;
    end
    if (push && !pop) begin
      fill_d = fill_q + 1'b1;
    end else if (pop && !push) begin
      fill_d = fill_q - 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      write_q <= '0;
      read_q  <= '0;
      fill_q  <= '0;
    end else begin
      write_q <= write_d;
      read_q  <= read_d;
      fill_q  <= fill_d;
    end
  end

  always_ff @(posedge clk_i) begin
    if (push) begin
      mem_q[write_q] <= in_data_i;
    end
  end

  `DRIFT_ASSERT(NeverOverflows, fill_q <= FillWidth'(Depth), clk_i, rst_ni)
  `DRIFT_ASSERT(PointersInRange, write_q <= LastPtr && read_q <= LastPtr, clk_i, rst_ni)

endmodule : drift_fifo
