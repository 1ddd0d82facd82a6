{{ banner }}
// Delays lane i of a vector by i cycles, so that a row enters the systolic array as a diagonal.
//
// Latency: i cycles for lane i; lane 0 passes combinationally.

module drift_skew #(
  // Number of lanes, at least 2.
  parameter int unsigned Lanes = {{ rows }},
  // Bits per lane.
  parameter int unsigned Width = 8
) (
  input  logic                     clk_i,
  // Advances all delays by one.
  input  logic                     en_i,
  // Lane i in bits [Width*i +: Width].
  input  logic [Lanes*Width-1:0] lanes_i,
  // Lane i as it was i enabled cycles ago.
  output logic [Lanes*Width-1:0] lanes_o
);

  // Stage s holds lanes s..Lanes-1, the highest lane in the lowest bits: a lane leaves at the top.
  for (genvar s = 0; s < Lanes; s++) begin : g_stage
    logic [(Lanes-s)*Width-1:0] held;

    if (s == 0) begin : g_first
      for (genvar i = 0; i < Lanes; i++) begin : g_lane
        assign held[Width*(Lanes-1-i) +: Width] = lanes_i[Width*i +: Width];
      end
    end else begin : g_delay
      logic [(Lanes-s)*Width-1:0] held_q;

      always_ff @(posedge clk_i) begin
        if (en_i) begin
          held_q <= g_stage[s-1].held[(Lanes-s)*Width-1:0];
        end
      end

      assign held = held_q;
    end

    assign lanes_o[Width*s +: Width] = held[Width*(Lanes-1-s) +: Width];
  end

endmodule : drift_skew
