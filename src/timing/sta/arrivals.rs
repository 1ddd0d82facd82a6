//! Latest arrivals and slowest transitions.

use super::constants::Constants;
use crate::timing::TimingError;
use crate::timing::liberty::{Cause, DelayArc, Direction, Edge, PerEdge, Quantity};
use crate::timing::netlist::{Circuit, Gate, Net};

/// The latest arrival and the slowest transition of every net, by edge.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    nets: Vec<PerEdge<At>>,
    clock_edge: Option<Edge>,
}

pub(super) const BOTH_EDGES: &str = "flip-flops use both edges of the clock; expected one";

const FORCED: &str =
    "its asynchronous set or reset can act; expected none, or one that constants keep off";

#[derive(Clone, Copy, Debug, PartialEq)]
struct At {
    /// -∞: no launched edge gets here.
    arrival: f64,
    slew: f64,
}

const NEVER: At = At {
    arrival: f64::NEG_INFINITY,
    slew: 0.0,
};

impl Arrivals {
    /// Propagates from the flip-flops' clock pins to every net.
    pub(super) fn of(circuit: &Circuit<'_>) -> Result<Self, TimingError> {
        let constants = Constants::of(circuit);
        let mut arrivals = Self {
            nets: vec![[NEVER; 2]; circuit.netlist.nets],
            clock_edge: None,
        };
        for &index in &circuit.flip_flops {
            let gate = &circuit.gates[index];
            let mut forced = gate.cell.flip_flop.iter().flat_map(|ff| &ff.forced);
            if forced.any(|condition| constants.evaluate(gate, condition).1) {
                return Err(refuse(gate, FORCED));
            }
            for (pin, net) in gate.pins(Direction::Output) {
                let mut launched = false;
                for arc in &pin.delays {
                    let Cause::Clock(edge) = arc.cause else {
                        continue;
                    };
                    if *arrivals.clock_edge.get_or_insert(edge) != edge {
                        return Err(refuse(gate, BOTH_EDGES));
                    }
                    let clock = At {
                        arrival: 0.0,
                        slew: 0.0,
                    };
                    for to in Edge::BOTH {
                        launched |= arrivals.through(arc, clock, to, net, circuit);
                    }
                }
                if !launched {
                    return Err(refuse(gate, "its output has no delay from a clock edge"));
                }
            }
        }
        for &index in &circuit.order {
            let gate = &circuit.gates[index];
            for (pin, net) in gate.pins(Direction::Output) {
                for arc in &pin.delays {
                    let possible = |f| constants.evaluate(gate, f).1;
                    let (Cause::Input(sense), Some(from)) = (arc.cause, gate.net(&arc.from)) else {
                        continue;
                    };
                    if !constants.changes(net)
                        || !constants.changes(from)
                        || !arc.when.as_ref().is_none_or(possible)
                    {
                        continue;
                    }
                    for to in Edge::BOTH {
                        let causes = Edge::BOTH
                            .into_iter()
                            .filter(|edge| sense.allows(*edge, to));
                        for edge in causes {
                            let input = arrivals.nets[from.index()][edge as usize];
                            arrivals.through(arc, input, to, net, circuit);
                        }
                    }
                }
            }
        }
        Ok(arrivals)
    }

    /// Follows one arc to an edge of its output; whether it has such an edge.
    fn through(
        &mut self,
        arc: &DelayArc,
        input: At,
        to: Edge,
        net: Net,
        circuit: &Circuit<'_>,
    ) -> bool {
        let tables = (&arc.delay[to as usize], &arc.transition[to as usize]);
        let (Some(delay), Some(transition)) = tables else {
            return false;
        };
        let load = circuit.loads[net.index()][to as usize];
        let point = |quantity| match quantity {
            Quantity::Load => load,
            _ => input.slew,
        };
        let output = &mut self.nets[net.index()][to as usize];
        output.arrival = output.arrival.max(input.arrival + delay.at(point));
        // A maximum with 0, where the tables' extrapolation is negative.
        output.slew = output.slew.max(transition.at(point));
        true
    }

    /// The clock edge that launches everything; `None` without flip-flops.
    pub fn clock_edge(&self) -> Option<Edge> {
        self.clock_edge
    }

    /// Latest arrival of an edge, in ns after the clock; `None` where no
    /// launched edge gets there.
    pub fn arrival(&self, net: Net, edge: Edge) -> Option<f64> {
        let at = self.nets[net.index()][edge as usize].arrival;
        at.is_finite().then_some(at)
    }

    /// Slowest transition of an edge, in ns.
    pub fn slew(&self, net: Net, edge: Edge) -> f64 {
        self.nets[net.index()][edge as usize].slew
    }
}

pub(super) fn refuse(gate: &Gate<'_>, message: &str) -> TimingError {
    TimingError::Instance {
        instance: gate.instance.name.clone(),
        cell: gate.cell.name.clone(),
        message: message.to_owned(),
    }
}
