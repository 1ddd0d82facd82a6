{{ banner }}
// Computes a whole GEMM Y[MxN] = X[MxK] * W[KxN] (int8 operands, wrapping int32 results) on an output-stationary
// {{ rows }}x{{ columns }} systolic array{% if checksum %} protected by checksum rows and columns{% endif %}. Operands and results are AXI4-Streams; any
// handshake may stall at any time.
//
// Stream order: for every tile (rows of tiles from top to bottom, tiles from left to right) and every k, ascending,
//   activations: column k of the tile's rows of X, row r of the tile in bits [8*r +: 8];
//   weights:     row k of W, columns of the tile in bits [8*j +: 8];
//   results:     after a tile's last k its rows in ascending order, one packet per tile.
//
// Latency: a tile takes max(K, PeRows) cycles; it appears {% if checksum %}PeRows{% else %}rows{% endif %} + Lanes + {{ result_latency }} cycles after its last k was accepted.
// After reset the array is flushed for PeRows + Lanes + 1 cycles before the first GEMM is accepted.

module drift_tile_engine #(
  // Columns of a strip of the array, 1..Lanes; changes the hierarchy, not the function.
  parameter int unsigned StripColumns = {{ lanes }}
) (
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
  // While high no step is accepted and no weight; quiet_o answers when nothing moves in the array any more.
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
  // A tile has left the tile buffers, with this many flagged lines.
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
  logic                             busy_q, busy_d, load_q, load_d, steps_active, drained, advance;
  logic [drift_pkg::DimWidth-1:0]  dim_m_q, dim_k_q, dim_n_q;
  logic [drift_pkg::CountWidth-1:0] cycles_q;

  // Steps.
  logic                              weight_valid, step, first, done, moving;
  logic [drift_pkg::RowWidth-1:0]    tile_rows;
  logic [drift_pkg::ColumnWidth-1:0] tile_columns;
  logic                              tile_start, tile_start_bank, tile_done, tile_done_bank;
  logic [1:0]                        bank_busy, bank_release;
  logic [8*drift_pkg::PeRows-1:0]   act;
  logic [8*drift_pkg::Lanes-1:0]    weight;

  // Tags.
  logic                             tag_valid, tag_end, tag_bank, tags_empty;
{%- if checksum %}
  logic                             tag_start, tag_hi, tag_lo;
{%- endif %}
  drift_pkg::acc_addr_t            tag_addr;
  logic [drift_pkg::Lanes:0]       wave_valid, wave_bank;
{%- if checksum %}
  logic [drift_pkg::Lanes:0]       wave_start, wave_hi, wave_lo;
{%- endif %}
  logic [drift_pkg::AccAddrWidth*(drift_pkg::Lanes+1)-1:0] wave_addr;

  // Results.
  logic [32*drift_pkg::Lanes-1:0]  psum, mem_data;
  logic                             unused_signals;
  drift_pkg::acc_addr_t            drain_addr;
{%- if checksum %}
  logic                             row_flag;
  logic [2*drift_pkg::Columns-1:0] column_flag;
  logic [1:0]                       any_row_flag;
{%- endif %}

  assign cmd_ready_o = !busy_q && !moving;
  assign load_d      = cmd_valid_i && cmd_ready_o && (cmd_m_i != '0) && (cmd_k_i != '0) && (cmd_n_i != '0);
  assign drained     = !load_q && !steps_active && (bank_busy == '0) && !m_axis_result_tvalid_o;
  assign busy_d      = load_d || (busy_q && !drained);
  assign advance     = busy_q || moving;
  assign quiet_o     = pause_i && !moving && tags_empty;
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

  drift_step_sequencer u_step_sequencer (
    .clk_i,
    .rst_ni,
    .load_i        (load_q),
    .dim_m_i       (dim_m_q),
    .dim_k_i       (dim_k_q),
    .dim_n_i       (dim_n_q),
    .active_o      (steps_active),
    .pause_i,
    .moving_o      (moving),
    .s_axis_act_tvalid_i,
    .s_axis_act_tready_o,
    .weight_valid_i(weight_valid),
    .bank_release_i(bank_release),
    .bank_busy_o   (bank_busy),
    .tile_start_o  (tile_start),
    .bank_o        (tile_start_bank),
    .rows_o        (tile_rows),
    .columns_o     (tile_columns),
    .step_o        (step),
    .first_o       (first),
    .done_o        (done),
    .tag_valid_o   (tag_valid),
    .tag_end_o     (tag_end),
{%- if checksum %}
    .tag_start_o   (tag_start),
    .tag_hi_o      (tag_hi),
    .tag_lo_o      (tag_lo),
{%- endif %}
    .tag_bank_o    (tag_bank),
    .tag_addr_o    (tag_addr)
  );

  drift_act_encoder u_act_encoder (
    .clk_i,
    .en_i    (advance),
    .data_i  (s_axis_act_tdata_i),
    .rows_i  (tile_rows),
    .accept_i(step),
    .act_o   (act)
  );

  drift_weight_buffer u_weight_buffer (
    .clk_i,
    .rst_ni,
    .en_i    (advance),
    .load_i  (load_q),
    .dim_m_i (dim_m_q),
    .dim_k_i (dim_k_q),
    .dim_n_i (dim_n_q),
    .s_axis_weight_tvalid_i,
    .s_axis_weight_tready_o,
    .s_axis_weight_tdata_i,
    .pause_i,
    .valid_o (weight_valid),
    .take_i  (step),
    .weight_o(weight)
  );

  drift_os_array #(
    .StripColumns(StripColumns)
  ) u_array (
    .clk_i,
    .en_i     (advance),
    .act_i    (act),
    .weight_i (weight),
    .step_i   (step),
    .first_i  (first),
    .done_i   (done),
    .collect_i(!tags_empty),
    .psum_o   (psum)
  );

  drift_tag_pipeline u_tag_pipeline (
    .clk_i,
    .rst_ni,
    .en_i            (advance),
    .valid_i         (tag_valid),
    .end_i           (tag_end),
{%- if checksum %}
    .start_i         (tag_start),
    .hi_i            (tag_hi),
    .lo_i            (tag_lo),
{%- endif %}
    .bank_i          (tag_bank),
    .addr_i          (tag_addr),
    .valid_o         (wave_valid),
{%- if checksum %}
    .start_o         (wave_start),
    .hi_o            (wave_hi),
    .lo_o            (wave_lo),
{%- endif %}
    .bank_o          (wave_bank),
    .addr_o          (wave_addr),
    .empty_o         (tags_empty),
    .tile_done_o     (tile_done),
    .tile_done_bank_o(tile_done_bank)
  );

  for (genvar c = 0; c < drift_pkg::Lanes; c++) begin : g_column
    drift_tile_buffer u_tile_buffer (
      .clk_i,
      .valid_i     (wave_valid[c]),
      .addr_i      (wave_addr[drift_pkg::AccAddrWidth*c +: drift_pkg::AccAddrWidth]),
      .psum_i      (psum[32*c +: 32]),
      .drain_addr_i(drain_addr),
      .drain_data_o(mem_data[32*c +: 32])
    );
  end
{%- if checksum %}

  // The checksum columns are consumed by the detector; they do not leave the engine.
  assign unused_signals = ^mem_data[32*drift_pkg::Columns +: 64];

  drift_detector u_detector (
    .clk_i,
    .rst_ni,
    .threshold_bit_i,
    .valid_i       (wave_valid),
    .start_i       (wave_start),
    .hi_i          (wave_hi),
    .lo_i          (wave_lo),
    .bank_i        (wave_bank),
    .addr_i        (wave_addr[drift_pkg::AccAddrWidth*drift_pkg::Lanes +: drift_pkg::AccAddrWidth]),
    .sum_i         (psum[32*drift_pkg::Columns-1:0]),
    .hi_sum_i      (psum[32*drift_pkg::Columns +: 24]),
    .lo_sum_i      (psum[32*drift_pkg::Columns+32 +: 32]),
    .drain_addr_i  (drain_addr),
    .row_flag_o    (row_flag),
    .column_flag_o (column_flag),
    .any_row_flag_o(any_row_flag)
  );
{%- else %}

  // Only checksums need the threshold and the tags beyond the last column.
  assign unused_signals = ^{threshold_bit_i, wave_valid[drift_pkg::Lanes], wave_bank,
                            wave_addr[drift_pkg::AccAddrWidth*drift_pkg::Lanes +: drift_pkg::AccAddrWidth]};
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
    .data_i           (mem_data[32*drift_pkg::Columns-1:0]),
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
