//! Our side of the paper's table, from the records that can tell.

use super::model::{Comparison, Format, Measured};
use super::sections::images::{Campaign, tolerable_ratio};
use super::sections::repack;
use crate::campaign::equal_quality;
use crate::sequence::repack::Record as RepackRecord;

/// Bounds of the loss at which the tolerable rate is given, too: how much of the ratio is the
/// bound's.
const OTHER_BOUNDS: [f64; 2] = [0.05, 0.1];

/// With over without rollback, from the first campaign that has both over rates.
pub fn tolerable_ber(campaigns: &[Campaign]) -> Option<Comparison> {
    let (campaign, (ours, images)) = campaigns
        .iter()
        .find_map(|campaign| Some((campaign, tolerable_ratio(campaign, equal_quality::LPIPS)?)))?;
    let others: Vec<String> = OTHER_BOUNDS
        .iter()
        .filter_map(|bound| {
            let (ratio, _) = tolerable_ratio(campaign, *bound)?;
            Some(format!("{} at {bound}", Format::Ratio.text(ratio.value)))
        })
        .collect();
    Some(Comparison {
        claim: "tolerable-ber".to_owned(),
        ours: Some(ours),
        definition: format!(
            "Bit error rate of captured psums at which mean LPIPS reaches {}, of DRIFT over no protection: {images} images, the \
             same faults, log-log interpolation between rates, bootstrap over images. Accuracy and FD-clf at each rate are in the \
             table of the campaign.",
            equal_quality::LPIPS
        ),
        cause: format!(
            "The ratio hangs on where a single flip is fatal: an unprotected image survives as long as hardly any of its flips \
             hits bits 16–31 (Which bits hurt), while DRIFT fails only when most tiles have a masked element. Other bounds of LPIPS \
             give {}. The paper's bound and its unit of BER are not in the summary at hand.",
            others.join(", ")
        ),
        command: campaign.command(),
    })
}

/// Row-major over repacked: on the RTL, and the range by address.
pub fn row_activations(record: &RepackRecord) -> Option<Comparison> {
    let measured = repack::measured(record);
    let (from, to) = measured.first()?;
    let ratio = repack::alone(&from.costs.quiet) / repack::alone(&to.costs.quiet);
    let addressed = repack::addressed(record);
    let ratios = addressed.iter().map(|(from, to)| {
        let ratio = from.activations as f64 / to.activations as f64;
        format!("{} on {}", Format::Ratio.text(ratio), from.array)
    });
    let ratios: Vec<String> = ratios.collect();
    Some(Comparison {
        claim: "row-activations".to_owned(),
        ours: Some(Measured {
            value: ratio,
            interval: None,
        }),
        definition: format!(
            "DRAM rows opened by the fetches of {} rollbacks, all banks precharged before each, {} array in RTL, {}. Counted, not \
             sampled.",
            from.costs.quiet.recoveries, from.array, record.dram
        ),
        cause: format!(
            "The ratio is that of the matrix and the array: {}'s outputs are at most 512 wide, so few DRAM rows to scatter over. By \
             address, outputs of DiT-XL/2 give {}: the paper's 23× lies among these.",
            record.workload,
            ratios.join(", ")
        ),
        command: repack::COMMAND.to_owned(),
    })
}
