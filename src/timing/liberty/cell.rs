//! What the rest of the program sees of a library.

use super::edge::{Edge, PerEdge, Sense};
use super::function::Function;
use super::table::Table;

/// A cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its name.
    pub name: String,
    /// Area in the library's unit, mostly µm².
    pub area: f64,
    /// Leakage in nW, where the library says it.
    pub leakage: Option<f64>,
    /// Leakage in nW in some states of the pins.
    pub leakage_states: Vec<(Function, f64)>,
    /// Signal pins, in the library's order.
    pub pins: Vec<Pin>,
    /// For cells that are flip-flops.
    pub flip_flop: Option<FlipFlop>,
    /// Whether a mapper should leave it alone: `dont_use`, level shifters,
    /// isolation, always-on and clock-gating cells, cells without a function.
    pub special: bool,
    /// What keeps it from being used here at all.
    pub unsupported: Option<String>,
}

impl Cell {
    /// A pin.
    pub fn pin(&self, name: &str) -> Option<&Pin> {
        self.pins.iter().find(|pin| pin.name == name)
    }
}

/// Whether a pin takes or gives a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Takes one.
    Input,
    /// Gives one.
    Output,
}

/// A signal pin of a cell.
#[derive(Clone, Debug)]
pub struct Pin {
    /// Its name.
    pub name: String,
    /// Input or output.
    pub direction: Direction,
    /// Capacitance in pF.
    pub capacitance: PerEdge<f64>,
    /// Output function of input pins, or of the flip-flop's state.
    pub function: Option<Function>,
    /// Delays to this output.
    pub delays: Vec<DelayArc>,
    /// Setup times of this input.
    pub setups: Vec<SetupArc>,
    /// Energy inside the cell.
    pub powers: Vec<InternalPower>,
}

/// What starts a transition at an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A combinational input.
    Input(Sense),
    /// An edge of the clock.
    Clock(Edge),
}

/// Delay from one input to an output. Where the output has no such edge, or
/// the arc none, there is no table.
#[derive(Clone, Debug)]
pub struct DelayArc {
    /// The input pin.
    pub from: String,
    /// What starts it.
    pub cause: Cause,
    /// States of the other pins in which it holds; `None`: always.
    pub when: Option<Function>,
    /// Delay in ns, by the output's edge.
    pub delay: PerEdge<Option<Table>>,
    /// Transition time in ns, by the output's edge.
    pub transition: PerEdge<Option<Table>>,
}

/// Setup time of a data pin against a clock edge.
#[derive(Clone, Debug)]
pub struct SetupArc {
    /// The clock pin.
    pub clock: String,
    /// The clock's edge.
    pub edge: Edge,
    /// States of the other pins in which it holds; `None`: always.
    pub when: Option<Function>,
    /// Setup time in ns, by the data's edge.
    pub setup: PerEdge<Option<Table>>,
}

/// Energy inside a cell per transition of a pin.
#[derive(Clone, Debug)]
pub struct InternalPower {
    /// The input that caused it, for an output's.
    pub from: Option<String>,
    /// States of the other pins in which it holds; `None`: always.
    pub when: Option<Function>,
    /// Energy in pJ, by the pin's edge; falling ones are often negative, since
    /// what a load takes on a rising edge is counted as ½CV² per edge.
    pub energy: PerEdge<Option<Table>>,
}

/// The state of an edge-triggered cell.
#[derive(Clone, Debug)]
pub struct FlipFlop {
    /// Name of the state in functions, and of its complement.
    pub state: [String; 2],
    /// The clock.
    pub clock: Function,
    /// What the state becomes.
    pub next: Function,
    /// Conditions under which an asynchronous set or reset forces it, whatever
    /// the clock does.
    pub forced: Vec<Function>,
}
