//! Energy of a multiply-add.

use super::event::{EventDriven, Pulses};
use super::model::DelayModel;
use super::operands::{Operands, Pairs};
use super::state::PeState;
use crate::tech::Energy;
use crate::timing::TimingError;
use crate::timing::liberty::{Cell, Direction, Edge, Function, InternalPower, Pin, Quantity};
use crate::timing::netlist::{Circuit, Gate, Net};
use crate::timing::sta::StaticTiming;
use std::collections::HashMap;

/// Energy of one PE in one cycle, at the voltage of the circuit's library.
///
/// Switching: for every edge of every net of the multiply-add and its registers
/// ½CV² of its load, the internal energy of its driver, and that of the inputs
/// that it drives. Of internal energies that hold in different states, or are
/// caused by different inputs, the mean is taken, the latter weighted by how
/// often the inputs change. Edges are counted with inertial delays: pulses that
/// a gate would not pass do not cost.
///
/// Clock: the clock pins of the flip-flops `registers`, both edges, at an ideal
/// clock's transition of 0. Leakage: the cells of the multiply-add and the
/// registers.
///
/// # Errors
/// [`TimingError`] when operands cannot be read.
pub fn energy_per_mac(
    circuit: &Circuit<'_>,
    timing: &StaticTiming,
    model: &DelayModel,
    registers: &[usize],
    voltage: f64,
    operands: &mut Operands<'_>,
    vectors: u64,
) -> Result<Energy, TimingError> {
    let mut simulator = EventDriven::new(model, Pulses::Inertial);
    let mut pairs = Pairs::default();
    let mut done = 0;
    while done < vectors {
        pairs.fill(operands)?;
        for (old, new) in pairs.old.iter().zip(&pairs.new) {
            simulator.run(&PeState::bits(old), &PeState::bits(new));
            done += 1;
        }
    }
    let nodes = 0..model.capture(0);
    let edges: HashMap<Net, [u64; 2]> = nodes
        .map(|node| (model.net(node), simulator.edges()[node]))
        .collect();
    let meter = Meter {
        circuit,
        timing,
        edges: &edges,
        half_square: 0.5 * voltage * voltage,
    };
    let ends: Vec<Net> = (0..model.outputs())
        .map(|output| model.net(model.capture(output)))
        .collect();
    let cone = circuit.cone(&ends);
    let launching = circuit.flip_flops.iter().filter(|index| {
        let mut outputs = circuit.gates[**index].pins(Direction::Output);
        outputs.any(|(_, net)| edges.contains_key(&net))
    });
    let drivers = cone.iter().chain(launching);
    let driven: f64 = drivers
        .map(|index| meter.driven(&circuit.gates[*index]))
        .sum();
    let received: f64 = circuit.gates.iter().map(|gate| meter.received(gate)).sum();
    let clock = registers
        .iter()
        .map(|index| meter.clock(&circuit.gates[*index]));
    let leaking = cone.iter().chain(registers);
    let leakage = leaking.map(|index| leakage(circuit.gates[*index].cell));
    Ok(Energy {
        voltage,
        switching_pj: (driven + received) / done as f64,
        clock_pj: clock.sum(),
        leakage_nw: leakage.sum(),
    })
}

struct Meter<'a, 'c> {
    circuit: &'a Circuit<'c>,
    timing: &'a StaticTiming,
    /// Edges that were counted.
    edges: &'a HashMap<Net, [u64; 2]>,
    /// ½V².
    half_square: f64,
}

impl Meter<'_, '_> {
    fn count(&self, net: Option<Net>) -> [u64; 2] {
        net.and_then(|net| self.edges.get(&net).copied())
            .unwrap_or_default()
    }

    /// pJ that the outputs of a gate took.
    fn driven(&self, gate: &Gate<'_>) -> f64 {
        let mut sum = 0.0;
        for (pin, net) in gate.pins(Direction::Output) {
            let counts = self.count(Some(net));
            for edge in Edge::BOTH {
                let load = self.circuit.loads[net.index()][edge as usize];
                let internal = self.internal(gate, pin, net, edge);
                sum += counts[edge as usize] as f64 * (self.half_square * load + internal);
            }
        }
        sum
    }

    /// Mean internal energy of an output's edge, in pJ.
    fn internal(&self, gate: &Gate<'_>, pin: &Pin, net: Net, edge: Edge) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        let mut causes: Vec<&Option<String>> = pin.powers.iter().map(|p| &p.from).collect();
        causes.sort();
        causes.dedup();
        for cause in causes {
            let input = cause.as_ref().and_then(|name| gate.net(name));
            // Inputs that were not counted, as the clock, cause what they cause alone.
            let known = input.and_then(|net| self.edges.get(&net));
            let weight = known.map_or(1.0, |counts| (counts[0] + counts[1]) as f64);
            let of_cause = pin.powers.iter().filter(|power| power.from == *cause);
            let slew = |edge| input.map_or(0.0, |net| self.timing.arrivals.slew(net, edge));
            let slew = 0.5 * (slew(Edge::Rise) + slew(Edge::Fall));
            let load = self.circuit.loads[net.index()][edge as usize];
            if let Some(energy) = mean(of_cause, edge, slew, load) {
                sum += weight * energy;
                weights += weight;
            }
        }
        if weights > 0.0 { sum / weights } else { 0.0 }
    }

    /// pJ inside a gate for the edges at its inputs, whatever its outputs do.
    fn received(&self, gate: &Gate<'_>) -> f64 {
        let mut sum = 0.0;
        for (pin, net) in gate.pins(Direction::Input) {
            let counts = self.count(Some(net));
            for edge in Edge::BOTH {
                let slew = self.timing.arrivals.slew(net, edge);
                let energy = mean(pin.powers.iter(), edge, slew, 0.0).unwrap_or(0.0);
                sum += counts[edge as usize] as f64 * energy;
            }
        }
        sum
    }

    /// pJ that a flip-flop takes from the clock's two edges.
    fn clock(&self, gate: &Gate<'_>) -> f64 {
        let clock = gate.cell.flip_flop.as_ref().map(|ff| ff.clock.inputs());
        let pins = clock
            .into_iter()
            .flatten()
            .filter_map(|name| gate.cell.pin(name));
        pins.flat_map(|pin| Edge::BOTH.map(|edge| (pin, edge)))
            .map(|(pin, edge)| {
                let internal = mean(pin.powers.iter(), edge, 0.0, 0.0).unwrap_or(0.0);
                self.half_square * pin.capacitance[edge as usize] + internal
            })
            .sum()
    }
}

/// The mean over the states in which they hold.
fn mean<'p>(
    powers: impl Iterator<Item = &'p InternalPower>,
    edge: Edge,
    slew: f64,
    load: f64,
) -> Option<f64> {
    let tables = powers.filter_map(|power| power.energy[edge as usize].as_ref());
    let energies: Vec<f64> = tables
        .map(|table| {
            table.at(|quantity| match quantity {
                Quantity::Load => load,
                _ => slew,
            })
        })
        .collect();
    (!energies.is_empty()).then(|| energies.iter().sum::<f64>() / energies.len() as f64)
}

/// Leakage of a cell in nW: what the library says of it, or the mean of the states
/// it says something of.
fn leakage(cell: &Cell) -> f64 {
    let states: &[(Function, f64)] = &cell.leakage_states;
    let mean = || states.iter().map(|state| state.1).sum::<f64>() / states.len().max(1) as f64;
    cell.leakage.unwrap_or_else(mean)
}
