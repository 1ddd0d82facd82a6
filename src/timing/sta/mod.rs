//! Static timing: the latest moment at which every flip-flop's data can still
//! change, from the clock edge that launches it.
//!
//! As sign-off tools do it, graph based: rising and falling edges are kept
//! apart; every net has one latest arrival and one slowest transition per
//! edge, which need not come from the same path; a driver's load is the sum of
//! the input capacitances for that edge. Tables are interpolated bilinearly
//! and extrapolated linearly beyond their axes; a negative transition time
//! becomes 0, a negative delay stays. Arcs with a condition count unless
//! constants make it false. Clock edges are steps at time 0, there are no
//! wires, and input ports never change.

mod arcs;
mod arrivals;
mod constants;

pub use arcs::ArcDelays;
pub use arrivals::Arrivals;

use super::TimingError;
use super::liberty::{Direction, Edge, PerEdge, Quantity};
use super::netlist::{Circuit, Gate, Net};

/// One end of paths: a flip-flop's data pin.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    /// Place of the flip-flop among the circuit's gates.
    pub gate: usize,
    /// Its data pin.
    pub pin: String,
    /// The net at the pin.
    pub net: Net,
    /// By the data's edge, where a launched edge can reach the pin.
    pub edges: PerEdge<Option<Bound>>,
}

/// The end of the worst path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// Arrival of the data in ns after the launching clock edge.
    pub arrival: f64,
    /// Setup time in ns; may be negative.
    pub setup: f64,
}

impl Bound {
    /// The shortest clock period, in ns, that this path allows.
    pub fn period(&self) -> f64 {
        self.arrival + self.setup
    }
}

impl Endpoint {
    /// The shortest clock period in ns; `None` where nothing arrives.
    pub fn period(&self) -> Option<f64> {
        let periods = self.edges.iter().flatten().map(Bound::period);
        periods.reduce(f64::max)
    }
}

/// The timing of a circuit at its library's voltage.
#[derive(Clone, Debug)]
pub struct StaticTiming {
    /// Arrivals and transitions of every net.
    pub arrivals: Arrivals,
    /// Data pins of flip-flops that have a setup time.
    pub endpoints: Vec<Endpoint>,
}

impl StaticTiming {
    /// Times a circuit whose flip-flops all work on the same clock edge.
    ///
    /// # Errors
    /// [`TimingError::Instance`] when flip-flops use different edges, have no
    /// delay from the clock, or an asynchronous set or reset that can act.
    pub fn of(circuit: &Circuit<'_>) -> Result<Self, TimingError> {
        let arrivals = Arrivals::of(circuit)?;
        let mut endpoints = Vec::new();
        for &index in &circuit.flip_flops {
            let gate = &circuit.gates[index];
            for (pin, net) in gate.pins(Direction::Input) {
                if pin
                    .setups
                    .iter()
                    .any(|arc| Some(arc.edge) != arrivals.clock_edge())
                {
                    return Err(arrivals::refuse(gate, arrivals::BOTH_EDGES));
                }
                if !pin.setups.is_empty() {
                    endpoints.push(Endpoint {
                        gate: index,
                        pin: pin.name.clone(),
                        net,
                        edges: Edge::BOTH.map(|edge| bound(gate, &pin.name, net, edge, &arrivals)),
                    });
                }
            }
        }
        Ok(Self {
            arrivals,
            endpoints,
        })
    }

    /// The shortest clock period of all endpoints, in ns.
    pub fn period(&self) -> Option<f64> {
        let periods = self.endpoints.iter().filter_map(Endpoint::period);
        periods.reduce(f64::max)
    }

    /// The endpoints of the flip-flops behind the nets, in their order: those of
    /// a register's bits.
    ///
    /// # Errors
    /// [`TimingError::Netlist`] when a net is not the state of a flip-flop.
    pub fn of_register(
        &self,
        circuit: &Circuit<'_>,
        register: &[Net],
    ) -> Result<Vec<&Endpoint>, TimingError> {
        let of = |net: &Net| {
            let gate = circuit.state_of(*net).map(|state| state.gate);
            let mut endpoints = self.endpoints.iter();
            endpoints
                .find(|endpoint| Some(endpoint.gate) == gate)
                .ok_or_else(|| {
                    let message = format!("net {} is not the state of a flip-flop", net.0);
                    TimingError::Netlist(message)
                })
        };
        register.iter().map(of).collect()
    }
}

/// The worst setup of a data edge, where the edge arrives at all.
fn bound(gate: &Gate<'_>, pin: &str, net: Net, edge: Edge, arrivals: &Arrivals) -> Option<Bound> {
    let arrival = arrivals.arrival(net, edge)?;
    let slew = arrivals.slew(net, edge);
    let at = |quantity| match quantity {
        Quantity::ConstrainedSlew | Quantity::InputSlew => slew,
        Quantity::RelatedSlew | Quantity::Load => 0.0,
    };
    let arcs = &gate.cell.pin(pin)?.setups;
    let setups = arcs
        .iter()
        .filter_map(|arc| arc.setup[edge as usize].as_ref());
    let setup = setups.map(|table| table.at(at)).reduce(f64::max)?;
    Some(Bound { arrival, setup })
}

#[cfg(test)]
mod tests;
