//! Jobs: cells times seeds, their identity, and which shard does which.

use super::error::CampaignError;
use super::spec::Seeds;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// A share of the jobs of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Which, from 1.
    pub index: usize,
    /// Of how many.
    pub count: usize,
}

impl Shard {
    /// All jobs.
    pub const WHOLE: Self = Self { index: 1, count: 1 };
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = CampaignError;

    fn from_str(text: &str) -> Result<Self, CampaignError> {
        text.split_once('/')
            .and_then(|(index, count)| {
                let (index, count) = (index.parse().ok()?, count.parse().ok()?);
                (1..=count)
                    .contains(&index)
                    .then_some(Self { index, count })
            })
            .ok_or_else(|| CampaignError::Shard(text.to_owned()))
    }
}

/// The jobs of a campaign: number = cell · seeds + place of the seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Jobs {
    pub cells: usize,
    pub seeds: Seeds,
    pub shard: Shard,
    /// Whether cells may end early: then all seeds of a cell belong to one
    /// shard, which must see them to decide.
    pub by_cell: bool,
}

impl Jobs {
    /// Number of all jobs, of every shard.
    pub fn total(&self) -> usize {
        self.cells * self.seeds.count
    }

    /// Number of a job.
    pub fn number(&self, cell: usize, place: usize) -> usize {
        cell * self.seeds.count + place
    }

    /// Cell and place of the seed of a job.
    pub fn parts(&self, job: usize) -> (usize, usize) {
        (job / self.seeds.count, job % self.seeds.count)
    }

    /// The seed at a place.
    pub fn seed(&self, place: usize) -> u64 {
        self.seeds.first.wrapping_add(place as u64)
    }

    /// Whether the shard does this job.
    pub fn owns(&self, cell: usize, place: usize) -> bool {
        let key = if self.by_cell {
            cell
        } else {
            self.number(cell, place)
        };
        key % self.shard.count == self.shard.index - 1
    }
}

/// Identity of a job: the first 8 bytes, in hex, of the SHA-256 of experiment,
/// cell and seed as JSON.
pub fn job_id(experiment: &str, cell: &impl Serialize, seed: u64) -> String {
    digest(&(experiment, cell, seed))
}

/// First 8 bytes, in hex, of the SHA-256 of a value's JSON.
pub(super) fn digest(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).expect("parameters are plain data");
    let hash = Sha256::digest(text.as_bytes());
    hash[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
