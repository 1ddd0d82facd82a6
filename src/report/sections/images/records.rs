//! Records of `images`, cell by cell.

use crate::campaign::experiments::images::{Cell, Faults};
use crate::campaign::statistics::{CONFIDENCE, Estimate};
use crate::campaign::{Measure, Record};
use crate::report::ReportError;
use crate::report::sections::anchor;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A cell with its images.
pub use crate::campaign::experiments::images::CellRecords as Row;

/// A campaign's records.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// Cells in the order of the grid.
    pub rows: Vec<Row>,
}

impl Campaign {
    /// Reads a file of records.
    ///
    /// # Errors
    /// [`ReportError::Records`].
    pub fn read(file: &Path) -> Result<Self, ReportError> {
        let (header, rows) = Row::read(file)?;
        Ok(Self {
            name: header.campaign,
            file: file.to_owned(),
            rows,
        })
    }

    /// The command that makes it.
    pub fn command(&self) -> String {
        format!("drift campaign configs/campaigns/paper/{}.yaml", self.name)
    }

    /// Anchor of its section.
    pub fn id(&self) -> String {
        anchor(&self.name)
    }

    /// The file without its folder.
    pub fn file_name(&self) -> String {
        let name = self.file.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

impl Row {
    /// Estimate of a quantity of the images.
    pub fn estimate(&self, quantity: &str) -> Option<Estimate> {
        let measures: Vec<Measure> = self
            .images
            .values()
            .filter_map(|image| image.measure(quantity))
            .collect();
        Measure::estimate(&measures, CONFIDENCE)
    }

    /// LPIPS by seed.
    pub fn losses(&self) -> BTreeMap<u64, f64> {
        let images = self.images.iter();
        images.map(|(seed, image)| (*seed, image.lpips)).collect()
    }

    /// The rate of a uniform source over all bits.
    pub fn ber(&self) -> Option<f64> {
        match self.cell.faults {
            Faults::Uniform { ber, bits: [0, 31] } => Some(ber),
            _ => None,
        }
    }
}

/// Features of error-free images, by steps, bits of the guidance weight and seed: those of any
/// image that equals its twin.
#[derive(Clone, Debug, Default)]
pub struct Twins(BTreeMap<(usize, u32, u64), Vec<f32>>);

impl Twins {
    /// What the campaigns of a folder know.
    pub fn of<'a>(campaigns: impl IntoIterator<Item = &'a Campaign>) -> Self {
        let mut found = BTreeMap::new();
        for row in campaigns.into_iter().flat_map(|campaign| &campaign.rows) {
            for (seed, image) in &row.images {
                if image.mean_squared_error == 0.0 {
                    found
                        .entry(Self::key(&row.cell, *seed))
                        .or_insert_with(|| image.features.clone());
                }
            }
        }
        Self(found)
    }

    fn key(cell: &Cell, seed: u64) -> (usize, u32, u64) {
        (cell.steps, cell.guidance.to_bits(), seed)
    }

    /// Features of the twin of an image.
    pub fn features(&self, cell: &Cell, seed: u64) -> Option<&[f32]> {
        self.0.get(&Self::key(cell, seed)).map(Vec::as_slice)
    }
}
