{{ banner }}
// The accelerator: a protected systolic array that computes one GEMM after another at programmed operating points,
// finds its errors with checksums, and rolls wrong elements back to the checkpoint of an earlier denoising step.
//
//   s_axil   registers: program, start, interrupt, counters (docs/registers.md)
//   s_axis   activations and weights, in the order that drift_tile_engine states
//   m_axis   results; a packet is a tile, tuser is {rolled back, repeated later, column flags, row flag, mask}
//   m_axi    checkpoints in memory, in the layouts that drift_address_map states
//   voltage, frequency   requests to the regulator and the PLL of the array's supply and clock
//
// Latency: see drift_tile_engine and drift_recovery.

`include "drift_assert.svh"

module drift_top{% if os %} #(
  // Columns of a strip of the array, 1..Lanes; changes the hierarchy, not the function.
  parameter int unsigned StripColumns = {{ lanes }}
){% endif %} (
  input  logic                                  clk_i,
  input  logic                                  rst_ni,

  input  logic                                  s_axil_awvalid_i,
  output logic                                  s_axil_awready_o,
  input  logic [11:0]                           s_axil_awaddr_i,
  input  logic [2:0]                            s_axil_awprot_i,
  input  logic                                  s_axil_wvalid_i,
  output logic                                  s_axil_wready_o,
  input  logic [31:0]                           s_axil_wdata_i,
  input  logic [3:0]                            s_axil_wstrb_i,
  output logic                                  s_axil_bvalid_o,
  input  logic                                  s_axil_bready_i,
  output logic [1:0]                            s_axil_bresp_o,
  input  logic                                  s_axil_arvalid_i,
  output logic                                  s_axil_arready_o,
  input  logic [11:0]                           s_axil_araddr_i,
  input  logic [2:0]                            s_axil_arprot_i,
  output logic                                  s_axil_rvalid_o,
  input  logic                                  s_axil_rready_i,
  output logic [31:0]                           s_axil_rdata_o,
  output logic [1:0]                            s_axil_rresp_o,
  output logic                                  irq_o,

  input  logic                                  s_axis_act_tvalid_i,
  output logic                                  s_axis_act_tready_o,
  input  logic [8*drift_pkg::Rows-1:0]         s_axis_act_tdata_i,
  input  logic                                  s_axis_weight_tvalid_i,
  output logic                                  s_axis_weight_tready_o,
  input  logic [8*drift_pkg::Columns-1:0]      s_axis_weight_tdata_i,

  output logic                                  m_axis_result_tvalid_o,
  input  logic                                  m_axis_result_tready_i,
  output logic [32*drift_pkg::Columns-1:0]     m_axis_result_tdata_o,
  output logic [4*drift_pkg::Columns-1:0]      m_axis_result_tkeep_o,
  output logic                                  m_axis_result_tlast_o,
  output logic [drift_pkg::ResultUserWidth-1:0] m_axis_result_tuser_o,

  output logic                                  m_axi_awvalid_o,
  input  logic                                  m_axi_awready_i,
  output logic [31:0]                           m_axi_awaddr_o,
  output logic [7:0]                            m_axi_awlen_o,
  output logic [2:0]                            m_axi_awsize_o,
  output logic [1:0]                            m_axi_awburst_o,
  output logic                                  m_axi_wvalid_o,
  input  logic                                  m_axi_wready_i,
  output logic [8*drift_pkg::MemoryBytes-1:0]  m_axi_wdata_o,
  output logic [drift_pkg::MemoryBytes-1:0]    m_axi_wstrb_o,
  output logic                                  m_axi_wlast_o,
  input  logic                                  m_axi_bvalid_i,
  output logic                                  m_axi_bready_o,
  input  logic [1:0]                            m_axi_bresp_i,
  output logic                                  m_axi_arvalid_o,
  input  logic                                  m_axi_arready_i,
  output logic [31:0]                           m_axi_araddr_o,
  output logic [7:0]                            m_axi_arlen_o,
  output logic [2:0]                            m_axi_arsize_o,
  output logic [1:0]                            m_axi_arburst_o,
  input  logic                                  m_axi_rvalid_i,
  output logic                                  m_axi_rready_o,
  input  logic [8*drift_pkg::MemoryBytes-1:0]  m_axi_rdata_i,
  input  logic [1:0]                            m_axi_rresp_i,
  input  logic                                  m_axi_rlast_i,

  output logic [7:0]                            voltage_code_o,
  output logic                                  voltage_req_o,
  input  logic                                  voltage_ack_i,
  output logic [7:0]                            frequency_code_o,
  output logic                                  frequency_req_o,
  input  logic                                  frequency_ack_i
);

  // Program.
  logic                                  cfg_protect, cfg_adaptive, cfg_row_major;
  logic                                  cfg_no_checkpoint_recompute, cfg_unlocated_recompute;
  logic [drift_pkg::DimWidth-1:0]       cfg_gemm_m, cfg_gemm_k, cfg_gemm_n;
  logic [drift_pkg::LayerWidth-1:0]     cfg_layer;
  logic [31:0]                           cfg_checkpoint_base, cfg_header_base;
  logic [15:0]                           cfg_scale;
  logic [4:0]                            cfg_threshold;
  logic [drift_pkg::StepWidth-1:0]      cfg_step, cfg_checkpoint_interval;
  logic [1:0]                            cfg_timestep_class, cfg_block_class;
  logic [2:0]                            cfg_force_point;
  logic                                  cfg_force_enable;
  logic [15:0]                           cfg_dvfs_timeout, cfg_monitor_window;
  logic [31:0]                           cfg_monitor_high, cfg_monitor_low, cfg_monitor_panic;
  logic [7:0]                            cfg_monitor_patience;
  logic [255:0]                          cfg_points;
  logic [47:0]                           cfg_schedule;
  logic                                  start, panic_clear, fault_clear, checkpoint_clear;

  // Sequencer.
  logic                                  busy, done, failed;
  logic [2:0]                            target;
  logic                                  cmd_valid, cmd_ready;
  logic [drift_pkg::DimWidth-1:0]       cmd_m, cmd_k, cmd_n;
  logic                                  recovery_start, checkpoint_valid, checkpoint_write, repeat_run;
  logic [drift_pkg::DimWidth-1:0]       tiles_n;

  // Operating point and error monitor.
  logic                                  pause, quiet, dvfs_busy, settled, dvfs_fault, panic;
  logic [2:0]                            point, bias;
  logic                                  tile_end;
  logic [drift_pkg::FlagsWidth-1:0]     tile_flags;

  // Results of the engine, and recovery.
  logic                                  result_tvalid, result_tready, result_tlast, tile_masked, tile_unlocated;
  logic [32*drift_pkg::Columns-1:0]     result_tdata;
  logic [4*drift_pkg::Columns-1:0]      result_tkeep;
  logic [drift_pkg::UserWidth-1:0]      result_tuser;
  logic                                  repeat_valid, repeat_ready, recovery_idle, axi_error;
  logic [drift_pkg::DimWidth-1:0]       repeat_tile_m, repeat_tile_n;

  // Counters.
  logic [drift_pkg::CountWidth-1:0]     engine_cycles, tiles, flagged_rows, flagged_columns, masked, unlocated;
  logic [drift_pkg::CountWidth-1:0]     rollbacks, restored, recomputes, kept, overflows, checkpoints;
  logic [drift_pkg::CountWidth-1:0]     stall_cycles, recovery_cycles, axi_errors;
  logic [drift_pkg::CountWidth-1:0]     transitions, dvfs_timeouts, change_cycles;
  logic [drift_pkg::CountWidth-1:0]     windows, raises, lowers, panics, running_cycles;

  drift_registers u_registers (
    .clk_i,
    .rst_ni,
    .s_axil_awvalid_i,
    .s_axil_awready_o,
    .s_axil_awaddr_i,
    .s_axil_awprot_i,
    .s_axil_wvalid_i,
    .s_axil_wready_o,
    .s_axil_wdata_i,
    .s_axil_wstrb_i,
    .s_axil_bvalid_o,
    .s_axil_bready_i,
    .s_axil_bresp_o,
    .s_axil_arvalid_i,
    .s_axil_arready_o,
    .s_axil_araddr_i,
    .s_axil_arprot_i,
    .s_axil_rvalid_o,
    .s_axil_rready_i,
    .s_axil_rdata_o,
    .s_axil_rresp_o,
    .cfg_protect_o                (cfg_protect),
    .cfg_adaptive_o               (cfg_adaptive),
    .cfg_row_major_o              (cfg_row_major),
    .cfg_no_checkpoint_recompute_o(cfg_no_checkpoint_recompute),
    .cfg_unlocated_recompute_o    (cfg_unlocated_recompute),
    .cfg_gemm_m_o                 (cfg_gemm_m),
    .cfg_gemm_k_o                 (cfg_gemm_k),
    .cfg_gemm_n_o                 (cfg_gemm_n),
    .cfg_layer_o                  (cfg_layer),
    .cfg_checkpoint_base_o        (cfg_checkpoint_base),
    .cfg_header_base_o            (cfg_header_base),
    .cfg_scale_o                  (cfg_scale),
    .cfg_threshold_o              (cfg_threshold),
    .cfg_step_o                   (cfg_step),
    .cfg_checkpoint_interval_o    (cfg_checkpoint_interval),
    .cfg_timestep_class_o         (cfg_timestep_class),
    .cfg_block_class_o            (cfg_block_class),
    .cfg_force_point_o            (cfg_force_point),
    .cfg_force_enable_o           (cfg_force_enable),
    .cfg_dvfs_timeout_o           (cfg_dvfs_timeout),
    .cfg_monitor_window_o         (cfg_monitor_window),
    .cfg_monitor_high_o           (cfg_monitor_high),
    .cfg_monitor_low_o            (cfg_monitor_low),
    .cfg_monitor_patience_o       (cfg_monitor_patience),
    .cfg_monitor_panic_o          (cfg_monitor_panic),
    .cfg_points_o                 (cfg_points),
    .cfg_schedule_o               (cfg_schedule),
    .start_o                      (start),
    .panic_clear_o                (panic_clear),
    .fault_clear_o                (fault_clear),
    .checkpoint_clear_o           (checkpoint_clear),
    .hw_busy_i                    (busy),
    .hw_done_i                    (done),
    .hw_dvfs_busy_i               (dvfs_busy),
    .hw_dvfs_fault_i              (dvfs_fault),
    .hw_panic_i                   (panic),
    .hw_axi_error_i               (failed),
    .hw_current_point_i           (point),
    .hw_bias_i                    (bias),
    .hw_voltage_code_i            (voltage_code_o),
    .hw_frequency_code_i          (frequency_code_o),
    .hw_engine_cycles_i           (engine_cycles),
    .hw_tiles_i                   (tiles),
    .hw_flagged_rows_i            (flagged_rows),
    .hw_flagged_columns_i         (flagged_columns),
    .hw_masked_i                  (masked),
    .hw_unlocated_i               (unlocated),
    .hw_rollbacks_i               (rollbacks),
    .hw_restored_i                (restored),
    .hw_recomputes_i              (recomputes),
    .hw_kept_i                    (kept),
    .hw_overflows_i               (overflows),
    .hw_checkpoints_i             (checkpoints),
    .hw_stall_cycles_i            (stall_cycles),
    .hw_recovery_cycles_i         (recovery_cycles),
    .hw_axi_errors_i              (axi_errors),
    .hw_transitions_i             (transitions),
    .hw_dvfs_timeouts_i           (dvfs_timeouts),
    .hw_change_cycles_i           (change_cycles),
    .hw_windows_i                 (windows),
    .hw_raises_i                  (raises),
    .hw_lowers_i                  (lowers),
    .hw_panics_i                  (panics),
    .hw_running_cycles_i          (running_cycles),
    .irq_o
  );

  drift_sequencer u_sequencer (
    .clk_i,
    .rst_ni,
    .start_i           (start),
    .busy_o            (busy),
    .done_o            (done),
    .failed_o          (failed),
    .dim_m_i           (cfg_gemm_m),
    .dim_k_i           (cfg_gemm_k),
    .dim_n_i           (cfg_gemm_n),
    .protect_i         (cfg_protect),
    .layer_i           (cfg_layer),
    .step_i            (cfg_step),
    .interval_i        (cfg_checkpoint_interval),
    .clear_i           (checkpoint_clear),
    .schedule_i        (cfg_schedule),
    .timestep_class_i  (cfg_timestep_class),
    .block_class_i     (cfg_block_class),
    .force_i           (cfg_force_enable),
    .force_point_i     (cfg_force_point),
    .bias_i            (bias),
    .target_o          (target),
    .settled_i         (settled),
    .cmd_valid_o       (cmd_valid),
    .cmd_ready_i       (cmd_ready),
    .cmd_m_o           (cmd_m),
    .cmd_k_o           (cmd_k),
    .cmd_n_o           (cmd_n),
    .recovery_start_o  (recovery_start),
    .checkpoint_valid_o(checkpoint_valid),
    .checkpoint_write_o(checkpoint_write),
    .tiles_n_o         (tiles_n),
    .repeat_o          (repeat_run),
    .recovery_idle_i   (recovery_idle),
    .axi_error_i       (axi_error),
    .repeat_valid_i    (repeat_valid),
    .repeat_ready_o    (repeat_ready),
    .repeat_tile_m_i   (repeat_tile_m),
    .repeat_tile_n_i   (repeat_tile_n),
    .running_cycles_o  (running_cycles)
  );

  drift_dvfs u_dvfs (
    .clk_i,
    .rst_ni,
    .points_i       (cfg_points),
    .timeout_i      (cfg_dvfs_timeout),
    .target_i       (target),
    .panic_i        (panic),
    .fault_clear_i  (fault_clear),
    .array_pause_o  (pause),
    .array_quiet_i  (quiet),
    .point_o        (point),
    .busy_o         (dvfs_busy),
    .settled_o      (settled),
    .fault_o        (dvfs_fault),
    .voltage_code_o,
    .voltage_req_o,
    .voltage_ack_i,
    .frequency_code_o,
    .frequency_req_o,
    .frequency_ack_i,
    .transitions_o  (transitions),
    .timeouts_o     (dvfs_timeouts),
    .change_cycles_o(change_cycles)
  );

  drift_error_monitor u_error_monitor (
    .clk_i,
    .rst_ni,
    .tile_valid_i (tile_end),
    .tile_flags_i (tile_flags),
    .enable_i     (cfg_adaptive),
    .window_i     (cfg_monitor_window),
    .high_limit_i (cfg_monitor_high),
    .low_limit_i  (cfg_monitor_low),
    .panic_limit_i(cfg_monitor_panic),
    .patience_i   (cfg_monitor_patience),
    .panic_clear_i(panic_clear),
    .bias_o       (bias),
    .panic_o      (panic),
    .windows_o    (windows),
    .raises_o     (raises),
    .lowers_o     (lowers),
    .panics_o     (panics)
  );

  drift_tile_engine {% if os %}#(
    .StripColumns(StripColumns)
  ) {% endif %}u_tile_engine (
    .clk_i,
    .rst_ni,
    .cmd_valid_i           (cmd_valid),
    .cmd_ready_o           (cmd_ready),
    .cmd_m_i               (cmd_m),
    .cmd_k_i               (cmd_k),
    .cmd_n_i               (cmd_n),
    .threshold_bit_i       (cfg_threshold),
    .pause_i               (pause),
    .quiet_o               (quiet),
    .s_axis_act_tvalid_i,
    .s_axis_act_tready_o,
    .s_axis_act_tdata_i,
    .s_axis_weight_tvalid_i,
    .s_axis_weight_tready_o,
    .s_axis_weight_tdata_i,
    .m_axis_result_tvalid_o(result_tvalid),
    .m_axis_result_tready_i(result_tready),
    .m_axis_result_tdata_o (result_tdata),
    .m_axis_result_tkeep_o (result_tkeep),
    .m_axis_result_tlast_o (result_tlast),
    .m_axis_result_tuser_o (result_tuser),
    .tile_masked_o         (tile_masked),
    .tile_unlocated_o      (tile_unlocated),
    .tile_end_o            (tile_end),
    .tile_flags_o          (tile_flags),
    .cycles_o              (engine_cycles),
    .tiles_o               (tiles),
    .flagged_rows_o        (flagged_rows),
    .flagged_columns_o     (flagged_columns),
    .masked_o              (masked),
    .unlocated_o           (unlocated)
  );

  drift_recovery u_recovery (
    .clk_i,
    .rst_ni,
    .protect_i             (cfg_protect),
    .checkpoint_valid_i    (checkpoint_valid),
    .checkpoint_write_i    (checkpoint_write),
    .recompute_missing_i   (cfg_no_checkpoint_recompute),
    .recompute_unlocated_i (cfg_unlocated_recompute),
    .row_major_i           (cfg_row_major),
    .base_i                (cfg_checkpoint_base),
    .header_base_i         (cfg_header_base),
    .tiles_n_i             (tiles_n),
    .scale_i               (cfg_scale),
    .dim_m_i               (cmd_m),
    .start_i               (recovery_start),
    .repeat_i              (repeat_run),
    .s_axis_result_tvalid_i(result_tvalid),
    .s_axis_result_tready_o(result_tready),
    .s_axis_result_tdata_i (result_tdata),
    .s_axis_result_tkeep_i (result_tkeep),
    .s_axis_result_tlast_i (result_tlast),
    .s_axis_result_tuser_i (result_tuser),
    .tile_masked_i         (tile_masked),
    .tile_unlocated_i      (tile_unlocated),
    .m_axis_result_tvalid_o,
    .m_axis_result_tready_i,
    .m_axis_result_tdata_o,
    .m_axis_result_tkeep_o,
    .m_axis_result_tlast_o,
    .m_axis_result_tuser_o,
    .repeat_valid_o        (repeat_valid),
    .repeat_ready_i        (repeat_ready),
    .repeat_tile_m_o       (repeat_tile_m),
    .repeat_tile_n_o       (repeat_tile_n),
    .idle_o                (recovery_idle),
    .axi_error_o           (axi_error),
    .rollbacks_o           (rollbacks),
    .restored_o            (restored),
    .recomputes_o          (recomputes),
    .kept_o                (kept),
    .overflows_o           (overflows),
    .checkpoints_o         (checkpoints),
    .stall_cycles_o        (stall_cycles),
    .recovery_cycles_o     (recovery_cycles),
    .axi_errors_o          (axi_errors),
    .m_axi_awvalid_o,
    .m_axi_awready_i,
    .m_axi_awaddr_o,
    .m_axi_awlen_o,
    .m_axi_awsize_o,
    .m_axi_awburst_o,
    .m_axi_wvalid_o,
    .m_axi_wready_i,
    .m_axi_wdata_o,
    .m_axi_wstrb_o,
    .m_axi_wlast_o,
    .m_axi_bvalid_i,
    .m_axi_bready_o,
    .m_axi_bresp_i,
    .m_axi_arvalid_o,
    .m_axi_arready_i,
    .m_axi_araddr_o,
    .m_axi_arlen_o,
    .m_axi_arsize_o,
    .m_axi_arburst_o,
    .m_axi_rvalid_i,
    .m_axi_rready_o,
    .m_axi_rdata_i,
    .m_axi_rresp_i,
    .m_axi_rlast_i
  );

  // The array never runs while the operating point changes.
  `DRIFT_ASSERT(PausedDuringChange, !dvfs_busy || pause, clk_i, rst_ni)

endmodule : drift_top
