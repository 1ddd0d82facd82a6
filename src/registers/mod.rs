//! The register interface of the accelerator: one table, from which the
//! SystemVerilog, the documentation and a driver's offsets all follow.

mod markdown;
mod table;

pub use markdown::markdown;
pub use table::*;

use crate::config::ArrayConfig;

/// Bytes of address space that the registers lie in.
pub const ADDRESS_SPACE: u32 = 0x1000;

/// Value of a field after reset.
#[derive(Clone, Copy, Debug)]
pub enum Reset {
    /// The same in every configuration.
    Fixed(u32),
    /// What a configuration says, and under which key.
    Config(&'static str, fn(&ArrayConfig) -> u32),
}

impl Reset {
    /// The value for a configuration.
    pub fn value(&self, config: &ArrayConfig) -> u32 {
        match self {
            Self::Fixed(value) => *value,
            Self::Config(_, value) => value(config),
        }
    }
}

/// Where the value of a field comes from, and what a write does to it.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Read-only, the same for ever.
    Constant(Reset),
    /// Read-only, shows the input `hw_<port>_i`.
    Status,
    /// Read and write, drives the output `cfg_<port>_o`.
    Setting(Reset),
    /// Read and write: whether an event raises the interrupt.
    Enable,
    /// Set when the input `hw_<port>_i` rises; writing 1 clears it.
    Event,
    /// Writing 1 gives a cycle of the output `<port>_o`; reads as 0.
    Pulse,
    /// The lower 32 bits of the counter `hw_<port>_i`; reading keeps the upper ones.
    CountLow,
    /// The upper 16 bits of the counter whose lower bits were read last.
    CountHigh,
}

impl Kind {
    /// The abbreviation in the documentation.
    pub fn access(&self) -> &'static str {
        match self {
            Self::Constant(_) | Self::Status | Self::CountLow | Self::CountHigh => "ro",
            Self::Setting(_) | Self::Enable => "rw",
            Self::Event => "w1c",
            Self::Pulse => "w1s",
        }
    }

    /// Whether writing is anything but an error.
    pub fn writable(&self) -> bool {
        self.access() != "ro"
    }
}

/// Bits of a register that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Name in lower case.
    pub name: &'static str,
    /// Lowest bit in the register.
    pub lsb: u32,
    /// Number of bits.
    pub width: u32,
    /// What it is.
    pub kind: Kind,
    /// Name of the port without prefix and suffix.
    pub port: &'static str,
    /// Lowest bit in the port.
    pub port_lsb: u32,
    /// What it means.
    pub doc: &'static str,
}

impl Field {
    /// A field with a port of its own, named alike.
    pub(crate) const fn new(
        name: &'static str,
        lsb: u32,
        width: u32,
        kind: Kind,
        doc: &'static str,
    ) -> Self {
        Self {
            name,
            lsb,
            width,
            kind,
            port: name,
            port_lsb: 0,
            doc,
        }
    }

    /// The same field as part of a port.
    pub(crate) const fn port(mut self, port: &'static str, port_lsb: u32) -> Self {
        self.port = port;
        self.port_lsb = port_lsb;
        self
    }

    /// Its bits in the register.
    pub fn mask(&self) -> u32 {
        (u32::MAX >> (32 - self.width)) << self.lsb
    }
}

/// A 32-bit register.
#[derive(Clone, Copy, Debug)]
pub struct Register {
    /// Name in upper case.
    pub name: &'static str,
    /// Byte address.
    pub offset: u32,
    /// Whether a write is an error while a GEMM runs.
    pub locked: bool,
    /// What it is for.
    pub doc: &'static str,
    /// Its fields, from bit 0 up.
    pub fields: &'static [Field],
}

impl Register {
    /// Whether some field can be written.
    pub fn writable(&self) -> bool {
        self.fields.iter().any(|field| field.kind.writable())
    }

    /// The field with a name.
    ///
    /// # Panics
    /// When the register has no such field.
    pub fn field(&self, name: &str) -> &'static Field {
        let found = self.fields.iter().find(|field| field.name == name);
        found.unwrap_or_else(|| panic!("{} has no field {name}", self.name))
    }

    /// The value of a field in a word that was read.
    ///
    /// # Panics
    /// When the register has no such field.
    pub fn get(&self, word: u32, name: &str) -> u32 {
        let field = self.field(name);
        (word & field.mask()) >> field.lsb
    }

    /// A word with the value of a field replaced; bits beyond the field are dropped.
    ///
    /// # Panics
    /// When the register has no such field.
    pub fn with(&self, word: u32, name: &str, value: u32) -> u32 {
        let field = self.field(name);
        (word & !field.mask()) | (value << field.lsb & field.mask())
    }

    /// The word after reset, as far as the hardware alone decides it.
    pub fn reset(&self, config: &ArrayConfig) -> u32 {
        let value = |field: &Field| match field.kind {
            Kind::Constant(reset) | Kind::Setting(reset) => reset.value(config) << field.lsb,
            _ => 0,
        };
        self.fields.iter().map(value).sum()
    }
}

/// A 48-bit counter in two registers. Reading `low` keeps the upper bits for
/// the next read of any `high`, so that both belong to the same moment.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    /// Bits 31:0.
    pub low: Register,
    /// Bits 47:32.
    pub high: Register,
}

#[cfg(test)]
mod tests;
