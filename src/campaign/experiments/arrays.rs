//! The arrays that grids name.

use crate::campaign::{CampaignError, Spec};
use crate::config::{ArrayConfig, ConfigError, SHIPPED};
use std::collections::BTreeMap;
use std::path::Path;

/// The array of a shipped name or a YAML file.
pub(super) fn array(name: &str) -> Result<ArrayConfig, ConfigError> {
    match SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        Some((_, yaml)) => ArrayConfig::from_yaml(yaml, Path::new(name)),
        None => ArrayConfig::from_file(Path::new(name)),
    }
}

/// The arrays of `grid.config` by name.
pub(super) fn arrays(
    spec: &Spec,
    names: &[String],
) -> Result<BTreeMap<String, ArrayConfig>, CampaignError> {
    let mut configs = BTreeMap::new();
    for name in names {
        let config = array(name).map_err(|error| {
            let names = SHIPPED.map(|(name, _)| name).join(", ");
            let allowed = format!("a YAML file or one of {names} ({error})");
            spec.refused("grid.config", name, allowed)
        })?;
        configs.insert(name.clone(), config);
    }
    Ok(configs)
}
