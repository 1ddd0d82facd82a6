//! A circuit between two clock edges: gates whose inputs are delayed by whole
//! time steps.

use super::cover::{Cover, Literal, MOST_INPUTS, Step};
use crate::timing::TimingError;
use crate::timing::liberty::{Direction, Edge, PerEdge, Pin};
use crate::timing::netlist::{Circuit, Gate, Net};
use crate::timing::sta::{ArcDelays, Endpoint, StaticTiming};
use std::collections::HashMap;

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

    /// The source's edge that makes the literal's.
    fn cause(&self, edge: Edge) -> Edge {
        if self.inverted { edge.opposite() } else { edge }
    }
}

impl DelayModel {
    /// Takes the delays of static timing, from the flip-flops whose states the
    /// nets `launch` are to `capture`. The model's inputs are the values on these nets, its
    /// outputs what the captured states will show: a flip-flop may keep the complement.
    ///
    /// Delays become whole steps so that along every path they add up to at
    /// most the static arrival's step: arrivals are rounded, not delays.
    ///
    /// # Errors
    /// [`TimingError`] when a net of `launch` is not the state of a flip-flop,
    /// when logic depends on anything else that can change, or a gate has too
    /// many inputs or no delay.
    pub fn new(
        circuit: &Circuit<'_>,
        timing: &StaticTiming,
        launch: &[Net],
        capture: &[Capture<'_>],
        resolution: u32,
    ) -> Result<Self, TimingError> {
        let periods = capture.iter().filter_map(|c| c.end.period());
        let critical = periods.fold(0.0, f64::max);
        if critical <= 0.0 {
            let message = "no path arrives at the capturing flip-flops".to_owned();
            return Err(TimingError::Netlist(message));
        }
        let builder = Builder {
            timing,
            arcs: ArcDelays::new(circuit, &timing.arrivals),
            steps: f64::from(resolution) / critical,
        };
        let mut nodes: HashMap<Net, Node> = HashMap::new();
        let mut launches = Vec::with_capacity(launch.len());
        let mut functions = Vec::new();
        let mut nets = launch.to_vec();
        let mut behind = Vec::new();
        for (node, &net) in launch.iter().enumerate() {
            let outputs = builder.launch(circuit, net)?;
            if let [output] = &outputs[..]
                && output.net == net
            {
                launches.push(output.delay);
                nodes.insert(net, node);
                continue;
            }
            // The state changes as early as any of the outputs does, these the rest later.
            let first = |edge: Edge| outputs.iter().map(|output| output.after(edge)).min();
            let state = Edge::BOTH.map(|edge| first(edge).unwrap_or(0));
            launches.push(state);
            behind.extend(outputs.into_iter().map(|output| (node, state, output)));
        }
        for (node, state, output) in behind {
            let inverted = output.inverted;
            let rest = |edge: Edge| {
                let cause = if inverted { edge.opposite() } else { edge };
                output.delay[edge as usize] - state[cause as usize]
            };
            let rest = Edge::BOTH.map(rest);
            nodes.insert(output.net, nets.len());
            nets.push(output.net);
            functions.push(DelayedFunction::buffer(node, inverted, rest));
        }
        let ends: Vec<Net> = capture.iter().map(|c| c.end.net).collect();
        for index in circuit.cone(&ends) {
            let gate = &circuit.gates[index];
            for (pin, net) in gate.pins(Direction::Output) {
                if let Some(function) = builder.function(gate, pin, &nodes)? {
                    nodes.insert(net, nets.len());
                    nets.push(net);
                    functions.push(function);
                }
            }
        }
        let setups: Vec<PerEdge<i64>> = capture.iter().map(|c| builder.setup(c.end)).collect();
        let least = setups.iter().flatten().copied().min().unwrap_or(0).min(0);
        for (Capture { end, inverted }, setup) in capture.iter().zip(setups) {
            let Some(&source) = nodes.get(&end.net) else {
                let message = format!("the data of flip-flop pin {} never changes", end.pin);
                return Err(TimingError::Netlist(message));
            };
            let [rise, fall] = setup.map(|s| (s - least) as u32);
            let setup = if *inverted {
                [fall, rise]
            } else {
                [rise, fall]
            };
            functions.push(DelayedFunction::buffer(source, *inverted, setup));
            nets.push(end.net);
        }
        let mut model = Self {
            resolution,
            critical,
            setup_offset: -least as u32,
            launches,
            functions,
            captures: capture.len(),
            latest: Vec::new(),
            earliest: Vec::new(),
            nets,
        };
        model.bound();
        Ok(model)
    }

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
                    let of_source = self.latest[literal.source][literal.cause(edge) as usize];
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

    /// Last step at which a clock edge could find output `index` unsettled,
    /// by the delays in steps.
    pub fn bound_of(&self, index: usize) -> u32 {
        self.last_change(self.capture(index)) - self.setup_offset
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

/// What a capturing flip-flop takes in.
#[derive(Clone, Copy, Debug)]
pub struct Capture<'e> {
    /// Its data pin.
    pub end: &'e Endpoint,
    /// Whether the register shows the complement of that.
    pub inverted: bool,
}

/// An output of a flip-flop.
struct Launched {
    net: Net,
    /// Whether it is the complement of the register bit.
    inverted: bool,
    /// From the clock, by its own edge.
    delay: PerEdge<u32>,
}

impl Launched {
    /// From the clock, by the edge of the register bit.
    fn after(&self, edge: Edge) -> u32 {
        let own = if self.inverted { edge.opposite() } else { edge };
        self.delay[own as usize]
    }
}

struct Builder<'c> {
    timing: &'c StaticTiming,
    arcs: ArcDelays<'c>,
    /// Steps per ns.
    steps: f64,
}

impl Builder<'_> {
    fn step(&self, time: f64) -> i64 {
        (time * self.steps).round() as i64
    }

    /// The steps from a net's latest arrival to something `delay` later.
    fn after(&self, net: Net, edge: Edge, delay: f64) -> i64 {
        let arrival = self.timing.arrivals.arrival(net, edge).unwrap_or(0.0);
        self.step(arrival + delay) - self.step(arrival)
    }

    /// The outputs of the flip-flop whose state a net is.
    fn launch(&self, circuit: &Circuit<'_>, net: Net) -> Result<Vec<Launched>, TimingError> {
        let Some(state) = circuit.state_of(net) else {
            let name = |(name, bits): &(String, Vec<Net>)| {
                let bit = bits.iter().position(|b| *b == net)?;
                Some(format!("{name}[{bit}]"))
            };
            let name = circuit.netlist.signals.iter().find_map(name);
            return Err(TimingError::Netlist(format!(
                "register bit {} is not the state of a flip-flop",
                name.unwrap_or_else(|| format!("{net:?}"))
            )));
        };
        let gate = &circuit.gates[state.gate];
        let complement = |net: Net| gate.shows_complement(net);
        let of_net = complement(state.output).map(|c| c ^ state.inverted);
        let launched = |(pin, net): (&Pin, Net)| {
            let delays = self.arcs.launch(gate, &pin.name);
            let whole = |delay: Option<f64>| delay.map(|d| self.step(d).max(0) as u32);
            match (delays.map(whole), complement(net), of_net) {
                ([Some(rise), Some(fall)], Some(own), Some(of_net)) => Ok(Launched {
                    net,
                    inverted: own != of_net,
                    delay: [rise, fall],
                }),
                _ => Err(refuse(gate, "its output has no delay for one of its edges")),
            }
        };
        gate.pins(Direction::Output).map(launched).collect()
    }

    /// The function of an output that can change.
    fn function(
        &self,
        gate: &Gate<'_>,
        pin: &Pin,
        nodes: &HashMap<Net, Node>,
    ) -> Result<Option<DelayedFunction>, TimingError> {
        let Some(function) = &pin.function else {
            return Err(refuse(gate, "an output has no function"));
        };
        let names = function.inputs();
        if names.len() > MOST_INPUTS {
            let message = format!("it has {} inputs; expected {MOST_INPUTS}", names.len());
            return Err(refuse(gate, &message));
        }
        let net = |name: &String| gate.net(name).unwrap_or(Net::ZERO);
        let known: Vec<_> = names.iter().map(|n| self.arcs.constant(net(n))).collect();
        let Ok(cover) = Cover::of(function, &known) else {
            return Ok(None);
        };
        let mut literals = Vec::with_capacity(cover.literals.len());
        for literal in &cover.literals {
            let from = &names[literal.input];
            let Some(&source) = nodes.get(&net(from)) else {
                let message = format!("its input {from} is not of the registers that are timed");
                return Err(refuse(gate, &message));
            };
            let delays = self.arcs.between(gate, from, &pin.name);
            let delay = |edge: Edge| {
                let cause = if literal.inverted {
                    edge.opposite()
                } else {
                    edge
                };
                let at = |cause: Edge| {
                    let delay = delays[cause as usize][edge as usize]?;
                    Some(self.after(net(from), cause, delay).max(0) as u32)
                };
                // Where the library has no arc of this sense, the other one serves.
                at(cause).or_else(|| at(cause.opposite())).ok_or_else(|| {
                    let message = format!("it has no delay from {from} to {}", pin.name);
                    refuse(gate, &message)
                })
            };
            literals.push(DelayedLiteral {
                source,
                inverted: literal.inverted,
                delay: [delay(Edge::Rise)?, delay(Edge::Fall)?],
            });
        }
        Ok(Some(DelayedFunction { literals, cover }))
    }

    /// Setup in steps by the data's edge; an edge that never arrives has the
    /// other one's.
    fn setup(&self, end: &Endpoint) -> PerEdge<i64> {
        let of = |edge: Edge| {
            let bound = end.edges[edge as usize]?;
            Some(self.after(end.net, edge, bound.setup))
        };
        Edge::BOTH.map(|edge| of(edge).or_else(|| of(edge.opposite())).unwrap_or(0))
    }
}

fn refuse(gate: &Gate<'_>, message: &str) -> TimingError {
    TimingError::Instance {
        instance: gate.instance.name.clone(),
        cell: gate.cell.name.clone(),
        message: message.to_owned(),
    }
}
