//! When faults strike: a fault names a row of a pass and a PE, and hits when
//! that row has reached the PE.

use super::abi;
use super::rtl_run::register_number;
use crate::fault::Register;
use std::collections::{BTreeMap, VecDeque};

/// The transient faults of a GEMM, struck as its rows enter the array.
#[derive(Default)]
pub(super) struct Calendar {
    /// Faults of rows that have not entered yet.
    waiting: VecDeque<abi::Flip>,
    /// Rows that have entered, checksum rows included.
    entered: u64,
    /// Faults by the cycle whose closing edge captures the value that they change.
    due: BTreeMap<u64, Vec<abi::Flip>>,
}

impl Calendar {
    /// Faults sorted by the row that they hit.
    pub fn new(flips: Vec<abi::Flip>) -> Self {
        Self {
            waiting: flips.into(),
            ..Self::default()
        }
    }

    /// A row enters the array in a cycle: it is at PE (r, c) r + c + 1 cycles
    /// later, and its psum another cycle later.
    pub fn enter(&mut self, cycle: u64) {
        while self
            .waiting
            .front()
            .is_some_and(|flip| flip.stream_row == self.entered)
        {
            let flip = self.waiting.pop_front().expect("just seen");
            let is_psum = flip.register == register_number(Register::Psum);
            let edge = cycle + 1 + u64::from(flip.pe_row + flip.pe_column) + u64::from(is_psum);
            self.due.entry(edge).or_default().push(flip);
        }
        self.entered += 1;
    }

    /// The faults that strike after the edge that closes a cycle.
    pub fn strike(&mut self, cycle: u64) -> Vec<abi::Flip> {
        self.due.remove(&cycle).unwrap_or_default()
    }
}
