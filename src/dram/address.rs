//! Byte addresses to banks and rows, and requests to bursts.

use super::Device;

/// Where a byte address lies. The address wraps at the device's capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// Row of the bank.
    pub row: u64,
    /// Bank within its group.
    pub bank: u64,
    /// Bank group.
    pub bank_group: u64,
    /// Burst within the row.
    pub column: u64,
}

impl Location {
    pub(super) fn of(device: &Device, address: u64) -> Self {
        let mut rest = address / device.burst_bytes;
        let mut take = |count: u64| {
            let part = rest % count;
            rest /= count;
            part
        };
        Self {
            column: take(device.row_bytes / device.burst_bytes),
            bank_group: take(device.bank_groups),
            bank: take(device.banks_per_group),
            row: take(device.rows),
        }
    }

    /// Number of the bank among all of the channel, in the order of addresses.
    pub fn flat_bank(&self, device: &Device) -> usize {
        (self.bank * device.bank_groups + self.bank_group) as usize
    }
}

/// The addresses of the bursts that a request takes, ascending, each aligned to
/// a burst: also a single byte moves a whole burst.
#[derive(Clone, Debug)]
pub struct Bursts {
    next: u64,
    left: u64,
    step: u64,
}

impl Bursts {
    /// The bursts of `bytes` bytes from `address` on.
    pub fn new(device: &Device, address: u64, bytes: u32) -> Self {
        let step = device.burst_bytes;
        let offset = address % step;
        let left = match bytes {
            0 => 0,
            _ => (offset + u64::from(bytes)).div_ceil(step),
        };
        Self {
            next: address - offset,
            left,
            step,
        }
    }
}

impl Iterator for Bursts {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        self.left = self.left.checked_sub(1)?;
        let address = self.next;
        self.next += self.step;
        Some(address)
    }
}
