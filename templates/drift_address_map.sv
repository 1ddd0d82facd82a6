{{ banner }}
// Where an int8 tile lies in memory, for both layouts. A row of a tile is RowBytes = {{ row_bytes }} bytes: {{ columns }} elements,
// padded to whole beats. Row r of the tile is at row_o + r * stride_o; every tile has a header of one beat.
//
//   tile (row_major_i = 0): a record of TileStride bytes per tile, in streaming order i = tile_m * tiles_n + tile_n:
//     header at base + i * TileStride, the rows right after it.
//   row-major (row_major_i = 1): the tiles of a row of the matrix side by side:
//     row r at base + ((tile_m * TileRows + r) * tiles_n + tile_n) * RowBytes, header at header_base + i * MemoryBytes.
//
// No two rows or headers share a byte as long as the matrix fits the 32-bit address space and, row-major, the
// headers are apart from the rows; tile_n_i < tiles_n_i. Bases are multiples of MemoryBytes; with a base that
// is a multiple of TileStride a record never straddles a DRAM row of that size or larger.
//
// Latency: combinational.

module drift_address_map (
  input  logic                            row_major_i,
  input  logic [31:0]                     base_i,
  // Headers of the row-major layout.
  input  logic [31:0]                     header_base_i,
  // Tiles across the matrix.
  input  logic [drift_pkg::TileWidth-1:0] tiles_n_i,
  // The tile: row of tiles, and position in it.
  input  logic [drift_pkg::TileWidth-1:0] tile_m_i,
  input  logic [drift_pkg::TileWidth-1:0] tile_n_i,

  // Byte addresses of the header and of row 0, and the distance from row to row.
  output logic [31:0]                     header_o,
  output logic [31:0]                     row_o,
  output logic [31:0]                     stride_o
);

  // Tiles in the rows of tiles above; the tile's index; and its row 0 among all rows of all tiles, row-major.
  logic [31:0] above, index, line, record;

  assign above  = 32'(tile_m_i) * 32'(tiles_n_i);
  assign index  = above + 32'(tile_n_i);
  assign line   = above * drift_pkg::TileRows + 32'(tile_n_i);
  assign record = base_i + index * drift_pkg::TileStride;

  always_comb begin
    header_o = record;
    row_o    = record + drift_pkg::MemoryBytes;
    stride_o = drift_pkg::RowBytes;
    if (row_major_i) begin
      header_o = header_base_i + index * drift_pkg::MemoryBytes;
      row_o    = base_i + line * drift_pkg::RowBytes;
      stride_o = 32'(tiles_n_i) * drift_pkg::RowBytes;
    end
  end

endmodule : drift_address_map
