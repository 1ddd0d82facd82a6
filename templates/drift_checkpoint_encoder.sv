{{ banner }}
// Collects the rows of a tile and, when the tile is complete, gives them out as block floating point: one exponent for
// the tile, one int8 mantissa per element,
//   exponent = max(0, bits(OR of all elements, negative ones inverted) - 7),
//   mantissa = round to nearest even(y / 2**exponent), at most 127.
// The rows wait in a queue of TileRows; the next tile fills it while this one leaves.
//
// Latency: the tile is offered two cycles after its last row was taken; one row per cycle.

`include "drift_assert.svh"

module drift_checkpoint_encoder (
  input  logic                             clk_i,
  input  logic                             rst_ni,

  // Rows, with the tile's place and number of rows beside its last one. Ready depends on last.
  input  logic                             row_valid_i,
  output logic                             row_ready_o,
  input  logic [32*drift_pkg::Columns-1:0] row_data_i,
  input  logic                             row_last_i,
  input  logic [drift_pkg::TileWidth-1:0]  tile_m_i,
  input  logic [drift_pkg::TileWidth-1:0]  tile_n_i,
  input  logic [drift_pkg::RowWidth-1:0]   rows_i,

  // Complete tile, its exponent, then its rows.
  output logic                             tile_valid_o,
  input  logic                             tile_ready_i,
  output logic [drift_pkg::TileWidth-1:0]  tile_m_o,
  output logic [drift_pkg::TileWidth-1:0]  tile_n_o,
  output logic [drift_pkg::RowWidth-1:0]   rows_o,
  output logic [7:0]                       exponent_o,
  output logic                             mantissa_valid_o,
  input  logic                             mantissa_ready_i,
  output logic [8*drift_pkg::Columns-1:0]  mantissa_data_o,

  // No row inside.
  output logic                             idle_o
);

  logic                             take, first_q, first_d, closing_q, tile_valid_q, tile_valid_d, tile_accept;
  logic [30:0]                      magnitude, magnitude_q;
  logic [4:0]                       exponent, exponent_q, present_q;
  logic [drift_pkg::TileWidth-1:0]  tile_m_q, tile_n_q;
  logic [drift_pkg::RowWidth-1:0]   rows_q, left_q, left_d;
  logic                             queue_in_ready, queue_valid, queue_ready;
  logic [32*drift_pkg::Columns-1:0] queue_data;

  // Exponent of a tile from the OR of its magnitudes.
  function automatic logic [4:0] exponent_of(logic [30:0] bits);
    exponent_of = '0;
    for (int unsigned i = 7; i < 31; i++) begin
      if (bits[i]) begin
        exponent_of = 5'(i - 6);
      end
    end
  endfunction

  // The integer part of value / 2**shift in the upper eight bits, rounded by the 24 below.
  function automatic logic [7:0] mantissa_of(logic [31:0] value, logic [4:0] shift);
    logic [31:0] quotient;
    quotient    = 32'($signed({value, 24'b0}) >>> shift);
    mantissa_of = quotient[31:24];
    if (quotient[23] && (quotient[24] || quotient[22:0] != '0) && quotient[31:24] != 8'h7f) begin
      mantissa_of = quotient[31:24] + 1'b1;
    end
  endfunction

  assign row_ready_o = queue_in_ready && !(row_last_i && (closing_q || tile_valid_q));
  assign take        = row_valid_i && row_ready_o;

  drift_fifo #(
    .Width(32 * drift_pkg::Columns),
    .Depth(drift_pkg::TileRows)
  ) u_queue (
    .clk_i,
    .rst_ni,
    .in_valid_i (take),
    .in_ready_o (queue_in_ready),
    .in_data_i  (row_data_i),
    .out_valid_o(queue_valid),
    .out_ready_i(queue_ready),
    .out_data_o (queue_data)
  );

  always_comb begin
    magnitude = first_q ? '0 : magnitude_q;
    for (int unsigned j = 0; j < drift_pkg::Columns; j++) begin
      magnitude |= row_data_i[32*j +: 31] ^ {31{row_data_i[32*j+31]}};
    end
  end

  assign exponent     = exponent_of(magnitude_q);
  assign tile_accept  = tile_valid_q && tile_ready_i;
  assign tile_valid_o = tile_valid_q;
  assign tile_m_o     = tile_m_q;
  assign tile_n_o     = tile_n_q;
  assign rows_o       = rows_q;
  assign exponent_o   = 8'(exponent_q);

  // Rows leave while they belong to the tile that was accepted last.
  assign mantissa_valid_o = queue_valid && (left_q != '0);
  assign queue_ready      = mantissa_ready_i && (left_q != '0);
  assign idle_o           = !queue_valid;

  always_comb begin
    first_d      = first_q;
    tile_valid_d = closing_q || (tile_valid_q && !tile_ready_i);
    left_d       = left_q;
    if (take) begin
      first_d = row_last_i;
    end
    if (mantissa_valid_o && mantissa_ready_i) begin
      left_d = left_q - 1'b1;
    end
    if (tile_accept) begin
      left_d = rows_q;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      first_q      <= 1'b1;
      closing_q    <= 1'b0;
      tile_valid_q <= 1'b0;
      left_q       <= '0;
    end else begin
      first_q      <= first_d;
      closing_q    <= take && row_last_i;
      tile_valid_q <= tile_valid_d;
      left_q       <= left_d;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      magnitude_q <= '0;
      tile_m_q    <= '0;
      tile_n_q    <= '0;
      rows_q      <= '0;
      exponent_q  <= '0;
      present_q   <= '0;
    end else begin
      if (take) begin
        magnitude_q <= magnitude;
      end
      if (take && row_last_i) begin
        tile_m_q <= tile_m_i;
        tile_n_q <= tile_n_i;
        rows_q   <= rows_i;
      end
      if (closing_q) begin
        exponent_q <= exponent;
      end
      if (tile_accept) begin
        present_q <= exponent_q;
      end
    end
  end

  always_comb begin
    for (int unsigned j = 0; j < drift_pkg::Columns; j++) begin
      mantissa_data_o[8*j +: 8] = mantissa_of(queue_data[32*j +: 32], present_q);
    end
  end

  `DRIFT_ASSERT(TileLeavesFirst, !(tile_accept && left_q != '0), clk_i, rst_ni)
  `DRIFT_ASSERT(OneTileOffered, !(closing_q && tile_valid_q), clk_i, rst_ni)

endmodule : drift_checkpoint_encoder
