//! A folder of results, read into a report.

use super::error::ReportError;
use super::model::{Comparison, Item, Report, Section};
use super::sections::images::{self, Campaign, Twins};
use super::{comparison, paper, sections};
use crate::campaign::experiments::{energy::Energy, gemm_faults::GemmFaults, images::Images};
use crate::campaign::{self, Experiment};
use crate::metrics::RealImages;
use crate::sequence::repack;
use crate::synth::{ArrayArea, NAND2, SWEEP_SCHEMA, SweepRecord};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Where a section stands in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Images(images::Kind),
    Energy,
    Repack,
    Area,
    GemmFaults,
    Given,
}

/// What a folder holds, before the sections are made: those of images know of each other.
#[derive(Default)]
struct Found {
    campaigns: Vec<Campaign>,
    sections: Vec<(Rank, Section)>,
    /// Arrays whose areas are in NAND2 equivalents.
    areas: Vec<ArrayArea>,
    /// Our side of the paper's table, as records tell it.
    told: Vec<Comparison>,
    /// The same, as `comparison.json` gives it.
    given: Vec<Comparison>,
}

impl Report {
    /// Reads everything in a folder that a report is made of.
    ///
    /// # Errors
    /// [`ReportError`] names the file and what is wrong with it.
    pub fn from_folder(folder: &Path) -> Result<Self, ReportError> {
        let mut names: Vec<PathBuf> = std::fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .map_err(ReportError::io(folder))?;
        // The order of a folder is the file system's.
        names.sort();
        let mut found = Found::default();
        for file in &names {
            found.take(file)?;
        }
        let report = found.report(folder)?;
        if report.comparisons.is_empty() && report.sections.is_empty() {
            return Err(ReportError::Empty {
                folder: folder.to_owned(),
            });
        }
        unique_names(&report, folder)?;
        Ok(report)
    }
}

impl Found {
    /// Reads a file if it is one of a report's.
    fn take(&mut self, file: &Path) -> Result<(), ReportError> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        match &*name {
            "comparison.json" => self.given = comparisons(file)?,
            "repack.json" => {
                let record: repack::Record = of_schema(file, repack::SCHEMA)?;
                self.told.extend(comparison::row_activations(&record));
                let section = sections::repack::section(&record);
                self.sections.push((Rank::Repack, section));
            }
            "area.json" => {
                let record: SweepRecord = of_schema(file, SWEEP_SCHEMA)?;
                let section = sections::area::section(&record);
                self.sections.push((Rank::Area, section));
                if record.unit == NAND2 {
                    self.areas = record.arrays;
                }
            }
            name if name.ends_with(".section.json") => {
                self.sections.push((Rank::Given, section(file)?));
            }
            name if name.ends_with(".jsonl") && !name.ends_with(".times.jsonl") => {
                self.records(file)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Reads the records of a campaign.
    fn records(&mut self, file: &Path) -> Result<(), ReportError> {
        let (header, _) = campaign::read(file)?;
        match header.experiment.as_str() {
            Energy::NAME => {
                let section = sections::energy::section(file)?;
                self.sections.push((Rank::Energy, section));
            }
            GemmFaults::NAME => {
                let section = sections::gemm_faults::section(file)?;
                self.sections.push((Rank::GemmFaults, section));
            }
            Images::NAME => self.campaigns.push(Campaign::read(file)?),
            other => {
                let message = format!(
                    "records of experiment {other:?} have no section; expected {}, {} or {}",
                    Energy::NAME,
                    GemmFaults::NAME,
                    Images::NAME
                );
                return Err(content(file, message));
            }
        }
        Ok(())
    }

    fn report(mut self, folder: &Path) -> Result<Report, ReportError> {
        let (twins, real) = (Twins::of(&self.campaigns), RealImages::embedded());
        for campaign in &self.campaigns {
            let rank = Rank::Images(images::kind(campaign));
            let section = images::section(campaign, &twins, &real, &self.areas)?;
            self.sections.push((rank, section));
        }
        self.told.extend(comparison::tolerable_ber(&self.campaigns));
        let judged = images::costs::Judged {
            campaigns: &self.campaigns,
            twins: &twins,
            real: &real,
        };
        self.told.extend(judged.energy_saved());
        self.told.extend(judged.overclocking());
        self.told.extend(judged.taylorseer());
        for row in self.given {
            if self.told.iter().any(|told| told.claim == row.claim) {
                let file = folder.join("comparison.json");
                let message = format!("claim {}: records in the folder tell it already", row.claim);
                return Err(content(&file, message));
            }
            self.told.push(row);
        }
        self.told.sort_by_key(place);
        // Stable: within a rank by file name.
        self.sections.sort_by_key(|(rank, _)| *rank);
        Ok(Report {
            comparisons: self.told,
            sections: self
                .sections
                .into_iter()
                .map(|(_, section)| section)
                .collect(),
        })
    }
}

/// Place of a row in the paper's table.
fn place(row: &Comparison) -> Option<usize> {
    paper::CLAIMS.iter().position(|claim| claim.id == row.claim)
}

/// A record whose `schema` must be the present one.
fn of_schema<T: DeserializeOwned>(file: &Path, schema: &str) -> Result<T, ReportError> {
    let value: serde_json::Value = json(file)?;
    let found = value["schema"].as_str().unwrap_or("none");
    if found != schema {
        let message = format!("schema: {found} is not allowed; expected {schema}");
        return Err(content(file, message));
    }
    serde_json::from_value(value).map_err(|error| content(file, error.to_string()))
}

fn json<T: DeserializeOwned>(file: &Path) -> Result<T, ReportError> {
    let text = std::fs::read_to_string(file).map_err(ReportError::io(file))?;
    serde_json::from_str(&text).map_err(|error| content(file, error.to_string()))
}

fn content(file: &Path, message: impl Into<String>) -> ReportError {
    ReportError::Content {
        file: file.to_owned(),
        message: message.into(),
    }
}

/// Our side of the paper's table, as a file gives it.
fn comparisons(file: &Path) -> Result<Vec<Comparison>, ReportError> {
    let rows: Vec<Comparison> = json(file)?;
    if let Some(unknown) = rows.iter().find(|row| place(row).is_none()) {
        let known: Vec<&str> = paper::CLAIMS.iter().map(|claim| claim.id).collect();
        let message = format!(
            "claim: {:?} is not allowed; expected one of {}",
            unknown.claim,
            known.join(", ")
        );
        return Err(content(file, message));
    }
    Ok(rows)
}

fn section(file: &Path) -> Result<Section, ReportError> {
    let mut section: Section = json(file)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    for item in &mut section.items {
        match item {
            Item::Strip(strip) => {
                for image in strip.rows.iter_mut().flat_map(|row| &mut row.images) {
                    let picture = folder.join(&image.file);
                    image.png = std::fs::read(&picture).map_err(ReportError::io(&picture))?;
                    if !image.png.starts_with(b"\x89PNG\r\n\x1a\n") {
                        return Err(content(&picture, "not a PNG"));
                    }
                }
            }
            Item::Table(table) => {
                let wrong = table.rows.iter().find(|r| r.len() != table.columns.len());
                if let Some(row) = wrong {
                    let message = format!(
                        "table {}: a row of {} cells; expected {}",
                        table.id,
                        row.len(),
                        table.columns.len()
                    );
                    return Err(content(file, message));
                }
            }
            Item::Prose(_) | Item::Figure(_) | Item::Finding(_) => {}
        }
    }
    Ok(section)
}

/// Names are anchors and file names: plain, and each only once.
fn unique_names(report: &Report, folder: &Path) -> Result<(), ReportError> {
    let mut seen = BTreeSet::new();
    for section in &report.sections {
        let items = section.items.iter().filter_map(|item| match item {
            Item::Figure(figure) => Some(&figure.id),
            Item::Table(table) => Some(&table.id),
            Item::Strip(strip) => Some(&strip.id),
            Item::Prose(_) | Item::Finding(_) => None,
        });
        for id in std::iter::once(&section.id).chain(items) {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if id.is_empty() || !id.chars().all(plain) {
                let message = format!("id {id:?} is not allowed; expected a-z, 0-9 and -");
                return Err(content(folder, message));
            }
            if !seen.insert(id) {
                return Err(content(folder, format!("id {id:?} is there twice")));
            }
        }
    }
    Ok(())
}
