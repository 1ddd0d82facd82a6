//! Estimates of every quantity in every cell.

use super::error::CampaignError;
use super::experiment::{Measure, Record};
use super::records::{Line, read};
use super::statistics::Estimate;
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;

/// What the records of one cell say.
#[derive(Clone, Debug, PartialEq)]
pub struct CellSummary {
    /// The cell.
    pub cell: Value,
    /// Seeds that were run.
    pub seeds: usize,
    /// Estimates in the order of [`Record::QUANTITIES`]; `None` without data.
    pub estimates: Vec<Option<Estimate>>,
}

/// A line as it is read.
#[derive(Deserialize)]
struct Stored<R> {
    cell: Value,
    record: R,
}

/// Summarises a file of records, cell by cell in the order of the grid,
/// seed by seed, in whatever order the file holds them.
///
/// # Errors
/// As [`read`], and [`CampaignError::Damaged`] for records of another kind.
pub fn summarise<R: Record>(
    file: &Path,
    confidence: f64,
) -> Result<Vec<CellSummary>, CampaignError> {
    let (_, lines) = read(file)?;
    let mut stored = Vec::with_capacity(lines.len());
    for (index, Line { job, text, .. }) in lines.iter().enumerate() {
        let parsed: Stored<R> =
            serde_json::from_str(text).map_err(|error| CampaignError::Damaged {
                file: file.to_owned(),
                line: index + 2,
                message: format!("not a record: {error}"),
            })?;
        stored.push((*job, parsed));
    }
    stored.sort_by_key(|(job, _)| *job);
    let cells = stored.chunk_by(|(_, a), (_, b)| a.cell == b.cell);
    Ok(cells
        .map(|records| CellSummary {
            cell: records[0].1.cell.clone(),
            seeds: records.len(),
            estimates: R::QUANTITIES
                .iter()
                .map(|quantity| {
                    let measures: Vec<Measure> = records
                        .iter()
                        .filter_map(|(_, stored)| stored.record.measure(quantity))
                        .collect();
                    Measure::estimate(&measures, confidence)
                })
                .collect(),
        })
        .collect())
}
