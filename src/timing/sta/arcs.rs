//! Delays of single arcs, at the transitions and loads of static timing.

use super::Arrivals;
use super::constants::Constants;
use crate::timing::liberty::{Cause, DelayArc, Edge, PerEdge, Quantity};
use crate::timing::netlist::{Circuit, Gate, Net};

/// Delays of gates with the slowest transition of every net at their inputs,
/// as static timing uses them.
pub struct ArcDelays<'c> {
    circuit: &'c Circuit<'c>,
    arrivals: &'c Arrivals,
    constants: Constants,
}

impl<'c> ArcDelays<'c> {
    /// Those of a circuit and its arrivals.
    pub fn new(circuit: &'c Circuit<'c>, arrivals: &'c Arrivals) -> Self {
        Self {
            circuit,
            arrivals,
            constants: Constants::of(circuit),
        }
    }

    /// Whether a net can change.
    pub fn changes(&self, net: Net) -> bool {
        self.constants.changes(net)
    }

    /// The value of a net that cannot change; `None` of one that can.
    pub fn constant(&self, net: Net) -> Option<bool> {
        self.constants.value(net)
    }

    /// Delay in ns from an input pin to an output pin, as
    /// `[input edge][output edge]`; `None` where static timing follows no arc.
    /// Of arcs that hold in different states the slowest counts.
    pub fn between(&self, gate: &Gate<'_>, from: &str, to: &str) -> PerEdge<PerEdge<Option<f64>>> {
        let mut delays = [[None; 2]; 2];
        let (Some(pin), Some(input), Some(output)) =
            (gate.cell.pin(to), gate.net(from), gate.net(to))
        else {
            return delays;
        };
        for arc in pin.delays.iter().filter(|arc| arc.from == from) {
            let Cause::Input(sense) = arc.cause else {
                continue;
            };
            let possible = |f| self.constants.evaluate(gate, f).1;
            if !arc.when.as_ref().is_none_or(possible) {
                continue;
            }
            for cause in Edge::BOTH {
                let slew = self.arrivals.slew(input, cause);
                for edge in Edge::BOTH.into_iter().filter(|e| sense.allows(cause, *e)) {
                    let slower = &mut delays[cause as usize][edge as usize];
                    *slower = later(*slower, self.at(arc, slew, edge, output));
                }
            }
        }
        delays
    }

    /// Delay in ns from the clock to an output of a flip-flop, by its edge.
    pub fn launch(&self, gate: &Gate<'_>, to: &str) -> PerEdge<Option<f64>> {
        let (Some(pin), Some(output)) = (gate.cell.pin(to), gate.net(to)) else {
            return [None; 2];
        };
        Edge::BOTH.map(|edge| {
            let clocked = |arc: &&DelayArc| matches!(arc.cause, Cause::Clock(_));
            let arcs = pin.delays.iter().filter(clocked);
            arcs.fold(None, |slowest, arc| {
                later(slowest, self.at(arc, 0.0, edge, output))
            })
        })
    }

    fn at(&self, arc: &DelayArc, slew: f64, edge: Edge, output: Net) -> Option<f64> {
        let load = self.circuit.loads[output.index()][edge as usize];
        let table = arc.delay[edge as usize].as_ref()?;
        Some(table.at(|quantity| match quantity {
            Quantity::Load => load,
            _ => slew,
        }))
    }
}

/// The greater of two, where there are two.
fn later(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}
