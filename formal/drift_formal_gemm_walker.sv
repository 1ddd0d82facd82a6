// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_gemm_walker, alone.
//
// Assumed: reset in the first cycle; no dimension is 0, and they stay as they are during a walk; no walk starts during
//   another; advance_i only during a walk.
// Proved: a walk has exactly ceil(M/TileRows) * ceil(N/Columns) * ceil(K/Rows) passes, as counted by three nested
//   counters, and then ends; rows, depth and columns are within range and what is left of the dimensions; first and
//   last pass of a tile are marked.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_gemm_walker (
  input logic                            clk_i,
  input logic                            rst_ni,
  input logic                            load_i,
  input logic [drift_pkg::DimWidth-1:0]  dim_m_i,
  input logic [drift_pkg::DimWidth-1:0]  dim_k_i,
  input logic [drift_pkg::DimWidth-1:0]  dim_n_i,
  input logic                            advance_i
);

  logic                              active, first, last;
  logic [drift_pkg::RowWidth-1:0]    rows;
  logic [drift_pkg::DepthWidth-1:0]  depth;
  logic [drift_pkg::ColumnWidth-1:0] columns;

  drift_gemm_walker u_walker (
    .clk_i,
    .rst_ni,
    .load_i,
    .dim_m_i,
    .dim_k_i,
    .dim_n_i,
    .advance_i,
    .active_o (active),
    .rows_o   (rows),
    .depth_o  (depth),
    .columns_o(columns),
    .first_o  (first),
    .last_o   (last)
  );

  `DRIFT_FORMAL_RESET

  // The walk as three nested loops, which count up.
  logic                           walking_q;
  logic [drift_pkg::DimWidth:0]   m_q, k_q, n_q;
  logic [drift_pkg::DimWidth-1:0] dim_m_q, dim_k_q, dim_n_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      walking_q <= 1'b0;
      m_q       <= '0;
      k_q       <= '0;
      n_q       <= '0;
      dim_m_q   <= '0;
      dim_k_q   <= '0;
      dim_n_q   <= '0;
    end else if (load_i) begin
      walking_q <= 1'b1;
      m_q       <= '0;
      k_q       <= '0;
      n_q       <= '0;
      dim_m_q   <= dim_m_i;
      dim_k_q   <= dim_k_i;
      dim_n_q   <= dim_n_i;
    end else if (advance_i) begin
      if (32'(k_q) + drift_pkg::Rows < 32'(dim_k_q)) begin
        k_q <= (drift_pkg::DimWidth + 1)'(32'(k_q) + drift_pkg::Rows);
      end else begin
        k_q <= '0;
        if (32'(n_q) + drift_pkg::Columns < 32'(dim_n_q)) begin
          n_q <= (drift_pkg::DimWidth + 1)'(32'(n_q) + drift_pkg::Columns);
        end else begin
          n_q <= '0;
          if (32'(m_q) + drift_pkg::TileRows < 32'(dim_m_q)) begin
            m_q <= (drift_pkg::DimWidth + 1)'(32'(m_q) + drift_pkg::TileRows);
          end else begin
            walking_q <= 1'b0;
          end
        end
      end
    end
  end

  `DRIFT_ASSUME(NotEmpty, !load_i || (dim_m_i != '0 && dim_k_i != '0 && dim_n_i != '0))
  `DRIFT_ASSUME(OneWalk, !(load_i && walking_q))
  `DRIFT_ASSUME(AdvanceInWalk, !advance_i || walking_q)
  `DRIFT_ASSUME(DimensionsHeld, !walking_q || (dim_m_i == dim_m_q && dim_k_i == dim_k_q && dim_n_i == dim_n_q))

  function automatic logic [31:0] least(logic [31:0] a, logic [31:0] b);
    least = (a < b) ? a : b;
  endfunction

  `DRIFT_ASSERT(EndsInTime, active == walking_q, clk_i, rst_ni)
  `DRIFT_ASSERT(RowsLeft, !active || 32'(rows) == least(drift_pkg::TileRows, 32'(dim_m_q) - 32'(m_q)), clk_i, rst_ni)
  `DRIFT_ASSERT(DepthLeft, !active || 32'(depth) == least(drift_pkg::Rows, 32'(dim_k_q) - 32'(k_q)), clk_i, rst_ni)
  `DRIFT_ASSERT(ColumnsLeft, !active || 32'(columns) == least(drift_pkg::Columns, 32'(dim_n_q) - 32'(n_q)),
                clk_i, rst_ni)
  `DRIFT_ASSERT(RowsInRange, !active || rows != '0, clk_i, rst_ni)
  `DRIFT_ASSERT(FirstMarked, !active || first == (k_q == '0), clk_i, rst_ni)
  `DRIFT_ASSERT(LastMarked, !active || last == (32'(k_q) + drift_pkg::Rows >= 32'(dim_k_q)), clk_i, rst_ni)
  // Induction: what is left and what was done add up to the dimension.
  `DRIFT_ASSERT(SumM, !active || 32'(u_walker.left_m_q) + 32'(m_q) == 32'(dim_m_q), clk_i, rst_ni)
  `DRIFT_ASSERT(SumK, !active || 32'(u_walker.left_k_q) + 32'(k_q) == 32'(dim_k_q), clk_i, rst_ni)
  `DRIFT_ASSERT(SumN, !active || 32'(u_walker.left_n_q) + 32'(n_q) == 32'(dim_n_q), clk_i, rst_ni)
  `DRIFT_ASSERT(SomethingLeft, !walking_q || (m_q < {1'b0, dim_m_q} && k_q < {1'b0, dim_k_q} && n_q < {1'b0, dim_n_q}),
                clk_i, rst_ni)

endmodule : drift_formal_gemm_walker
