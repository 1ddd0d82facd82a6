//! What faults did to the outputs, and what rollback left of it.

use crate::config::ArrayConfig;
use crate::fault::TileFaults;
use crate::golden::accelerator::{DeliveredTile, GemmRequest};
use crate::golden::{TileResult, tile};
use crate::tiling::Tiling;
use ndarray::{Array2, s};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Distance of outputs from those without faults, in units of the int32 outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Deviation {
    /// Outputs that differ.
    pub wrong: u64,
    /// Sum of |error|.
    pub sum: f64,
    /// Largest |error|.
    pub max: u64,
}

impl Deviation {
    fn add(&mut self, found: i32, exact: i32) {
        let error = i64::from(found).abs_diff(i64::from(exact));
        self.wrong += u64::from(error > 0);
        self.sum += error as f64;
        self.max = self.max.max(error);
    }
}

impl AddAssign for Deviation {
    fn add_assign(&mut self, other: Self) {
        self.wrong += other.wrong;
        self.sum += other.sum;
        self.max = self.max.max(other.max);
    }
}

/// Deviations of all outputs of some GEMMs, and how large the outputs are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Effect {
    /// Outputs in all.
    pub outputs: u64,
    /// Sum of |output| without faults.
    pub magnitude: f64,
    /// As the array computed them first.
    pub before: Deviation,
    /// As the accelerator delivered them last: merged, recomputed, or kept.
    pub after: Deviation,
}

impl AddAssign for Effect {
    fn add_assign(&mut self, other: Self) {
        self.outputs += other.outputs;
        self.magnitude += other.magnitude;
        self.before += other.before;
        self.after += other.after;
    }
}

impl Effect {
    /// Compares what was delivered with what there would be without faults.
    pub(super) fn of(
        config: &ArrayConfig,
        request: &GemmRequest<'_>,
        delivered: &[DeliveredTile],
    ) -> Self {
        let (x, w) = (request.x, request.w);
        let tiling = Tiling::new(config, x.nrows(), x.ncols(), w.ncols());
        let compute = |place: &_, faults: &TileFaults| -> Array2<i32> {
            let TileResult { y, .. } = tile(config, &tiling, place, x, w, faults, 0);
            y
        };
        // A tile that is delivered twice counts as it came last.
        let last: BTreeMap<usize, &DeliveredTile> =
            delivered.iter().map(|tile| (tile.tile, tile)).collect();
        let mut effect = Self::default();
        for place in tiling.tiles() {
            let Some(delivered) = last.get(&place.index) else {
                continue;
            };
            let faults = &request.faults[place.index];
            // Columns beyond N are no outputs.
            let outputs = s![.., ..place.columns.len()];
            let after = delivered.y.slice(outputs);
            effect.outputs += after.len() as u64;
            if faults.is_empty() {
                effect.magnitude += magnitude(after.iter());
                continue;
            }
            let (exact, faulty) = (
                compute(&place, &TileFaults::default()),
                compute(&place, faults),
            );
            let exact = exact.slice(outputs);
            effect.magnitude += magnitude(exact.iter());
            for (&exact, (&faulty, &after)) in
                exact.iter().zip(faulty.slice(outputs).iter().zip(after))
            {
                effect.before.add(faulty, exact);
                effect.after.add(after, exact);
            }
        }
        effect
    }
}

fn magnitude<'a>(outputs: impl Iterator<Item = &'a i32>) -> f64 {
    outputs.map(|y| f64::from(y.unsigned_abs())).sum()
}
