//! The grid of `images`: its keys, what is allowed, and its cells.

use super::cell::{Cell, Faults, Place, everywhere};
use super::samplers::Tables;
use super::sources::{RawFaults, RawPolicy, Source};
use crate::baseline::ProtectionKind;
use crate::campaign::experiments::arrays;
use crate::campaign::{CampaignError, Spec};
use crate::config::ArrayConfig;
use crate::forecast::Forecast;
use crate::tech::Table;
use serde::Deserialize;
use std::collections::BTreeMap;

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
        arrays(spec, &self.config)
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
        let blind = protections.iter().find(|kind| !kind.has_checksums());
        let adaptive = |source: &Source| {
            source
                .schedule
                .as_ref()
                .is_some_and(|s| s.adaptive.is_some())
        };
        if let Some(kind) = blind.filter(|_| sources.iter().any(adaptive)) {
            let allowed =
                "protections with checksums, where a policy is adaptive: it counts their flags";
            return Err(spec.refused("grid.protection", kind, allowed));
        }
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
