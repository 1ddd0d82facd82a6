//! Sources of faults in the grid of `images`: as written, and checked.

use super::cell::{Faults, Place, everywhere};
use crate::campaign::{CampaignError, Spec};
use crate::policy::{self, ClassShares, DvfsSchedule, Schedule, Setpoint};
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

/// A policy as written: a file, or a rule with a point.
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
        let tech = self.tech.as_deref().unwrap_or(tech::DEFAULT);
        let usual = ClassShares::protecting(policy::EARLY, policy::FIRST);
        let classes = self.classes.unwrap_or(usual);
        let made = DvfsSchedule::two_points(&name, tech, classes, point, schedule);
        DvfsSchedule::from_yaml(&made.to_yaml(), &spec.file)
            .map_err(|error| spec.refused(key, &name, error.to_string()))
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
