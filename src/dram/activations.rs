//! Row activations of a list of requests, without time.

use super::{Bursts, Device};

/// How many rows an open-page controller opens for requests of (byte address,
/// bytes), served in order, where all banks are precharged at first. Refreshes,
/// which close rows as well, are left out: a [`super::Memory`] has them.
pub fn activations(device: &Device, requests: impl IntoIterator<Item = (u64, u32)>) -> u64 {
    let mut open = vec![None; device.banks()];
    let mut activations = 0;
    for (address, bytes) in requests {
        for burst in Bursts::new(device, address, bytes) {
            let location = device.locate(burst);
            let row = &mut open[location.flat_bank(device)];
            if *row != Some(location.row) {
                *row = Some(location.row);
                activations += 1;
            }
        }
    }
    activations
}
