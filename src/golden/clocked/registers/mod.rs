//! Clocked model of `drift_registers`: the register table behind AXI4-Lite.
//!
//! Ports are looked up by the names that the table gives them, so that the
//! model has no second list of registers.

mod pins;

pub use pins::{RegistersInputs, RegistersOutputs};

use super::{Clocked, Signals};
use crate::config::ArrayConfig;
use crate::registers::{self, Field, IRQ_ENABLE, IRQ_STATUS, Kind, Register};
use std::collections::HashMap;

const OKAY: u32 = 0;
const SLVERR: u32 = 2;

/// A response on its way to the bus master.
#[derive(Clone, Copy, Debug, Default)]
struct Response {
    valid: bool,
    resp: u32,
    data: u32,
}

/// The registers and the state of the bus.
#[derive(Clone, Debug)]
pub struct Registers {
    map: HashMap<u32, Register>,
    /// Word of every register that holds one, by its offset.
    words: HashMap<u32, u32>,
    /// Events as their inputs showed them in the cycle before.
    events: u32,
    /// Upper bits of the counter read last.
    count_high: u32,
    address: Option<u32>,
    /// Data and mask of a write.
    data: Option<(u32, u32)>,
    written: Response,
    read: Response,
    /// The pins, but for those of the bus.
    shown: RegistersOutputs,
}

/// `cfg_x_o` and `hw_x_i` without prefix and suffix.
fn port_of(name: &'static str) -> &'static str {
    let name = &name[..name.len() - 2];
    let bare = name.strip_prefix("cfg_").or(name.strip_prefix("hw_"));
    bare.unwrap_or(name)
}

impl Registers {
    /// The state after reset.
    pub fn new(config: &ArrayConfig) -> Self {
        let map = registers::map();
        let mut registers = Self {
            words: map.iter().map(|r| (r.offset, r.reset(config))).collect(),
            map: map.into_iter().map(|r| (r.offset, r)).collect(),
            events: 0,
            count_high: 0,
            address: None,
            data: None,
            written: Response::default(),
            read: Response::default(),
            shown: RegistersOutputs::default(),
        };
        registers.shown = registers.settings();
        registers
    }

    /// Performs a read: the response code and the data.
    fn perform_read(&mut self, offset: u32, inputs: &RegistersInputs) -> (u32, u32) {
        let Some(register) = self.map.get(&offset) else {
            return (SLVERR, 0);
        };
        let state = |field: &Field| state(inputs, field.port) >> field.port_lsb;
        let mut word = self.words[&offset];
        for field in register.fields {
            match field.kind {
                Kind::Status => word |= (state(field) as u32) << field.lsb & field.mask(),
                Kind::CountLow => {
                    let count = state(field);
                    word = count as u32;
                    self.count_high = (count >> 32) as u32;
                }
                Kind::CountHigh => word = self.count_high,
                _ => {}
            }
        }
        (OKAY, word)
    }

    /// Performs a write: the response code.
    fn perform_write(&mut self, offset: u32, data: u32, mask: u32, locked: bool) -> u32 {
        let Some(register) = self.map.get(&offset) else {
            return SLVERR;
        };
        if !register.writable() || (register.locked && locked) {
            return SLVERR;
        }
        let mut pulse = None;
        let word = self.words.get_mut(&offset).expect("every register has one");
        for field in register.fields {
            let mask = mask & field.mask();
            match field.kind {
                Kind::Setting(_) | Kind::Enable => *word = *word & !mask | data & mask,
                Kind::Event => *word &= !(data & mask),
                Kind::Pulse if data & mask != 0 => pulse = Some(field.port),
                _ => {}
            }
        }
        self.shown = self.settings();
        match pulse {
            Some("start") => self.shown.start_o = true,
            Some("panic_clear") => self.shown.panic_clear_o = true,
            Some("fault_clear") => self.shown.fault_clear_o = true,
            Some("checkpoint_clear") => self.shown.checkpoint_clear_o = true,
            _ => {}
        }
        OKAY
    }

    /// The settings on their pins.
    fn settings(&self) -> RegistersOutputs {
        let mut ports: HashMap<&'static str, Vec<u32>> = HashMap::new();
        for (offset, register) in &self.map {
            for field in register.fields {
                if let Kind::Setting(_) = field.kind {
                    let value = (self.words[offset] & field.mask()) >> field.lsb;
                    let words = ports.entry(field.port).or_insert_with(|| vec![0; 8]);
                    let (at, shift) = ((field.port_lsb / 32) as usize, field.port_lsb % 32);
                    words[at] |= value << shift;
                    if shift + field.width > 32 {
                        words[at + 1] |= value >> (32 - shift);
                    }
                }
            }
        }
        RegistersOutputs::load(&|field| {
            let port = port_of(RegistersOutputs::NAMES[field]);
            ports.get(port).map_or(&[0][..], |words| words)
        })
    }
}

/// What the input `hw_<port>_i` shows.
fn state(inputs: &RegistersInputs, port: &str) -> u64 {
    let (mut value, mut shift) = (0, 0);
    inputs.store(&mut |number, word| {
        let name = RegistersInputs::NAMES[number];
        if name.starts_with("hw_") && port_of(name) == port {
            value |= u64::from(word) << shift;
            shift += 32;
        }
    });
    value
}

impl Clocked for Registers {
    type Inputs = RegistersInputs;
    type Outputs = RegistersOutputs;

    fn outputs(&mut self, _: &RegistersInputs) -> RegistersOutputs {
        RegistersOutputs {
            s_axil_awready_o: self.address.is_none(),
            s_axil_wready_o: self.data.is_none(),
            s_axil_bvalid_o: self.written.valid,
            s_axil_bresp_o: self.written.resp,
            s_axil_arready_o: !self.read.valid,
            s_axil_rvalid_o: self.read.valid,
            s_axil_rdata_o: self.read.data,
            s_axil_rresp_o: self.read.resp,
            irq_o: self.words[&IRQ_STATUS.offset] & self.words[&IRQ_ENABLE.offset] != 0,
            ..self.shown.clone()
        }
    }

    fn tick(&mut self, inputs: &RegistersInputs) {
        let shown = &mut self.shown;
        let starting = std::mem::take(&mut shown.start_o);
        shown.panic_clear_o = false;
        shown.fault_clear_o = false;
        shown.checkpoint_clear_o = false;

        let accept_address = inputs.s_axil_awvalid_i && self.address.is_none();
        let accept_data = inputs.s_axil_wvalid_i && self.data.is_none();
        let (free, taken) = (!self.written.valid, inputs.s_axil_bready_i);
        let read = inputs.s_axil_arvalid_i && !self.read.valid;

        // What is read is what there was before a simultaneous write.
        if read {
            let (resp, data) = self.perform_read(inputs.s_axil_araddr_i & !3, inputs);
            self.read = Response {
                valid: true,
                resp,
                data,
            };
        } else {
            self.read.valid &= !inputs.s_axil_rready_i;
        }
        match (self.address, self.data) {
            (Some(offset), Some((data, mask))) if free || taken => {
                let locked = inputs.hw_busy_i || starting;
                self.written.resp = self.perform_write(offset, data, mask, locked);
                self.written.valid = true;
                (self.address, self.data) = (None, None);
            }
            _ => self.written.valid &= !taken,
        }
        if accept_address {
            self.address = Some(inputs.s_axil_awaddr_i & !3);
        }
        if accept_data {
            let byte = |i: u32| (0xff * (inputs.s_axil_wstrb_i >> i & 1)) << (8 * i);
            self.data = Some((inputs.s_axil_wdata_i, (0..4).map(byte).sum()));
        }

        let events = IRQ_STATUS.with(0, "done", inputs.hw_done_i.into());
        let events = IRQ_STATUS.with(events, "panic", inputs.hw_panic_i.into());
        let events = IRQ_STATUS.with(events, "dvfs_fault", inputs.hw_dvfs_fault_i.into());
        let events = IRQ_STATUS.with(events, "axi_error", inputs.hw_axi_error_i.into());
        let status = self.words.get_mut(&IRQ_STATUS.offset);
        *status.expect("every register has a word") |= events & !self.events;
        self.events = events;
    }
}
