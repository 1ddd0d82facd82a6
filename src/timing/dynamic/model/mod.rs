//! A circuit between two clock edges: gates whose inputs are delayed by whole
//! time steps.

mod build;

pub use build::Capture;

use super::cover::{Cover, Literal, Step};
use crate::timing::liberty::{Edge, PerEdge};
use crate::timing::netlist::Net;

/// Place of a signal in a [`DelayModel`].
pub(super) type Node = usize;

/// The combinational logic between launching and capturing flip-flops, in time
/// steps of T_crit / resolution; the delay model is that of the
/// [module](super).
///
/// Nodes are numbered drivers first: the launching flip-flops' outputs, the
/// gates' outputs, and what the capturing flip-flops see.
#[derive(Clone, Debug)]
pub struct DelayModel {
    resolution: u32,
    critical: f64,
    setup_offset: u32,
    pub(super) launches: Vec<PerEdge<u32>>,
    pub(super) functions: Vec<DelayedFunction>,
    captures: usize,
    latest: Vec<PerEdge<u32>>,
    earliest: Vec<u32>,
    nets: Vec<Net>,
}

/// A gate's output: a formula over delayed literals.
#[derive(Clone, Debug)]
pub(super) struct DelayedFunction {
    pub(super) literals: Vec<DelayedLiteral>,
    pub(super) cover: Cover,
}

/// A node or its complement, delayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DelayedLiteral {
    pub(super) source: Node,
    pub(super) inverted: bool,
    /// By the literal's own edge, in steps.
    pub(super) delay: PerEdge<u32>,
}

impl DelayedLiteral {
    /// The longer of the delays, and by how much.
    pub(super) fn spread(&self) -> (u32, u32) {
        let [rise, fall] = self.delay;
        (rise.max(fall), rise.abs_diff(fall))
    }

    /// The shorter of the delays.
    pub(super) fn shortest(&self) -> u32 {
        self.delay[0].min(self.delay[1])
    }
}

impl DelayModel {
    /// A model of nodes given one by one, the last `captures` of which are captured.
    #[cfg(test)]
    pub(super) fn of_parts(
        launches: Vec<PerEdge<u32>>,
        functions: Vec<DelayedFunction>,
        captures: usize,
        resolution: u32,
    ) -> Self {
        let mut model = Self {
            resolution,
            critical: 1.0,
            setup_offset: 0,
            nets: vec![Net::ZERO; launches.len() + functions.len()],
            launches,
            functions,
            captures,
            latest: Vec::new(),
            earliest: Vec::new(),
        };
        model.bound();
        model
    }

    /// Earliest and latest change of every node.
    fn bound(&mut self) {
        for delay in &self.launches {
            self.latest.push(*delay);
            self.earliest.push(delay[0].min(delay[1]));
        }
        for function in &self.functions {
            let (mut latest, mut earliest) = ([0; 2], u32::MAX);
            for literal in &function.literals {
                for edge in Edge::BOTH {
                    let of_source =
                        self.latest[literal.source][edge.inverted_if(literal.inverted) as usize];
                    let at = of_source + literal.delay[edge as usize];
                    latest[edge as usize] = latest[edge as usize].max(at);
                }
                earliest = earliest.min(self.earliest[literal.source] + literal.shortest());
            }
            self.latest.push(latest);
            self.earliest.push(earliest);
        }
    }

    /// Steps of T_crit.
    pub fn resolution(&self) -> u32 {
        self.resolution
    }

    /// T_crit in ns: the longest of arrival plus setup.
    pub fn critical(&self) -> f64 {
        self.critical
    }

    /// Launching flip-flops.
    pub fn inputs(&self) -> usize {
        self.launches.len()
    }

    /// Capturing flip-flops.
    pub fn outputs(&self) -> usize {
        self.captures
    }

    /// Delayed literals of all gates: what a simulation has to follow.
    pub fn literals(&self) -> usize {
        self.functions.iter().map(|f| f.literals.len()).sum()
    }

    pub(super) fn nodes(&self) -> usize {
        self.launches.len() + self.functions.len()
    }

    /// The net behind a node; captures have that of their data pin.
    pub(super) fn net(&self, node: Node) -> Net {
        self.nets[node]
    }

    pub(super) fn function(&self, node: Node) -> Option<&DelayedFunction> {
        self.functions.get(node.checked_sub(self.launches.len())?)
    }

    /// The node of what output `index` captures.
    pub(super) fn capture(&self, index: usize) -> Node {
        self.nodes() - self.captures + index
    }

    pub(super) fn first_change(&self, node: Node) -> u32 {
        self.earliest[node]
    }

    pub(super) fn last_change(&self, node: Node) -> u32 {
        self.latest[node][0].max(self.latest[node][1])
    }

    /// The step of capture nodes that a clock edge at `period` steps sees.
    pub(super) fn captured_at(&self, period: u32) -> u32 {
        period + self.setup_offset
    }
}

impl DelayedFunction {
    /// A node or its complement, with delays by its own edge.
    fn buffer(source: Node, inverted: bool, delay: PerEdge<u32>) -> Self {
        let literal = Literal { input: 0, inverted };
        Self {
            literals: vec![DelayedLiteral {
                source,
                inverted,
                delay,
            }],
            cover: Cover {
                literals: vec![literal],
                formula: vec![Step::Literal(0)],
            },
        }
    }
}
