//! Simulation of many operand pairs at once, one a bit lane: for volume.

mod kernel;
mod lanes;
mod plan;
mod words;

pub use lanes::{LANES, Lanes};
pub(in crate::timing) use words::each_mask;
pub(super) use words::transpose;
pub use words::word_planes;

use super::model::DelayModel;
use plan::Plan;

/// Simulates [`LANES`] transitions at a time, exactly as
/// [`super::EventDriven`] does with [`super::Pulses::Transport`].
///
/// A waveform is one word of lanes per time step, in which a literal with
/// delays r (rising) and f (falling) is the conjunction of its source at the
/// steps t − r ..= t − f where r ≥ f, else the disjunction of t − f ..= t − r.
pub struct Parallel<'m> {
    model: &'m DelayModel,
    periods: Vec<u32>,
    plan: Plan,
    /// Waveforms, as the plan has them.
    store: Vec<Lanes>,
    /// Settled values of all nodes.
    settled: Vec<Lanes>,
    /// Delayed literals of one gate.
    scratch: Vec<Lanes>,
    /// Wrong bits, `[period][output]`.
    wrong: Vec<Lanes>,
}

impl<'m> Parallel<'m> {
    /// A simulator that watches what clock edges capture after `periods` steps,
    /// in ascending order. The longer the shortest of them, the less there is to do.
    ///
    /// # Panics
    /// When there is no period, or they do not ascend.
    pub fn new(model: &'m DelayModel, periods: &[u32]) -> Self {
        assert!(!periods.is_empty() && periods.is_sorted(), "{periods:?}");
        let plan = Plan::new(model, periods[0]);
        Self {
            model,
            periods: periods.to_vec(),
            store: vec![Lanes::default(); plan.store],
            settled: vec![Lanes::default(); model.nodes()],
            scratch: vec![Lanes::default(); plan.longest * kernel::MOST_OPERANDS],
            wrong: vec![Lanes::default(); periods.len() * model.outputs()],
            plan,
        }
    }

    /// Clock periods in steps.
    pub fn periods(&self) -> &[u32] {
        &self.periods
    }

    /// Words of lanes that one simulation computes.
    pub fn steps(&self) -> usize {
        self.plan.steps()
    }

    /// Goes from the settled state of `old` register bits to `new` ones, in
    /// every lane.
    ///
    /// # Panics
    /// When there are fewer bits than the model has inputs.
    pub fn run(&mut self, old: &[Lanes], new: &[Lanes]) {
        let inputs = self.model.inputs();
        let (old, new) = (&old[..inputs], &new[..inputs]);
        kernel::simulate(self, old, new);
    }

    /// The outputs' final states.
    pub fn settled(&self) -> &[Lanes] {
        &self.settled[self.model.capture(0)..]
    }

    /// The lanes in which each output is captured in another than its final
    /// state, with the clock period at a place in [`Parallel::periods`].
    pub fn wrong(&self, period: usize) -> &[Lanes] {
        let outputs = self.model.outputs();
        &self.wrong[period * outputs..(period + 1) * outputs]
    }
}
