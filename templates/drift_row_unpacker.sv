{{ banner }}
// Puts the beats of a row together: beats of MemoryBytes = {{ memory_bytes }} bytes in, rows of Columns = {{ columns }} int8 elements out,
// element j of a row in byte j. The padding in the last beat of a row is dropped.
//
// Latency: a row is at the output one cycle after its last beat was accepted; one beat per cycle.

`include "drift_assert.svh"

module drift_row_unpacker (
  input  logic                                clk_i,
  input  logic                                rst_ni,

  input  logic                                beat_valid_i,
  output logic                                beat_ready_o,
  input  logic [8*drift_pkg::MemoryBytes-1:0] beat_data_i,
  input  logic                                beat_error_i,

  // Row, and whether its last beat came with an error.
  output logic                                row_valid_o,
  input  logic                                row_ready_i,
  output logic [8*drift_pkg::Columns-1:0]     row_data_o,
  output logic                                row_error_o
);

  localparam logic [drift_pkg::SegmentWidth-1:0] LastSegment = {{ segment_width }}'(drift_pkg::RowBeats - 1);

  logic [8*drift_pkg::Columns-1:0]    row_q;
  logic [drift_pkg::SegmentWidth-1:0] segment_q;
  logic                               full_q, error_q;
  logic                               accept;

  assign beat_ready_o = !full_q || row_ready_i;
  assign accept       = beat_valid_i && beat_ready_o;
  assign row_valid_o  = full_q;
  assign row_data_o   = row_q;
  assign row_error_o  = error_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      segment_q <= '0;
      full_q    <= 1'b0;
      error_q   <= 1'b0;
    end else begin
      if (row_ready_i) begin
        full_q <= 1'b0;
      end
      if (accept) begin
        segment_q <= (segment_q == LastSegment) ? '0 : segment_q + 1'b1;
        full_q    <= segment_q == LastSegment;
        error_q   <= beat_error_i;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (accept) begin
      for (int unsigned j = 0; j < drift_pkg::Columns; j++) begin
        if (segment_q == {{ segment_width }}'(j / drift_pkg::MemoryBytes)) begin
          row_q[8*j +: 8] <= beat_data_i[8*(j % drift_pkg::MemoryBytes) +: 8];
        end
      end
    end
  end
{%- if narrow %}

  // A row is narrower than a beat.
  logic unused_padding;

  assign unused_padding = ^beat_data_i[8*drift_pkg::MemoryBytes-1:8*drift_pkg::Columns];
{%- endif %}

  `DRIFT_ASSERT(NoHalfRow, !full_q || segment_q == '0, clk_i, rst_ni)

endmodule : drift_row_unpacker
