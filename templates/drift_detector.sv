{{ banner }}
// Syndromes and flags of a tile, computed while {% if os %}it leaves the array{% else %}its last pass leaves the accumulators{% endif %}:
//   row syndrome    e[m] = sum_j Y[m][j] - (256 * Y[m][hi] + Y[m][lo]), travelling along the row,
//   column syndrome e[j] = sum_m Y[m][j] - (256 * Y[hi][j] + Y[lo][j]), kept in the column,
// both modulo 2**32. A row or column is flagged when |e| >= 2**threshold_bit.
//
// Latency: the flag of column j is set two cycles after the low checksum row passed it, the flag of a row
// two cycles after it passed the last column.

module drift_detector (
  input  logic                                  clk_i,
  input  logic                                  rst_ni,
  // Threshold of detection; constant while a tile is in flight.
  input  logic [4:0]                            threshold_bit_i,

  // Tags and {% if !os %}accumulated {% endif %}sums at the bottom of every column, see drift_tag_pipeline.
  input  logic [drift_pkg::Lanes:0]            valid_i,
{%- if !os %}
  input  logic [drift_pkg::Lanes:0]            last_i,
{%- endif %}
  input  logic [drift_pkg::Lanes:0]            start_i,
  input  logic [drift_pkg::Lanes:0]            hi_i,
  input  logic [drift_pkg::Lanes:0]            lo_i,
  input  logic [drift_pkg::Lanes:0]            bank_i,
  // {% if os %}Tile buffer{% else %}Accumulator{% endif %} word of the row beyond the last column.
  input  drift_pkg::acc_addr_t                 addr_i,
  input  logic [32*drift_pkg::Columns-1:0]     sum_i,
  // Of the checksum columns; the upper eight bits of the high digit's vanish modulo 2**32.
  input  logic [23:0]                           hi_sum_i,
  input  drift_pkg::psum_t                     lo_sum_i,

  // Flag of the row at {% if os %}a tile buffer{% else %}an accumulator{% endif %} word, and column flags of either bank.
  input  drift_pkg::acc_addr_t                 drain_addr_i,
  output logic                                  row_flag_o,
  output logic [2*drift_pkg::Columns-1:0]      column_flag_o,
  // Whether the tile in a bank has a flagged row.
  output logic [1:0]                            any_row_flag_o
);

  localparam int unsigned Columns = drift_pkg::Columns;

  // Rows{% if !os %} in their last pass{% endif %}, per column, and the low checksum rows among them.
  logic [drift_pkg::Lanes:0] final_row, final_lo;

  drift_pkg::psum_t           column_syndrome_q [Columns];
  // row_syndrome_q[c]: the sum over columns 0..c of the row that column c held in the previous cycle.
  drift_pkg::psum_t           row_syndrome_q [drift_pkg::Lanes];
  logic                        row_flag_q [drift_pkg::AccDepth];
  logic                        row_flag;
  logic [1:0]                  any_row_flag_q, any_row_flag_d;
  logic [2*Columns-1:0]        column_flag_q;

  assign final_row = valid_i{% if !os %} & last_i{% endif %};
  assign final_lo  = final_row & lo_i;

  always_ff @(posedge clk_i) begin
    if (|final_row) begin
      for (int unsigned j = 0; j < Columns; j++) begin
        if (final_row[j]) begin
          column_syndrome_q[j] <= (start_i[j] ? 32'sd0 : column_syndrome_q[j])
              + (hi_i[j] ? -$signed({sum_i[32*j +: 24], 8'b0})
                 : lo_i[j] ? -$signed(sum_i[32*j +: 32])
                 : $signed(sum_i[32*j +: 32]));
        end
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (|final_row) begin
      row_syndrome_q[0] <= $signed(sum_i[31:0]);
      for (int unsigned j = 1; j < Columns; j++) begin
        row_syndrome_q[j] <= row_syndrome_q[j-1] + $signed(sum_i[32*j +: 32]);
      end
      row_syndrome_q[Columns]   <= row_syndrome_q[Columns-1] - $signed({hi_sum_i, 8'b0});
      row_syndrome_q[Columns+1] <= row_syndrome_q[Columns] - lo_sum_i;
    end
  end

  // Stage c+1 of the tags is the row that column c held in the previous cycle.
  assign row_flag = drift_pkg::exceeds(row_syndrome_q[drift_pkg::Lanes-1], threshold_bit_i);

  always_ff @(posedge clk_i) begin
    if (final_row[drift_pkg::Lanes]) begin
      row_flag_q[addr_i] <= row_flag;
    end
  end

  always_comb begin
    any_row_flag_d = any_row_flag_q;
    if (final_row[drift_pkg::Lanes] && !hi_i[drift_pkg::Lanes] && !lo_i[drift_pkg::Lanes]) begin
      any_row_flag_d[bank_i[drift_pkg::Lanes]] =
          row_flag || (any_row_flag_q[bank_i[drift_pkg::Lanes]] && !start_i[drift_pkg::Lanes]);
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      any_row_flag_q <= '0;
    end else begin
      any_row_flag_q <= any_row_flag_d;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      column_flag_q <= '0;
    end else if (|final_lo) begin
      for (int unsigned j = 0; j < Columns; j++) begin
        if (final_lo[j+1]) begin
          if (bank_i[j+1]) begin
            column_flag_q[Columns+j] <= drift_pkg::exceeds(column_syndrome_q[j], threshold_bit_i);
          end else begin
            column_flag_q[j] <= drift_pkg::exceeds(column_syndrome_q[j], threshold_bit_i);
          end
        end
      end
    end
  end

  assign row_flag_o     = row_flag_q[drain_addr_i];
  assign column_flag_o  = column_flag_q;
  assign any_row_flag_o = any_row_flag_q;

endmodule : drift_detector
