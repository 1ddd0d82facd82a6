//! A folder of results, read into a report.

use super::error::ReportError;
use super::model::{Comparison, Item, Report, Section};
use super::{paper, sections};
use crate::campaign::{
    self,
    experiments::{gemm_faults, images},
};
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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
        let mut report = Self::default();
        for file in &names {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            if name == "comparison.json" {
                report.comparisons = comparisons(file)?;
            } else if name.ends_with(".section.json") {
                report.sections.push(section(file)?);
            } else if name.ends_with(".jsonl") && !name.ends_with(".times.jsonl") {
                report.sections.push(records(file)?);
            }
        }
        if report.comparisons.is_empty() && report.sections.is_empty() {
            return Err(ReportError::Empty {
                folder: folder.to_owned(),
            });
        }
        unique_names(&report, folder)?;
        Ok(report)
    }
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

/// Our side of the paper's table, in the paper's order.
fn comparisons(file: &Path) -> Result<Vec<Comparison>, ReportError> {
    let rows: Vec<Comparison> = json(file)?;
    let place = |row: &Comparison| paper::CLAIMS.iter().position(|claim| claim.id == row.claim);
    if let Some(unknown) = rows.iter().find(|row| place(row).is_none()) {
        let known: Vec<&str> = paper::CLAIMS.iter().map(|claim| claim.id).collect();
        let message = format!(
            "claim: {:?} is not allowed; expected one of {}",
            unknown.claim,
            known.join(", ")
        );
        return Err(content(file, message));
    }
    let mut rows = rows;
    rows.sort_by_key(place);
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

/// The section of an experiment's records.
fn records(file: &Path) -> Result<Section, ReportError> {
    let (header, _) = campaign::read(file)?;
    match header.experiment.as_str() {
        gemm_faults::NAME => sections::gemm_faults::section(file),
        images::NAME => sections::images::section(file),
        other => {
            let message = format!(
                "records of experiment {other:?} have no section; expected {} or {}",
                gemm_faults::NAME,
                images::NAME
            );
            Err(content(file, message))
        }
    }
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
