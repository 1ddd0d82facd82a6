//! The records of `images`, cell by cell.

use super::{Cell, Outcome};
use crate::baseline::Work;
use crate::campaign::statistics::{Estimate, bootstrap_mean};
use crate::campaign::{CampaignError, Line, read};
use serde::Deserialize;
use std::path::Path;

/// A cell and what its images were.
#[derive(Clone, Debug, PartialEq)]
pub struct CellRecords {
    /// The cell.
    pub cell: Cell,
    /// By seed, in the order of the grid.
    pub outcomes: Vec<Outcome>,
}

impl CellRecords {
    /// Reads the records of a file, in the order of the grid.
    ///
    /// # Errors
    /// As [`read`], and [`CampaignError::Damaged`] for records of another experiment.
    pub fn read(file: &Path) -> Result<Vec<Self>, CampaignError> {
        #[derive(Deserialize)]
        struct Stored {
            cell: Cell,
            record: Outcome,
        }
        let (_, mut lines) = read(file)?;
        lines.sort_by_key(|line| line.job);
        let mut cells: Vec<Self> = Vec::new();
        for (index, Line { text, .. }) in lines.iter().enumerate() {
            let Stored { cell, record } =
                serde_json::from_str(text).map_err(|error| CampaignError::Damaged {
                    file: file.to_owned(),
                    line: index + 2,
                    message: format!("not a record of images: {error}"),
                })?;
            match cells.last_mut().filter(|last| last.cell == cell) {
                Some(last) => last.outcomes.push(record),
                None => cells.push(Self {
                    cell,
                    outcomes: vec![record],
                }),
            }
        }
        Ok(cells)
    }

    /// Mean quality loss with its interval; `None` without images.
    pub fn lpips(&self, confidence: f64) -> Option<Estimate> {
        let values: Vec<f64> = self.outcomes.iter().map(|outcome| outcome.lpips).collect();
        bootstrap_mean(&values, confidence)
    }

    /// What the protection did, in all images.
    pub fn work(&self) -> Work {
        let mut sum = Work::default();
        for outcome in &self.outcomes {
            sum += outcome.work;
            sum += outcome.other_work;
        }
        sum
    }
}
