//! Operand pairs in the bit-parallel simulator, what the gates settle to being checked
//! against the arithmetic.

use super::parallel::{Lanes, Parallel, word_planes};
use super::state::{PeState, planes};
use crate::timing::TimingError;

/// Simulates up to [`LANES`](super::LANES) transitions from `old` to `new`.
///
/// # Errors
/// [`TimingError::Sums`] when the netlist computes another sum.
pub(super) fn run_checked(
    simulator: &mut Parallel<'_>,
    old: &[PeState],
    new: &[PeState],
) -> Result<(), TimingError> {
    simulator.run(&planes(old), &planes(new));
    let expected = word_planes(new.iter().map(|state| state.sum() as u32));
    let differ = |bit: usize| simulator.settled()[bit].xor(expected[bit]);
    let wrong = (0..32).fold(Lanes::default(), |any, bit| any.or(differ(bit)));
    let is_wrong = |lane: &usize| wrong.0[lane / 64] >> (lane % 64) & 1 == 1;
    match (0..new.len()).find(is_wrong) {
        None => Ok(()),
        Some(lane) => Err(TimingError::Sums(new[lane])),
    }
}
