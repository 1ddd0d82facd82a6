//! A netlist bound to a library.

use super::{Instance, Net, Netlist};
use crate::timing::TimingError;
use crate::timing::liberty::{Cell, Direction, Edge, Function, Library, PerEdge, Pin};

/// A netlist with the cells that it consists of, in an order in which every
/// combinational gate comes after what drives it.
#[derive(Clone, Debug)]
pub struct Circuit<'a> {
    /// The netlist.
    pub netlist: &'a Netlist,
    /// One gate per instance of the netlist, in the same order.
    pub gates: Vec<Gate<'a>>,
    /// Combinational gates, drivers first.
    pub order: Vec<usize>,
    /// Flip-flops.
    pub flip_flops: Vec<usize>,
    /// Capacitance that a net's driver sees, in pF, by its edge.
    pub loads: Vec<PerEdge<f64>>,
}

/// An instance with its cell.
#[derive(Clone, Debug)]
pub struct Gate<'a> {
    /// The instance.
    pub instance: &'a Instance,
    /// Its cell.
    pub cell: &'a Cell,
    /// The net of every pin, in the cell's order; open outputs have none.
    pub nets: Vec<Option<Net>>,
}

/// A flip-flop behind a net.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Its place among the circuit's gates.
    pub gate: usize,
    /// The net at its output.
    pub output: Net,
    /// Whether the net asked for is the complement of that output.
    pub inverted: bool,
}

impl<'a> Gate<'a> {
    fn bind(instance: &'a Instance, library: &'a Library) -> Result<Self, TimingError> {
        let cell = library.cell(&instance.cell)?;
        let wrong = |message: String| TimingError::Instance {
            instance: instance.name.clone(),
            cell: instance.cell.clone(),
            message,
        };
        let net = |pin: &Pin| {
            let found = instance.pins.iter().find(|(name, _)| *name == pin.name);
            found.map(|(_, net)| *net)
        };
        let nets: Vec<Option<Net>> = cell.pins.iter().map(net).collect();
        if let Some((name, _)) = instance.pins.iter().find(|(n, _)| cell.pin(n).is_none()) {
            return Err(wrong(format!("its cell has no pin {name}")));
        }
        for (pin, net) in cell.pins.iter().zip(&nets) {
            match (pin.direction, net) {
                (Direction::Input, None) => {
                    return Err(wrong(format!("its input {} is open", pin.name)));
                }
                (Direction::Output, Some(Net::ZERO | Net::ONE)) => {
                    return Err(wrong(format!("its output {} drives a constant", pin.name)));
                }
                _ => {}
            }
        }
        if let Some(flip_flop) = &cell.flip_flop {
            let gated = |function: &Function| {
                let mut names = function.inputs().iter();
                names.any(|name| !flip_flop.state.contains(name))
            };
            let mut outputs = cell.pins.iter().filter_map(|pin| pin.function.as_ref());
            if outputs.any(gated) {
                return Err(wrong(
                    "an output is not its state alone; expected flip-flops that only show it"
                        .to_owned(),
                ));
            }
        }
        Ok(Self {
            instance,
            cell,
            nets,
        })
    }

    /// Makes the outputs of a flip-flop agree with its first one.
    fn agree(&self, values: &mut [u64]) {
        let Some(flip_flop) = &self.cell.flip_flop else {
            return;
        };
        let output = |function: &Function, state: u64| {
            let complement = |n: usize| function.inputs()[n] == flip_flop.state[1];
            function.evaluate(|n| if complement(n) { !state } else { state })
        };
        let mut state = None;
        for (pin, net) in self.pins(Direction::Output) {
            let Some(function) = &pin.function else {
                continue;
            };
            let value = &mut values[net.index()];
            match state {
                // An output is the state or its complement; which one shows at state 0.
                None => state = Some(*value ^ output(function, 0)),
                Some(state) => *value = output(function, state),
            }
        }
    }

    /// Whether the output of a flip-flop on this net is the complement of its state.
    pub fn shows_complement(&self, output: Net) -> Option<bool> {
        let state = &self.cell.flip_flop.as_ref()?.state;
        let mut outputs = self.pins(Direction::Output);
        let function = outputs
            .find(|(_, net)| *net == output)?
            .0
            .function
            .as_ref()?;
        // At state 0 the complement is 1.
        let input = |n: usize| {
            if function.inputs()[n] == state[1] {
                !0
            } else {
                0
            }
        };
        Some(function.evaluate(input) & 1 == 1)
    }

    /// The net at a pin.
    pub fn net(&self, pin: &str) -> Option<Net> {
        let at = self.cell.pins.iter().position(|p| p.name == pin)?;
        self.nets[at]
    }

    /// Pins of a direction with their nets; open outputs are left out.
    pub fn pins(&self, direction: Direction) -> impl Iterator<Item = (&'a Pin, Net)> {
        let pins = self.cell.pins.iter().zip(&self.nets);
        pins.filter(move |(pin, _)| pin.direction == direction)
            .filter_map(|(pin, net)| Some((pin, (*net)?)))
    }
}

impl<'a> Circuit<'a> {
    /// Finds every cell of a netlist in a library.
    ///
    /// # Errors
    /// [`TimingError`] names the instance or the cell: not in the library, not
    /// supported, an open input, two drivers of a net, a combinational loop.
    pub fn bind(netlist: &'a Netlist, library: &'a Library) -> Result<Self, TimingError> {
        let bind = |instance| Gate::bind(instance, library);
        let gates = netlist.instances.iter().map(bind);
        let gates: Vec<Gate<'a>> = gates.collect::<Result<_, _>>()?;
        let flip_flop = |gate: &usize| gates[*gate].cell.flip_flop.is_some();
        let (flip_flops, combinational): (Vec<usize>, Vec<usize>) =
            (0..gates.len()).partition(flip_flop);
        let drivers = drivers(netlist, &gates)?;
        let order = levelise(&gates, &combinational, &drivers)?;
        let mut loads = vec![[0.0; 2]; netlist.nets];
        for gate in &gates {
            for (pin, net) in gate.pins(Direction::Input) {
                for edge in Edge::BOTH {
                    loads[net.index()][edge as usize] += pin.capacitance[edge as usize];
                }
            }
        }
        Ok(Self {
            netlist,
            gates,
            order,
            flip_flops,
            loads,
        })
    }

    /// Area of all cells, in the library's unit.
    pub fn area(&self) -> f64 {
        self.gates.iter().map(|gate| gate.cell.area).sum()
    }

    /// Computes every net from the flip-flops' outputs and the input ports, 64
    /// cases at a time; `values` has one entry a net. Of a flip-flop with
    /// several outputs the first connected one in the cell's order counts, and
    /// the others follow from it.
    pub fn settle(&self, values: &mut [u64]) {
        values[Net::ZERO.index()] = 0;
        values[Net::ONE.index()] = !0;
        for &gate in &self.flip_flops {
            self.gates[gate].agree(values);
        }
        for &gate in &self.order {
            let gate = &self.gates[gate];
            for (pin, net) in gate.pins(Direction::Output) {
                let Some(function) = &pin.function else {
                    continue;
                };
                let input = |n: usize| {
                    let net = gate.net(&function.inputs()[n]);
                    values[net.unwrap_or(Net::ZERO).index()]
                };
                values[net.index()] = function.evaluate(input);
            }
        }
    }

    /// The flip-flop that a net is the state of, or the complement: directly, or through
    /// buffers and inverters as behind flip-flops that have an inverted output only.
    pub fn state_of(&self, net: Net) -> Option<State> {
        let mut found = State {
            gate: 0,
            output: net,
            inverted: false,
        };
        // A loop of inverters is refused when the circuit is bound.
        loop {
            let (index, pin) = self.driver(found.output)?;
            let gate = &self.gates[index];
            if gate.cell.flip_flop.is_some() {
                found.gate = index;
                return Some(found);
            }
            let function = pin.function.as_ref()?;
            let [input] = function.inputs() else {
                return None;
            };
            found.inverted ^= function.evaluate(|_| 0) & 1 == 1;
            found.output = gate.net(input)?;
        }
    }

    /// Whether a net that is the state of a flip-flop is the complement of what the
    /// flip-flop's data pin takes in; `None` of other nets.
    pub fn keeps_complement(&self, net: Net) -> Option<bool> {
        let state = self.state_of(net)?;
        let gate = &self.gates[state.gate];
        let next = &gate.cell.flip_flop.as_ref()?.next;
        let next_inverts = next.evaluate(|_| 0) & 1 == 1;
        Some(state.inverted ^ gate.shows_complement(state.output)? ^ next_inverts)
    }

    /// The gate and pin that drive a net.
    fn driver(&self, net: Net) -> Option<(usize, &'a Pin)> {
        self.gates.iter().enumerate().find_map(|(index, gate)| {
            let mut outputs = gate.pins(Direction::Output);
            let (pin, _) = outputs.find(|(_, output)| *output == net)?;
            Some((index, pin))
        })
    }

    /// The gates that the nets depend on within a cycle, in the order of
    /// evaluation; flip-flops are where it ends.
    pub fn cone(&self, nets: &[Net]) -> Vec<usize> {
        let mut wanted = vec![false; self.netlist.nets];
        nets.iter().for_each(|net| wanted[net.index()] = true);
        let mut cone = Vec::new();
        for &index in self.order.iter().rev() {
            let gate = &self.gates[index];
            if gate
                .pins(Direction::Output)
                .any(|(_, net)| wanted[net.index()])
            {
                gate.pins(Direction::Input)
                    .for_each(|(_, net)| wanted[net.index()] = true);
                cone.push(index);
            }
        }
        cone.reverse();
        cone
    }
}

/// What drives each net, of the gates.
fn drivers(netlist: &Netlist, gates: &[Gate<'_>]) -> Result<Vec<Option<usize>>, TimingError> {
    let mut drivers = vec![None; netlist.nets];
    let mut from_outside = vec![false; netlist.nets];
    for net in netlist.inputs.iter().flat_map(|(_, bits)| bits) {
        from_outside[net.index()] = true;
    }
    for (index, gate) in gates.iter().enumerate() {
        for (pin, net) in gate.pins(Direction::Output) {
            if drivers[net.index()].replace(index).is_some() || from_outside[net.index()] {
                return Err(TimingError::Instance {
                    instance: gate.instance.name.clone(),
                    cell: gate.cell.name.clone(),
                    message: format!("its output {} is not the only driver", pin.name),
                });
            }
        }
    }
    Ok(drivers)
}

/// Combinational gates, drivers first (Kahn's algorithm).
fn levelise(
    gates: &[Gate<'_>],
    combinational: &[usize],
    drivers: &[Option<usize>],
) -> Result<Vec<usize>, TimingError> {
    let mut waiting = vec![0_usize; gates.len()];
    let mut followers = vec![Vec::new(); gates.len()];
    for &index in combinational {
        for (_, net) in gates[index].pins(Direction::Input) {
            if let Some(driver) = drivers[net.index()]
                && gates[driver].cell.flip_flop.is_none()
            {
                waiting[index] += 1;
                followers[driver].push(index);
            }
        }
    }
    let ready = combinational.iter().filter(|gate| waiting[**gate] == 0);
    let mut order: Vec<usize> = ready.copied().collect();
    let mut at = 0;
    while let Some(&gate) = order.get(at) {
        at += 1;
        for &follower in &followers[gate] {
            waiting[follower] -= 1;
            if waiting[follower] == 0 {
                order.push(follower);
            }
        }
    }
    match combinational.iter().find(|gate| waiting[**gate] > 0) {
        None => Ok(order),
        Some(&gate) => Err(TimingError::Instance {
            instance: gates[gate].instance.name.clone(),
            cell: gates[gate].cell.name.clone(),
            message: "it is in, or behind, a combinational loop".to_owned(),
        }),
    }
}
