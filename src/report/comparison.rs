//! Our side of the paper's table, from the records that can tell.

use super::model::{Comparison, Format, Measured};
use super::sections::images::costs::{self, Best, Judged, best};
use super::sections::images::{Campaign, quality_words, tolerable_ratio};
use super::sections::repack;
use crate::baseline::ProtectionKind;
use crate::campaign::equal_quality;
use crate::campaign::experiments::images::{Cell, CellCost, Faults};
use crate::sequence::repack::Record as RepackRecord;
use crate::tech::{OperatingPoint, Table};
use crate::units::Hertz;

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
        format!(
            "{} ({}, {})",
            Format::Ratio.text(ratio),
            from.shape.trim_start_matches("DiT-XL/2 "),
            from.array
        )
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
            "The ratio is that of the matrix and the array: {}'s outputs are at most 512 wide, so they lie on few DRAM rows. By \
             address, outputs of DiT-XL/2 give {}. Which the paper's number belongs to is not in the summary at hand.",
            record.workload,
            ratios.join(", ")
        ),
        command: repack::COMMAND.to_owned(),
    })
}

/// Whether a cell's schedule has a voltage of its own at the nominal clock.
fn undervolted(cell: &Cell) -> bool {
    cell.schedule.is_some()
        && matches!(
            cell.faults,
            Faults::Timing {
                voltage: Some(_),
                frequency: None,
                ..
            }
        )
}

/// Whether a cell's schedule has a clock of its own.
fn overclocked(cell: &Cell) -> bool {
    cell.schedule.is_some()
        && matches!(
            cell.faults,
            Faults::Timing {
                frequency: Some(_),
                ..
            }
        )
}

/// Cells with a protection whose points are moved, and whose steps are all in full.
fn with(kind: ProtectionKind, moved: fn(&Cell) -> bool) -> impl Fn(&Cell) -> bool {
    move |cell| moved(cell) && cell.protection == kind && cell.taylorseer.is_none()
}

/// The schedule and the point of a cell.
fn point(best: &Best<'_>) -> String {
    let cell = &best.row.cell;
    let forecast = cell
        .taylorseer
        .map_or(String::new(), |one| format!(", TaylorSeer {one}"));
    format!(
        "{}, {}{forecast}",
        cell.place.name,
        cell.faults.point_name()
    )
}

/// What the best cell gains, and where.
fn gain(best: &Best<'_>, most: impl Fn(&CellCost) -> f64, format: Format) -> String {
    format!("{} ({})", format.text(most(&best.cost)), point(best))
}

/// The rows about operating points.
impl Judged<'_> {
    fn best(
        &self,
        keep: impl Fn(&Cell) -> bool,
        most: impl Fn(&CellCost) -> f64,
    ) -> (Option<Best<'_>>, usize) {
        best(self, keep, costs::counted, most)
    }

    /// What the published model gains in the best cell of equal quality, with each memory, in words.
    fn published(
        &self,
        keep: impl Fn(&Cell) -> bool,
        most: impl Fn(&CellCost) -> f64,
        format: Format,
    ) -> String {
        let words = costs::MEMORIES.iter().filter_map(|memory| {
            let costed = |row: &_| costs::published(row, memory);
            let (found, _) = best(self, &keep, costed, &most);
            let found = found?;
            let gain = format.text(most(&found.cost));
            Some(format!("{gain} with {memory} ({})", point(&found)))
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// The row of a claim, from the best cell and a cause.
    fn row(
        &self,
        claim: &str,
        (found, cells): (Option<Best<'_>>, usize),
        most: impl Fn(&CellCost) -> f64,
        cause: impl FnOnce(&Best<'_>) -> String,
    ) -> Option<Comparison> {
        if cells == 0 {
            return None;
        }
        let Some(best) = found else {
            return Some(Comparison {
                claim: claim.to_owned(),
                ours: None,
                definition: String::new(),
                cause: format!(
                    "None of {cells} cells with DRIFT is of equal quality, so there is nothing to compare."
                ),
                command: String::new(),
            });
        };
        let quality = quality_words(best.row, self.twins, self.real);
        Some(Comparison {
            claim: claim.to_owned(),
            ours: Some(Measured {
                value: most(&best.cost),
                interval: None,
            }),
            definition: format!(
                "The best of {cells} cells with DRIFT that are of equal quality: {}. {quality} Energy and time are those of the \
                 embedded model on its 16×16 array, protection, checkpoints, counted recoveries, on-chip memories and DRAM ({}) \
                 included, against the plain array at its nominal point. Counted from records, with constants of \
                 configs/energy.yaml: no interval.",
                point(&best),
                costs::MEMORY,
            ),
            cause: cause(&best),
            command: format!(
                "{}; drift policy cost {}",
                best.campaign.command(),
                best.campaign.file_name()
            ),
        })
    }

    /// Energy saved by undervolting with DRIFT.
    pub fn energy_saved(&self) -> Option<Comparison> {
        let saved = CellCost::energy_saved;
        let others: Vec<String> = [
            ("no protection", ProtectionKind::None),
            ("classical ABFT", ProtectionKind::Abft),
        ]
        .into_iter()
        .filter_map(|(name, kind)| {
            let (found, _) = self.best(with(kind, undervolted), saved);
            Some(format!("{name} {}", gain(&found?, saved, Format::Percent)))
        })
        .collect();
        let found = self.best(with(ProtectionKind::Drift, undervolted), saved);
        self.row("energy-saved", found, saved, |best| {
            let array = array_share(&best.cost);
            let drift = with(ProtectionKind::Drift, undervolted);
            let published = self.published(drift, saved, Format::Percent);
            format!(
                "The supply moves only the array, which is {} of the nominal energy here; the rest is memories and DRAM. The array \
                 alone takes {} less. On the same cells, {}. Of the same cells, the best for {} on 128×128 PEs save {published}; its quality was not \
                 measured. How the paper counts memories is not in the summary at hand.",
                Format::Percent.text(array.0),
                Format::Percent.text(array.1),
                others.join(", "),
                costs::PUBLISHED
            )
        })
    }

    /// Speedup by overclocking with DRIFT.
    pub fn overclocking(&self) -> Option<Comparison> {
        let speedup = CellCost::speedup;
        let (none, _) = self.best(with(ProtectionKind::None, overclocked), speedup);
        let none = none.map_or("none".to_owned(), |best| {
            gain(&best, speedup, Format::Ratio)
        });
        let found = self.best(with(ProtectionKind::Drift, overclocked), speedup);
        self.row("overclocking-speedup", found, speedup, |best| {
            let beyond = beyond_guardband(&best.row.cell).map_or(String::new(), |(hertz, rate)| {
                format!(
                    " {:.0}% above nominal, at {:.0} MHz, {rate:.0e} of the psums are captured wrong (drift tech show);",
                    100.0 * (BEYOND - 1.0),
                    hertz * 1e-6
                )
            });
            format!(
                "Two causes. Timing errors set in abruptly beyond the guardband:{beyond} DRIFT's loss at each clock is in the section \
                 Overclocking. And memory bounds the time of a small model: one channel of {} does not get faster with the array, and \
                 carries the checkpoints, too. Without protection, {none} at equal quality. Of the same cells, the best for {} on 128×128 PEs \
                 give {}.",
                costs::MEMORY,
                costs::PUBLISHED,
                self.published(with(ProtectionKind::Drift, overclocked), speedup, Format::Ratio)
            )
        })
    }

    /// Speedup of TaylorSeer with DRIFT.
    pub fn taylorseer(&self) -> Option<Comparison> {
        let keep =
            |cell: &Cell| cell.taylorseer.is_some() && cell.protection == ProtectionKind::Drift;
        let speedup = CellCost::speedup;
        let found = self.best(keep, speedup);
        self.row("taylorseer-speedup", found, speedup, |best| {
            let setting = best.row.cell.taylorseer.map(|one| one.to_string()).unwrap_or_default();
            let published = self.published(keep, speedup, Format::Ratio);
            format!(
                "Interval and order {setting}. The first two steps are computed in full, embeddings and the final layer in every \
                 step, and checksums and checkpoints cost time. Of the same cells, the best for {} on 128×128 PEs give {}; its quality was \
                 not measured.",
                costs::PUBLISHED,
                published
            )
        })
    }
}

/// How many times the nominal clock is looked at for how fast errors set in.
const BEYOND: f64 = 1.15;

/// The clock [`BEYOND`] nominal in Hz, and the probability of a wrong psum there, in the technology
/// of a cell.
fn beyond_guardband(cell: &Cell) -> Option<(f64, f64)> {
    let Faults::Timing { tech, .. } = &cell.faults else {
        return None;
    };
    let table = Table::load(tech).ok()?;
    let nominal = table.nominal();
    let point = OperatingPoint {
        frequency: Hertz(BEYOND * nominal.frequency.0),
        ..nominal
    };
    let errors = table.errors(point).ok()?;
    Some((point.frequency.0, table.mean_errors(&errors).word_wrong))
}

/// Share of the nominal energy that the array takes, and what share of that is saved.
fn array_share(cost: &CellCost) -> (f64, f64) {
    let (nominal, now) = (cost.nominal.parts(), cost.parts());
    (
        nominal.array() / nominal.total(),
        1.0 - now.array() / nominal.array(),
    )
}
