{{ banner }}
// Takes the weight stream in and sends it into the array, one row k per step: columns beyond N as zeros{% if checksum %}, with the
// two checksum digits of every row appended{% endif %}, skewed, column c by c cycles. Two beats are held, so that neither
// operand stream waits for the other within a cycle.
//
// Latency: a beat accepted in cycle t is available in cycle t+1; one that is taken in cycle t is at weight_o of
// column c in cycle t+c.

`include "drift_assert.svh"

module drift_weight_buffer (
  input  logic                             clk_i,
  input  logic                             rst_ni,
  // Advances the skew.
  input  logic                             en_i,

  // A GEMM starts; the dimensions stay valid until it ends.
  input  logic                             load_i,
  input  logic [drift_pkg::DimWidth-1:0]  dim_m_i,
  input  logic [drift_pkg::DimWidth-1:0]  dim_k_i,
  input  logic [drift_pkg::DimWidth-1:0]  dim_n_i,

  // One row of weights per beat, column j in bits [8*j +: 8]; the rows of a tile in ascending order of k.
  input  logic                             s_axis_weight_tvalid_i,
  output logic                             s_axis_weight_tready_o,
  input  logic [8*drift_pkg::Columns-1:0] s_axis_weight_tdata_i,

  // No weight is accepted while high.
  input  logic                             pause_i,
  // A row is available; it is taken now.
  output logic                             valid_o,
  input  logic                             take_i,

  // Skewed weights, column c in bits [8*c +: 8].
  output logic [8*drift_pkg::Lanes-1:0]   weight_o
);

  logic                               active;
  logic [drift_pkg::DepthWidth-1:0]  depth;
  logic [drift_pkg::ColumnWidth-1:0] columns;
  logic                               accept, complete;
  logic                               unused_walk;
  logic [drift_pkg::RowWidth-1:0]    walk_rows;
  logic                               walk_first, walk_last;

  // Counts the rows of the pass that were accepted.
  logic [drift_pkg::DepthWidth-1:0]  row_q, row_d;
  // Beats held: the older one in head_q.
  logic [1:0]                         held_q, held_d;
  logic [8*drift_pkg::Columns-1:0]   beat, head_q, tail_q;

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

  assign s_axis_weight_tready_o = active && (held_q != 2'd2) && !pause_i;
  assign accept                 = s_axis_weight_tready_o && s_axis_weight_tvalid_i;
  assign complete               = accept && (row_q == depth - 1'b1);
  assign valid_o                = held_q != 2'd0;

  always_comb begin
    row_d  = row_q;
    held_d = held_q;
    if (accept) begin
      row_d = complete ? '0 : row_q + 1'b1;
    end
    if (accept && !take_i) begin
      held_d = held_q + 1'b1;
    end else if (take_i && !accept) begin
      held_d = held_q - 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      row_q  <= '0;
      held_q <= '0;
    end else begin
      row_q  <= row_d;
      held_q <= held_d;
    end
  end

  always_comb begin
    beat = s_axis_weight_tdata_i;
    if (columns != {{ column_width }}'(drift_pkg::Columns)) begin
      for (int unsigned j = 0; j < drift_pkg::Columns; j++) begin
        if ({{ column_width }}'(j) >= columns) begin
          beat[8*j +: 8] = '0;
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (accept) begin
      tail_q <= beat;
    end
    if (take_i || !valid_o) begin
      head_q <= (held_q == 2'd2) ? tail_q : beat;
    end
  end
{%- if checksum %}

  logic [8*drift_pkg::Columns-1:0] skewed;

  drift_skew #(
    .Lanes(drift_pkg::Columns),
    .Width(8)
  ) u_skew (
    .clk_i,
    .en_i,
    .lanes_i(head_q[8*drift_pkg::Columns-1:8]),
    .lanes_o(skewed[8*drift_pkg::Columns-1:8])
  );

  assign skewed[7:0] = head_q[7:0];

  drift_digit_encoder #(
    .Lanes(drift_pkg::Columns)
  ) u_encoder (
    .clk_i,
    .en_i,
    .lanes_i(skewed),
    .hi_o   (weight_o[8*drift_pkg::Columns +: 8]),
    .lo_o   (weight_o[8*drift_pkg::Columns+8 +: 8])
  );

  assign weight_o[8*drift_pkg::Columns-1:0] = skewed;
{%- else %}

  drift_skew #(
    .Lanes(drift_pkg::Columns),
    .Width(8)
  ) u_skew (
    .clk_i,
    .en_i,
    .lanes_i(head_q[8*drift_pkg::Columns-1:8]),
    .lanes_o(weight_o[8*drift_pkg::Columns-1:8])
  );

  assign weight_o[7:0] = head_q[7:0];
{%- endif %}

  // The buffer never overflows, and nothing is taken that is not there.
  `DRIFT_ASSERT(NoOverflow, !(accept && (held_q == 2'd2)), clk_i, rst_ni)
  `DRIFT_ASSERT(NoUnderflow, !(take_i && !valid_o), clk_i, rst_ni)

endmodule : drift_weight_buffer
