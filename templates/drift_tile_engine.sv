{{ banner }}
// Computes a whole GEMM Y[MxN] = X[MxK] * W[KxN] (int8 operands, wrapping int32 results) on a weight-stationary
// {{ rows }}x{{ columns }} systolic array{% if checksum %} protected by checksum rows and columns{% endif %}. Operands and results are AXI4-Streams; any
// handshake may stall at any time.
//
// Stream order: for every tile (rows of tiles from top to bottom, tiles from left to right) and every pass over K,
//   activations: the tile's rows in ascending order, lanes k of the pass in bits [8*r +: 8];
//   weights:     the pass's rows k in descending order, columns of the tile in bits [8*j +: 8];
//   results:     after a tile's last pass its rows in ascending order, one packet per tile.
//
// Latency: a pass takes max(rows{% if checksum %} + 2{% endif %}, 2*Rows-1) cycles; a tile appears Rows + Lanes + {{ result_latency }} cycles after its last row
// was accepted.

module drift_tile_engine (
  input  logic                              clk_i,
  input  logic                              rst_ni,

  // GEMM to compute; accepted when the previous one is finished. An empty GEMM is accepted and ignored.
  input  logic                              cmd_valid_i,
  output logic                              cmd_ready_o,
  input  logic [drift_pkg::DimWidth-1:0]   cmd_m_i,
  input  logic [drift_pkg::DimWidth-1:0]   cmd_k_i,
  input  logic [drift_pkg::DimWidth-1:0]   cmd_n_i,
  // Syndromes of magnitude 2**threshold_bit_i and above are flagged; constant during a GEMM.
  input  logic [4:0]                        threshold_bit_i,
  // While high no pass starts and no weight is accepted; quiet_o answers when nothing moves in the array any more.
  input  logic                              pause_i,
  output logic                              quiet_o,

  input  logic                              s_axis_act_tvalid_i,
  output logic                              s_axis_act_tready_o,
  input  logic [8*drift_pkg::Rows-1:0]     s_axis_act_tdata_i,

  input  logic                              s_axis_weight_tvalid_i,
  output logic                              s_axis_weight_tready_o,
  input  logic [8*drift_pkg::Columns-1:0]  s_axis_weight_tdata_i,

  output logic                              m_axis_result_tvalid_o,
  input  logic                              m_axis_result_tready_i,
  output logic [32*drift_pkg::Columns-1:0] m_axis_result_tdata_o,
  output logic [4*drift_pkg::Columns-1:0]  m_axis_result_tkeep_o,
  output logic                              m_axis_result_tlast_o,
  // {column flags, row flag, correction mask of the row}{% if !checksum %}; zero: this array has no checksums{% endif %}
  output logic [drift_pkg::UserWidth-1:0]   m_axis_result_tuser_o,
  // The tile on the result stream has a non-empty correction mask, or flags in one direction only; stable from
  // its first beat to its last.
  output logic                              tile_masked_o,
  output logic                              tile_unlocated_o,
  // A tile has left the accumulators, with this many flagged lines.
  output logic                              tile_end_o,
  output logic [drift_pkg::FlagsWidth-1:0] tile_flags_o,

  // Since reset: busy cycles, finished tiles, flagged rows and columns, masked elements, and lines flagged
  // in one direction only.
  output logic [drift_pkg::CountWidth-1:0] cycles_o,
  output logic [drift_pkg::CountWidth-1:0] tiles_o,
  output logic [drift_pkg::CountWidth-1:0] flagged_rows_o,
  output logic [drift_pkg::CountWidth-1:0] flagged_columns_o,
  output logic [drift_pkg::CountWidth-1:0] masked_o,
  output logic [drift_pkg::CountWidth-1:0] unlocated_o
);

  // Command.
  logic                             busy_q, busy_d, load_q, load_d, rows_active, drained;
  logic                             in_pass, tags_empty;
  logic [drift_pkg::DimWidth-1:0]  dim_m_q, dim_k_q, dim_n_q;
  logic [drift_pkg::CountWidth-1:0] cycles_q;

  // Weights.
  logic                             weights_full, take, weight_load, shift;
  logic [7:0]                       weight_first;
  logic [8*drift_pkg::Lanes-1:8]   weight;

  // Rows.
  logic                             row_accept, row_first;
{%- if checksum %}
  logic                             row_hi, row_lo;
{%- endif %}
  logic [drift_pkg::DepthWidth-1:0]  depth;
  logic [drift_pkg::RowWidth-1:0]    tile_rows;
  logic [drift_pkg::ColumnWidth-1:0] tile_columns;
  logic                             tile_start, tile_start_bank, tile_done, tile_done_bank;
  logic [1:0]                       bank_busy, bank_release;
  logic [7:0]                       act_first;
  logic [8*drift_pkg::Rows-1:8]    act;
  logic [drift_pkg::Rows-1:0]      valid_wave, swap_wave;
  logic [drift_pkg::Rows-2:0]      valid_wave_q, swap_wave_q;

  // Tags.
  logic                             tag_valid, tag_first, tag_last, tag_end, tag_bank;
{%- if checksum %}
  logic                             tag_start, tag_hi, tag_lo;
{%- endif %}
  drift_pkg::acc_addr_t            tag_addr;
  // The next tag at the bottom of column 0, and the word of the row beyond the last column.
  logic                             next_valid, next_first;
  drift_pkg::acc_addr_t            next_addr, last_addr;
  logic [drift_pkg::Lanes:0]       wave_valid, wave_last, wave_bank;
{%- if checksum %}
  logic [drift_pkg::Lanes:0]       wave_start, wave_hi, wave_lo;
{%- endif %}

  // Results.
  logic [32*drift_pkg::Columns-1:0] sum, mem_data;
{%- if !checksum %}
  logic                             unused_signals;
{%- endif %}
  drift_pkg::acc_addr_t            drain_addr;
{%- if checksum %}
  logic [23:0]                      hi_sum;
  drift_pkg::psum_t                lo_sum;
  logic                             row_flag;
  logic [2*drift_pkg::Columns-1:0] column_flag;
  logic [1:0]                       any_row_flag;
{%- endif %}

  assign cmd_ready_o = !busy_q;
  assign load_d      = cmd_valid_i && cmd_ready_o && (cmd_m_i != '0) && (cmd_k_i != '0) && (cmd_n_i != '0);
  assign drained     = !load_q && !rows_active && (bank_busy == '0) && !m_axis_result_tvalid_o;
  assign busy_d      = load_d || (busy_q && !drained);
  assign quiet_o     = pause_i && !in_pass && tags_empty && !weight_load;
  assign cycles_o    = cycles_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q   <= 1'b0;
      load_q   <= 1'b0;
      dim_m_q  <= '0;
      dim_k_q  <= '0;
      dim_n_q  <= '0;
      cycles_q <= '0;
    end else begin
      busy_q <= busy_d;
      load_q <= load_d;
      if (load_d) begin
        dim_m_q <= cmd_m_i;
        dim_k_q <= cmd_k_i;
        dim_n_q <= cmd_n_i;
      end
      if (busy_q) begin
        cycles_q <= cycles_q + 1'b1;
      end
    end
  end

  drift_weight_loader u_weight_loader (
    .clk_i,
    .rst_ni,
    .load_i       (load_q),
    .dim_m_i      (dim_m_q),
    .dim_k_i      (dim_k_q),
    .dim_n_i      (dim_n_q),
    .s_axis_weight_tvalid_i,
    .s_axis_weight_tready_o,
    .s_axis_weight_tdata_i,
    .pause_i,
    .full_o       (weights_full),
    .take_i       (take),
    .weight_first_o(weight_first),
    .weight_o     (weight),
    .shift_o      (shift),
    .load_o       (weight_load)
  );

  drift_row_sequencer u_row_sequencer (
    .clk_i,
    .rst_ni,
    .load_i        (load_q),
    .dim_m_i       (dim_m_q),
    .dim_k_i       (dim_k_q),
    .dim_n_i       (dim_n_q),
    .active_o      (rows_active),
    .pause_i,
    .in_pass_o     (in_pass),
    .s_axis_act_tvalid_i,
    .s_axis_act_tready_o,
    .weights_full_i(weights_full),
    .take_o        (take),
    .bank_release_i(bank_release),
    .bank_busy_o   (bank_busy),
    .tile_start_o  (tile_start),
    .bank_o        (tile_start_bank),
    .rows_o        (tile_rows),
    .columns_o     (tile_columns),
    .depth_o       (depth),
    .row_accept_o  (row_accept),
    .row_first_o   (row_first),
{%- if checksum %}
    .row_hi_o      (row_hi),
    .row_lo_o      (row_lo),
{%- endif %}
    .tag_valid_o   (tag_valid),
    .tag_first_o   (tag_first),
    .tag_last_o    (tag_last),
    .tag_end_o     (tag_end),
{%- if checksum %}
    .tag_start_o   (tag_start),
    .tag_hi_o      (tag_hi),
    .tag_lo_o      (tag_lo),
{%- endif %}
    .tag_bank_o    (tag_bank),
    .tag_addr_o    (tag_addr)
  );

  drift_row_encoder u_row_encoder (
    .clk_i,
    .en_i    (busy_q),
    .data_i  (s_axis_act_tdata_i),
    .depth_i (depth),
    .accept_i(row_accept),
{%- if checksum %}
    .first_i (row_first),
    .hi_i    (row_hi),
    .lo_i    (row_lo),
{%- endif %}
    .act_first_o(act_first),
    .act_o   (act)
  );

  // Valid and swap bits are the same for all lanes of a row, so one delay line serves them all.
  assign valid_wave = {valid_wave_q, row_accept};
  assign swap_wave  = {swap_wave_q, take};

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_wave_q <= '0;
      swap_wave_q  <= '0;
    end else if (busy_q) begin
      valid_wave_q <= valid_wave[drift_pkg::Rows-2:0];
      swap_wave_q  <= swap_wave[drift_pkg::Rows-2:0];
    end
  end

  drift_pe_array u_array (
    .clk_i,
    .act_first_i (act_first),
    .act_i       (act),
    .valid_i     (valid_wave),
    .swap_i      (swap_wave),
    .weight_first_i(weight_first),
    .weight_i    (weight),
    .shift_i     (shift),
    .tag_valid_i (next_valid),
    .tag_first_i (next_first),
    .tag_addr_i  (next_addr),
    .tag_addr_o  (last_addr),
    .sum_o       (sum),
{%- if checksum %}
    .hi_sum_o    (hi_sum),
    .lo_sum_o    (lo_sum),
{%- endif %}
    .drain_addr_i(drain_addr),
    .drain_data_o(mem_data)
  );

  drift_tag_pipeline u_tag_pipeline (
    .clk_i,
    .rst_ni,
    .en_i            (busy_q),
    .valid_i         (tag_valid),
    .first_i         (tag_first),
    .last_i          (tag_last),
    .end_i           (tag_end),
{%- if checksum %}
    .start_i         (tag_start),
    .hi_i            (tag_hi),
    .lo_i            (tag_lo),
{%- endif %}
    .bank_i          (tag_bank),
    .addr_i          (tag_addr),
    .valid_o         (wave_valid),
    .next_valid_o    (next_valid),
    .next_first_o    (next_first),
    .next_addr_o     (next_addr),
    .last_o          (wave_last),
{%- if checksum %}
    .start_o         (wave_start),
    .hi_o            (wave_hi),
    .lo_o            (wave_lo),
{%- endif %}
    .bank_o          (wave_bank),
    .empty_o         (tags_empty),
    .tile_done_o     (tile_done),
    .tile_done_bank_o(tile_done_bank)
  );
{%- if checksum %}

  drift_detector u_detector (
    .clk_i,
    .rst_ni,
    .threshold_bit_i,
    .valid_i       (wave_valid),
    .last_i        (wave_last),
    .start_i       (wave_start),
    .hi_i          (wave_hi),
    .lo_i          (wave_lo),
    .bank_i        (wave_bank),
    .addr_i        (last_addr),
    .sum_i         (sum),
    .hi_sum_i      (hi_sum),
    .lo_sum_i      (lo_sum),
    .drain_addr_i  (drain_addr),
    .row_flag_o    (row_flag),
    .column_flag_o (column_flag),
    .any_row_flag_o(any_row_flag)
  );
{%- else %}

  // Only checksums need the threshold, the rest of the tags and the sums before they are stored.
  assign unused_signals = ^{threshold_bit_i, row_first, wave_valid, wave_last, wave_bank, sum,
                            last_addr};
{%- endif %}

  drift_result_drain u_result_drain (
    .clk_i,
    .rst_ni,
    .tile_start_i     (tile_start),
    .tile_start_bank_i(tile_start_bank),
    .rows_i           (tile_rows),
    .columns_i        (tile_columns),
    .tile_done_i      (tile_done),
    .tile_done_bank_i (tile_done_bank),
    .bank_release_o   (bank_release),
    .addr_o           (drain_addr),
    .data_i           (mem_data),
{%- if checksum %}
    .row_flag_i       (row_flag),
    .column_flag_i    (column_flag),
    .any_row_flag_i   (any_row_flag),
{%- endif %}
    .m_axis_result_tvalid_o,
    .m_axis_result_tready_i,
    .m_axis_result_tdata_o,
    .m_axis_result_tkeep_o,
    .m_axis_result_tlast_o,
    .m_axis_result_tuser_o,
    .tile_masked_o,
    .tile_unlocated_o,
    .tile_end_o,
    .tile_flags_o,
    .tiles_o,
    .flagged_rows_o,
    .flagged_columns_o,
    .masked_o,
    .unlocated_o
  );

endmodule : drift_tile_engine
