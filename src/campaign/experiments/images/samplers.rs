//! What injects the faults of a cell of `images`.

use super::cell::Faults;
use crate::campaign::{CampaignError, Spec};
use crate::config::{ArrayConfig, Dataflow};
use crate::fault::{Sampler, Targets};
use crate::policy::DvfsSchedule;
use crate::tech::{OperatingPoint, Table};
use std::collections::BTreeMap;

/// Technology tables by name.
pub(super) type Tables = BTreeMap<String, Table>;

impl Faults {
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
            Self::Uniform { ber, bits } => Ok(Sampler::Uniform {
                ber: *ber,
                targets: Targets::psum(*bits),
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
