//! The arrays that grids name.

use crate::campaign::{CampaignError, Spec};
use crate::config::{ArrayConfig, SHIPPED};
use std::collections::BTreeMap;

/// The arrays of `grid.config` by name.
pub(super) fn arrays(
    spec: &Spec,
    names: &[String],
) -> Result<BTreeMap<String, ArrayConfig>, CampaignError> {
    let mut configs = BTreeMap::new();
    for name in names {
        let config = ArrayConfig::load(name).map_err(|error| {
            let names = SHIPPED.map(|(name, _)| name).join(", ");
            let allowed = format!("a YAML file or one of {names} ({error})");
            spec.refused("grid.config", name, allowed)
        })?;
        configs.insert(name.clone(), config);
    }
    Ok(configs)
}
