//! The pins of `drift_registers`.

use crate::golden::clocked::signals;

signals! {
    /// Inputs of `drift_registers`; `docs/registers.md` says what they mean.
    pub struct RegistersInputs {
        /// Write address valid.
        s_axil_awvalid_i: bool,
        /// Write address.
        s_axil_awaddr_i: u32,
        /// Ignored.
        s_axil_awprot_i: u32,
        /// Write data valid.
        s_axil_wvalid_i: bool,
        /// Write data.
        s_axil_wdata_i: u32,
        /// Byte strobes.
        s_axil_wstrb_i: u32,
        /// Write response taken.
        s_axil_bready_i: bool,
        /// Read address valid.
        s_axil_arvalid_i: bool,
        /// Read address.
        s_axil_araddr_i: u32,
        /// Ignored.
        s_axil_arprot_i: u32,
        /// Read data taken.
        s_axil_rready_i: bool,
        /// State `busy`.
        hw_busy_i: bool,
        /// State `done`.
        hw_done_i: bool,
        /// State `dvfs_busy`.
        hw_dvfs_busy_i: bool,
        /// State `dvfs_fault`.
        hw_dvfs_fault_i: bool,
        /// State `panic`.
        hw_panic_i: bool,
        /// State `axi_error`.
        hw_axi_error_i: bool,
        /// State `current_point`.
        hw_current_point_i: u32,
        /// State `bias`.
        hw_bias_i: u32,
        /// State `voltage_code`.
        hw_voltage_code_i: u32,
        /// State `frequency_code`.
        hw_frequency_code_i: u32,
        /// State `engine_cycles`.
        hw_engine_cycles_i: u64,
        /// State `tiles`.
        hw_tiles_i: u64,
        /// State `flagged_rows`.
        hw_flagged_rows_i: u64,
        /// State `flagged_columns`.
        hw_flagged_columns_i: u64,
        /// State `masked`.
        hw_masked_i: u64,
        /// State `unlocated`.
        hw_unlocated_i: u64,
        /// State `rollbacks`.
        hw_rollbacks_i: u64,
        /// State `restored`.
        hw_restored_i: u64,
        /// State `recomputes`.
        hw_recomputes_i: u64,
        /// State `kept`.
        hw_kept_i: u64,
        /// State `overflows`.
        hw_overflows_i: u64,
        /// State `checkpoints`.
        hw_checkpoints_i: u64,
        /// State `stall_cycles`.
        hw_stall_cycles_i: u64,
        /// State `recovery_cycles`.
        hw_recovery_cycles_i: u64,
        /// State `axi_errors`.
        hw_axi_errors_i: u64,
        /// State `transitions`.
        hw_transitions_i: u64,
        /// State `dvfs_timeouts`.
        hw_dvfs_timeouts_i: u64,
        /// State `change_cycles`.
        hw_change_cycles_i: u64,
        /// State `windows`.
        hw_windows_i: u64,
        /// State `raises`.
        hw_raises_i: u64,
        /// State `lowers`.
        hw_lowers_i: u64,
        /// State `panics`.
        hw_panics_i: u64,
        /// State `running_cycles`.
        hw_running_cycles_i: u64,
    }
}

signals! {
    /// Outputs of `drift_registers`; `docs/registers.md` says what they mean.
    pub struct RegistersOutputs {
        /// Write address taken.
        s_axil_awready_o: bool,
        /// Write data taken.
        s_axil_wready_o: bool,
        /// Write response valid.
        s_axil_bvalid_o: bool,
        /// 0 OKAY, 2 SLVERR.
        s_axil_bresp_o: u32,
        /// Read address taken.
        s_axil_arready_o: bool,
        /// Read data valid.
        s_axil_rvalid_o: bool,
        /// Read data.
        s_axil_rdata_o: u32,
        /// 0 OKAY, 2 SLVERR.
        s_axil_rresp_o: u32,
        /// Setting `protect`.
        cfg_protect_o: bool,
        /// Setting `adaptive`.
        cfg_adaptive_o: bool,
        /// Setting `row_major`.
        cfg_row_major_o: bool,
        /// Setting `no_checkpoint_recompute`.
        cfg_no_checkpoint_recompute_o: bool,
        /// Setting `unlocated_recompute`.
        cfg_unlocated_recompute_o: bool,
        /// Setting `gemm_m`.
        cfg_gemm_m_o: u32,
        /// Setting `gemm_k`.
        cfg_gemm_k_o: u32,
        /// Setting `gemm_n`.
        cfg_gemm_n_o: u32,
        /// Setting `layer`.
        cfg_layer_o: u32,
        /// Setting `checkpoint_base`.
        cfg_checkpoint_base_o: u32,
        /// Setting `header_base`.
        cfg_header_base_o: u32,
        /// Setting `scale`.
        cfg_scale_o: u32,
        /// Setting `threshold`.
        cfg_threshold_o: u32,
        /// Setting `step`.
        cfg_step_o: u32,
        /// Setting `checkpoint_interval`.
        cfg_checkpoint_interval_o: u32,
        /// Setting `timestep_class`.
        cfg_timestep_class_o: u32,
        /// Setting `block_class`.
        cfg_block_class_o: u32,
        /// Setting `force_point`.
        cfg_force_point_o: u32,
        /// Setting `force_enable`.
        cfg_force_enable_o: bool,
        /// Setting `dvfs_timeout`.
        cfg_dvfs_timeout_o: u32,
        /// Setting `monitor_window`.
        cfg_monitor_window_o: u32,
        /// Setting `monitor_high`.
        cfg_monitor_high_o: u32,
        /// Setting `monitor_low`.
        cfg_monitor_low_o: u32,
        /// Setting `monitor_patience`.
        cfg_monitor_patience_o: u32,
        /// Setting `monitor_panic`.
        cfg_monitor_panic_o: u32,
        /// Setting `points`.
        cfg_points_o: Vec<u32>,
        /// Setting `schedule`.
        cfg_schedule_o: u64,
        /// Pulse `start`.
        start_o: bool,
        /// Pulse `panic_clear`.
        panic_clear_o: bool,
        /// Pulse `fault_clear`.
        fault_clear_o: bool,
        /// Pulse `checkpoint_clear`.
        checkpoint_clear_o: bool,
        /// Interrupt.
        irq_o: bool,
    }
}
