{{ banner }}
// Walks a GEMM tile by tile and pass by pass without division: tiles of one row of tiles from left to
// right, the rows of tiles from top to bottom, and all passes over K within a tile.
//
// Latency: the outputs describe the present pass; advance_i moves on at the next edge.

module drift_gemm_walker (
  input  logic                               clk_i,
  input  logic                               rst_ni,

  // Starts a walk over a GEMM of dim_m_i x dim_k_i x dim_n_i, all at least 1.
  input  logic                               load_i,
  input  logic [drift_pkg::DimWidth-1:0]    dim_m_i,
  input  logic [drift_pkg::DimWidth-1:0]    dim_k_i,
  input  logic [drift_pkg::DimWidth-1:0]    dim_n_i,
  // Moves to the next pass.
  input  logic                               advance_i,

  // A pass remains to be done.
  output logic                               active_o,
  // Data rows of this tile, 1..TileRows.
  output logic [drift_pkg::RowWidth-1:0]    rows_o,
  // Reduction depth of this pass, 1..Rows.
  output logic [drift_pkg::DepthWidth-1:0]  depth_o,
  // Data columns of this tile, 1..Columns.
  output logic [drift_pkg::ColumnWidth-1:0] columns_o,
  // First and last pass of the tile.
  output logic                               first_o,
  output logic                               last_o
);

  localparam logic [drift_pkg::DimWidth-1:0] StepM = {{ dim_width }}'(drift_pkg::TileRows);
  localparam logic [drift_pkg::DimWidth-1:0] StepK = {{ dim_width }}'(drift_pkg::Rows);
  localparam logic [drift_pkg::DimWidth-1:0] StepN = {{ dim_width }}'(drift_pkg::Columns);

  logic                            active_q, active_d;
  logic                            first_q, first_d;
  logic [drift_pkg::DimWidth-1:0] left_m_q, left_m_d;
  logic [drift_pkg::DimWidth-1:0] left_k_q, left_k_d;
  logic [drift_pkg::DimWidth-1:0] left_n_q, left_n_d;
  logic                            last_m, last_k, last_n;

  assign last_m = left_m_q <= StepM;
  assign last_k = left_k_q <= StepK;
  assign last_n = left_n_q <= StepN;

  assign active_o  = active_q;
  assign first_o   = first_q;
  assign last_o    = last_k;
  assign rows_o    = last_m ? {{ row_width }}'(left_m_q) : {{ row_width }}'(StepM);
  assign depth_o   = last_k ? {{ depth_width }}'(left_k_q) : {{ depth_width }}'(StepK);
  assign columns_o = last_n ? {{ column_width }}'(left_n_q) : {{ column_width }}'(StepN);

  always_comb begin
    active_d = active_q;
    first_d  = first_q;
    left_m_d = left_m_q;
    left_k_d = left_k_q;
    left_n_d = left_n_q;
    if (load_i) begin
      active_d = 1'b1;
      first_d  = 1'b1;
      left_m_d = dim_m_i;
      left_k_d = dim_k_i;
      left_n_d = dim_n_i;
    end else if (advance_i) begin
      first_d  = last_k;
      left_k_d = left_k_q - StepK;
      if (last_k) begin
        left_k_d = dim_k_i;
        left_n_d = left_n_q - StepN;
        if (last_n) begin
          left_n_d = dim_n_i;
          left_m_d = left_m_q - StepM;
          active_d = !last_m;
        end
      end
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q <= 1'b0;
      first_q  <= 1'b0;
      left_m_q <= '0;
      left_k_q <= '0;
      left_n_q <= '0;
    end else begin
      active_q <= active_d;
      first_q  <= first_d;
      left_m_q <= left_m_d;
      left_k_q <= left_k_d;
      left_n_q <= left_n_d;
    end
  end

endmodule : drift_gemm_walker
