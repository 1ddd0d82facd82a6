//! What a section of images is called, and the words at its beginning.

use super::axes::Axis;
use super::records::{Campaign, Row};

/// Protections from which on a campaign compares them.
pub const MANY: usize = 5;

/// What a campaign is about, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Images that were recorded.
    Pictures,
    /// Bit error rates.
    Rates,
    /// Bits of the psum.
    Bits,
    /// Steps with faults.
    Steps,
    /// Blocks or layers with faults.
    Blocks,
    /// Supply voltages.
    Voltages,
    /// Clock frequencies.
    Frequencies,
    /// TaylorSeer.
    Forecast,
    /// Threshold bits or checkpoint intervals.
    Rollback,
    /// Arrays.
    Arrays,
    /// Protections at operating points.
    Protections,
    /// Operating points that the error monitor chooses.
    Adaptive,
    /// Anything else.
    Other,
}

impl Kind {
    /// The kind that follows from what varies.
    pub fn of(campaign: &Campaign, axes: &[Axis]) -> Self {
        let varies = |key: &str| axes.iter().find(|axis| axis.key == key);
        let place = varies("place").is_some();
        let by_step = campaign
            .rows
            .iter()
            .all(|row| row.cell.place.any.iter().all(|one| one.steps.is_some()));
        let moved = |row: &Row| {
            row.cell
                .schedule
                .as_ref()
                .is_some_and(|s| s.adaptive.is_some())
        };
        if campaign.rows.iter().any(|row| row.cell.pictures) {
            Self::Pictures
        } else if campaign.rows.iter().any(moved) {
            Self::Adaptive
        } else if varies("taylorseer").is_some() {
            Self::Forecast
        } else if varies("bits").is_some() && !place {
            Self::Bits
        } else if varies("ber").is_some_and(|axis| axis.distinct().len() > 2) {
            Self::Rates
        } else if varies("protection").is_some_and(|axis| axis.distinct().len() >= MANY) {
            Self::Protections
        } else if place && by_step {
            Self::Steps
        } else if varies("voltage").is_some() {
            Self::Voltages
        } else if varies("frequency").is_some() {
            Self::Frequencies
        } else if place {
            Self::Blocks
        } else if varies("config").is_some() {
            Self::Arrays
        } else if varies("threshold_bit").is_some() || varies("interval").is_some() {
            Self::Rollback
        } else {
            Self::Other
        }
    }

    /// The heading of a campaign.
    pub fn title(self, campaign: &Campaign) -> String {
        match self {
            Self::Pictures => "Images to look at",
            Self::Rates => "Bit error rates and protections",
            Self::Bits => "Which bits hurt",
            Self::Steps => "Which steps hurt, and what later steps repair",
            Self::Blocks => "Which blocks and layers hurt",
            Self::Voltages => "Undervolting",
            Self::Frequencies => "Overclocking",
            Self::Forecast => "Forecast features (TaylorSeer)",
            Self::Rollback => "Design space: threshold and checkpoints",
            Self::Arrays => "Design space: arrays",
            Self::Protections => "What protections cost",
            Self::Adaptive => "Operating points by feedback (adaptive mode)",
            Self::Other => return format!("Images: {}", campaign.name),
        }
        .to_owned()
    }
}

/// How many images of what.
pub fn prose(campaign: &Campaign, axes: &[Axis]) -> Vec<String> {
    let fewest = campaign.rows.iter().map(|row| row.images.len()).min();
    let Some((first, fewest)) = campaign.rows.first().zip(fewest) else {
        return vec!["No records yet.".to_owned()];
    };
    let fixed = |key: &str, text: String| {
        let varies = axes.iter().any(|axis| axis.key == key);
        (!varies).then_some(text)
    };
    let cell = &first.cell;
    let parts: Vec<String> = [
        fixed("steps", format!("{} steps", cell.steps)),
        fixed("protection", format!("protection {}", cell.protection)),
        fixed("config", format!("array {}", cell.config)),
        fixed("threshold_bit", format!("θ = {}", cell.threshold_bit)),
        fixed(
            "interval",
            format!("checkpoints every {} steps", cell.interval),
        ),
        fixed("place", format!("faults {}", cell.place.name)),
    ]
    .into_iter()
    .flatten()
    .collect();
    vec![format!(
        "{} cells of {fewest} images each; {}.",
        campaign.rows.len(),
        parts.join(", ")
    )]
}
