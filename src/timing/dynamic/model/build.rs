//! From the gates of a netlist and their static timing to a [`DelayModel`].

use super::super::cover::{Cover, MOST_INPUTS};
use super::{DelayModel, DelayedFunction, DelayedLiteral, Node};
use crate::timing::TimingError;
use crate::timing::liberty::{Direction, Edge, PerEdge, Pin};
use crate::timing::netlist::{Circuit, Gate, Net};
use crate::timing::sta::{ArcDelays, Endpoint, StaticTiming};
use std::collections::HashMap;

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
        let mut builder = Builder {
            circuit,
            timing,
            arcs: ArcDelays::new(circuit, &timing.arrivals),
            steps: f64::from(resolution) / critical,
            nodes: HashMap::new(),
            launches: Vec::with_capacity(launch.len()),
            functions: Vec::new(),
            nets: launch.to_vec(),
        };
        builder.launch(launch)?;
        builder.gates(capture)?;
        let setup_offset = builder.capture(capture)?;
        let mut model = Self {
            resolution,
            critical,
            setup_offset,
            launches: builder.launches,
            functions: builder.functions,
            captures: capture.len(),
            latest: Vec::new(),
            earliest: Vec::new(),
            nets: builder.nets,
        };
        model.bound();
        Ok(model)
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
        self.delay[edge.inverted_if(self.inverted) as usize]
    }
}

/// A model as far as it is there.
struct Builder<'c> {
    circuit: &'c Circuit<'c>,
    timing: &'c StaticTiming,
    arcs: ArcDelays<'c>,
    /// Steps per ns.
    steps: f64,
    /// Nodes of nets that can change.
    nodes: HashMap<Net, Node>,
    launches: Vec<PerEdge<u32>>,
    functions: Vec<DelayedFunction>,
    /// The net behind every node, also of those to come: all launches.
    nets: Vec<Net>,
}

impl Builder<'_> {
    /// Adds the launching flip-flops, and what their outputs make of their states.
    fn launch(&mut self, launch: &[Net]) -> Result<(), TimingError> {
        let mut behind = Vec::new();
        for (node, &net) in launch.iter().enumerate() {
            let outputs = self.outputs(net)?;
            if let [output] = &outputs[..]
                && output.net == net
            {
                self.launches.push(output.delay);
                self.nodes.insert(net, node);
                continue;
            }
            // The state changes as early as any of the outputs does, these the rest later.
            let first = |edge: Edge| outputs.iter().map(|output| output.after(edge)).min();
            let state = Edge::BOTH.map(|edge| first(edge).unwrap_or(0));
            self.launches.push(state);
            behind.extend(outputs.into_iter().map(|output| (node, state, output)));
        }
        for (node, state, output) in behind {
            let rest = |edge: Edge| {
                output.delay[edge as usize] - state[edge.inverted_if(output.inverted) as usize]
            };
            let rest = Edge::BOTH.map(rest);
            let function = DelayedFunction::buffer(node, output.inverted, rest);
            self.add(output.net, function);
        }
        Ok(())
    }

    /// Adds the gates between launching and capturing flip-flops.
    fn gates(&mut self, capture: &[Capture<'_>]) -> Result<(), TimingError> {
        let ends: Vec<Net> = capture.iter().map(|c| c.end.net).collect();
        for index in self.circuit.cone(&ends) {
            let gate = &self.circuit.gates[index];
            for (pin, net) in gate.pins(Direction::Output) {
                if let Some(function) = self.function(gate, pin)? {
                    self.add(net, function);
                }
            }
        }
        Ok(())
    }

    /// Adds what the capturing flip-flops see; by how many steps that is late, so that no
    /// setup time is negative.
    fn capture(&mut self, capture: &[Capture<'_>]) -> Result<u32, TimingError> {
        let setups: Vec<PerEdge<i64>> = capture.iter().map(|c| self.setup(c.end)).collect();
        let least = setups.iter().flatten().copied().min().unwrap_or(0).min(0);
        for (Capture { end, inverted }, setup) in capture.iter().zip(setups) {
            let Some(&source) = self.nodes.get(&end.net) else {
                let message = format!("the data of flip-flop pin {} never changes", end.pin);
                return Err(TimingError::Netlist(message));
            };
            let [rise, fall] = setup.map(|s| (s - least) as u32);
            let setup = if *inverted {
                [fall, rise]
            } else {
                [rise, fall]
            };
            let function = DelayedFunction::buffer(source, *inverted, setup);
            self.functions.push(function);
            self.nets.push(end.net);
        }
        Ok(-least as u32)
    }

    /// Adds the node of a net.
    fn add(&mut self, net: Net, function: DelayedFunction) {
        self.nodes.insert(net, self.nets.len());
        self.nets.push(net);
        self.functions.push(function);
    }

    fn step(&self, time: f64) -> i64 {
        (time * self.steps).round() as i64
    }

    /// The steps from a net's latest arrival to something `delay` later.
    fn after(&self, net: Net, edge: Edge, delay: f64) -> i64 {
        let arrival = self.timing.arrivals.arrival(net, edge).unwrap_or(0.0);
        self.step(arrival + delay) - self.step(arrival)
    }

    /// The outputs of the flip-flop whose state a net is.
    fn outputs(&self, net: Net) -> Result<Vec<Launched>, TimingError> {
        let circuit = self.circuit;
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
    fn function(&self, gate: &Gate<'_>, pin: &Pin) -> Result<Option<DelayedFunction>, TimingError> {
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
            let Some(&source) = self.nodes.get(&net(from)) else {
                let message = format!("its input {from} is not of the registers that are timed");
                return Err(refuse(gate, &message));
            };
            let delays = self.arcs.between(gate, from, &pin.name);
            let delay = |edge: Edge| {
                let cause = edge.inverted_if(literal.inverted);
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
