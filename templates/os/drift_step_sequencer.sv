{{ banner }}
// Decides in every cycle whether a step enters the array: one column of activations and one row of weights, k
// ascending, tile after tile. When the last step of a tile has entered, the tile's rows leave the array one per
// cycle; the tags that are sent with them steer the tile buffers and the detector.
//
// Latency: the tag of PE row r follows r+1 cycles after the tile's last step.

`include "drift_assert.svh"

module drift_step_sequencer (
  input  logic                               clk_i,
  input  logic                               rst_ni,

  // A GEMM starts; the dimensions stay valid until it ends.
  input  logic                               load_i,
  input  logic [drift_pkg::DimWidth-1:0]    dim_m_i,
  input  logic [drift_pkg::DimWidth-1:0]    dim_k_i,
  input  logic [drift_pkg::DimWidth-1:0]    dim_n_i,
  // Steps remain to be issued.
  output logic                               active_o,
  // No step is accepted while high; the tile goes on where it was.
  input  logic                               pause_i,
  // A step is on its way through the array, or what the array held before the reset.
  output logic                               moving_o,

  // Handshake of the activation stream; its data goes to the activation encoder.
  input  logic                               s_axis_act_tvalid_i,
  output logic                               s_axis_act_tready_o,

  // A row of weights is available.
  input  logic                               weight_valid_i,

  // Banks of the tile buffers: a busy bank is not written again before the drain has released it.
  input  logic [1:0]                         bank_release_i,
  output logic [1:0]                         bank_busy_o,
  // A tile of this many data rows and columns begins to leave the array for bank_o.
  output logic                               tile_start_o,
  output logic                               bank_o,
  // Data rows and columns of the tile whose step is accepted in this cycle.
  output logic [drift_pkg::RowWidth-1:0]    rows_o,
  output logic [drift_pkg::ColumnWidth-1:0] columns_o,

  // A step is accepted, the first of its tile; the last one was accepted in the previous cycle.
  output logic                               step_o,
  output logic                               first_o,
  output logic                               done_o,

  // Tag of the row that leaves the array next, if it is a row of the tile: see drift_tag_pipeline.
  output logic                               tag_valid_o,
  output logic                               tag_end_o,
{%- if checksum %}
  output logic                               tag_start_o,
  output logic                               tag_hi_o,
  output logic                               tag_lo_o,
{%- endif %}
  output logic                               tag_bank_o,
  output drift_pkg::acc_addr_t              tag_addr_o
);

  localparam drift_pkg::acc_addr_t BankBase = {{ acc_addr_width }}'(drift_pkg::PassRows);
  localparam logic [drift_pkg::RowWidth-1:0] LastRow = {{ row_width }}'(drift_pkg::PeRows - 1);
  // Cycles in which an accepted step moves through the array; after a reset the array is flushed as long.
  localparam logic [drift_pkg::FlightWidth-1:0] Flight = {{ flight_width }}'(drift_pkg::PeRows + drift_pkg::Lanes + 1);

  logic                                first_pass, last_pass, last_in_pass, last_step, may_end;
  logic [drift_pkg::DepthWidth-1:0]   depth;

  // Counts the steps of the pass that were accepted.
  logic [drift_pkg::DepthWidth-1:0]   step_q, step_d;
  logic                                done_q;
  logic [drift_pkg::FlightWidth-1:0]  flight_q, flight_d;
  logic                                bank_q, bank_d;
  logic [1:0]                          bank_busy_q, bank_busy_d;
  // The tile that leaves the array: PE row, data rows, bank.
  logic                                leaving_q, leaving_d, leaving_last;
  logic [drift_pkg::RowWidth-1:0]     leaving_row_q, leaving_row_d;
  logic [drift_pkg::RowWidth-1:0]     leaving_rows_q;
  logic                                leaving_bank_q;

  drift_gemm_walker u_walker (
    .clk_i,
    .rst_ni,
    .load_i,
    .dim_m_i,
    .dim_k_i,
    .dim_n_i,
    .advance_i(step_o && last_in_pass),
    .active_o,
    .rows_o,
    .depth_o  (depth),
    .columns_o,
    .first_o  (first_pass),
    .last_o   (last_pass)
  );

  // The sums of a tile must have left the array row by row before those of the next are complete.
  assign last_in_pass = step_q == depth - 1'b1;
  assign last_step    = last_in_pass && last_pass;
  assign leaving_last = leaving_row_q == LastRow;
  assign may_end      = (!leaving_q || leaving_last) && !bank_busy_q[bank_q];

  assign s_axis_act_tready_o = active_o && weight_valid_i && (!last_step || may_end) && !pause_i;
  assign step_o              = s_axis_act_tready_o && s_axis_act_tvalid_i;
  assign first_o             = step_o && first_pass && (step_q == '0);
  assign tile_start_o        = step_o && last_step;
  assign done_o              = done_q;
  assign moving_o            = flight_q != '0;
  assign bank_o              = bank_q;
  assign bank_busy_o         = bank_busy_q;

  always_comb begin
    step_d        = step_q;
    flight_d      = moving_o ? flight_q - 1'b1 : '0;
    bank_d        = bank_q;
    bank_busy_d   = bank_busy_q & ~bank_release_i;
    leaving_d     = leaving_q && !leaving_last;
    leaving_row_d = leaving_row_q + 1'b1;
    if (step_o) begin
      step_d   = last_in_pass ? '0 : step_q + 1'b1;
      flight_d = Flight;
    end
    if (tile_start_o) begin
      bank_d              = !bank_q;
      bank_busy_d[bank_q] = 1'b1;
      leaving_d           = 1'b1;
      leaving_row_d       = '0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      step_q        <= '0;
      done_q        <= 1'b0;
      flight_q      <= Flight;
      bank_q        <= 1'b0;
      bank_busy_q   <= '0;
      leaving_q     <= 1'b0;
      leaving_row_q <= '0;
    end else begin
      step_q        <= step_d;
      done_q        <= tile_start_o;
      flight_q      <= flight_d;
      bank_q        <= bank_d;
      bank_busy_q   <= bank_busy_d;
      leaving_q     <= leaving_d;
      leaving_row_q <= leaving_row_d;
    end
  end

  always_ff @(posedge clk_i) begin
    if (tile_start_o) begin
      leaving_rows_q <= rows_o;
      leaving_bank_q <= bank_q;
    end
  end
{%- if checksum %}

  // PE rows between the data rows and the checksum rows leave without a tag.
  assign tag_hi_o    = leaving_row_q == {{ row_width }}'(drift_pkg::Rows);
  assign tag_lo_o    = leaving_last;
  assign tag_valid_o = leaving_q && ((leaving_row_q < leaving_rows_q) || tag_hi_o || tag_lo_o);
  assign tag_start_o = leaving_row_q == '0;
  assign tag_end_o   = leaving_last;
{%- else %}

  // PE rows beyond the data rows leave without a tag.
  assign tag_valid_o = leaving_q && (leaving_row_q < leaving_rows_q);
  assign tag_end_o   = leaving_row_q == leaving_rows_q - 1'b1;
{%- endif %}
  assign tag_bank_o  = leaving_bank_q;
  assign tag_addr_o  = {{ acc_addr_width }}'(leaving_row_q) + (leaving_bank_q ? BankBase : '0);

  // A tile never leaves for a bank that still holds another, nor while another leaves.
  `DRIFT_ASSERT(BankFree, !(tile_start_o && bank_busy_q[bank_q]), clk_i, rst_ni)
  `DRIFT_ASSERT(OneLeaves, !(tile_start_o && leaving_q && !leaving_last), clk_i, rst_ni)

endmodule : drift_step_sequencer
