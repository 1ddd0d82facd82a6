{{ banner }}
// Streams the weight tile of the next pass into the shadow registers of the array while the present pass
// computes: bottom row first, rows beyond K and columns beyond N as zeros{% if checksum %}, with the two checksum digits of
// every row appended{% endif %}.
//
// Latency: a beat accepted in cycle t is at weight_o of column c in cycle t+c and in the shadow register of
// row 0 at the end of cycle t+1+c. A tile takes Rows cycles, and may follow Rows-1 cycles after the previous one was taken.

`include "drift_assert.svh"

module drift_weight_loader (
  input  logic                                clk_i,
  input  logic                                rst_ni,

  // A GEMM starts; the dimensions stay valid until it ends.
  input  logic                                load_i,
  input  logic [drift_pkg::DimWidth-1:0]     dim_m_i,
  input  logic [drift_pkg::DimWidth-1:0]     dim_k_i,
  input  logic [drift_pkg::DimWidth-1:0]     dim_n_i,

  // One row of weights per beat, column j in bits [8*j +: 8]; the rows of a pass in descending order of k.
  input  logic                                s_axis_weight_tvalid_i,
  output logic                                s_axis_weight_tready_o,
  input  logic [8*drift_pkg::Columns-1:0]    s_axis_weight_tdata_i,

  // No weight is accepted while high.
  input  logic                                pause_i,
  // The shadow registers hold a complete tile.
  output logic                                full_o,
  // Row 0 of a pass was accepted, and with it the order to use the tile.
  input  logic                                take_i,

  // Skewed weights, column c in bits [8*c +: 8]; with those of column 0 comes the order to shift them in.
  output logic [7:0]                          weight_first_o,
  output logic [8*drift_pkg::Lanes-1:8]      weight_o,
  output logic                                shift_o,
  // A weight is on its way to some column in this cycle.
  output logic                                load_o
);

  localparam logic [drift_pkg::DepthWidth-1:0] LastRow = {{ depth_width }}'d{{ last_row }};
  localparam logic [drift_pkg::DepthWidth-1:0] HoldCycles = {{ depth_width }}'d{{ hold_cycles }};

  logic                                 active;
  logic [drift_pkg::DepthWidth-1:0]    depth;
  logic [drift_pkg::ColumnWidth-1:0]   columns;
  logic                                 padding, ready, accept, complete;
  logic                                 unused_walk;
  logic [drift_pkg::RowWidth-1:0]      walk_rows;
  logic                                 walk_first, walk_last;

  logic                                 full_q, full_d;
  logic [drift_pkg::DepthWidth-1:0]    hold_q, hold_d;
  logic [drift_pkg::DepthWidth-1:0]    row_q, row_d;
  logic [8*drift_pkg::Columns-1:0]     beat;
  // Column c is being shifted.
  logic [drift_pkg::Lanes-1:0]         shift_q, shift_d;

  drift_gemm_walker u_walker (
    .clk_i,
    .rst_ni,
    .load_i,
    .dim_m_i,
    .dim_k_i,
    .dim_n_i,
    .advance_i(complete),
    .active_o (active),
    .rows_o   (walk_rows),
    .depth_o  (depth),
    .columns_o(columns),
    .first_o  (walk_first),
    .last_o   (walk_last)
  );

  assign unused_walk = ^{walk_rows, walk_first, walk_last};

  // The shadow registers are free once the wave that copies them has left the bottom row of column 0.
  assign padding  = row_q >= depth;
  assign ready    = active && !full_q && (hold_q == '0) && !pause_i;
  assign accept   = ready && (padding || s_axis_weight_tvalid_i);
  assign complete = accept && (row_q == '0);

  assign s_axis_weight_tready_o = ready && !padding;
  assign full_o                 = full_q;

  always_comb begin
    full_d = full_q;
    hold_d = (hold_q == '0) ? '0 : hold_q - 1'b1;
    row_d  = row_q;
    if (take_i) begin
      full_d = 1'b0;
      hold_d = HoldCycles;
    end
    if (accept) begin
      row_d = complete ? LastRow : row_q - 1'b1;
    end
    if (complete) begin
      full_d = 1'b1;
    end
  end

  always_comb begin
    beat = s_axis_weight_tdata_i;
    if (padding) begin
      beat = '0;
    end else if (columns != {{ column_width }}'(drift_pkg::Columns)) begin
      for (int unsigned j = 0; j < drift_pkg::Columns; j++) begin
        if ({{ column_width }}'(j) >= columns) begin
          beat[8*j +: 8] = '0;
        end
      end
    end
  end

  assign shift_d = {shift_q[drift_pkg::Lanes-2:0], accept};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      full_q  <= 1'b0;
      hold_q  <= '0;
      row_q   <= LastRow;
      shift_q <= '0;
    end else begin
      full_q  <= full_d;
      hold_q  <= hold_d;
      row_q   <= row_d;
      shift_q <= shift_d;
    end
  end

  assign weight_first_o = beat[7:0];
  assign shift_o        = accept;
  assign load_o         = accept || (shift_q != '0);
{%- if checksum %}

  logic [8*drift_pkg::Columns-1:8] skewed;

  drift_skew #(
    .Lanes(drift_pkg::Columns),
    .Width(8)
  ) u_skew (
    .clk_i,
    .en_i   (load_o),
    .lanes_i(beat[8*drift_pkg::Columns-1:8]),
    .lanes_o(skewed)
  );

  drift_column_encoder u_encoder (
    .clk_i,
    .en_i    (load_o),
    .weight_first_i(beat[7:0]),
    .weight_i(skewed),
    .hi_o    (weight_o[8*drift_pkg::Columns +: 8]),
    .lo_o    (weight_o[8*drift_pkg::Columns+8 +: 8])
  );

  assign weight_o[8*drift_pkg::Columns-1:8] = skewed;
{%- else %}
  drift_skew #(
    .Lanes(drift_pkg::Columns),
    .Width(8)
  ) u_skew (
    .clk_i,
    .en_i   (load_o),
    .lanes_i(beat[8*drift_pkg::Columns-1:8]),
    .lanes_o(weight_o)
  );
{%- endif %}

  // No weight moves while the shadow registers wait to be used.
  `DRIFT_ASSERT(ShadowKept, !(full_q && accept), clk_i, rst_ni)

endmodule : drift_weight_loader
