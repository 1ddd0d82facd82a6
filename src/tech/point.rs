//! Operating points: the nominal one with its margins, and what a MAC costs at any.

use super::{Table, TechError};
use crate::config;
use crate::units::{Hertz, Volts};
use serde::{Deserialize, Serialize};

/// A supply voltage and a clock frequency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperatingPoint {
    /// Mean supply voltage at the gates.
    pub voltage: Volts,
    /// Clock frequency.
    pub frequency: Hertz,
}

impl From<config::OperatingPoint> for OperatingPoint {
    fn from(point: config::OperatingPoint) -> Self {
        Self {
            voltage: Volts(f64::from(point.millivolt()) * 1e-3),
            frequency: Hertz(f64::from(point.megahertz()) * 1e6),
        }
    }
}

/// Energy and power of a PE at a voltage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MacEnergy {
    /// Switching of gates and registers, in pJ a cycle.
    pub switching_pj: f64,
    /// Clock pins, in pJ a cycle.
    pub clock_pj: f64,
    /// Leakage power, in nW.
    pub leakage_nw: f64,
}

impl MacEnergy {
    /// Energy of a cycle at a frequency in pJ, leakage included.
    pub fn per_cycle_pj(&self, frequency: Hertz) -> f64 {
        // nW · s = 1000 pJ.
        self.switching_pj + self.clock_pj + self.leakage_nw * 1e3 / frequency.0
    }
}

impl Table {
    /// The point that a designer would sign off: no timing error at the sign-off
    /// voltage less the droop, with the guardband on top.
    pub fn nominal(&self) -> OperatingPoint {
        let margins = &self.margins;
        let worst = Volts(margins.sign_off_voltage - margins.voltage_droop);
        let fastest = self.t_crit(worst).frequency();
        OperatingPoint {
            voltage: Volts(margins.sign_off_voltage),
            frequency: Hertz(fastest.0 * (1.0 - margins.frequency_guardband)),
        }
    }

    /// Refuses voltages that were not characterised.
    pub(super) fn characterised(&self, voltage: Volts) -> Result<(), TechError> {
        let (low, high) = self.delay.voltages();
        // As a user writes it, 1.76 must not fail for a last binary digit.
        let slack = 1e-9;
        if voltage.0 >= low.0 - slack && voltage.0 <= high.0 + slack {
            return Ok(());
        }
        Err(TechError::Voltage {
            table: self.name.clone(),
            voltage,
            low,
            high,
        })
    }

    /// Energy per MAC: dynamic energy over V² is linear between the voltages of
    /// the table, and constant beyond them; leakage is linear, and constant beyond.
    ///
    /// # Errors
    /// [`TechError::Voltage`].
    pub fn energy(&self, voltage: Volts) -> Result<MacEnergy, TechError> {
        self.characterised(voltage)?;
        let (v, table) = (voltage.0, &self.energy);
        let above = table.partition_point(|energy| energy.voltage <= v);
        let low = &table[above.saturating_sub(1)];
        let high = &table[above.min(table.len() - 1)];
        let share = if high.voltage > low.voltage {
            (v - low.voltage) / (high.voltage - low.voltage)
        } else {
            0.0
        };
        let mix = |low: f64, high: f64| low * (1.0 - share) + high * share;
        let dynamic = |of: fn(&super::Energy) -> f64| {
            let per_square = |energy: &super::Energy| of(energy) / energy.voltage.powi(2);
            mix(per_square(low), per_square(high)) * v * v
        };
        Ok(MacEnergy {
            switching_pj: dynamic(|energy| energy.switching_pj),
            clock_pj: dynamic(|energy| energy.clock_pj),
            leakage_nw: mix(low.leakage_nw, high.leakage_nw),
        })
    }
}
