//! Event-driven simulation of one transition: the reference.

use super::model::{DelayModel, Node};
use crate::timing::liberty::Edge;
use std::collections::VecDeque;

/// What happens to pulses that are shorter than a delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pulses {
    /// They pass; only those vanish that the difference of an input's two
    /// delays swallows. This is what [`super::Parallel`] computes.
    Transport,
    /// An input whose pulse is shorter than its delay does not see it.
    Inertial,
}

/// Simulates what follows a clock edge, change by change.
///
/// All changes of a gate's delayed inputs at one step are applied before the
/// gate is evaluated, and gates come drivers first within a step: the order of
/// simultaneous events plays no part.
pub struct EventDriven<'m> {
    model: &'m DelayModel,
    pulses: Pulses,
    values: Vec<bool>,
    /// Literals of all functions, one after the other.
    literals: Vec<LiteralState>,
    first_literal: Vec<usize>,
    /// Literals that a node drives.
    fanout: Vec<Vec<usize>>,
    /// Per step: nodes with a literal, or a launch, that changes then.
    agenda: Vec<Vec<(Node, usize)>>,
    /// Of the captured nodes: steps of their changes and the new values.
    captured: Vec<Vec<(u32, bool)>>,
    edges: Vec<[u64; 2]>,
}

struct LiteralState {
    node: Node,
    inverted: bool,
    delay: [u32; 2],
    value: bool,
    /// Changes to come: step and value, alternating, ascending.
    pending: VecDeque<(u32, bool)>,
}

impl<'m> EventDriven<'m> {
    /// A simulator of a model.
    pub fn new(model: &'m DelayModel, pulses: Pulses) -> Self {
        let mut literals = Vec::new();
        let mut first_literal = Vec::new();
        let mut fanout = vec![Vec::new(); model.nodes()];
        for (index, function) in model.functions.iter().enumerate() {
            first_literal.push(literals.len());
            for literal in &function.literals {
                fanout[literal.source].push(literals.len());
                literals.push(LiteralState {
                    node: model.inputs() + index,
                    inverted: literal.inverted,
                    delay: literal.delay,
                    value: false,
                    pending: VecDeque::new(),
                });
            }
        }
        let last = (0..model.nodes()).map(|node| model.last_change(node)).max();
        Self {
            model,
            pulses,
            values: vec![false; model.nodes()],
            literals,
            first_literal,
            fanout,
            agenda: vec![Vec::new(); last.unwrap_or(0) as usize + 1],
            captured: vec![Vec::new(); model.outputs()],
            edges: vec![[0; 2]; model.nodes()],
        }
    }

    /// Goes from the settled state of `old` register bits to `new` ones.
    ///
    /// # Panics
    /// When there are fewer bits than the model has inputs.
    pub fn run(&mut self, old: &[bool], new: &[bool]) {
        self.settle(old);
        self.captured.iter_mut().for_each(Vec::clear);
        for node in 0..self.model.inputs() {
            if old[node] != new[node] {
                let edge = if new[node] { Edge::Rise } else { Edge::Fall };
                let at = self.model.launches[node][edge as usize];
                self.agenda[at as usize].push((node, usize::MAX));
            }
        }
        for now in 0..self.agenda.len() {
            let mut due = std::mem::take(&mut self.agenda[now]);
            due.sort_unstable();
            let mut at = 0;
            while at < due.len() {
                let node = due[at].0;
                while let Some(&(_, literal)) = due.get(at).filter(|entry| entry.0 == node) {
                    at += 1;
                    if let Some(state) = self.literals.get_mut(literal)
                        && state.pending.front().is_some_and(|p| p.0 as usize == now)
                        && let Some((_, value)) = state.pending.pop_front()
                    {
                        state.value = value;
                    }
                }
                let value = match self.model.function(node) {
                    None => new[node],
                    Some(_) => self.evaluate(node),
                };
                if value != self.values[node] {
                    self.values[node] = value;
                    self.change(node, now as u32);
                    // Delays of zero steps: gates further on in this step.
                    let more = std::mem::take(&mut self.agenda[now]);
                    if !more.is_empty() {
                        due.extend(more);
                        due[at..].sort_unstable();
                    }
                }
            }
            due.clear();
            self.agenda[now] = due;
        }
    }

    /// Everything as it is long after the registers hold `state`.
    fn settle(&mut self, state: &[bool]) {
        let inputs = self.model.inputs();
        self.values[..inputs].copy_from_slice(&state[..inputs]);
        for node in inputs..self.model.nodes() {
            self.values[node] = match self.model.function(node) {
                None => continue,
                Some(function) => {
                    let first = self.first_literal[node - self.model.inputs()];
                    for (place, literal) in function.literals.iter().enumerate() {
                        let of_literal = &mut self.literals[first + place];
                        of_literal.value = self.values[literal.source] != literal.inverted;
                        of_literal.pending.clear();
                    }
                    self.evaluate(node)
                }
            };
        }
    }

    fn evaluate(&self, node: Node) -> bool {
        let index = node - self.model.inputs();
        let first = self.first_literal[index];
        let cover = &self.model.functions[index].cover;
        cover.evaluate(|n| self.literals[first + n].value)
    }

    /// A node has changed: its literals change later, unless the change that
    /// they were about to make is overtaken.
    fn change(&mut self, node: Node, now: u32) {
        let value = self.values[node];
        let edge = if value { Edge::Rise } else { Edge::Fall };
        self.edges[node][edge as usize] += 1;
        let first_capture = self.model.capture(0);
        if node >= first_capture {
            self.captured[node - first_capture].push((now, value));
        }
        for &index in &self.fanout[node] {
            let literal = &mut self.literals[index];
            let value = value != literal.inverted;
            let at = now + literal.delay[usize::from(!value)];
            let horizon = match self.pulses {
                Pulses::Transport => at,
                Pulses::Inertial => now,
            };
            while literal.pending.back().is_some_and(|p| p.0 >= horizon) {
                literal.pending.pop_back();
            }
            let last = literal.pending.back().map_or(literal.value, |p| p.1);
            if last != value {
                literal.pending.push_back((at, value));
                self.agenda[at as usize].push((literal.node, index));
            }
        }
    }

    /// What output `index` captures with a clock period of `period` steps, after
    /// [`EventDriven::run`].
    pub fn captured(&self, index: usize, period: u32) -> bool {
        let at = self.model.captured_at(period);
        let changes = &self.captured[index];
        let later = changes.iter().find(|(step, _)| *step > at);
        // Before a change there is the opposite of what it makes.
        later.map_or_else(|| self.settled(index), |(_, value)| !value)
    }

    /// What output `index` is in the end.
    pub fn settled(&self, index: usize) -> bool {
        self.values[self.model.capture(index)]
    }

    /// The shortest clock period in steps with which output `index` is captured
    /// in its final state, as are all longer ones; 0 where nothing changes.
    pub fn settled_after(&self, index: usize) -> u32 {
        let last = self.captured[index].last();
        last.map_or(0, |(step, _)| {
            step.saturating_sub(self.model.captured_at(0))
        })
    }

    /// Rising and falling edges of every node since the simulator was made.
    pub(super) fn edges(&self) -> &[[u64; 2]] {
        &self.edges
    }
}
