//! Tables of operating points in one direction: nominal first, then more and more aggressive.

use crate::tech::OperatingPoint;
use crate::units::{Hertz, Volts};

/// Voltage underscaling at the nominal frequency: `steps` times `step` volts below nominal.
pub fn undervolt(nominal: OperatingPoint, step: Volts, steps: usize) -> Vec<OperatingPoint> {
    let below = |i: usize| OperatingPoint {
        voltage: Volts(nominal.voltage.0 - step.0 * i as f64),
        ..nominal
    };
    (0..=steps).map(below).collect()
}

/// Overclocking at the nominal voltage: `steps` times the share `step` of the nominal frequency
/// above it.
pub fn overclock(nominal: OperatingPoint, step: f64, steps: usize) -> Vec<OperatingPoint> {
    let above = |i: usize| OperatingPoint {
        frequency: Hertz(nominal.frequency.0 * (1.0 + step * i as f64)),
        ..nominal
    };
    (0..=steps).map(above).collect()
}
