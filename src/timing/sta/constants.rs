//! Nets that never change.

use crate::timing::liberty::Direction;
use crate::timing::netlist::{Circuit, Gate, Net};

/// Values of nets as `(may be 0, may be 1)`; both where a net can change.
pub(super) struct Constants {
    values: Vec<(bool, bool)>,
}

impl Constants {
    /// Follows constants and tie cells through the gates.
    pub(super) fn of(circuit: &Circuit<'_>) -> Self {
        let mut known = Self {
            values: vec![(true, true); circuit.netlist.nets],
        };
        known.values[Net::ZERO.index()] = (true, false);
        known.values[Net::ONE.index()] = (false, true);
        for &gate in &circuit.order {
            let gate = &circuit.gates[gate];
            for (pin, net) in gate.pins(Direction::Output) {
                if let Some(function) = &pin.function {
                    known.values[net.index()] = known.evaluate(gate, function);
                }
            }
        }
        known
    }

    /// What a function of a gate's pins can be.
    pub(super) fn evaluate(
        &self,
        gate: &Gate<'_>,
        function: &crate::timing::liberty::Function,
    ) -> (bool, bool) {
        let (zero, one) = function.evaluate_known(|n| {
            // Names that are no pins, as the state of a flip-flop, can be anything.
            let net = gate.net(&function.inputs()[n]);
            let (zero, one) = net.map_or((true, true), |net| self.values[net.index()]);
            (u64::from(zero), u64::from(one))
        });
        (zero & 1 == 1, one & 1 == 1)
    }

    /// The value of a net that cannot change.
    pub(super) fn value(&self, net: Net) -> Option<bool> {
        match self.values[net.index()] {
            (true, false) => Some(false),
            (false, true) => Some(true),
            _ => None,
        }
    }

    /// Whether a net can change.
    pub(super) fn changes(&self, net: Net) -> bool {
        self.values[net.index()] == (true, true)
    }
}
