{{ banner }}
// Decides in every cycle which row enters the array: the data rows of a pass as the activation stream
// delivers them{% if checksum %}, then the two checksum rows{% endif %}; pass after pass, tile after tile. The tags that it attaches
// travel beside the row through the array and steer the accumulators and the detector.
//
// Latency: a row accepted in cycle t is described by the tag outputs in cycle t+1.

`include "drift_assert.svh"

module drift_row_sequencer (
  input  logic                                clk_i,
  input  logic                                rst_ni,

  // A GEMM starts; the dimensions stay valid until it ends.
  input  logic                                load_i,
  input  logic [drift_pkg::DimWidth-1:0]     dim_m_i,
  input  logic [drift_pkg::DimWidth-1:0]     dim_k_i,
  input  logic [drift_pkg::DimWidth-1:0]     dim_n_i,
  // Passes remain to be issued.
  output logic                                active_o,
  // No pass starts while high; a pass that has started goes on to its end.
  input  logic                                pause_i,
  // Rows of the present pass were accepted, and more are to come.
  output logic                                in_pass_o,

  // Handshake of the activation stream; its data goes to the row encoder.
  input  logic                                s_axis_act_tvalid_i,
  output logic                                s_axis_act_tready_o,

  // The next pass's weights are in the shadow registers; take_o says that they are used from now on.
  input  logic                                weights_full_i,
  output logic                                take_o,

  // Accumulator banks: a busy bank is not started again before the drain has released it.
  input  logic [1:0]                          bank_release_i,
  output logic [1:0]                          bank_busy_o,
  // A tile starts in bank_o with this many data rows and columns.
  output logic                                tile_start_o,
  output logic                                bank_o,
  output logic [drift_pkg::RowWidth-1:0]     rows_o,
  output logic [drift_pkg::ColumnWidth-1:0]  columns_o,
  // Reduction depth of the pass whose row is accepted in this cycle.
  output logic [drift_pkg::DepthWidth-1:0]   depth_o,

  // The row accepted in this cycle.
  output logic                                row_accept_o,
  output logic                                row_first_o,
{%- if checksum %}
  output logic                                row_hi_o,
  output logic                                row_lo_o,
{%- endif %}

  // Tag of the row accepted in the previous cycle.
  output logic                                tag_valid_o,
  output logic                                tag_first_o,
  output logic                                tag_last_o,
  output logic                                tag_end_o,
{%- if checksum %}
  output logic                                tag_start_o,
  output logic                                tag_hi_o,
  output logic                                tag_lo_o,
{%- endif %}
  output logic                                tag_bank_o,
  output drift_pkg::acc_addr_t               tag_addr_o
);

  localparam drift_pkg::acc_addr_t BankBase = {{ acc_addr_width }}'(drift_pkg::PassRows);
{%- if checksum %}
  localparam drift_pkg::acc_addr_t HiRow = {{ acc_addr_width }}'(drift_pkg::TileRows);
{%- endif %}

  logic                           active, first_pass, last_pass;
  logic                           start, may_start, is_data, is_end, accept, advance;
  drift_pkg::acc_addr_t          row_addr;

  // Counts the rows of the pass that were accepted.
  logic [drift_pkg::RowWidth-1:0] row_q, row_d;
  logic                            bank_q, bank_d;
  logic [1:0]                      bank_busy_q, bank_busy_d;

  drift_gemm_walker u_walker (
    .clk_i,
    .rst_ni,
    .load_i,
    .dim_m_i,
    .dim_k_i,
    .dim_n_i,
    .advance_i(advance),
    .active_o (active),
    .rows_o,
    .depth_o,
    .columns_o,
    .first_o  (first_pass),
    .last_o   (last_pass)
  );

  assign start     = row_q == '0;
  assign may_start = weights_full_i && !(first_pass && bank_busy_q[bank_q]) && !pause_i;
  assign is_data   = row_q < rows_o;
{%- if checksum %}
  assign row_hi_o  = row_q == rows_o;
  assign row_lo_o  = row_q > rows_o;
  assign is_end    = row_lo_o;
{%- else %}
  assign is_end    = row_q == rows_o - 1'b1;
{%- endif %}
  assign accept    = active && (!start || may_start) && (!is_data || s_axis_act_tvalid_i);
  assign advance   = accept && is_end;

  assign active_o            = active;
  assign in_pass_o           = !start;
  assign s_axis_act_tready_o = active && (!start || may_start) && is_data;
  assign take_o              = accept && start;
  assign tile_start_o        = take_o && first_pass;
  assign bank_o              = bank_q;
  assign bank_busy_o         = bank_busy_q;
  assign row_accept_o        = accept;
  assign row_first_o         = start;

  always_comb begin
    row_d       = row_q;
    bank_d      = bank_q;
    bank_busy_d = bank_busy_q & ~bank_release_i;
    if (tile_start_o) begin
      bank_busy_d[bank_q] = 1'b1;
    end
    if (accept) begin
      row_d = is_end ? '0 : row_q + 1'b1;
    end
    if (advance && last_pass) begin
      bank_d = !bank_q;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      row_q       <= '0;
      bank_q      <= 1'b0;
      bank_busy_q <= '0;
    end else begin
      row_q       <= row_d;
      bank_q      <= bank_d;
      bank_busy_q <= bank_busy_d;
    end
  end

  always_comb begin
    row_addr = {{ acc_addr_width }}'(row_q);
{%- if checksum %}
    if (row_hi_o) begin
      row_addr = HiRow;
    end else if (row_lo_o) begin
      row_addr = HiRow + 1'b1;
    end
{%- endif %}
    if (bank_q) begin
      row_addr = row_addr + BankBase;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tag_valid_o <= 1'b0;
    end else begin
      tag_valid_o <= accept;
    end
  end

  always_ff @(posedge clk_i) begin
    if (accept) begin
      tag_first_o <= first_pass;
      tag_last_o  <= last_pass;
      tag_end_o   <= is_end;
{%- if checksum %}
      tag_start_o <= start;
      tag_hi_o    <= row_hi_o;
      tag_lo_o    <= row_lo_o;
{%- endif %}
      tag_bank_o  <= bank_q;
      tag_addr_o  <= row_addr;
    end
  end

  // A tile never starts in a bank that still holds another, and never without its weights.
  `DRIFT_ASSERT(BankFree, !(tile_start_o && bank_busy_q[bank_q]), clk_i, rst_ni)
  `DRIFT_ASSERT(WeightsThere, !(take_o && !weights_full_i), clk_i, rst_ni)

endmodule : drift_row_sequencer
