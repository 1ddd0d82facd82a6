{{ banner }}
// Parameters and types of the {{ rows }}x{{ columns }} int8 systolic array, and the arithmetic of its checksums.

package drift_pkg;

  // PE rows, along the reduction dimension K of the GEMM.
  localparam int unsigned Rows = {{ rows }};
  // PE columns that compute results, along N.
  localparam int unsigned Columns = {{ columns }};
  // PE columns in all: the data columns{% if checksum %}, then the high and the low checksum digit{% endif %}.
  localparam int unsigned Lanes = {{ lanes }};
  // Data rows of an output tile, along M.
  localparam int unsigned TileRows = {{ tile_rows }};
  // Rows streamed per pass at most: the data rows{% if checksum %}, then the high and the low checksum digit{% endif %}.
  localparam int unsigned PassRows = {{ pass_rows }};
  // Cycles from a row's acceptance to its psum at the bottom of column 0.
  localparam int unsigned PsumDelay = {{ psum_delay }};
  // Words of one accumulator: two banks of PassRows.
  localparam int unsigned AccDepth = {{ acc_depth }};

  localparam int unsigned DimWidth = {{ dim_width }};
  localparam int unsigned RowWidth = {{ row_width }};
  localparam int unsigned DepthWidth = {{ depth_width }};
  localparam int unsigned ColumnWidth = {{ column_width }};
  localparam int unsigned AccAddrWidth = {{ acc_addr_width }};
  // Flagged lines of a tile.
  localparam int unsigned FlagsWidth = {{ flags_width }};
  localparam int unsigned UserWidth = {{ user_width }};
  localparam int unsigned SumWidth = 16;
  localparam int unsigned CountWidth = 48;

  // The narrow registers of a PE, see drift_pe_array.
  typedef logic [31:0] word_t;
  typedef logic signed [31:0] psum_t;
  typedef logic signed [SumWidth-1:0] operand_sum_t;
  typedef logic [AccAddrWidth-1:0] acc_addr_t;

  // Signed base-256 digits {hi, lo} of an operand sum: sum = 256 * hi + lo with lo in -128..127.
  function automatic logic [15:0] digits(operand_sum_t sum);
    digits = {sum[15:8] + {7'b0, sum[7]}, sum[7:0]};
  endfunction

  // Whether |syndrome| >= 2**threshold_bit.
  function automatic logic exceeds(psum_t syndrome, logic [4:0] threshold_bit);
    exceeds = |((syndrome[31] ? 32'(-syndrome) : 32'(syndrome)) >> threshold_bit);
  endfunction

endpackage : drift_pkg
