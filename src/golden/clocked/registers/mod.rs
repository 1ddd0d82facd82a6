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
    /// Pulses in this cycle, by port.
    pulses: Vec<&'static str>,
    /// Events as their inputs showed them in the cycle before.
    events: u32,
    /// Upper bits of the counter read last.
    count_high: u32,
    address: Option<u32>,
    /// Data and mask of a write.
    data: Option<(u32, u32)>,
    written: Response,
    read: Response,
    /// `hw_*_i` in this cycle, by port.
    state: HashMap<&'static str, u64>,
}

/// `cfg_x_o`, `hw_x_i` and `x_o` without prefix and suffix.
fn port_of(name: &'static str) -> &'static str {
    let name = &name[..name.len() - 2];
    let bare = name.strip_prefix("cfg_").or(name.strip_prefix("hw_"));
    bare.unwrap_or(name)
}

impl Registers {
    /// The state after reset.
    pub fn new(config: &ArrayConfig) -> Self {
        let map = registers::map();
        Self {
            words: map.iter().map(|r| (r.offset, r.reset(config))).collect(),
            map: map.into_iter().map(|r| (r.offset, r)).collect(),
            pulses: Vec::new(),
            events: 0,
            count_high: 0,
            address: None,
            data: None,
            written: Response::default(),
            read: Response::default(),
            state: HashMap::new(),
        }
    }

    /// Inputs of the hardware's state by port.
    fn look(&mut self, inputs: &RegistersInputs) {
        self.state.clear();
        let (state, mut field, mut shift) = (&mut self.state, usize::MAX, 0);
        inputs.store(&mut |number, word| {
            shift = if number == field { shift + 32 } else { 0 };
            field = number;
            let name = RegistersInputs::NAMES[number];
            if name.starts_with("hw_") {
                *state.entry(port_of(name)).or_default() |= u64::from(word) << shift;
            }
        });
    }

    fn status(&self, field: &Field) -> u32 {
        (self.state[field.port] >> field.port_lsb) as u32 & (u32::MAX >> (32 - field.width))
    }

    /// Performs a read: the response code and the data.
    fn perform_read(&mut self, offset: u32) -> (u32, u32) {
        let Some(register) = self.map.get(&offset) else {
            return (SLVERR, 0);
        };
        let mut word = self.words[&offset];
        for field in register.fields {
            match field.kind {
                Kind::Status => word |= self.status(field) << field.lsb,
                Kind::CountLow => {
                    let count = self.state[field.port];
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
        let word = self.words.get_mut(&offset).expect("every register has one");
        for field in register.fields {
            let mask = mask & field.mask();
            match field.kind {
                Kind::Setting(_) | Kind::Enable => *word = *word & !mask | data & mask,
                Kind::Event => *word &= !(data & mask),
                Kind::Pulse if data & mask != 0 => self.pulses.push(field.port),
                _ => {}
            }
        }
        OKAY
    }

    /// All output ports by name.
    fn ports(&self) -> HashMap<&'static str, Vec<u32>> {
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
        let irq = self.words[&IRQ_STATUS.offset] & self.words[&IRQ_ENABLE.offset] != 0;
        for (port, value) in [
            ("s_axil_awready", u32::from(self.address.is_none())),
            ("s_axil_wready", u32::from(self.data.is_none())),
            ("s_axil_bvalid", u32::from(self.written.valid)),
            ("s_axil_bresp", self.written.resp),
            ("s_axil_arready", u32::from(!self.read.valid)),
            ("s_axil_rvalid", u32::from(self.read.valid)),
            ("s_axil_rdata", self.read.data),
            ("s_axil_rresp", self.read.resp),
            ("irq", u32::from(irq)),
        ] {
            ports.insert(port, vec![value]);
        }
        for port in &self.pulses {
            ports.insert(port, vec![1]);
        }
        ports
    }
}

impl Clocked for Registers {
    type Inputs = RegistersInputs;
    type Outputs = RegistersOutputs;

    fn outputs(&mut self, _: &RegistersInputs) -> RegistersOutputs {
        let ports = self.ports();
        RegistersOutputs::load(&|field| {
            let name = RegistersOutputs::NAMES[field];
            // A pulse that is not there is low.
            ports.get(port_of(name)).map_or(&[0][..], |words| words)
        })
    }

    fn tick(&mut self, inputs: &RegistersInputs) {
        self.look(inputs);
        let starting = self.pulses.contains(&"start");
        self.pulses.clear();

        let accept_address = inputs.s_axil_awvalid_i && self.address.is_none();
        let accept_data = inputs.s_axil_wvalid_i && self.data.is_none();
        let (free, taken) = (!self.written.valid, inputs.s_axil_bready_i);
        let read = inputs.s_axil_arvalid_i && !self.read.valid;

        // What is read is what there was before a simultaneous write.
        if read {
            let (resp, data) = self.perform_read(inputs.s_axil_araddr_i & !3);
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
            let byte = |i: u32| 0xff * (inputs.s_axil_wstrb_i >> i & 1) << (8 * i);
            self.data = Some((inputs.s_axil_wdata_i, (0..4).map(byte).sum()));
        }

        let bit = |field: &Field| (self.state[field.port] as u32 & 1) << field.lsb;
        let events: u32 = IRQ_STATUS.fields.iter().map(bit).sum();
        let status = self.words.get_mut(&IRQ_STATUS.offset);
        *status.expect("every register has a word") |= events & !self.events;
        self.events = events;
    }
}
