//! A cell of `images`, as records have it.

use crate::baseline::ProtectionKind;
use crate::forecast::Forecast;
use crate::infer::Selector;
use crate::policy::{DvfsSchedule, Setpoint};
use crate::tech::{OperatingPoint, Table};
use serde::{Deserialize, Serialize};

/// A source of faults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Faults {
    /// Psum bits that flip at random.
    Uniform {
        /// Probability that a psum bit flips each time it is captured.
        ber: f64,
        /// Lowest and highest bit that can flip.
        bits: [u32; 2],
    },
    /// Timing errors of an operating point; what is not given is nominal.
    Timing {
        /// Supply in V.
        voltage: Option<f64>,
        /// Clock in Hz.
        frequency: Option<f64>,
        /// Technology table.
        tech: String,
    },
}

/// The GEMMs that have faults, under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// What figures call it.
    pub name: String,
    /// A GEMM that one of these chooses has faults.
    #[serde(default = "everywhere")]
    pub any: Vec<Selector>,
}

/// A cell of the grid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Accelerator configuration.
    pub config: String,
    /// Denoising steps.
    pub steps: usize,
    /// Guidance weight; 1 leaves guidance out.
    pub guidance: f32,
    /// Source of faults.
    pub faults: Faults,
    /// Which GEMMs have them.
    pub place: Place,
    /// Operating points by class of steps and blocks: it, not the place, says then which GEMMs have
    /// which faults, and `faults` is its last point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<DvfsSchedule>,
    /// What mends them.
    pub protection: ProtectionKind,
    /// Steps from one checkpoint to the next.
    pub interval: u32,
    /// Threshold bit θ.
    pub threshold_bit: u32,
    /// TaylorSeer; the error-free twin is computed in full all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taylorseer: Option<Forecast>,
    /// Whether the distance of the latents is recorded after each step.
    pub trace: bool,
    /// Whether the image itself is recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pictures: bool,
}

pub(super) fn everywhere() -> Vec<Selector> {
    vec![Selector::default()]
}

impl Faults {
    /// Its rate, or its voltage or frequency, in a few characters.
    pub fn point_name(&self) -> String {
        match self {
            Self::Uniform { ber, .. } => format!("{ber:e}"),
            Self::Timing {
                voltage, frequency, ..
            } => match (voltage, frequency) {
                (None, None) => "nominal".to_owned(),
                (Some(volts), None) => format!("{volts} V"),
                (None, Some(hertz)) => format!("{:.1} MHz", hertz * 1e-6),
                (Some(volts), Some(hertz)) => format!("{volts} V {:.1} MHz", hertz * 1e-6),
            },
        }
    }

    /// The operating point of timing errors.
    pub fn point(&self, table: &Table) -> Option<OperatingPoint> {
        let Self::Timing {
            voltage, frequency, ..
        } = self
        else {
            return None;
        };
        let point = Setpoint {
            voltage: *voltage,
            frequency: *frequency,
        };
        Some(point.of(table))
    }
}
