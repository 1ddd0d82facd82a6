//! The accelerator's surroundings wired to its pins.

use super::{
    Host, HostView, MasterPins, MemoryPort, OperandFeed, ReceivedTile, Regulator, Sink, Source,
};
use crate::golden::clocked::{TopInputs, TopOutputs};

/// Everything around the accelerator. `L` is the latency of the memory, see
/// [`MemoryPort`].
pub struct Board<L> {
    /// Programs the accelerator.
    pub host: Host,
    /// Behind the memory port.
    pub memory: MemoryPort<L>,
    /// Supply of the array.
    pub regulator: Regulator,
    /// Clock of the array.
    pub pll: Regulator,
    act: Source,
    weight: Source,
    sink: Sink,
    feed: Option<OperandFeed>,
    received: Vec<ReceivedTile>,
    /// Tiles that come again, in this order.
    repeats: Vec<usize>,
    last: TopOutputs,
}

/// A beat of the activation stream entered the array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    /// It was the last of its pass.
    pub ends_pass: bool,
}

impl<L: FnMut(u64, bool, u32, u32) -> u64> Board<L> {
    /// Wires the parts.
    pub fn new(
        host: Host,
        memory: MemoryPort<L>,
        (regulator, pll): (Regulator, Regulator),
        (act, weight): (Source, Source),
        sink: Sink,
    ) -> Self {
        Self {
            host,
            memory,
            regulator,
            pll,
            act,
            weight,
            sink,
            feed: None,
            received: Vec::new(),
            repeats: Vec::new(),
            last: TopOutputs::default(),
        }
    }

    /// Puts the operands of a GEMM on the streams.
    pub fn stream(&mut self, feed: OperandFeed) {
        for tile in 0..feed.tiling().len() {
            self.act.push(feed.act_beats(tile));
            self.weight.push(feed.weight_beats(tile));
        }
        self.feed = Some(feed);
        self.received.clear();
        self.repeats.clear();
    }

    /// The tiles received since the last [`Board::stream`], each with its number.
    pub fn received(&self) -> Vec<(usize, &ReceivedTile)> {
        let tiles = self.feed.as_ref().map_or(0, |feed| feed.tiling().len());
        let numbers = (0..tiles).chain(self.repeats.iter().copied());
        numbers.zip(&self.received).collect()
    }

    /// Beats that were not taken.
    pub fn beats_left(&self) -> usize {
        self.act.left() + self.weight.left()
    }

    /// What drives the accelerator in a cycle.
    pub fn drive(&mut self, cycle: u64) -> TopInputs {
        let host = self.host.drive(cycle);
        let memory = self.memory.step(cycle, &MasterPins::from(&self.last));
        let act = self.act.offer(cycle);
        let weight = self.weight.offer(cycle);
        let words = |beat: Option<&super::Beat>| beat.map(|beat| beat.words.clone());
        TopInputs {
            s_axil_awvalid_i: host.awvalid,
            s_axil_awaddr_i: host.awaddr,
            s_axil_awprot_i: 0,
            s_axil_wvalid_i: host.wvalid,
            s_axil_wdata_i: host.wdata,
            s_axil_wstrb_i: 0xf,
            s_axil_bready_i: host.bready,
            s_axil_arvalid_i: host.arvalid,
            s_axil_araddr_i: host.araddr,
            s_axil_arprot_i: 0,
            s_axil_rready_i: host.rready,
            s_axis_act_tvalid_i: act.is_some(),
            s_axis_act_tdata_i: words(act).unwrap_or_default(),
            s_axis_weight_tvalid_i: weight.is_some(),
            s_axis_weight_tdata_i: words(weight).unwrap_or_default(),
            m_axis_result_tready_i: self.sink.ready(cycle),
            m_axi_awready_i: memory.awready,
            m_axi_wready_i: memory.wready,
            m_axi_bvalid_i: memory.bvalid,
            m_axi_bresp_i: memory.bresp,
            m_axi_arready_i: memory.arready,
            m_axi_rvalid_i: memory.rvalid,
            m_axi_rdata_i: memory.rdata.clone(),
            m_axi_rresp_i: memory.rresp,
            m_axi_rlast_i: memory.rlast,
            voltage_ack_i: self.regulator.ack(),
            frequency_ack_i: self.pll.ack(),
        }
    }

    /// What the accelerator showed in that cycle.
    pub fn observe(&mut self, inputs: &TopInputs, outputs: &TopOutputs) -> Option<Entered> {
        self.host.observe(&HostView {
            awready: outputs.s_axil_awready_o,
            wready: outputs.s_axil_wready_o,
            bvalid: outputs.s_axil_bvalid_o,
            bresp: outputs.s_axil_bresp_o,
            arready: outputs.s_axil_arready_o,
            rvalid: outputs.s_axil_rvalid_o,
            rdata: outputs.s_axil_rdata_o,
            rresp: outputs.s_axil_rresp_o,
            irq: outputs.irq_o,
        });
        self.regulator
            .tick(outputs.voltage_code_o as u8, outputs.voltage_req_o);
        self.pll
            .tick(outputs.frequency_code_o as u8, outputs.frequency_req_o);
        if inputs.s_axis_weight_tvalid_i && outputs.s_axis_weight_tready_o {
            self.weight.taken();
        }
        let entered =
            (inputs.s_axis_act_tvalid_i && outputs.s_axis_act_tready_o).then(|| Entered {
                ends_pass: self.act.taken().ends_pass,
            });
        if outputs.m_axis_result_tvalid_o && inputs.m_axis_result_tready_i {
            self.take_result(outputs);
        }
        self.last = outputs.clone();
        entered
    }

    fn take_result(&mut self, outputs: &TopOutputs) {
        let (data, user) = (
            &outputs.m_axis_result_tdata_o,
            &outputs.m_axis_result_tuser_o,
        );
        let Some(tile) = self.sink.take(data, user, outputs.m_axis_result_tlast_o) else {
            return;
        };
        if let Some(feed) = &self.feed
            && tile.repeated_later(data.len())
        {
            // Its operands are streamed again behind all others.
            let number = self.received.len();
            self.act.push(feed.act_beats(number));
            self.weight.push(feed.weight_beats(number));
            self.repeats.push(number);
        }
        self.received.push(tile);
    }
}
