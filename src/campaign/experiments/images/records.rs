//! The records of `images`, cell by cell.

use super::{Cell, Outcome};
use crate::baseline::Work;
use crate::campaign::statistics::{Estimate, bootstrap_mean};
use crate::campaign::{CampaignError, Header, Line, read};
use crate::infer::PointsUsed;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// A cell and what its images were.
#[derive(Clone, Debug, PartialEq)]
pub struct CellRecords {
    /// The cell.
    pub cell: Cell,
    /// The cell as it is recorded: with axes that this version does not know, too.
    pub raw: Value,
    /// Images by their seeds.
    pub images: BTreeMap<u64, Outcome>,
}

impl CellRecords {
    /// Reads the header and the records of a file, in the order of the grid.
    ///
    /// # Errors
    /// As [`read`], and [`CampaignError::Damaged`] for records of another experiment.
    pub fn read(file: &Path) -> Result<(Header, Vec<Self>), CampaignError> {
        #[derive(Deserialize)]
        struct Stored {
            cell: Value,
            seed: u64,
            record: Outcome,
        }
        let (header, lines) = read(file)?;
        // The header is line 1.
        let mut lines: Vec<(usize, Line)> = (2..).zip(lines).collect();
        lines.sort_by_key(|(_, line)| line.job);
        let mut cells: Vec<Self> = Vec::new();
        for (number, line) in &lines {
            let damaged = |error: serde_json::Error| CampaignError::Damaged {
                file: file.to_owned(),
                line: *number,
                message: format!("not a record of images: {error}"),
            };
            let Stored { cell, seed, record } =
                serde_json::from_str(&line.text).map_err(damaged)?;
            match cells.last_mut().filter(|last| last.raw == cell) {
                Some(last) => {
                    last.images.insert(seed, record);
                }
                None => cells.push(Self {
                    cell: Cell::deserialize(&cell).map_err(damaged)?,
                    raw: cell,
                    images: BTreeMap::from([(seed, record)]),
                }),
            }
        }
        Ok((header, cells))
    }

    /// Mean quality loss with its interval; `None` without images.
    pub fn lpips(&self, confidence: f64) -> Option<Estimate> {
        let values: Vec<f64> = self.images.values().map(|image| image.lpips).collect();
        bootstrap_mean(&values, confidence)
    }

    /// What the tiles of all images ran at, in the adaptive mode.
    pub fn points(&self) -> Option<PointsUsed> {
        let mut sum = None;
        for points in self
            .images
            .values()
            .filter_map(|image| image.points.as_ref())
        {
            *sum.get_or_insert_with(PointsUsed::default) += points;
        }
        sum
    }

    /// What the protection did, in all images.
    pub fn work(&self) -> Work {
        let mut sum = Work::default();
        for image in self.images.values() {
            sum += image.work;
            sum += image.other_work;
        }
        sum
    }
}
