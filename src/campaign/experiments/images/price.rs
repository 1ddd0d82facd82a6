//! What a protection costs beside none: the same model and array, under the same schedule and the same
//! source of faults.

use super::cost::{Accelerator, CostError, cost};
use super::costed_model::CostedModel;
use super::{CellCost, CellRecords, Faults};
use crate::energy::Cost;
use serde::Serialize;

/// Technology at whose nominal point a bit error rate is costed, as it has no point of its own.
pub const TECH: &str = "scaled-14nm";

/// Costs of an image with a protection and without, everything else being the same.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Price {
    /// With it.
    pub with: CellCost,
    /// Without.
    pub without: CellCost,
}

impl Price {
    /// What something is with the protection over what it is without: 1.1 is ten per cent more.
    fn ratio(&self, of: impl Fn(&Cost) -> f64) -> f64 {
        of(&self.with.total()) / of(&self.without.total())
    }

    /// Of all energy.
    pub fn energy(&self) -> f64 {
        self.ratio(Cost::joules)
    }

    /// Of the energy of the array: PEs, protection, tiles computed again, and their supply.
    pub fn array_energy(&self) -> f64 {
        self.ratio(Cost::array_pj)
    }

    /// Of the time.
    pub fn time(&self) -> f64 {
        self.ratio(|cost| cost.seconds)
    }

    /// Of the bytes to and from DRAM.
    pub fn dram_bytes(&self) -> f64 {
        self.ratio(|cost| cost.dram_bytes)
    }

    /// Of the rows that DRAM opens.
    pub fn dram_rows(&self) -> f64 {
        self.ratio(|cost| cost.dram_rows)
    }
}

/// The cost of a cell, for a [`Price`]. A bit error rate is costed at the nominal point: its faults are
/// counted, not what a supply would save that made so many.
///
/// # Errors
/// [`CostError`].
pub fn priced(
    records: &CellRecords,
    model: &CostedModel,
    accelerator: &Accelerator,
) -> Result<CellCost, CostError> {
    cost(&at_a_point(records), model, accelerator)
}

/// The records with the nominal point in place of a bit error rate.
fn at_a_point(records: &CellRecords) -> CellRecords {
    let mut records = records.clone();
    if let Faults::Uniform { .. } = records.cell.faults {
        records.cell.faults = Faults::Timing {
            voltage: None,
            frequency: None,
            tech: TECH.to_owned(),
        };
    }
    records
}
