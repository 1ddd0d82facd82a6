//! The whole accelerator (`drift_top`), cycle by cycle: its modules' models,
//! wired as the modules are.

mod pins;

pub use pins::{TopInputs, TopOutputs};

use super::{
    Clocked, Dvfs, DvfsInputs, DvfsOutputs, Engine, EngineInputs, EngineOutputs, ErrorMonitor,
    ErrorMonitorInputs, ErrorMonitorOutputs, Recovery, RecoveryInputs, RecoveryOutputs, Registers,
    RegistersInputs, RegistersOutputs, Sequencer, SequencerInputs, SequencerOutputs,
};
use crate::config::ArrayConfig;
use crate::fault::TileFaults;

/// The accelerator.
pub struct Accelerator {
    registers: Registers,
    sequencer: Sequencer,
    dvfs: Dvfs,
    monitor: ErrorMonitor,
    engine: Engine,
    recovery: Recovery,
    wires: Wires,
}

/// What every module sees in a cycle.
#[derive(Default)]
struct Wires {
    registers: RegistersInputs,
    sequencer: SequencerInputs,
    dvfs: DvfsInputs,
    monitor: ErrorMonitorInputs,
    engine: EngineInputs,
    recovery: RecoveryInputs,
}

impl Accelerator {
    /// The accelerator after reset.
    pub fn new(config: &ArrayConfig) -> Self {
        Self {
            registers: Registers::new(config),
            sequencer: Sequencer::new(config),
            dvfs: Dvfs::new(config),
            monitor: ErrorMonitor::default(),
            engine: Engine::new(config),
            recovery: Recovery::new(config),
            wires: Wires::default(),
        }
    }

    /// Says which faults hit the tiles that are computed from now on, in order;
    /// tiles beyond the list have none.
    pub fn expect(&mut self, faults: Vec<TileFaults>) {
        self.engine.expect(faults);
    }
}

fn sequencer_inputs(
    cfg: &RegistersOutputs,
    monitor: &ErrorMonitorOutputs,
    engine: &EngineOutputs,
    recovery: &RecoveryOutputs,
) -> SequencerInputs {
    SequencerInputs {
        start_i: cfg.start_o,
        dim_m_i: cfg.cfg_gemm_m_o,
        dim_k_i: cfg.cfg_gemm_k_o,
        dim_n_i: cfg.cfg_gemm_n_o,
        protect_i: cfg.cfg_protect_o,
        layer_i: cfg.cfg_layer_o,
        step_i: cfg.cfg_step_o,
        interval_i: cfg.cfg_checkpoint_interval_o,
        clear_i: cfg.checkpoint_clear_o,
        schedule_i: cfg.cfg_schedule_o,
        timestep_class_i: cfg.cfg_timestep_class_o,
        block_class_i: cfg.cfg_block_class_o,
        force_i: cfg.cfg_force_enable_o,
        force_point_i: cfg.cfg_force_point_o,
        bias_i: monitor.bias_o,
        settled_i: false,
        cmd_ready_i: engine.cmd_ready_o,
        recovery_idle_i: recovery.idle_o,
        axi_error_i: recovery.axi_error_o,
        repeat_valid_i: recovery.repeat_valid_o,
        repeat_tile_m_i: recovery.repeat_tile_m_o,
        repeat_tile_n_i: recovery.repeat_tile_n_o,
    }
}

fn dvfs_inputs(cfg: &RegistersOutputs, pins: &TopInputs) -> DvfsInputs {
    DvfsInputs {
        points_i: cfg.cfg_points_o.clone(),
        timeout_i: cfg.cfg_dvfs_timeout_o,
        fault_clear_i: cfg.fault_clear_o,
        voltage_ack_i: pins.voltage_ack_i,
        frequency_ack_i: pins.frequency_ack_i,
        ..DvfsInputs::default()
    }
}

fn monitor_inputs(cfg: &RegistersOutputs, engine: &EngineOutputs) -> ErrorMonitorInputs {
    ErrorMonitorInputs {
        tile_valid_i: engine.tile_end_o,
        tile_flags_i: engine.tile_flags_o,
        enable_i: cfg.cfg_adaptive_o,
        window_i: cfg.cfg_monitor_window_o,
        high_limit_i: cfg.cfg_monitor_high_o,
        low_limit_i: cfg.cfg_monitor_low_o,
        panic_limit_i: cfg.cfg_monitor_panic_o,
        patience_i: cfg.cfg_monitor_patience_o,
        panic_clear_i: cfg.panic_clear_o,
    }
}

fn engine_inputs(cfg: &RegistersOutputs, dvfs: &DvfsOutputs, pins: &TopInputs) -> EngineInputs {
    EngineInputs {
        threshold_bit_i: cfg.cfg_threshold_o,
        pause_i: dvfs.array_pause_o,
        s_axis_act_tvalid_i: pins.s_axis_act_tvalid_i,
        s_axis_act_tdata_i: pins.s_axis_act_tdata_i.clone(),
        s_axis_weight_tvalid_i: pins.s_axis_weight_tvalid_i,
        s_axis_weight_tdata_i: pins.s_axis_weight_tdata_i.clone(),
        ..EngineInputs::default()
    }
}

fn recovery_inputs(
    cfg: &RegistersOutputs,
    engine: &EngineOutputs,
    pins: &TopInputs,
) -> RecoveryInputs {
    RecoveryInputs {
        protect_i: cfg.cfg_protect_o,
        recompute_missing_i: cfg.cfg_no_checkpoint_recompute_o,
        recompute_unlocated_i: cfg.cfg_unlocated_recompute_o,
        row_major_i: cfg.cfg_row_major_o,
        base_i: cfg.cfg_checkpoint_base_o,
        header_base_i: cfg.cfg_header_base_o,
        scale_i: cfg.cfg_scale_o,
        s_axis_result_tvalid_i: engine.m_axis_result_tvalid_o,
        s_axis_result_tdata_i: engine.m_axis_result_tdata_o.clone(),
        s_axis_result_tkeep_i: engine.m_axis_result_tkeep_o.clone(),
        s_axis_result_tlast_i: engine.m_axis_result_tlast_o,
        s_axis_result_tuser_i: engine.m_axis_result_tuser_o.clone(),
        tile_masked_i: engine.tile_masked_o,
        tile_unlocated_i: engine.tile_unlocated_o,
        m_axis_result_tready_i: pins.m_axis_result_tready_i,
        m_axi_awready_i: pins.m_axi_awready_i,
        m_axi_wready_i: pins.m_axi_wready_i,
        m_axi_bvalid_i: pins.m_axi_bvalid_i,
        m_axi_bresp_i: pins.m_axi_bresp_i,
        m_axi_arready_i: pins.m_axi_arready_i,
        m_axi_rvalid_i: pins.m_axi_rvalid_i,
        m_axi_rdata_i: pins.m_axi_rdata_i.clone(),
        m_axi_rresp_i: pins.m_axi_rresp_i,
        m_axi_rlast_i: pins.m_axi_rlast_i,
        ..RecoveryInputs::default()
    }
}

/// The rest of the recovery unit's inputs.
fn connect_recovery(inputs: &mut RecoveryInputs, sequencer: &SequencerOutputs) {
    inputs.checkpoint_valid_i = sequencer.checkpoint_valid_o;
    inputs.checkpoint_write_i = sequencer.checkpoint_write_o;
    inputs.tiles_n_i = sequencer.tiles_n_o;
    inputs.dim_m_i = sequencer.cmd_m_o;
    inputs.start_i = sequencer.recovery_start_o;
    inputs.repeat_i = sequencer.repeat_o;
    inputs.repeat_ready_i = sequencer.repeat_ready_o;
}

/// States and counters that the registers show.
fn register_inputs(
    pins: &TopInputs,
    sequencer: &SequencerOutputs,
    dvfs: &DvfsOutputs,
    monitor: &ErrorMonitorOutputs,
    engine: &EngineOutputs,
    recovery: &RecoveryOutputs,
) -> RegistersInputs {
    RegistersInputs {
        s_axil_awvalid_i: pins.s_axil_awvalid_i,
        s_axil_awaddr_i: pins.s_axil_awaddr_i,
        s_axil_awprot_i: pins.s_axil_awprot_i,
        s_axil_wvalid_i: pins.s_axil_wvalid_i,
        s_axil_wdata_i: pins.s_axil_wdata_i,
        s_axil_wstrb_i: pins.s_axil_wstrb_i,
        s_axil_bready_i: pins.s_axil_bready_i,
        s_axil_arvalid_i: pins.s_axil_arvalid_i,
        s_axil_araddr_i: pins.s_axil_araddr_i,
        s_axil_arprot_i: pins.s_axil_arprot_i,
        s_axil_rready_i: pins.s_axil_rready_i,
        hw_busy_i: sequencer.busy_o,
        hw_done_i: sequencer.done_o,
        hw_dvfs_busy_i: dvfs.busy_o,
        hw_dvfs_fault_i: dvfs.fault_o,
        hw_panic_i: monitor.panic_o,
        hw_axi_error_i: sequencer.failed_o,
        hw_current_point_i: dvfs.point_o,
        hw_bias_i: monitor.bias_o,
        hw_voltage_code_i: dvfs.voltage_code_o,
        hw_frequency_code_i: dvfs.frequency_code_o,
        hw_engine_cycles_i: engine.cycles_o,
        hw_tiles_i: engine.tiles_o,
        hw_flagged_rows_i: engine.flagged_rows_o,
        hw_flagged_columns_i: engine.flagged_columns_o,
        hw_masked_i: engine.masked_o,
        hw_unlocated_i: engine.unlocated_o,
        hw_rollbacks_i: recovery.rollbacks_o,
        hw_restored_i: recovery.restored_o,
        hw_recomputes_i: recovery.recomputes_o,
        hw_kept_i: recovery.kept_o,
        hw_overflows_i: recovery.overflows_o,
        hw_checkpoints_i: recovery.checkpoints_o,
        hw_stall_cycles_i: recovery.stall_cycles_o,
        hw_recovery_cycles_i: recovery.recovery_cycles_o,
        hw_axi_errors_i: recovery.axi_errors_o,
        hw_transitions_i: dvfs.transitions_o,
        hw_dvfs_timeouts_i: dvfs.timeouts_o,
        hw_change_cycles_i: dvfs.change_cycles_o,
        hw_windows_i: monitor.windows_o,
        hw_raises_i: monitor.raises_o,
        hw_lowers_i: monitor.lowers_o,
        hw_panics_i: monitor.panics_o,
        hw_running_cycles_i: sequencer.running_cycles_o,
    }
}

impl Clocked for Accelerator {
    type Inputs = TopInputs;
    type Outputs = TopOutputs;

    /// Evaluates the modules in the order of the combinational paths between
    /// them; a module whose outputs are needed before all of its inputs are
    /// known is evaluated again when they are.
    fn outputs(&mut self, pins: &TopInputs) -> TopOutputs {
        // Registers, error monitor and pause are functions of registers only.
        let cfg = self.registers.outputs(&RegistersInputs::default());
        let monitor = self.monitor.outputs(&ErrorMonitorInputs::default());
        let mut dvfs_in = dvfs_inputs(&cfg, pins);
        let early_dvfs = self.dvfs.outputs(&dvfs_in);

        let mut engine_in = engine_inputs(&cfg, &early_dvfs, pins);
        let engine = self.engine.outputs(&engine_in);
        let mut recovery_in = recovery_inputs(&cfg, &engine, pins);
        let early_recovery = self.recovery.outputs(&recovery_in);

        let mut sequencer_in = sequencer_inputs(&cfg, &monitor, &engine, &early_recovery);
        let sequencer = self.sequencer.outputs(&sequencer_in);
        connect_recovery(&mut recovery_in, &sequencer);
        let recovery = self.recovery.outputs(&recovery_in);
        sequencer_in.recovery_idle_i = recovery.idle_o;
        sequencer_in.axi_error_i = recovery.axi_error_o;

        dvfs_in.target_i = sequencer.target_o;
        dvfs_in.panic_i = monitor.panic_o;
        dvfs_in.array_quiet_i = engine.quiet_o;
        let dvfs = self.dvfs.outputs(&dvfs_in);
        sequencer_in.settled_i = dvfs.settled_o;

        engine_in.cmd_valid_i = sequencer.cmd_valid_o;
        engine_in.cmd_m_i = sequencer.cmd_m_o;
        engine_in.cmd_k_i = sequencer.cmd_k_o;
        engine_in.cmd_n_i = sequencer.cmd_n_o;
        engine_in.m_axis_result_tready_i = recovery.s_axis_result_tready_o;

        self.wires = Wires {
            registers: register_inputs(pins, &sequencer, &dvfs, &monitor, &engine, &recovery),
            sequencer: sequencer_in,
            dvfs: dvfs_in,
            monitor: monitor_inputs(&cfg, &engine),
            engine: engine_in,
            recovery: recovery_in,
        };
        TopOutputs {
            s_axil_awready_o: cfg.s_axil_awready_o,
            s_axil_wready_o: cfg.s_axil_wready_o,
            s_axil_bvalid_o: cfg.s_axil_bvalid_o,
            s_axil_bresp_o: cfg.s_axil_bresp_o,
            s_axil_arready_o: cfg.s_axil_arready_o,
            s_axil_rvalid_o: cfg.s_axil_rvalid_o,
            s_axil_rdata_o: cfg.s_axil_rdata_o,
            s_axil_rresp_o: cfg.s_axil_rresp_o,
            irq_o: cfg.irq_o,
            s_axis_act_tready_o: engine.s_axis_act_tready_o,
            s_axis_weight_tready_o: engine.s_axis_weight_tready_o,
            m_axis_result_tvalid_o: recovery.m_axis_result_tvalid_o,
            m_axis_result_tdata_o: recovery.m_axis_result_tdata_o,
            m_axis_result_tkeep_o: recovery.m_axis_result_tkeep_o,
            m_axis_result_tlast_o: recovery.m_axis_result_tlast_o,
            m_axis_result_tuser_o: recovery.m_axis_result_tuser_o,
            m_axi_awvalid_o: recovery.m_axi_awvalid_o,
            m_axi_awaddr_o: recovery.m_axi_awaddr_o,
            m_axi_awlen_o: recovery.m_axi_awlen_o,
            m_axi_awsize_o: recovery.m_axi_awsize_o,
            m_axi_awburst_o: recovery.m_axi_awburst_o,
            m_axi_wvalid_o: recovery.m_axi_wvalid_o,
            m_axi_wdata_o: recovery.m_axi_wdata_o,
            m_axi_wstrb_o: recovery.m_axi_wstrb_o,
            m_axi_wlast_o: recovery.m_axi_wlast_o,
            m_axi_bready_o: recovery.m_axi_bready_o,
            m_axi_arvalid_o: recovery.m_axi_arvalid_o,
            m_axi_araddr_o: recovery.m_axi_araddr_o,
            m_axi_arlen_o: recovery.m_axi_arlen_o,
            m_axi_arsize_o: recovery.m_axi_arsize_o,
            m_axi_arburst_o: recovery.m_axi_arburst_o,
            m_axi_rready_o: recovery.m_axi_rready_o,
            voltage_code_o: dvfs.voltage_code_o,
            voltage_req_o: dvfs.voltage_req_o,
            frequency_code_o: dvfs.frequency_code_o,
            frequency_req_o: dvfs.frequency_req_o,
        }
    }

    /// The edge that ends the cycle whose outputs were evaluated last.
    fn tick(&mut self, _: &TopInputs) {
        let wires = std::mem::take(&mut self.wires);
        self.registers.tick(&wires.registers);
        self.sequencer.tick(&wires.sequencer);
        self.dvfs.tick(&wires.dvfs);
        self.monitor.tick(&wires.monitor);
        self.engine.tick(&wires.engine);
        self.recovery.tick(&wires.recovery);
    }
}
