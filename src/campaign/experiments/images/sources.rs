//! Sources of faults in the grid of `images`: as written, and checked.

use super::cell::{Faults, Place, everywhere};
use crate::campaign::{CampaignError, Spec};
use crate::policy::{self, ClassShares, DvfsSchedule, MonitorSettings, Schedule, Setpoint};
use crate::tech;
use serde::Deserialize;
use std::path::Path;

/// A source of faults as written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFaults {
    ber: Option<f64>,
    bits: Option<[i64; 2]>,
    voltage: Option<f64>,
    frequency: Option<f64>,
    tech: Option<String>,
}

/// A policy as written: a file, or a rule with a point or with several, of which the last is the rule's
/// and the error monitor moves towards the first.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPolicy {
    file: Option<String>,
    rule: Option<String>,
    cell: Option<[u8; 2]>,
    voltage: Option<f64>,
    frequency: Option<f64>,
    tech: Option<String>,
    classes: Option<ClassShares>,
    /// In place of a voltage: the points of the adaptive mode, the most aggressive last.
    voltages: Option<Vec<f64>>,
    /// In place of a frequency.
    frequencies: Option<Vec<f64>>,
    adaptive: Option<MonitorSettings>,
    /// What figures call it, if not by its rule.
    name: Option<String>,
}

/// Where faults come from, and in which GEMMs.
pub(super) struct Source {
    pub faults: Faults,
    pub place: Place,
    pub schedule: Option<DvfsSchedule>,
}

impl RawPolicy {
    /// Its schedule, and the faults and the place that stand for it in tables.
    pub fn source(&self, spec: &Spec) -> Result<Source, CampaignError> {
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
            let ladder = self.voltages.is_some() || self.frequencies.is_some();
            let other = self.tech.is_some()
                || self.cell.is_some()
                || self.classes.is_some()
                || self.adaptive.is_some()
                || self.name.is_some()
                || ladder;
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
        let points = self.points(spec, rule)?;
        let last = points.len() as u8;
        let (name, schedule) = match (rule.as_str(), self.cell) {
            ("uniform", None) => ("uniform".to_owned(), Schedule::uniform(last)),
            ("paper", None) => ("paper's rule".to_owned(), Schedule::paper(last)),
            ("only", Some([timestep, block])) if timestep < 4 && block < 4 => (
                format!("only class {timestep},{block}"),
                Schedule::only(policy::Cell { timestep, block }, last),
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
        let tech = self.tech.as_deref().unwrap_or(tech::DEFAULT);
        let usual = ClassShares::protecting(policy::EARLY, policy::FIRST);
        let classes = self.classes.unwrap_or(usual);
        let usual = match self.adaptive {
            Some(_) => format!("adaptive, {name}"),
            None => name,
        };
        let name = self.name.clone().unwrap_or(usual);
        let made = DvfsSchedule {
            adaptive: self.adaptive,
            ..DvfsSchedule::with_points(&name, tech, classes, &points, schedule)
        };
        DvfsSchedule::from_yaml(&made.to_yaml(), &spec.file)
            .map_err(|error| spec.refused(key, &name, error.to_string()))
    }

    /// Its points away from nominal: one, or those that the monitor chooses among.
    fn points(&self, spec: &Spec, rule: &str) -> Result<Vec<Setpoint>, CampaignError> {
        let one = Setpoint {
            voltage: self.voltage,
            frequency: self.frequency,
        };
        let key = "grid.policy";
        let voltages = self.voltages.iter().flatten().map(|volts| Setpoint {
            voltage: Some(*volts),
            ..one
        });
        let frequencies = self.frequencies.iter().flatten().map(|hertz| Setpoint {
            frequency: Some(*hertz),
            ..one
        });
        let ladder: Vec<Setpoint> = voltages.chain(frequencies).collect();
        let both = |one: bool, many: bool| one && many;
        let twice = both(self.voltage.is_some(), self.voltages.is_some())
            || both(self.frequency.is_some(), self.frequencies.is_some())
            || both(self.voltages.is_some(), self.frequencies.is_some());
        if twice {
            let allowed =
                "one of voltage, voltages and frequencies, or of frequency and frequencies";
            return Err(spec.refused(key, format!("{rule} with two kinds of points"), allowed));
        }
        let listed = self.voltages.is_some() || self.frequencies.is_some();
        if listed && self.adaptive.is_none() {
            let allowed = "adaptive: {...} with them, or one voltage or frequency";
            return Err(spec.refused(key, format!("{rule} with a list of points"), allowed));
        }
        match ladder.is_empty() {
            false => Ok(ladder),
            true if one == Setpoint::default() || listed => {
                let allowed = "a voltage, a frequency or both";
                Err(spec.refused(key, format!("{rule} without a point"), allowed))
            }
            true => Ok(vec![one]),
        }
    }
}

impl RawFaults {
    pub fn validated(&self, spec: &Spec) -> Result<Faults, CampaignError> {
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
                tech: self.tech.clone().unwrap_or(tech::DEFAULT.to_owned()),
            }),
        }
    }
}
