{{ banner }}
// Parameters and types of the {{ rows }}x{{ columns }} int8 systolic array, and the arithmetic of its checksums.

package drift_pkg;

  // PE rows{% if os %} that compute results, along M{% else %}, along the reduction dimension K of the GEMM{% endif %}.
  localparam int unsigned Rows = {{ rows }};
{%- if os %}
  // PE rows in all: the data rows{% if checksum %}, then the high and the low checksum digit{% endif %}.
  localparam int unsigned PeRows = {{ pe_rows }};
{%- endif %}
  // PE columns that compute results, along N.
  localparam int unsigned Columns = {{ columns }};
  // PE columns in all: the data columns{% if checksum %}, then the high and the low checksum digit{% endif %}.
  localparam int unsigned Lanes = {{ lanes }};
  // Data rows of an output tile, along M.
  localparam int unsigned TileRows = {{ tile_rows }};
  // Rows {% if os %}of a tile in a bank{% else %}streamed per pass at most{% endif %}: the data rows{% if checksum %}, then the high and the low checksum digit{% endif %}.
  localparam int unsigned PassRows = {{ pass_rows }};
  // Cycles from a row's {% if os %}tag to its sum{% else %}acceptance to its psum{% endif %} at the bottom of column 0.
  localparam int unsigned PsumDelay = {{ psum_delay }};
  // Words of one {% if os %}tile buffer{% else %}accumulator{% endif %}: two banks of PassRows.
  localparam int unsigned AccDepth = {{ acc_depth }};

  localparam int unsigned DimWidth = {{ dim_width }};
  localparam int unsigned RowWidth = {{ row_width }};
  localparam int unsigned DepthWidth = {{ depth_width }};
  localparam int unsigned ColumnWidth = {{ column_width }};
  localparam int unsigned AccAddrWidth = {{ acc_addr_width }};
{%- if !os %}
  // Control word of a column: a shadow weight enters; the psum at the bottom is valid, and starts a tile; its
  // accumulator address in the lowest bits, of which there are ten for tiles of any height: a column's PEs are the
  // same in all arrays of as many rows.
  localparam int unsigned ControlShift = 31;
  localparam int unsigned ControlValid = 30;
  localparam int unsigned ControlFirst = 29;
  localparam logic [31:0] ControlMask = 32'he000_03ff;
  // What moves east from column to column: a word of every PE, and on top of them the control word.
  localparam int unsigned EastWidth = {{ east_width }};
{%- endif %}
{%- if os %}
  localparam int unsigned FlightWidth = {{ flight_width }};
{%- endif %}
  // Flagged lines of a tile.
  localparam int unsigned FlagsWidth = {{ flags_width }};
  localparam int unsigned UserWidth = {{ user_width }};
  // Of the results after rollback: two more bits.
  localparam int unsigned ResultUserWidth = {{ result_user_width }};
  localparam int unsigned SumWidth = 16;
  // Layers that can have checkpoints, and their denoising steps.
  localparam int unsigned Layers = {{ layers }};
  localparam int unsigned LayerWidth = {{ layer_width }};
  localparam int unsigned StepWidth = 16;
  localparam int unsigned CountWidth = 48;

  // Checkpoints in memory: bytes of a beat, beats and bytes of a row, bytes from tile to tile of the tile layout.
  localparam int unsigned MemoryBytes = {{ memory_bytes }};
  localparam int unsigned RowBeats = {{ row_beats }};
  localparam int unsigned RowBytes = {{ row_bytes }};
  localparam int unsigned TileStride = {{ tile_stride }};
  // Width of a number of tiles across or down, and of the number of a beat in its row.
  localparam int unsigned TileWidth = {{ tile_width }};
  localparam int unsigned SegmentWidth = {{ segment_width }};
  // Largest exponent of a checkpoint.
  localparam int unsigned MaxExponent = {{ max_exponent }};
  // Tiles that can wait for being run again.
  localparam int unsigned RepeatDepth = {{ repeat_depth }};

  // The narrow registers of a PE, see drift_{% if os %}os_strip{% else %}pe_column{% endif %}.
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
