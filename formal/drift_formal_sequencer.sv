// SPDX-License-Identifier: MIT OR Apache-2.0
//
// drift_sequencer with an engine, a recovery unit and a DVFS module that answer.
//
// Assumed: reset in the first cycle; the GEMM's inputs are stable while busy_o is high, and none of M, K, N is 0; the point, once
//   settled, stays settled while the wanted point is the same; the recovery unit keeps the tile that is repeated at the head
//   of its list until it is taken; the engine is ready from the end of a command to the next one. Engine, recovery unit
//   and DVFS answer within three cycles.
// Proved: a command is given only when the point has settled, and exactly one per run and per repeated tile; exactly a
//   start makes the module busy, and done_o is high from the end of a run to the next start; commands are stable until
//   accepted; a run ends within the cycles that counting the tiles and the answers take, and so does every repeated
//   tile; a repeated tile runs at point 0 and is at most one tile.

`include "drift_assert.svh"
`include "drift_formal.svh"

module drift_formal_sequencer (
  input logic                              clk_i,
  input logic                              rst_ni,
  input logic                              start_i,
  input logic [drift_pkg::DimWidth-1:0]    dim_m_i,
  input logic [drift_pkg::DimWidth-1:0]    dim_k_i,
  input logic [drift_pkg::DimWidth-1:0]    dim_n_i,
  input logic                              protect_i,
  input logic [drift_pkg::LayerWidth-1:0]  layer_i,
  input logic [drift_pkg::StepWidth-1:0]   step_i,
  input logic [drift_pkg::StepWidth-1:0]   interval_i,
  input logic                              clear_i,
  input logic [47:0]                       schedule_i,
  input logic [1:0]                        timestep_class_i,
  input logic [1:0]                        block_class_i,
  input logic                              force_i,
  input logic [2:0]                        force_point_i,
  input logic [2:0]                        bias_i,
  input logic                              settled_i,
  input logic                              cmd_ready_i,
  input logic                              recovery_idle_i,
  input logic                              axi_error_i,
  input logic                              repeat_valid_i,
  input logic [drift_pkg::DimWidth-1:0]    repeat_tile_m_i,
  input logic [drift_pkg::DimWidth-1:0]    repeat_tile_n_i
);

  localparam int unsigned Answer = 3;
  // The sequencer's state after a run, in which it looks for a tile to repeat.
  localparam logic [2:0] Next = 3'd5;

  logic                           busy, done, cmd_valid, recovery_start, checkpoint_valid, checkpoint_write;
  logic                           repeating, repeat_ready, failed;
  logic [drift_pkg::CountWidth-1:0] running_cycles;
  logic [2:0]                     target;
  logic [drift_pkg::DimWidth-1:0] cmd_m, cmd_k, cmd_n, tiles_n;

  drift_sequencer u_sequencer (
    .clk_i,
    .rst_ni,
    .start_i,
    .busy_o            (busy),
    .done_o            (done),
    .failed_o          (failed),
    .running_cycles_o  (running_cycles),
    .dim_m_i,
    .dim_k_i,
    .dim_n_i,
    .protect_i,
    .layer_i,
    .step_i,
    .interval_i,
    .clear_i,
    .schedule_i,
    .timestep_class_i,
    .block_class_i,
    .force_i,
    .force_point_i,
    .bias_i,
    .target_o          (target),
    .settled_i,
    .cmd_valid_o       (cmd_valid),
    .cmd_ready_i,
    .cmd_m_o           (cmd_m),
    .cmd_k_o           (cmd_k),
    .cmd_n_o           (cmd_n),
    .recovery_start_o  (recovery_start),
    .checkpoint_valid_o(checkpoint_valid),
    .checkpoint_write_o(checkpoint_write),
    .tiles_n_o         (tiles_n),
    .repeat_o          (repeating),
    .recovery_idle_i,
    .axi_error_i,
    .repeat_valid_i,
    .repeat_ready_o    (repeat_ready),
    .repeat_tile_m_i,
    .repeat_tile_n_i
  );

  `DRIFT_FORMAL_RESET

  // The previous cycle.
  logic                             ready_q, busy_q, start_q, ran_q, settled_q, cmd_waiting_q, repeat_held_q;
  logic [2:0]                       target_q;
  logic [3*drift_pkg::DimWidth-1:0] dims_q, cmd_q;
  logic [2*drift_pkg::DimWidth-1:0] tile_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q        <= 1'b0;
      ready_q       <= 1'b1;
      start_q       <= 1'b0;
      ran_q         <= 1'b0;
      settled_q     <= 1'b0;
      cmd_waiting_q <= 1'b0;
      repeat_held_q <= 1'b0;
    end else begin
      busy_q        <= busy;
      start_q       <= start_i && !busy;
      ran_q         <= ran_q || start_i;
      ready_q       <= cmd_ready_i && !cmd_valid;
      settled_q     <= settled_i;
      cmd_waiting_q <= cmd_valid && !cmd_ready_i;
      repeat_held_q <= repeat_valid_i && !repeat_ready;
    end
  end

  always_ff @(posedge clk_i) begin
    target_q <= target;
    dims_q   <= {dim_m_i, dim_k_i, dim_n_i};
    cmd_q    <= {cmd_m, cmd_k, cmd_n};
    tile_q   <= {repeat_tile_m_i, repeat_tile_n_i};
  end

  // Cycles since something was asked for.
  logic [1:0] settle_wait_q, engine_wait_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      settle_wait_q <= '0;
      engine_wait_q <= '0;
    end else begin
      settle_wait_q <= settled_i ? '0 : settle_wait_q + 1'b1;
      engine_wait_q <= (cmd_ready_i && recovery_idle_i) ? '0 : engine_wait_q + 1'b1;
    end
  end

  `DRIFT_ASSUME(GemmHeld, !(busy_q || start_q) || {dim_m_i, dim_k_i, dim_n_i} == dims_q)
  `DRIFT_ASSUME(NotEmpty, dim_m_i != '0 && dim_k_i != '0 && dim_n_i != '0)
  `DRIFT_ASSUME(StaysSettled, !settled_q || target != target_q || settled_i)
  `DRIFT_ASSUME(RepeatHeld, !repeat_held_q || (repeat_valid_i && {repeat_tile_m_i, repeat_tile_n_i} == tile_q))
  `DRIFT_ASSUME(SettlesInTime, settled_i || 32'(settle_wait_q) < Answer)
  `DRIFT_ASSUME(EngineInTime, (cmd_ready_i && recovery_idle_i) || 32'(engine_wait_q) < Answer)
  `DRIFT_ASSUME(StaysReady, !ready_q || cmd_ready_i)
  `DRIFT_ASSUME(TileWithin, !repeat_valid_i || (32'(repeat_tile_m_i) * drift_pkg::TileRows < 32'(dim_m_i)
                            && 32'(repeat_tile_n_i) * drift_pkg::Columns < 32'(dim_n_i)))

  // Commands of this run or repeated tile.
  logic       commanded_q, command, round;
  logic [7:0] cycles_q;

  assign command = cmd_valid && cmd_ready_i;
  // A run or the repetition of a tile begins.
  assign round   = (start_i && !busy) || (u_sequencer.state_q == Next && repeat_valid_i);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      commanded_q <= 1'b0;
      cycles_q    <= '0;
    end else begin
      commanded_q <= (commanded_q || command) && !round;
      cycles_q    <= round ? '0 : cycles_q + 8'(busy);
    end
  end

  `DRIFT_ASSERT(OneCommand, !(command && commanded_q), clk_i, rst_ni)
  `DRIFT_ASSERT(CommandSettled, !cmd_valid || settled_q, clk_i, rst_ni)
  `DRIFT_ASSERT(CommandHeld, !cmd_waiting_q || (cmd_valid && cmd_q == {cmd_m, cmd_k, cmd_n}), clk_i, rst_ni)
  `DRIFT_ASSERT(BusyFromStart, (busy && !busy_q) == start_q, clk_i, rst_ni)
  `DRIFT_ASSERT(CommandedAtEnd, !(busy_q && !busy) || commanded_q, clk_i, rst_ni)
  `DRIFT_ASSERT(DoneFromEndToStart, done == (ran_q && !busy), clk_i, rst_ni)
  `DRIFT_ASSERT(RepeatAtNominal, !(cmd_valid && repeating) || target == '0, clk_i, rst_ni)
  `DRIFT_ASSERT(RepeatOneTile, !(cmd_valid && repeating) || (cmd_m != '0 && 32'(cmd_m) <= drift_pkg::TileRows
                && cmd_n != '0 && 32'(cmd_n) <= drift_pkg::Columns), clk_i, rst_ni)

  // Tiles across are counted in one cycle each; then come the answers and five steps.
  localparam int unsigned MaxTiles = 2 ** drift_pkg::DimWidth / drift_pkg::Columns;

  `DRIFT_ASSERT(EndsInTime, !busy || 32'(cycles_q) <= MaxTiles + 3 * (Answer + 1) + 5, clk_i, rst_ni)

  // Induction: how long each state can have lasted.
  localparam int unsigned Counted = MaxTiles;
  localparam int unsigned Settled = Counted + Answer + 1;
  localparam int unsigned Accepted = Settled + Answer + 1;

  logic [31:0] cycles;
  logic        in_time;

  assign cycles = 32'(cycles_q);

  always_comb begin
    in_time = 1'b1;
    case (u_sequencer.state_q)
      3'd1: in_time = cycles * drift_pkg::Columns + 32'(u_sequencer.left_n_q) == 32'(dim_n_i)
                      && u_sequencer.left_n_q != '0 && !repeating;
      3'd2: in_time = cycles <= Counted + 32'(settle_wait_q);
      3'd3: in_time = cycles <= Settled + 32'(engine_wait_q);
      3'd4: in_time = cycles <= Accepted + 32'(engine_wait_q);
      3'd5: in_time = cycles <= Accepted + Answer + 1;
      3'd6: in_time = cycles <= Accepted + Answer + 2;
      default: in_time = 1'b1;
    endcase
  end

  `DRIFT_ASSERT(StateInTime, in_time, clk_i, rst_ni)
  `DRIFT_ASSERT(WaitsInTime, 32'(settle_wait_q) <= Answer && 32'(engine_wait_q) <= Answer, clk_i, rst_ni)
  `DRIFT_ASSERT(CommandIsNew, u_sequencer.state_q == '0 || (u_sequencer.state_q > 3'd3) == commanded_q, clk_i, rst_ni)
  `DRIFT_ASSERT(ReadyOutsideRun, u_sequencer.state_q == 3'd4 || ready_q, clk_i, rst_ni)
  `DRIFT_ASSERT(NoRepeatYet, !repeating || (u_sequencer.state_q > 3'd1 && u_sequencer.state_q < 3'd6), clk_i, rst_ni)
  `DRIFT_ASSERT(CommandedBefore, busy || !ran_q || commanded_q, clk_i, rst_ni)
  `DRIFT_ASSERT(RanIfBusy, !busy || ran_q, clk_i, rst_ni)

endmodule : drift_formal_sequencer
