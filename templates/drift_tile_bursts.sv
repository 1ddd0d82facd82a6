{{ banner }}
// Cuts the transfer of one tile, header first and rows in ascending order, into AXI4 INCR bursts: as long as
// they can be, at most 256 beats, none across a 4 KiB boundary. A tile-contiguous record is one run of beats,
// a row-major tile one run for the header and one per row.
//
// Latency: the first burst is at the output one cycle after start_i, the next one cycle after the previous was
// accepted.

`include "drift_assert.svh"

module drift_tile_bursts (
  input  logic                           clk_i,
  input  logic                           rst_ni,

  // A tile, see drift_address_map, when no burst is left of the previous one.
  input  logic                           start_i,
  input  logic                           row_major_i,
  input  logic [31:0]                    header_i,
  input  logic [31:0]                    row_i,
  input  logic [31:0]                    stride_i,
  // Rows of the tile, at least 1.
  input  logic [drift_pkg::RowWidth-1:0] rows_i,

  // Address and AxLEN (beats - 1) of a burst.
  output logic                           burst_valid_o,
  input  logic                           burst_ready_i,
  output logic [31:0]                    burst_address_o,
  output logic [7:0]                     burst_len_o
);

  localparam logic [15:0] RowBeats = 16'(drift_pkg::RowBeats);
  localparam logic [15:0] MaxBeats = 16'd256;
  // Beats of a 4 KiB page, and the bits of an address that count them.
  localparam logic [15:0] PageBeats = 16'd{{ page_beats }};
  localparam int unsigned BeatBits = {{ beat_size }};

  logic                           valid_q, valid_d;
  logic [31:0]                    address_q, address_d, row_q, row_d, stride_q, stride_d;
  // Beats left of this run, and runs that follow it.
  logic [15:0]                    left_q, left_d;
  logic [drift_pkg::RowWidth-1:0] runs_q, runs_d;
  logic [15:0]                    room, limit, beats;

  assign room  = PageBeats - 16'(address_q[11:BeatBits]);
  assign limit = (room < MaxBeats) ? room : MaxBeats;
  assign beats = (left_q < limit) ? left_q : limit;

  assign burst_valid_o   = valid_q;
  assign burst_address_o = address_q;
  assign burst_len_o     = 8'(beats - 1'b1);

  always_comb begin
    valid_d   = valid_q;
    address_d = address_q;
    row_d     = row_q;
    stride_d  = stride_q;
    left_d    = left_q;
    runs_d    = runs_q;
    if (start_i) begin
      valid_d   = 1'b1;
      address_d = header_i;
      row_d     = row_i;
      stride_d  = stride_i;
      left_d    = row_major_i ? 16'd1 : 16'd1 + 16'(rows_i) * RowBeats;
      runs_d    = row_major_i ? rows_i : '0;
    end else if (valid_q && burst_ready_i) begin
      address_d = address_q + 32'(beats) * drift_pkg::MemoryBytes;
      left_d    = left_q - beats;
      if (left_q == beats) begin
        address_d = row_q;
        row_d     = row_q + stride_q;
        left_d    = RowBeats;
        runs_d    = runs_q - 1'b1;
        valid_d   = runs_q != '0;
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q   <= 1'b0;
      address_q <= '0;
      row_q     <= '0;
      stride_q  <= '0;
      left_q    <= '0;
      runs_q    <= '0;
    end else begin
      valid_q   <= valid_d;
      address_q <= address_d;
      row_q     <= row_d;
      stride_q  <= stride_d;
      left_q    <= left_d;
      runs_q    <= runs_d;
    end
  end

  `DRIFT_ASSERT(OneTileAtATime, !(start_i && valid_q), clk_i, rst_ni)
  `DRIFT_ASSERT(HasBeats, !valid_q || (beats != '0 && beats <= MaxBeats), clk_i, rst_ni)
  `DRIFT_ASSERT(WithinPage, !valid_q || 16'(address_q[11:BeatBits]) + beats <= PageBeats, clk_i, rst_ni)

endmodule : drift_tile_bursts
