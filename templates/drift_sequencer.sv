{{ banner }}
// Runs one GEMM of the accelerator from its start to its end: chooses the operating point and waits until it has
// settled, starts the tile engine and the recovery unit, repeats at the nominal point the tiles that recovery gave
// up, and keeps the books of which layers have a valid checkpoint.
//
// Latency: the command reaches the engine one cycle after the operating point has settled; done_o rises three cycles
// after the last result, checkpoint write and repeated tile.

`include "drift_assert.svh"

module drift_sequencer (
  input  logic                                 clk_i,
  input  logic                                 rst_ni,

  // The GEMM; stable while busy_o is high. start_i is ignored then.
  input  logic                                 start_i,
  output logic                                 busy_o,
  // The last GEMM is finished, and whether an access to memory failed during it; low from the next start on.
  output logic                                 done_o,
  output logic                                 failed_o,
  input  logic [drift_pkg::DimWidth-1:0]      dim_m_i,
  input  logic [drift_pkg::DimWidth-1:0]      dim_k_i,
  input  logic [drift_pkg::DimWidth-1:0]      dim_n_i,

  // Checkpoints: the layer, the denoising step, and how many steps apart a layer is written; clear forgets all.
  input  logic                                 protect_i,
  input  logic [drift_pkg::LayerWidth-1:0]    layer_i,
  input  logic [drift_pkg::StepWidth-1:0]     step_i,
  input  logic [drift_pkg::StepWidth-1:0]     interval_i,
  input  logic                                 clear_i,

  // Operating point by timestep class and block class, entry 4*timestep + block in bits [3*entry +: 3]; or forced.
  input  logic [47:0]                          schedule_i,
  input  logic [1:0]                           timestep_class_i,
  input  logic [1:0]                           block_class_i,
  input  logic                                 force_i,
  input  logic [2:0]                           force_point_i,
  // Points towards nominal that the error monitor asks for.
  input  logic [2:0]                           bias_i,
  output logic [2:0]                           target_o,
  // The target is reached and no change is in flight.
  input  logic                                 settled_i,

  // Tile engine.
  output logic                                 cmd_valid_o,
  input  logic                                 cmd_ready_i,
  output logic [drift_pkg::DimWidth-1:0]      cmd_m_o,
  output logic [drift_pkg::DimWidth-1:0]      cmd_k_o,
  output logic [drift_pkg::DimWidth-1:0]      cmd_n_o,

  // Recovery unit: a GEMM starts, what holds during it, and the tiles to be repeated.
  output logic                                 recovery_start_o,
  output logic                                 checkpoint_valid_o,
  output logic                                 checkpoint_write_o,
  output logic [drift_pkg::DimWidth-1:0]      tiles_n_o,
  output logic                                 repeat_o,
  input  logic                                 recovery_idle_i,
  input  logic                                 axi_error_i,
  input  logic                                 repeat_valid_i,
  output logic                                 repeat_ready_o,
  input  logic [drift_pkg::DimWidth-1:0]      repeat_tile_m_i,
  input  logic [drift_pkg::DimWidth-1:0]      repeat_tile_n_i,

  // Since reset: cycles in which a GEMM was run.
  output logic [drift_pkg::CountWidth-1:0]    running_cycles_o
);

  localparam logic [drift_pkg::DimWidth-1:0] StepM = {{ dim_width }}'(drift_pkg::TileRows);
  localparam logic [drift_pkg::DimWidth-1:0] StepN = {{ dim_width }}'(drift_pkg::Columns);

  typedef enum logic [2:0] {
    Idle,
    Count,
    Settle,
    Command,
    Run,
    Next,
    Done
  } state_e;

  state_e                          state_q, state_d;
  // A tile is being repeated, at the nominal point.
  logic                            repeat_q, repeat_d;
  // Tiles across, and the columns that are still to be counted.
  logic [drift_pkg::DimWidth-1:0] tiles_n_q, tiles_n_d, left_n_q, left_n_d;
  // Rows and columns from the repeated tile on.
  logic [drift_pkg::DimWidth-1:0] repeat_m, repeat_n;

  // Layers with a checkpoint, and the steps in which they were written.
  logic [drift_pkg::Layers-1:0]    valid_q, valid_d;
  logic [drift_pkg::StepWidth-1:0] written_q [drift_pkg::Layers];
  logic [drift_pkg::StepWidth-1:0] age;
  logic                            checkpoint_valid_q, checkpoint_valid_d;
  logic                            checkpoint_write_q, checkpoint_write_d;
  logic                            done_q, done_d, failed_q, failed_d, mark;
  logic [drift_pkg::CountWidth-1:0] running_cycles_q;

  logic [2:0]                      scheduled;

  assign scheduled = schedule_i[6'd3 * {2'b0, timestep_class_i, block_class_i} +: 3];

  always_comb begin
    target_o = (scheduled > bias_i) ? scheduled - bias_i : 3'd0;
    if (repeat_q) begin
      target_o = 3'd0;
    end else if (force_i) begin
      target_o = force_point_i;
    end
  end

  assign age  = step_i - written_q[layer_i];
  assign mark = (state_q == Done) && checkpoint_write_q && !failed_q;

  always_comb begin
    state_d            = state_q;
    repeat_d           = repeat_q;
    tiles_n_d          = tiles_n_q;
    left_n_d           = left_n_q;
    checkpoint_valid_d = checkpoint_valid_q;
    checkpoint_write_d = checkpoint_write_q;
    done_d             = done_q;
    failed_d           = failed_q || axi_error_i;
    recovery_start_o   = 1'b0;
    repeat_ready_o     = 1'b0;
    case (state_q)
      Idle: begin
        if (start_i) begin
          state_d            = Count;
          done_d             = 1'b0;
          failed_d           = 1'b0;
          tiles_n_d          = {{ dim_width }}'d1;
          left_n_d           = dim_n_i;
          checkpoint_valid_d = protect_i && valid_q[layer_i];
          checkpoint_write_d = protect_i && (!valid_q[layer_i] || (age >= interval_i));
        end
      end
      // Counts the tiles across, without a division.
      Count: begin
        left_n_d = left_n_q - StepN;
        if (left_n_q > StepN) begin
          tiles_n_d = tiles_n_q + 1'b1;
        end else begin
          recovery_start_o = 1'b1;
          state_d          = Settle;
        end
      end
      Settle: begin
        if (settled_i) begin
          state_d = Command;
        end
      end
      Command: begin
        if (cmd_ready_i) begin
          state_d = Run;
        end
      end
      Run: begin
        if (cmd_ready_i && recovery_idle_i) begin
          repeat_ready_o = repeat_q;
          state_d        = Next;
        end
      end
      Next: begin
        repeat_d = repeat_valid_i;
        state_d  = repeat_valid_i ? Settle : Done;
      end
      Done: begin
        done_d  = 1'b1;
        state_d = Idle;
      end
      default: begin
        state_d = Idle;
      end
    endcase
  end

  always_comb begin
    valid_d = valid_q;
    if (mark) begin
      valid_d[layer_i] = 1'b1;
    end
    if (clear_i) begin
      valid_d = '0;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q            <= Idle;
      repeat_q           <= 1'b0;
      tiles_n_q          <= '0;
      left_n_q           <= '0;
      valid_q            <= '0;
      checkpoint_valid_q <= 1'b0;
      checkpoint_write_q <= 1'b0;
      done_q             <= 1'b0;
      failed_q           <= 1'b0;
      running_cycles_q   <= '0;
    end else begin
      state_q            <= state_d;
      repeat_q           <= repeat_d;
      tiles_n_q          <= tiles_n_d;
      left_n_q           <= left_n_d;
      valid_q            <= valid_d;
      checkpoint_valid_q <= checkpoint_valid_d;
      checkpoint_write_q <= checkpoint_write_d;
      done_q             <= done_d;
      failed_q           <= failed_d;
      if (busy_o) begin
        running_cycles_q <= running_cycles_q + 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (mark) begin
      written_q[layer_i] <= step_i;
    end
  end

  // A repeated tile is a GEMM of its own: what is left from it on, cut to one tile.
  assign repeat_m = dim_m_i - StepM * repeat_tile_m_i;
  assign repeat_n = dim_n_i - StepN * repeat_tile_n_i;

  always_comb begin
    cmd_m_o = dim_m_i;
    cmd_n_o = dim_n_i;
    if (repeat_q) begin
      cmd_m_o = (repeat_m > StepM) ? StepM : repeat_m;
      cmd_n_o = (repeat_n > StepN) ? StepN : repeat_n;
    end
  end

  assign cmd_k_o            = dim_k_i;
  assign cmd_valid_o        = state_q == Command;
  assign checkpoint_valid_o = checkpoint_valid_q;
  assign checkpoint_write_o = checkpoint_write_q;
  assign tiles_n_o          = tiles_n_q;
  assign repeat_o           = repeat_q;
  assign busy_o             = state_q != Idle;
  assign done_o             = done_q;
  assign failed_o           = failed_q;
  assign running_cycles_o   = running_cycles_q;

  // The tile that is being repeated stays at the head of the list until it is done.
  `DRIFT_ASSERT(RepeatThere, !repeat_q || repeat_valid_i || (state_q == Next), clk_i, rst_ni)

endmodule : drift_sequencer
