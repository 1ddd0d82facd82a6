//! What the images of a cell cost, and the best of those that are of equal quality.

use super::quality::quality;
use super::records::{Campaign, Row, Twins};
use crate::campaign::experiments::images::{Accelerator, Cell, CellCost, CostedModel, cost};
use crate::config::ArrayConfig;
use crate::infer::EMBEDDED;
use crate::metrics::RealImages;
use std::sync::LazyLock;

/// Memory of the small array that images are made on: the chip whose rows its checkpoints open.
pub const MEMORY: &str = "ddr4-3200-1chip";
/// The published model that the best schedules are costed on, too, and its array.
pub const PUBLISHED: &str = "dit-xl-2-512";
pub const ARRAY: &str = "tpu";
/// Memories of that array.
pub const MEMORIES: [&str; 2] = ["ddr4-3200", "hbm2"];

/// The embedded model and the published one; every cell asks for them.
static SMALL: LazyLock<Option<CostedModel>> = LazyLock::new(|| CostedModel::named(EMBEDDED).ok());
static LARGE: LazyLock<Option<CostedModel>> = LazyLock::new(|| CostedModel::named(PUBLISHED).ok());

/// One of the two models.
pub fn model(name: &str) -> Option<&'static CostedModel> {
    let found = if name == EMBEDDED { &SMALL } else { &LARGE };
    found.as_ref()
}

/// Energy and time of an image of a cell, on the array that it was run on, with what its protection
/// did as counted. `None` where faults come from a bit error rate, which has no operating point.
pub fn counted(row: &Row) -> Option<CellCost> {
    cost(row, model(EMBEDDED)?, &Accelerator::with_memory(MEMORY)).ok()
}

/// The same for [`PUBLISHED`] under the schedule of the cell, with the memory of that name. Of that
/// model no quality was measured.
pub fn published(row: &Row, memory: &str) -> Option<CellCost> {
    let accelerator = Accelerator {
        config: Some(ArrayConfig::load(ARRAY).ok()?),
        ..Accelerator::with_memory(memory)
    };
    cost(row, LARGE.as_ref()?, &accelerator).ok()
}

/// A cell of equal quality.
pub struct Best<'a> {
    /// Where it is.
    pub campaign: &'a Campaign,
    /// The cell with its images.
    pub row: &'a Row,
    /// What it costs.
    pub cost: CellCost,
}

/// Campaigns, and what their images are judged by.
pub struct Judged<'a> {
    /// The campaigns.
    pub campaigns: &'a [Campaign],
    /// Their error-free images.
    pub twins: &'a Twins,
    /// Real images.
    pub real: &'a RealImages,
}

/// Of the cells that `keep` accepts and whose images are of equal quality, the one with the most of
/// something, by what `costed` says; and how many cells were looked at.
pub fn best<'a>(
    judged: &Judged<'a>,
    keep: impl Fn(&Cell) -> bool,
    costed: impl Fn(&Row) -> Option<CellCost>,
    most: impl Fn(&CellCost) -> f64,
) -> (Option<Best<'a>>, usize) {
    let mut best: Option<Best<'a>> = None;
    let mut seen = 0;
    for campaign in judged.campaigns {
        for row in campaign.rows.iter().filter(|row| keep(&row.cell)) {
            seen += 1;
            let equal =
                quality(row, judged.twins, judged.real).is_some_and(|quality| quality.is_equal());
            let Some(cost) = equal.then(|| costed(row)).flatten() else {
                continue;
            };
            if best
                .as_ref()
                .is_none_or(|best| most(&cost) > most(&best.cost))
            {
                best = Some(Best {
                    campaign,
                    row,
                    cost,
                });
            }
        }
    }
    (best, seen)
}
