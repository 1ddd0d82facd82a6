{{ banner }}
// Delays lane i of a vector by i cycles, so that a row enters the systolic array as a diagonal.
//
// Latency: i cycles for lane i; lane 0 needs no delay and does not pass through here.

module drift_skew #(
  // Number of lanes, at least 2.
  parameter int unsigned Lanes = {{ rows }},
  // Bits per lane.
  parameter int unsigned Width = 8
) (
  input  logic                         clk_i,
  // Advances all delays by one.
  input  logic                         en_i,
  // Lane i in bits [Width*i +: Width], from lane 1 on.
  input  logic [Lanes*Width-1:Width] lanes_i,
  // Lane i as it was i enabled cycles ago.
  output logic [Lanes*Width-1:Width] lanes_o
);

  // Stage s holds lanes s..Lanes-1, the highest lane in the lowest bits: a lane leaves at the top.
  for (genvar s = 1; s < Lanes; s++) begin : g_stage
    logic [(Lanes-s)*Width-1:0] entering, held_q;

    if (s == 1) begin : g_first
      for (genvar i = 1; i < Lanes; i++) begin : g_lane
        assign entering[Width*(Lanes-1-i) +: Width] = lanes_i[Width*i +: Width];
      end
    end else begin : g_next
      assign entering = g_stage[s-1].held_q[(Lanes-s)*Width-1:0];
    end

    always_ff @(posedge clk_i) begin
      if (en_i) begin
        held_q <= entering;
      end
    end

    assign lanes_o[Width*s +: Width] = held_q[Width*(Lanes-1-s) +: Width];
  end

endmodule : drift_skew
