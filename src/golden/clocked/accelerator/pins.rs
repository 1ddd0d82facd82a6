//! The pins of `drift_top`.

use crate::golden::clocked::signals;

signals! {
    /// Input pins of the accelerator.
    pub struct TopInputs {
        /// Write address.
        s_axil_awvalid_i: bool,
        /// Byte offset.
        s_axil_awaddr_i: u32,
        /// Ignored.
        s_axil_awprot_i: u32,
        /// Write data.
        s_axil_wvalid_i: bool,
        /// 32 bits.
        s_axil_wdata_i: u32,
        /// Byte strobes.
        s_axil_wstrb_i: u32,
        /// Write response taken.
        s_axil_bready_i: bool,
        /// Read address.
        s_axil_arvalid_i: bool,
        /// Byte offset.
        s_axil_araddr_i: u32,
        /// Ignored.
        s_axil_arprot_i: u32,
        /// Read data taken.
        s_axil_rready_i: bool,
        /// Activation stream.
        s_axis_act_tvalid_i: bool,
        /// R int8.
        s_axis_act_tdata_i: Vec<u32>,
        /// Weight stream.
        s_axis_weight_tvalid_i: bool,
        /// C int8.
        s_axis_weight_tdata_i: Vec<u32>,
        /// Result stream.
        m_axis_result_tready_i: bool,
        /// Memory port, write address taken.
        m_axi_awready_i: bool,
        /// Write data taken.
        m_axi_wready_i: bool,
        /// Write response.
        m_axi_bvalid_i: bool,
        /// 0: okay.
        m_axi_bresp_i: u32,
        /// Read address taken.
        m_axi_arready_i: bool,
        /// Read data.
        m_axi_rvalid_i: bool,
        /// A beat.
        m_axi_rdata_i: Vec<u32>,
        /// 0: okay.
        m_axi_rresp_i: u32,
        /// Last beat of its burst.
        m_axi_rlast_i: bool,
        /// The regulator has reached its code.
        voltage_ack_i: bool,
        /// The PLL has reached its code.
        frequency_ack_i: bool,
    }
}

signals! {
    /// Output pins of the accelerator.
    pub struct TopOutputs {
        /// Write address taken.
        s_axil_awready_o: bool,
        /// Write data taken.
        s_axil_wready_o: bool,
        /// Write response.
        s_axil_bvalid_o: bool,
        /// 0: okay.
        s_axil_bresp_o: u32,
        /// Read address taken.
        s_axil_arready_o: bool,
        /// Read data.
        s_axil_rvalid_o: bool,
        /// 32 bits.
        s_axil_rdata_o: u32,
        /// 0: okay.
        s_axil_rresp_o: u32,
        /// Interrupt.
        irq_o: bool,
        /// Activation stream.
        s_axis_act_tready_o: bool,
        /// Weight stream.
        s_axis_weight_tready_o: bool,
        /// Result stream.
        m_axis_result_tvalid_o: bool,
        /// C int32.
        m_axis_result_tdata_o: Vec<u32>,
        /// Four bits per column.
        m_axis_result_tkeep_o: Vec<u32>,
        /// Last row of a tile.
        m_axis_result_tlast_o: bool,
        /// {rolled back, repeated later, column flags, row flag, mask}.
        m_axis_result_tuser_o: Vec<u32>,
        /// Memory port, write address.
        m_axi_awvalid_o: bool,
        /// Byte address.
        m_axi_awaddr_o: u32,
        /// Beats less one.
        m_axi_awlen_o: u32,
        /// Logarithm of the beat's bytes.
        m_axi_awsize_o: u32,
        /// 1: incrementing.
        m_axi_awburst_o: u32,
        /// Write data.
        m_axi_wvalid_o: bool,
        /// A beat.
        m_axi_wdata_o: Vec<u32>,
        /// Byte strobes.
        m_axi_wstrb_o: u64,
        /// Last beat of its burst.
        m_axi_wlast_o: bool,
        /// Write response taken.
        m_axi_bready_o: bool,
        /// Read address.
        m_axi_arvalid_o: bool,
        /// Byte address.
        m_axi_araddr_o: u32,
        /// Beats less one.
        m_axi_arlen_o: u32,
        /// Logarithm of the beat's bytes.
        m_axi_arsize_o: u32,
        /// 1: incrementing.
        m_axi_arburst_o: u32,
        /// Read data taken.
        m_axi_rready_o: bool,
        /// Code for the regulator.
        voltage_code_o: u32,
        /// It is requested.
        voltage_req_o: bool,
        /// Code for the PLL.
        frequency_code_o: u32,
        /// It is requested.
        frequency_req_o: bool,
    }
}
