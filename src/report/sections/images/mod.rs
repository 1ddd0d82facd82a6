//! Records of `images`: quality loss by source of faults, place, protection and whatever else the
//! grid varies.

mod adaptive;
mod axes;
pub(in crate::report) mod costs;
mod figures;
mod findings;
mod pictures;
mod prices;
mod protections;
mod quality;
mod records;
mod table;
#[cfg(test)]
mod tests;
mod titles;

pub use protections::tolerable_ratio;
pub use quality::quality_words;
pub use records::{Campaign, Row, Twins};
pub use titles::Kind;

use crate::metrics::RealImages;
use crate::report::{Item, ReportError, Section};
use crate::synth::ArrayArea;

/// What a campaign is about.
pub fn kind(campaign: &Campaign) -> Kind {
    Kind::of(campaign, &axes::varying(&campaign.rows))
}

/// The section of a campaign. `twins` are the error-free images of all campaigns of the folder, `areas`
/// what its arrays take in NAND2 equivalents, as far as that was found.
///
/// # Errors
/// [`ReportError::Content`] for pictures that cannot be read.
pub fn section(
    campaign: &Campaign,
    twins: &Twins,
    real: &RealImages,
    areas: &[ArrayArea],
) -> Result<Section, ReportError> {
    let axes = axes::varying(&campaign.rows);
    let mut items: Vec<Item> = findings::findings(campaign)
        .into_iter()
        .map(Item::Finding)
        .collect();
    items.extend(pictures::strip(campaign, &axes)?);
    items.extend(protections::protections(campaign).map(Item::Table));
    items.extend(prices::prices(campaign, areas));
    // A figure over the supply would say nothing of policies that move it.
    match Kind::of(campaign, &axes) {
        Kind::Adaptive => items.extend(adaptive::items(campaign)),
        _ => items.extend(figures::figures(campaign, &axes)),
    }
    items.push(Item::Table(table::table(campaign, &axes, twins, real)));
    Ok(Section {
        id: campaign.id(),
        title: Kind::of(campaign, &axes).title(campaign),
        prose: titles::prose(campaign, &axes),
        items,
    })
}
