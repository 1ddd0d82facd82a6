//! The pins of `drift_recovery`.

use crate::golden::clocked::signals;

signals! {
    /// Input pins of the recovery unit.
    pub struct RecoveryInputs {
        /// Rollback is on.
        protect_i: bool,
        /// The layer has a checkpoint.
        checkpoint_valid_i: bool,
        /// The tiles are to be written.
        checkpoint_write_i: bool,
        /// Recompute masked tiles that have no checkpoint.
        recompute_missing_i: bool,
        /// Recompute tiles with flags in one direction.
        recompute_unlocated_i: bool,
        /// Layout of the checkpoint.
        row_major_i: bool,
        /// Address of the checkpoint.
        base_i: u32,
        /// Address of its headers, row-major.
        header_base_i: u32,
        /// Tiles across.
        tiles_n_i: u32,
        /// Factor of restored elements, 14 fraction bits.
        scale_i: u32,
        /// M of the engine's command.
        dim_m_i: u32,
        /// A GEMM starts.
        start_i: bool,
        /// The tile at the head of the repeat FIFO is run again.
        repeat_i: bool,
        /// Results of the engine.
        s_axis_result_tvalid_i: bool,
        /// C int32.
        s_axis_result_tdata_i: Vec<u32>,
        /// Four bits per column.
        s_axis_result_tkeep_i: Vec<u32>,
        /// Last row of a tile.
        s_axis_result_tlast_i: bool,
        /// {column flags, row flag, mask of the row}.
        s_axis_result_tuser_i: Vec<u32>,
        /// The tile has a non-empty mask.
        tile_masked_i: bool,
        /// The tile has flags in one direction only.
        tile_unlocated_i: bool,
        /// Results after rollback.
        m_axis_result_tready_i: bool,
        /// A repeated tile is done.
        repeat_ready_i: bool,
        /// AXI4 write address.
        m_axi_awready_i: bool,
        /// AXI4 write data.
        m_axi_wready_i: bool,
        /// AXI4 write response.
        m_axi_bvalid_i: bool,
        /// Bit 1: error.
        m_axi_bresp_i: u32,
        /// AXI4 read address.
        m_axi_arready_i: bool,
        /// AXI4 read data.
        m_axi_rvalid_i: bool,
        /// B bytes.
        m_axi_rdata_i: Vec<u32>,
        /// Bit 1: error.
        m_axi_rresp_i: u32,
        /// Last beat of a burst.
        m_axi_rlast_i: bool,
    }
}

signals! {
    /// Output pins of the recovery unit.
    pub struct RecoveryOutputs {
        /// Results of the engine.
        s_axis_result_tready_o: bool,
        /// Results after rollback.
        m_axis_result_tvalid_o: bool,
        /// C int32.
        m_axis_result_tdata_o: Vec<u32>,
        /// Four bits per column.
        m_axis_result_tkeep_o: Vec<u32>,
        /// Last row of a tile.
        m_axis_result_tlast_o: bool,
        /// {rolled back, repeated later, tuser of the engine}.
        m_axis_result_tuser_o: Vec<u32>,
        /// A tile is to be run again.
        repeat_valid_o: bool,
        /// Its row of tiles.
        repeat_tile_m_o: u32,
        /// Its position in that row.
        repeat_tile_n_o: u32,
        /// No tile inside, no read or write outstanding.
        idle_o: bool,
        /// An error response.
        axi_error_o: bool,
        /// Tiles rolled back.
        rollbacks_o: u64,
        /// Elements replaced.
        restored_o: u64,
        /// Tiles to be recomputed.
        recomputes_o: u64,
        /// Tiles kept although flagged.
        kept_o: u64,
        /// Those for which the repeat FIFO had no room.
        overflows_o: u64,
        /// Tiles written as checkpoints.
        checkpoints_o: u64,
        /// Cycles in which a result waits.
        stall_cycles_o: u64,
        /// Cycles from a rolled-back tile's first beat to its acceptance.
        recovery_cycles_o: u64,
        /// Error responses.
        axi_errors_o: u64,
        /// AXI4 write address.
        m_axi_awvalid_o: bool,
        /// Byte address.
        m_axi_awaddr_o: u32,
        /// Beats - 1.
        m_axi_awlen_o: u32,
        /// log2 of the bytes of a beat.
        m_axi_awsize_o: u32,
        /// INCR.
        m_axi_awburst_o: u32,
        /// AXI4 write data.
        m_axi_wvalid_o: bool,
        /// B bytes.
        m_axi_wdata_o: Vec<u32>,
        /// All ones.
        m_axi_wstrb_o: u64,
        /// Last beat of a burst.
        m_axi_wlast_o: bool,
        /// AXI4 write response.
        m_axi_bready_o: bool,
        /// AXI4 read address.
        m_axi_arvalid_o: bool,
        /// Byte address.
        m_axi_araddr_o: u32,
        /// Beats - 1.
        m_axi_arlen_o: u32,
        /// log2 of the bytes of a beat.
        m_axi_arsize_o: u32,
        /// INCR.
        m_axi_arburst_o: u32,
        /// AXI4 read data.
        m_axi_rready_o: bool,
    }
}
