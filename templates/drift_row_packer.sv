{{ banner }}
// Cuts rows into beats: rows of Columns = {{ columns }} int8 elements in, beats of MemoryBytes = {{ memory_bytes }} bytes out, element j of
// a row in byte j. The last beat of a row is padded with zeros.
//
// Latency: a row's first beat is at the output one cycle after the row was accepted; one beat per cycle.

`include "drift_assert.svh"

module drift_row_packer (
  input  logic                                clk_i,
  input  logic                                rst_ni,

  input  logic                                row_valid_i,
  output logic                                row_ready_o,
  input  logic [8*drift_pkg::Columns-1:0]     row_data_i,

  output logic                                beat_valid_o,
  input  logic                                beat_ready_i,
  output logic [8*drift_pkg::MemoryBytes-1:0] beat_data_o
);

  localparam logic [drift_pkg::SegmentWidth-1:0] LastSegment = {{ segment_width }}'(drift_pkg::RowBeats - 1);

  logic [8*drift_pkg::Columns-1:0]    row_q;
  logic [drift_pkg::SegmentWidth-1:0] segment_q;
  logic                               full_q;
  logic                               last, accept;

  assign last         = full_q && beat_ready_i && (segment_q == LastSegment);
  assign row_ready_o  = !full_q || last;
  assign accept       = row_valid_i && row_ready_o;
  assign beat_valid_o = full_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      segment_q <= '0;
      full_q    <= 1'b0;
    end else begin
      if (last) begin
        segment_q <= '0;
      end else if (full_q && beat_ready_i) begin
        segment_q <= segment_q + 1'b1;
      end
      full_q <= accept || (full_q && !last);
    end
  end

  always_ff @(posedge clk_i) begin
    if (accept) begin
      row_q <= row_data_i;
    end
  end

  always_comb begin
    beat_data_o = '0;
    for (int unsigned j = 0; j < drift_pkg::Columns; j++) begin
      if (segment_q == {{ segment_width }}'(j / drift_pkg::MemoryBytes)) begin
        beat_data_o[8*(j % drift_pkg::MemoryBytes) +: 8] = row_q[8*j +: 8];
      end
    end
  end

  `DRIFT_ASSERT(NoHalfRow, full_q || segment_q == '0, clk_i, rst_ni)

endmodule : drift_row_packer
