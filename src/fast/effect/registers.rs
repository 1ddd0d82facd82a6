//! An operand on its way through a line of PEs, upset where a register flips.

use crate::fault::{Fault, Register};

/// Flips an int8 register.
pub(super) fn flip(value: i8, xor: u32) -> i8 {
    (value as u8 ^ xor as u8) as i8
}

/// An activation with its valid bit, travelling east along a row of PEs.
#[derive(Clone, Copy)]
pub(super) struct Activation {
    value: i8,
    valid: bool,
}

impl Activation {
    pub fn new(value: i8) -> Self {
        Self { value, valid: true }
    }

    /// What the registers of a PE make of it.
    pub fn pass(&mut self, fault: &Fault) {
        match fault.site.register {
            Register::Activation => self.value = flip(self.value, fault.xor),
            Register::Valid => self.valid ^= fault.xor & 1 == 1,
            Register::Weight | Register::Psum => {}
        }
    }

    /// What the multiplier sees.
    pub fn factor(self) -> i8 {
        if self.valid { self.value } else { 0 }
    }
}
