{{ banner }}
// Checks one valid/ready channel: once valid, it stays valid with the same payload until it is accepted. For
// simulation and formal proofs; synthesis leaves nothing of it.

`include "drift_assert.svh"

module drift_handshake_check #(
  parameter int unsigned Width = 1
) (
  input logic             clk_i,
  input logic             rst_ni,
  input logic             valid_i,
  input logic             ready_i,
  input logic [Width-1:0] payload_i
);

  logic             waiting_q;
  logic [Width-1:0] payload_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      waiting_q <= 1'b0;
    end else begin
      waiting_q <= valid_i && !ready_i;
    end
  end

  always_ff @(posedge clk_i) begin
    payload_q <= payload_i;
  end

  `DRIFT_ASSERT(ValidHeld, !waiting_q || valid_i, clk_i, rst_ni)
  `DRIFT_ASSERT(PayloadHeld, !waiting_q || payload_i == payload_q, clk_i, rst_ni)

endmodule : drift_handshake_check
