// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_address_map, two of them, for two places of the same matrix.
//
// Assumed: tile_n < tiles_n <= 7 and tile_m <= 7; rows are those of a tile, bases are multiples of a beat; the matrix does
//   not wrap around the 32-bit address space; row-major, the headers lie behind or before all rows.
// Proved: two different places (a row's beat or a header) have different addresses, all of them multiples of a beat, in
//   either layout: with RowBeats beats a row, no two rows or headers share a byte.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_address_map (
  input logic                            clk_i,
  input logic                            rst_ni,
  input logic                            row_major_i,
  input logic [31:0]                     base_i,
  input logic [31:0]                     header_base_i,
  input logic [2:0]                      tiles_n_i,
  // Two places: tile, row, beat of the row; or the tile's header.
  input logic [1:0][2:0]                 tile_m_i,
  input logic [1:0][2:0]                 tile_n_i,
  input logic [1:0][drift_pkg::RowWidth-1:0] row_i,
  input logic [1:0][drift_pkg::SegmentWidth-1:0] beat_i,
  input logic [1:0]                      is_header_i
);

  localparam logic [31:0] BeatMask = 32'(drift_pkg::MemoryBytes - 1);
  // Bytes that no matrix of these sizes exceeds.
  localparam logic [31:0] Span = 32'(64 * drift_pkg::TileStride);
  localparam logic [31:0] HeaderSpan = 32'(64 * drift_pkg::MemoryBytes);

  `DRIFT_FORMAL_RESET

  logic [1:0][31:0] address;

  for (genvar p = 0; p < 2; p++) begin : g_place
    logic [31:0] header, row, stride;

    drift_address_map u_map (
      .row_major_i,
      .base_i,
      .header_base_i,
      .tiles_n_i(drift_pkg::TileWidth'(tiles_n_i)),
      .tile_m_i (drift_pkg::TileWidth'(tile_m_i[p])),
      .tile_n_i (drift_pkg::TileWidth'(tile_n_i[p])),
      .header_o (header),
      .row_o    (row),
      .stride_o (stride)
    );

    assign address[p] = is_header_i[p] ? header
        : row + 32'(row_i[p]) * stride + 32'(beat_i[p]) * drift_pkg::MemoryBytes;

    `DRIFT_ASSUME(TileInRow, tile_n_i[p] < tiles_n_i)
    `DRIFT_ASSUME(RowInTile, 32'(row_i[p]) < drift_pkg::TileRows)
    `DRIFT_ASSUME(BeatInRow, 32'(beat_i[p]) < drift_pkg::RowBeats)
    // A header has neither row nor beat.
    `DRIFT_ASSUME(HeaderAlone, !is_header_i[p] || (row_i[p] == '0 && beat_i[p] == '0))
    `DRIFT_ASSERT(WholeBeats, (address[p] & BeatMask) == '0, clk_i, rst_ni)
  end

  `DRIFT_ASSUME(Aligned, ((base_i | header_base_i) & BeatMask) == '0)
  `DRIFT_ASSUME(NoWrap, base_i <= 32'hffff_ffff - Span && header_base_i <= 32'hffff_ffff - HeaderSpan)
  `DRIFT_ASSUME(HeadersApart, !row_major_i || header_base_i >= base_i + Span || header_base_i + HeaderSpan <= base_i)

  logic same_place;

  assign same_place = tile_m_i[0] == tile_m_i[1] && tile_n_i[0] == tile_n_i[1] && row_i[0] == row_i[1]
      && beat_i[0] == beat_i[1] && is_header_i[0] == is_header_i[1];

  `DRIFT_ASSERT(Injective, same_place || address[0] != address[1], clk_i, rst_ni)

endmodule : drift_formal_address_map
