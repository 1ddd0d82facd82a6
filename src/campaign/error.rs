//! What can be wrong with a campaign.

use super::experiment::ExperimentError;
use crate::input::InputError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// A campaign that cannot be run, resumed or merged. Messages name the file,
/// the key or line, what was found and what is allowed.
#[derive(Debug, Error)]
pub enum CampaignError {
    /// A file could not be read or written.
    #[error("{file}: {source}", file = .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The specification cannot be used.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A shard that is none.
    #[error("shard {0:?} is not allowed; expected I/N with 1 <= I <= N, such as 3/16")]
    Shard(String),
    /// Another process writes the records.
    #[error("{file}: another process is writing these records", file = .file.display())]
    Busy {
        /// The records.
        file: PathBuf,
    },
    /// The records belong to another campaign.
    #[error("{file}: {what} is {found}, expected {expected}; give another --out, or remove the file", file = .file.display())]
    Foreign {
        /// The records.
        file: PathBuf,
        /// What differs.
        what: &'static str,
        /// What the file says.
        found: String,
        /// What this campaign has.
        expected: String,
    },
    /// A line that no run of this program leaves behind.
    #[error("{file}:{line}: {message}", file = .file.display())]
    Damaged {
        /// The records.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// A shard that is missing or has not finished.
    #[error("{what}; finish it, or merge what there is with --partial")]
    Incomplete {
        /// What is missing.
        what: String,
    },
    /// Two different records of the same job.
    #[error("job {id} has different records in {first} and {second}", first = .first.display(), second = .second.display())]
    Conflict {
        /// The job.
        id: String,
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A job failed.
    #[error("job {job}: {source}")]
    Job {
        /// Its cell and seed.
        job: String,
        /// Why.
        source: ExperimentError,
    },
}

impl CampaignError {
    /// Turns an error of the operating system into one that names its file.
    pub(super) fn io(file: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let file = file.into();
        move |source| Self::Io { file, source }
    }
}
