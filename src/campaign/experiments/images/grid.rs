//! The grid of `images`: its keys, what is allowed, and its cells.

use crate::baseline::ProtectionKind;
use crate::campaign::{CampaignError, Spec};
use crate::config::{ArrayConfig, Dataflow, SHIPPED};
use crate::fault::{Register, Sampler, Targets};
use crate::infer::Selector;
use crate::tech::{self, OperatingPoint, Table};
use crate::units::{Hertz, Volts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// The axes of the grid.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grid {
    #[serde(default = "usual_config")]
    config: Vec<String>,
    #[serde(default = "usual_steps")]
    steps: Vec<i64>,
    #[serde(default = "usual_guidance")]
    guidance: Vec<f32>,
    /// Sources of faults.
    faults: Vec<RawFaults>,
    /// Which GEMMs have them.
    #[serde(default = "usual_places")]
    places: Vec<Place>,
    protection: Vec<String>,
    #[serde(default = "usual_interval")]
    interval: Vec<i64>,
    /// The configurations' own if left out.
    threshold_bit: Option<Vec<i64>>,
    /// Whether the distance of the latents is recorded after each step.
    #[serde(default)]
    trace: bool,
    /// Whether the images themselves are recorded.
    #[serde(default)]
    pictures: bool,
}

/// A source of faults as written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFaults {
    ber: Option<f64>,
    bits: Option<[i64; 2]>,
    voltage: Option<f64>,
    frequency: Option<f64>,
    tech: Option<String>,
}

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
    /// What mends them.
    pub protection: ProtectionKind,
    /// Steps from one checkpoint to the next.
    pub interval: u32,
    /// Threshold bit θ.
    pub threshold_bit: u32,
    /// Whether the distance of the latents is recorded after each step.
    pub trace: bool,
    /// Whether the image itself is recorded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pictures: bool,
}

fn usual_config() -> Vec<String> {
    vec!["default".to_owned()]
}

fn usual_steps() -> Vec<i64> {
    vec![50]
}

fn usual_guidance() -> Vec<f32> {
    vec![1.5]
}

fn usual_interval() -> Vec<i64> {
    vec![10]
}

fn everywhere() -> Vec<Selector> {
    vec![Selector::default()]
}

fn usual_places() -> Vec<Place> {
    vec![Place {
        name: "everywhere".to_owned(),
        any: everywhere(),
    }]
}

impl Grid {
    /// Reads the grid and checks its lists.
    pub fn read(spec: &Spec) -> Result<Self, CampaignError> {
        let grid: Self = spec.grid()?;
        spec.checked_list("grid.config", &grid.config)?;
        spec.checked_list("grid.steps", &grid.steps)?;
        spec.checked_list("grid.guidance", &grid.guidance)?;
        spec.checked_list("grid.faults", &grid.faults)?;
        spec.checked_list("grid.protection", &grid.protection)?;
        spec.checked_list("grid.interval", &grid.interval)?;
        let names: Vec<&str> = grid
            .places
            .iter()
            .map(|place| place.name.as_str())
            .collect();
        spec.checked_list("grid.places", &names)?;
        if let Some(bits) = &grid.threshold_bit {
            spec.checked_list("grid.threshold_bit", bits)?;
        }
        if let Some(weight) = grid.guidance.iter().find(|weight| !weight.is_finite()) {
            return Err(spec.refused("grid.guidance", weight, "finite numbers"));
        }
        if let Some(place) = grid.places.iter().find(|place| place.any.is_empty()) {
            let key = format!("grid.places: {}: any", place.name);
            return Err(spec.refused(key, "[]", "at least one selector"));
        }
        Ok(grid)
    }

    /// The configurations by name.
    pub fn configs(&self, spec: &Spec) -> Result<BTreeMap<String, ArrayConfig>, CampaignError> {
        let mut configs = BTreeMap::new();
        for name in &self.config {
            let shipped = SHIPPED.iter().find(|(shipped, _)| shipped == name);
            let config = match shipped {
                Some((_, yaml)) => ArrayConfig::from_yaml(yaml, Path::new(name)),
                None => ArrayConfig::from_file(Path::new(name)),
            };
            let config = config.map_err(|error| {
                let names = SHIPPED.map(|(name, _)| name).join(", ");
                let allowed = format!("a YAML file or one of {names} ({error})");
                spec.refused("grid.config", name, allowed)
            })?;
            configs.insert(name.clone(), config);
        }
        Ok(configs)
    }

    /// The technology tables by name.
    pub fn tables(&self, spec: &Spec) -> Result<BTreeMap<String, Table>, CampaignError> {
        let mut tables = BTreeMap::new();
        for faults in &self.faults {
            if let Faults::Timing { tech, .. } = faults.validated(spec)? {
                let table = Table::load(&tech)
                    .map_err(|error| spec.refused("grid.faults.tech", &tech, error.to_string()))?;
                tables.insert(tech, table);
            }
        }
        Ok(tables)
    }

    /// The cells: every combination, the protection varying last but for θ.
    pub fn cells(
        &self,
        spec: &Spec,
        configs: &BTreeMap<String, ArrayConfig>,
    ) -> Result<Vec<Cell>, CampaignError> {
        let mut cells = Vec::new();
        for config in &self.config {
            let own = [i64::from(configs[config].threshold_bit)];
            let thetas = self.threshold_bit.as_deref().unwrap_or(&own);
            for &steps in &self.steps {
                let steps = whole(spec, "grid.steps", steps, 1, 1000)? as usize;
                for &guidance in &self.guidance {
                    for raw in &self.faults {
                        for place in &self.places {
                            for name in &self.protection {
                                for &interval in &self.interval {
                                    for &theta in thetas {
                                        cells.push(Cell {
                                            config: config.clone(),
                                            steps,
                                            guidance,
                                            faults: raw.validated(spec)?,
                                            place: place.clone(),
                                            protection: protection(spec, name)?,
                                            interval: whole(
                                                spec,
                                                "grid.interval",
                                                interval,
                                                1,
                                                65535,
                                            )?,
                                            threshold_bit: whole(
                                                spec,
                                                "grid.threshold_bit",
                                                theta,
                                                0,
                                                31,
                                            )?,
                                            trace: self.trace,
                                            pictures: self.pictures,
                                        });
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        Ok(cells)
    }
}

impl RawFaults {
    fn validated(&self, spec: &Spec) -> Result<Faults, CampaignError> {
        let timing = self.voltage.is_some() || self.frequency.is_some() || self.tech.is_some();
        match self.ber {
            Some(_) if timing => {
                let allowed = "either ber and bits, or voltage, frequency and tech";
                Err(spec.refused(
                    "grid.faults",
                    "ber with voltage, frequency or tech",
                    allowed,
                ))
            }
            Some(ber) if !(0.0..=1.0).contains(&ber) => {
                Err(spec.refused("grid.faults.ber", ber, "probabilities in 0..=1"))
            }
            Some(ber) => {
                let [low, high] = self.bits.unwrap_or([0, 31]);
                if !(0 <= low && low <= high && high <= 31) {
                    let allowed = "[lowest, highest] with 0 <= lowest <= highest <= 31";
                    let found = format!("[{low}, {high}]");
                    return Err(spec.refused("grid.faults.bits", found, allowed));
                }
                Ok(Faults::Uniform {
                    ber,
                    bits: [low as u32, high as u32],
                })
            }
            None if self.bits.is_some() || !timing => {
                let allowed = "ber (with bits, if not all), or voltage, frequency or tech";
                Err(spec.refused("grid.faults", "a source without ber or voltage", allowed))
            }
            None => Ok(Faults::Timing {
                voltage: self.voltage,
                frequency: self.frequency,
                tech: self.tech.clone().unwrap_or(tech::SHIPPED[0].0.to_owned()),
            }),
        }
    }
}

impl Faults {
    /// The operating point of timing errors.
    pub fn point(&self, table: &Table) -> Option<OperatingPoint> {
        let Self::Timing {
            voltage, frequency, ..
        } = self
        else {
            return None;
        };
        let nominal = table.nominal();
        Some(OperatingPoint {
            voltage: voltage.map_or(nominal.voltage, Volts),
            frequency: frequency.map_or(nominal.frequency, Hertz),
        })
    }

    /// The faults of an array.
    pub(super) fn sampler(
        &self,
        spec: &Spec,
        config: &ArrayConfig,
        tables: &BTreeMap<String, Table>,
        seed: u64,
    ) -> Result<Sampler, CampaignError> {
        match self {
            Self::Uniform { ber, .. } if *ber == 0.0 => Ok(Sampler::None),
            Self::Uniform {
                ber,
                bits: [low, high],
            } => Ok(Sampler::Uniform {
                ber: *ber,
                targets: Targets {
                    registers: vec![Register::Psum],
                    bits: (u32::MAX >> (31 - high)) & (u32::MAX << low),
                },
                seed,
            }),
            Self::Timing { tech, .. } if config.dataflow != Dataflow::Ws => {
                let allowed = "configurations with dataflow ws: tables are of such a PE";
                Err(spec.refused("grid.faults.tech", tech, allowed))
            }
            Self::Timing { tech, .. } => {
                let table = &tables[tech];
                let point = self.point(table).expect("timing errors have a point");
                let errors = table.errors(point).map_err(|error| {
                    let found = format!("{} at {}", point.voltage, point.frequency);
                    spec.refused("grid.faults.voltage", found, error.to_string())
                })?;
                Ok(Sampler::Timing {
                    errors: errors.sampled(),
                    seed,
                })
            }
        }
    }
}

fn protection(spec: &Spec, name: &str) -> Result<ProtectionKind, CampaignError> {
    ProtectionKind::named(name).ok_or_else(|| {
        let names = ProtectionKind::ALL.map(ProtectionKind::name).join(", ");
        spec.refused("grid.protection", name, format!("one of {names}"))
    })
}

fn whole(spec: &Spec, key: &str, value: i64, low: i64, high: i64) -> Result<u32, CampaignError> {
    if (low..=high).contains(&value) {
        Ok(value as u32)
    } else {
        Err(spec.refused(key, value, format!("{low}..={high}")))
    }
}
