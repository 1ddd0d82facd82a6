//! The host: reads and writes registers through AXI4-Lite, one at a time.

use super::Stalls;
use std::collections::VecDeque;

/// What the host does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Writes a register at a byte offset.
    Write(u32, u32),
    /// Reads a register.
    Read(u32),
    /// Waits until the interrupt pin is high.
    WaitInterrupt,
}

/// What came back for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Response {
    /// The operation.
    pub operation: Operation,
    /// Data of a read, else zero.
    pub data: u32,
    /// Whether the accelerator answered OKAY.
    pub okay: bool,
}

/// Pins of the AXI4-Lite port that the host drives, and those it sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostPins {
    /// Write address.
    pub awvalid: bool,
    /// Byte offset.
    pub awaddr: u32,
    /// Write data.
    pub wvalid: bool,
    /// 32 bits.
    pub wdata: u32,
    /// Write response taken.
    pub bready: bool,
    /// Read address.
    pub arvalid: bool,
    /// Byte offset.
    pub araddr: u32,
    /// Read data taken.
    pub rready: bool,
}

/// What the accelerator shows the host in a cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HostView {
    /// Write address taken.
    pub awready: bool,
    /// Write data taken.
    pub wready: bool,
    /// Write response.
    pub bvalid: bool,
    /// 0 is OKAY.
    pub bresp: u32,
    /// Read address taken.
    pub arready: bool,
    /// Read data.
    pub rvalid: bool,
    /// 32 bits.
    pub rdata: u32,
    /// 0 is OKAY.
    pub rresp: u32,
    /// Interrupt.
    pub irq: bool,
}

/// Executes operations in order.
#[derive(Clone, Debug, Default)]
pub struct Host {
    operations: VecDeque<Operation>,
    responses: Vec<Response>,
    stalls: Stalls,
    /// Parts of the present write that were taken: address, data.
    address_done: bool,
    data_done: bool,
    pins: HostPins,
}

impl Host {
    /// A host that hesitates as `stalls` says.
    pub fn new(stalls: Stalls) -> Self {
        Self {
            stalls,
            ..Self::default()
        }
    }

    /// Appends operations.
    pub fn push(&mut self, operations: impl IntoIterator<Item = Operation>) {
        self.operations.extend(operations);
    }

    /// Whether all operations are done.
    pub fn idle(&self) -> bool {
        self.operations.is_empty()
    }

    /// Takes what came back since the last call.
    pub fn responses(&mut self) -> Vec<Response> {
        std::mem::take(&mut self.responses)
    }

    /// Pins in this cycle. Address and data of a write come in any order.
    pub fn drive(&mut self, cycle: u64) -> HostPins {
        let random = self.stalls.random(cycle);
        let go = |bit: u32| self.stalls.chance == 0 || random >> bit & 3 == 0;
        let pins = &mut self.pins;
        match self.operations.front() {
            Some(&Operation::Write(address, data)) => {
                pins.awvalid = !self.address_done && (pins.awvalid || go(0));
                pins.wvalid = !self.data_done && (pins.wvalid || go(2));
                pins.awaddr = address;
                pins.wdata = data;
                pins.bready = self.address_done && self.data_done && go(4);
            }
            Some(&Operation::Read(address)) => {
                pins.arvalid = !self.address_done && (pins.arvalid || go(0));
                pins.araddr = address;
                pins.rready = self.address_done && go(4);
            }
            _ => *pins = HostPins::default(),
        }
        self.pins
    }

    /// What the accelerator showed in this cycle.
    pub fn observe(&mut self, view: &HostView) {
        let Some(&operation) = self.operations.front() else {
            return;
        };
        let pins = &mut self.pins;
        self.address_done |= (pins.awvalid && view.awready) || (pins.arvalid && view.arready);
        self.data_done |= pins.wvalid && view.wready;
        let done = match operation {
            Operation::Write(..) => (pins.bready && view.bvalid).then_some((0, view.bresp)),
            Operation::Read(_) => (pins.rready && view.rvalid).then_some((view.rdata, view.rresp)),
            Operation::WaitInterrupt => view.irq.then_some((0, 0)),
        };
        if let Some((data, resp)) = done {
            self.responses.push(Response {
                operation,
                data,
                okay: resp == 0,
            });
            self.operations.pop_front();
            *pins = HostPins::default();
            self.address_done = false;
            self.data_done = false;
        }
    }
}
