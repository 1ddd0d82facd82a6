{{ banner }}
// Sends finished tiles out of the {% if os %}tile buffers{% else %}accumulators{% endif %}, row by row, with the flags and the correction mask of every
// row, and counts what the detector found. Banks alternate, as tiles do.
//
// Latency: the first row of a tile is on the stream one cycle after the tile is done.

`include "drift_assert.svh"

module drift_result_drain (
  input  logic                                  clk_i,
  input  logic                                  rst_ni,

  // A tile starts in a bank with this many data rows and columns.
  input  logic                                  tile_start_i,
  input  logic                                  tile_start_bank_i,
  input  logic [drift_pkg::RowWidth-1:0]       rows_i,
  input  logic [drift_pkg::ColumnWidth-1:0]    columns_i,
  // The tile in a bank is complete.
  input  logic                                  tile_done_i,
  input  logic                                  tile_done_bank_i,
  // The bank was read to its end.
  output logic [1:0]                            bank_release_o,

  // {% if os %}Tile buffers{% else %}Accumulators{% endif %}{% if checksum %} and flags{% endif %}.
  output drift_pkg::acc_addr_t                 addr_o,
  input  logic [32*drift_pkg::Columns-1:0]     data_i,
{%- if checksum %}
  input  logic                                  row_flag_i,
  input  logic [2*drift_pkg::Columns-1:0]      column_flag_i,
  input  logic [1:0]                            any_row_flag_i,
{%- endif %}

  // One row of results per beat, column j in bits [32*j +: 32]; a packet is a tile.
  output logic                                  m_axis_result_tvalid_o,
  input  logic                                  m_axis_result_tready_i,
  output logic [32*drift_pkg::Columns-1:0]     m_axis_result_tdata_o,
  // Low for the columns beyond N.
  output logic [4*drift_pkg::Columns-1:0]      m_axis_result_tkeep_o,
  output logic                                  m_axis_result_tlast_o,
  // {column flags, row flag, correction mask of the row}
  output logic [drift_pkg::UserWidth-1:0]   m_axis_result_tuser_o,
  // The tile on the stream has a non-empty correction mask, or flags in one direction only; stable from its
  // first beat to its last.
  output logic                                  tile_masked_o,
  output logic                                  tile_unlocated_o,

  // A tile was read to its end in the previous cycle, with this many flagged lines.
  output logic                                  tile_end_o,
  output logic [drift_pkg::FlagsWidth-1:0]     tile_flags_o,

  // Since reset: finished tiles, flagged rows and columns, masked elements, and lines flagged in one
  // direction only.
  output logic [drift_pkg::CountWidth-1:0]     tiles_o,
  output logic [drift_pkg::CountWidth-1:0]     flagged_rows_o,
  output logic [drift_pkg::CountWidth-1:0]     flagged_columns_o,
  output logic [drift_pkg::CountWidth-1:0]     masked_o,
  output logic [drift_pkg::CountWidth-1:0]     unlocated_o
);

  localparam int unsigned Columns = drift_pkg::Columns;
  localparam drift_pkg::acc_addr_t BankBase = {{ acc_addr_width }}'(drift_pkg::PassRows);

  logic [drift_pkg::RowWidth-1:0]    rows_q [2];
  logic [drift_pkg::ColumnWidth-1:0] columns_q [2];
  logic [1:0]                         done_q, done_d;
  logic                               bank_q, bank_d;
  logic [drift_pkg::RowWidth-1:0]    row_q, row_d;
  logic                               tvalid_q, tvalid_d;
  logic                               read, last;
  logic [4*Columns-1:0]               keep;

  always_ff @(posedge clk_i) begin
    if (tile_start_i) begin
      rows_q[tile_start_bank_i]    <= rows_i;
      columns_q[tile_start_bank_i] <= columns_i;
    end
  end

  assign read   = done_q[bank_q] && (!tvalid_q || m_axis_result_tready_i);
  assign last   = row_q == rows_q[bank_q] - 1'b1;
  assign addr_o = {{ acc_addr_width }}'(row_q) + (bank_q ? BankBase : '0);

  always_comb begin
    done_d         = done_q;
    bank_d         = bank_q;
    row_d          = row_q;
    bank_release_o = '0;
    tvalid_d       = read || (tvalid_q && !m_axis_result_tready_i);
    if (read) begin
      row_d = row_q + 1'b1;
      if (last) begin
        row_d                  = '0;
        bank_d                 = !bank_q;
        done_d[bank_q]         = 1'b0;
        bank_release_o[bank_q] = 1'b1;
      end
    end
    if (tile_done_i) begin
      done_d[tile_done_bank_i] = 1'b1;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      done_q   <= '0;
      bank_q   <= 1'b0;
      row_q    <= '0;
      tvalid_q <= 1'b0;
    end else begin
      done_q   <= done_d;
      bank_q   <= bank_d;
      row_q    <= row_d;
      tvalid_q <= tvalid_d;
    end
  end

  always_comb begin
    keep = '0;
    for (int unsigned j = 0; j < Columns; j++) begin
      if ({{ column_width }}'(j) < columns_q[bank_q]) begin
        keep[4*j +: 4] = '1;
      end
    end
  end
{%- if checksum %}

  logic [Columns-1:0] column_flags;

  assign column_flags = bank_q ? column_flag_i[2*Columns-1:Columns] : column_flag_i[Columns-1:0];
{%- endif %}

  always_ff @(posedge clk_i) begin
    if (read) begin
      m_axis_result_tdata_o <= data_i;
      m_axis_result_tkeep_o <= keep;
      m_axis_result_tlast_o <= last;
{%- if checksum %}
      m_axis_result_tuser_o <= {column_flags, row_flag_i, row_flag_i ? column_flags : {{ columns }}'b0};
      tile_masked_o         <= any_row_flag_i[bank_q] && (column_flags != '0);
      tile_unlocated_o      <= any_row_flag_i[bank_q] != (column_flags != '0);
{%- endif %}
    end
  end

  assign m_axis_result_tvalid_o = tvalid_q;
{%- if !checksum %}
  assign m_axis_result_tuser_o = '0;
  assign tile_masked_o         = 1'b0;
  assign tile_unlocated_o      = 1'b0;
  assign tile_flags_o          = '0;
{%- endif %}

  logic [drift_pkg::CountWidth-1:0] tiles_q;
  logic                              tile_end_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tiles_q    <= '0;
      tile_end_q <= 1'b0;
    end else begin
      tile_end_q <= read && last;
      if (read && last) begin
        tiles_q <= tiles_q + 1'b1;
      end
    end
  end

  assign tiles_o    = tiles_q;
  assign tile_end_o = tile_end_q;
{%- if checksum %}

  logic [drift_pkg::CountWidth-1:0]  flagged_rows_q, flagged_columns_q, masked_q, unlocated_q;
  // Flags of the present tile: columns in all, rows up to and including this one.
  logic [drift_pkg::ColumnWidth-1:0] tile_columns;
  logic [drift_pkg::RowWidth-1:0]    tile_rows, tile_rows_q;

  assign tile_columns = {{ column_width }}'($countones(column_flags));
  assign tile_rows    = tile_rows_q + {{ row_width }}'(row_flag_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      tile_rows_q       <= '0;
      flagged_rows_q    <= '0;
      flagged_columns_q <= '0;
      masked_q          <= '0;
      unlocated_q       <= '0;
    end else if (read) begin
      tile_rows_q <= last ? '0 : tile_rows;
      if (row_flag_i) begin
        flagged_rows_q <= flagged_rows_q + 1'b1;
        masked_q       <= masked_q + {{ count_width }}'(tile_columns);
      end
      if (last) begin
        flagged_columns_q <= flagged_columns_q + {{ count_width }}'(tile_columns);
        if (tile_rows == '0) begin
          unlocated_q <= unlocated_q + {{ count_width }}'(tile_columns);
        end else if (tile_columns == '0) begin
          unlocated_q <= unlocated_q + {{ count_width }}'(tile_rows);
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (read && last) begin
      tile_flags_o <= {{ flags_width }}'(tile_rows) + {{ flags_width }}'(tile_columns);
    end
  end

  assign flagged_rows_o    = flagged_rows_q;
  assign flagged_columns_o = flagged_columns_q;
  assign masked_o          = masked_q;
  assign unlocated_o       = unlocated_q;
{%- else %}
  assign flagged_rows_o    = '0;
  assign flagged_columns_o = '0;
  assign masked_o          = '0;
  assign unlocated_o       = '0;
{%- endif %}

  // A bank is read to its end before the next tile in it is complete, and only when it is complete.
  `DRIFT_ASSERT(NotOverwritten, !(tile_done_i && done_q[tile_done_bank_i]), clk_i, rst_ni)
  `DRIFT_ASSERT(ReleaseComplete, (bank_release_o & ~done_q) == '0, clk_i, rst_ni)

endmodule : drift_result_drain
