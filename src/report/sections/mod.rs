//! Sections made from records.

pub mod area;
pub mod energy;
pub mod gemm_faults;
pub mod images;
pub mod repack;

/// Anchor of a campaign's section: names of campaigns may hold what anchors may not.
fn anchor(campaign: &str) -> String {
    campaign.to_ascii_lowercase().replace('_', "-")
}
