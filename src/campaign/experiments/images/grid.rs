//! The grid of `images`: its keys, what is allowed, and its cells.

use super::cost::array;
use crate::baseline::ProtectionKind;
use crate::campaign::{CampaignError, Spec};
use crate::config::{ArrayConfig, Dataflow, SHIPPED};
use crate::fault::{Register, Sampler, Targets};
use crate::forecast::Forecast;
use crate::infer::Selector;
use crate::policy::{self, ClassShares, DvfsSchedule, Schedule, Setpoint};
use crate::tech::{self, OperatingPoint, Table};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Technology tables by name.
pub(super) type Tables = BTreeMap<String, Table>;

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
    #[serde(default)]
    faults: Vec<RawFaults>,
    /// Schedules of operating points, beside faults in places.
    #[serde(default)]
    policy: Vec<RawPolicy>,
    /// Which GEMMs have them.
    #[serde(default = "usual_places")]
    places: Vec<Place>,
    protection: Vec<String>,
    /// TaylorSeer, or `none`.
    #[serde(default = "usual_taylorseer")]
    taylorseer: Vec<String>,
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

/// A policy as written: a file, or a rule with a point.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicy {
    file: Option<String>,
    rule: Option<String>,
    cell: Option<[u8; 2]>,
    voltage: Option<f64>,
    frequency: Option<f64>,
    tech: Option<String>,
    classes: Option<ClassShares>,
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

fn usual_taylorseer() -> Vec<String> {
    vec!["none".to_owned()]
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
        if grid.policy.is_empty() {
            spec.checked_list("grid.faults", &grid.faults)?;
        }
        if grid.faults.is_empty() {
            spec.checked_list("grid.policy", &grid.policy)?;
        }
        spec.checked_list("grid.protection", &grid.protection)?;
        spec.checked_list("grid.taylorseer", &grid.taylorseer)?;
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
            let config = array(name).map_err(|error| {
                let names = SHIPPED.map(|(name, _)| name).join(", ");
                let allowed = format!("a YAML file or one of {names} ({error})");
                spec.refused("grid.config", name, allowed)
            })?;
            configs.insert(name.clone(), config);
        }
        Ok(configs)
    }

    /// The technology tables by name.
    pub fn tables(&self, sources: &[Source], spec: &Spec) -> Result<Tables, CampaignError> {
        let mut tables = BTreeMap::new();
        for source in sources {
            if let Faults::Timing { tech, .. } = &source.faults {
                let table = Table::load(tech)
                    .map_err(|error| spec.refused("grid.faults.tech", tech, error.to_string()))?;
                tables.insert(tech.clone(), table);
            }
        }
        Ok(tables)
    }

    /// Faults in places, then policies.
    pub fn sources(&self, spec: &Spec) -> Result<Vec<Source>, CampaignError> {
        let mut sources = Vec::new();
        for raw in &self.faults {
            let faults = raw.validated(spec)?;
            sources.extend(self.places.iter().map(|place| Source {
                faults: faults.clone(),
                place: place.clone(),
                schedule: None,
            }));
        }
        for policy in &self.policy {
            sources.push(policy.source(spec)?);
        }
        Ok(sources)
    }

    /// The cells: every combination, the protection varying last but for TaylorSeer, the interval
    /// and θ.
    pub fn cells(
        &self,
        spec: &Spec,
        configs: &BTreeMap<String, ArrayConfig>,
        sources: &[Source],
    ) -> Result<Vec<Cell>, CampaignError> {
        let steps = wholes(spec, "grid.steps", &self.steps, 1, 1000)?;
        let intervals = wholes(spec, "grid.interval", &self.interval, 1, 65535)?;
        let protections = self.protection.iter().map(|name| protection(spec, name));
        let protections = protections.collect::<Result<Vec<_>, _>>()?;
        let forecasts = self.taylorseer.iter().map(|text| taylorseer(spec, text));
        let forecasts = forecasts.collect::<Result<Vec<_>, _>>()?;
        let mut settings = Vec::new();
        for &protection in &protections {
            for &taylorseer in &forecasts {
                settings.extend(intervals.iter().map(|&i| (protection, taylorseer, i)));
            }
        }
        let mut cells = Vec::new();
        for config in &self.config {
            let own = [i64::from(configs[config].threshold_bit)];
            let thetas = self.threshold_bit.as_deref().unwrap_or(&own);
            let thetas = wholes(spec, "grid.threshold_bit", thetas, 0, 31)?;
            for &steps in &steps {
                for &guidance in &self.guidance {
                    for source in sources {
                        for &(protection, taylorseer, interval) in &settings {
                            cells.extend(thetas.iter().map(|&threshold_bit| Cell {
                                config: config.clone(),
                                steps: steps as usize,
                                guidance,
                                faults: source.faults.clone(),
                                place: source.place.clone(),
                                schedule: source.schedule.clone(),
                                protection,
                                interval,
                                threshold_bit,
                                taylorseer,
                                trace: self.trace,
                                pictures: self.pictures,
                            }));
                        }
                    }
                }
            }
        }
        Ok(cells)
    }
}

/// Where faults come from, and in which GEMMs.
pub(super) struct Source {
    pub faults: Faults,
    pub place: Place,
    pub schedule: Option<DvfsSchedule>,
}

impl RawPolicy {
    /// Its schedule, and the faults and the place that stand for it in tables.
    fn source(&self, spec: &Spec) -> Result<Source, CampaignError> {
        let schedule = self.schedule(spec)?;
        // The most aggressive point is the last of a ladder.
        let point = schedule.points.last().copied().unwrap_or_default();
        Ok(Source {
            faults: Faults::Timing {
                voltage: point.voltage,
                frequency: point.frequency,
                tech: schedule.tech.clone(),
            },
            place: Place {
                name: schedule.name.clone(),
                any: everywhere(),
            },
            schedule: Some(schedule),
        })
    }

    fn schedule(&self, spec: &Spec) -> Result<DvfsSchedule, CampaignError> {
        let key = "grid.policy";
        let point = Setpoint {
            voltage: self.voltage,
            frequency: self.frequency,
        };
        let Some(rule) = &self.rule else {
            let other = self.tech.is_some() || self.cell.is_some() || self.classes.is_some();
            return match &self.file {
                Some(file) if point == Setpoint::default() && !other => {
                    DvfsSchedule::from_file(Path::new(file))
                        .map_err(|error| spec.refused("grid.policy.file", file, error.to_string()))
                }
                _ => {
                    let allowed = "a file alone, or a rule with voltage or frequency";
                    Err(spec.refused(key, "a policy without a rule", allowed))
                }
            };
        };
        if self.file.is_some() {
            let allowed = "a file alone, or a rule with voltage or frequency";
            return Err(spec.refused(key, "a file with a rule", allowed));
        }
        if point == Setpoint::default() {
            let allowed = "a voltage, a frequency or both";
            return Err(spec.refused(key, format!("{rule} without a point"), allowed));
        }
        let (name, schedule) = match (rule.as_str(), self.cell) {
            ("uniform", None) => ("uniform".to_owned(), Schedule::uniform(1)),
            ("paper", None) => ("paper's rule".to_owned(), Schedule::paper(1)),
            ("only", Some([timestep, block])) if timestep < 4 && block < 4 => (
                format!("only class {timestep},{block}"),
                Schedule::only(policy::Cell { timestep, block }, 1),
            ),
            ("only", _) => {
                let found = format!("{:?}", self.cell.map(|[t, b]| (t, b)));
                let allowed = "[timestep class, block class] in 0..=3";
                return Err(spec.refused("grid.policy.cell", found, allowed));
            }
            _ => {
                let allowed = "uniform, paper, or only with a cell";
                return Err(spec.refused("grid.policy.rule", rule, allowed));
            }
        };
        let tech = self.tech.as_deref().unwrap_or(tech::SHIPPED[0].0);
        let usual = ClassShares::protecting(policy::EARLY, policy::FIRST);
        let classes = self.classes.unwrap_or(usual);
        let made = DvfsSchedule::two_points(&name, tech, classes, point, schedule);
        DvfsSchedule::from_yaml(&made.to_yaml(), &spec.file)
            .map_err(|error| spec.refused(key, &name, error.to_string()))
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

    /// The faults of an array.
    pub(super) fn sampler(
        &self,
        spec: &Spec,
        config: &ArrayConfig,
        tables: &Tables,
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
            Self::Timing { tech, .. } => {
                let table = &tables[tech];
                let point = self.point(table).expect("timing errors have a point");
                timing(spec, config, (table, point), seed)
            }
        }
    }
}

/// Samplers of the points of a schedule.
pub(super) fn samplers(
    spec: &Spec,
    config: &ArrayConfig,
    (schedule, table): (&DvfsSchedule, &Table),
    seed: u64,
) -> Result<Vec<Sampler>, CampaignError> {
    let points = schedule.operating_points(table);
    let sampler = |point| timing(spec, config, (table, point), seed);
    points.into_iter().map(sampler).collect()
}

/// Timing errors of a point.
fn timing(
    spec: &Spec,
    config: &ArrayConfig,
    (table, point): (&Table, OperatingPoint),
    seed: u64,
) -> Result<Sampler, CampaignError> {
    if config.dataflow != Dataflow::Ws {
        let allowed = "configurations with dataflow ws: tables are of such a PE";
        return Err(spec.refused("grid.faults.tech", &table.name, allowed));
    }
    let errors = table.errors(point).map_err(|error| {
        let found = format!("{} at {}", point.voltage, point.frequency);
        spec.refused("grid.faults.voltage", found, error.to_string())
    })?;
    Ok(Sampler::Timing {
        errors: errors.sampled(),
        seed,
    })
}

fn taylorseer(spec: &Spec, text: &str) -> Result<Option<Forecast>, CampaignError> {
    match text {
        "none" => Ok(None),
        text => match text.parse() {
            Ok(forecast) => Ok(Some(forecast)),
            Err(_) => {
                let allowed = "none, or INTERVAL:ORDER such as 4:2";
                Err(spec.refused("grid.taylorseer", text, allowed))
            }
        },
    }
}

fn protection(spec: &Spec, name: &str) -> Result<ProtectionKind, CampaignError> {
    ProtectionKind::named(name).ok_or_else(|| {
        let names = ProtectionKind::ALL.map(ProtectionKind::name).join(", ");
        spec.refused("grid.protection", name, format!("one of {names}"))
    })
}

fn wholes(
    spec: &Spec,
    key: &str,
    values: &[i64],
    low: i64,
    high: i64,
) -> Result<Vec<u32>, CampaignError> {
    let whole = |&value: &i64| {
        if (low..=high).contains(&value) {
            Ok(value as u32)
        } else {
            Err(spec.refused(key, value, format!("{low}..={high}")))
        }
    };
    values.iter().map(whole).collect()
}
