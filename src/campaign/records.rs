//! Records on disk: a header, one JSON line per finished job, and a last line
//! that says that all are there.
//!
//! A line is written by one call and synchronised to the disk at least every
//! second. A kill leaves at most an unfinished last line, which is cut off
//! before the run goes on; a power failure costs at most the last second's
//! jobs, which are then done again.

use super::error::CampaignError;
use super::job::Shard;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Version of the format.
const SCHEMA: &str = "drift-records/1";
/// Longest time that a record waits to be synchronised.
const SYNC: Duration = Duration::from_secs(1);

/// First line of the records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Version of the format.
    pub schema: String,
    /// Name of the campaign.
    pub campaign: String,
    /// Name of the experiment.
    pub experiment: String,
    /// Hash of grid, seeds, stop rule and of all that the cells name.
    pub fingerprint: String,
    /// Jobs of all shards, if no cell ends early.
    pub jobs: usize,
    /// Which of them are here.
    pub shard: Shard,
}

impl Header {
    /// A header of the present version.
    pub fn new(
        campaign: &str,
        experiment: &str,
        fingerprint: String,
        jobs: usize,
        shard: Shard,
    ) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            campaign: campaign.to_owned(),
            experiment: experiment.to_owned(),
            fingerprint,
            jobs,
            shard,
        }
    }

    /// Refuses the header of other records.
    pub(super) fn check(&self, expected: &Self, file: &Path) -> Result<(), CampaignError> {
        let parts = [
            ("schema", self.schema.clone(), expected.schema.clone()),
            (
                "experiment",
                self.experiment.clone(),
                expected.experiment.clone(),
            ),
            ("campaign", self.campaign.clone(), expected.campaign.clone()),
            (
                "hash of specification and configuration",
                self.fingerprint.clone(),
                expected.fingerprint.clone(),
            ),
            ("jobs", self.jobs.to_string(), expected.jobs.to_string()),
            ("shard", self.shard.to_string(), expected.shard.to_string()),
        ];
        for (what, found, expected) in parts {
            if found != expected {
                return Err(CampaignError::Foreign {
                    file: file.to_owned(),
                    what,
                    found,
                    expected,
                });
            }
        }
        Ok(())
    }
}

/// A record's line, its text and what identifies it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Number of the job.
    pub job: usize,
    /// Identity of the job.
    pub id: String,
    /// The whole line without its end.
    pub text: String,
}

/// What identifies a line.
#[derive(Deserialize)]
struct Key {
    job: usize,
    id: String,
}

/// The last line of records that are complete.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    complete: usize,
}

/// Records as read from a file.
pub(super) struct Contents {
    pub header: Header,
    pub lines: Vec<Line>,
    /// Whether the last line says that all are there.
    pub complete: bool,
    /// Length of what is whole; the rest was torn off by a kill.
    whole: usize,
}

/// Reads the records of a file that nobody is writing.
///
/// # Errors
/// [`CampaignError::Io`], or [`CampaignError::Damaged`] with the line.
pub fn read(file: &Path) -> Result<(Header, Vec<Line>), CampaignError> {
    let contents = contents(file)?;
    Ok((contents.header, contents.lines))
}

/// Reads records with what a run or a merge must know.
pub(super) fn contents(file: &Path) -> Result<Contents, CampaignError> {
    let text = std::fs::read(file).map_err(CampaignError::io(file))?;
    parse(&text, file)
}

/// Takes a file apart. Only the last line may be unfinished.
fn parse(bytes: &[u8], file: &Path) -> Result<Contents, CampaignError> {
    let damaged = |line: usize, message: String| CampaignError::Damaged {
        file: file.to_owned(),
        line,
        message,
    };
    let whole = bytes
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |at| at + 1);
    let text = std::str::from_utf8(&bytes[..whole])
        .map_err(|error| damaged(1, format!("not UTF-8: {error}")))?;
    let mut texts = text.lines().enumerate();
    let header = texts
        .next()
        .ok_or_else(|| damaged(1, "expected the header of records".to_owned()))
        .and_then(|(_, line)| {
            serde_json::from_str::<Header>(line)
                .map_err(|error| damaged(1, format!("not the header of records: {error}")))
        })?;
    let (mut lines, mut complete) = (Vec::new(), false);
    for (index, line) in texts {
        let number = index + 1;
        if complete {
            let message = "a line after the one that says that all are there";
            return Err(damaged(number, message.to_owned()));
        }
        if let Ok(trailer) = serde_json::from_str::<Trailer>(line) {
            if trailer.complete != lines.len() {
                let message = format!("says {} records, found {}", trailer.complete, lines.len());
                return Err(damaged(number, message));
            }
            complete = true;
            continue;
        }
        let Key { job, id } = serde_json::from_str(line)
            .map_err(|error| damaged(number, format!("not a record: {error}")))?;
        lines.push(Line {
            job,
            id,
            text: line.to_owned(),
        });
    }
    Ok(Contents {
        header,
        lines,
        complete,
        whole,
    })
}

/// The text of whole records, for a file that appears complete or not at all.
pub(super) fn text_of(header: &Header, lines: &[Line], complete: bool) -> String {
    let mut text = json(header);
    for line in lines {
        text.push_str(&line.text);
        text.push('\n');
    }
    if complete {
        text.push_str(&json(&Trailer {
            complete: lines.len(),
        }));
    }
    text
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data") + "\n"
}

/// Records being written, and the times beside them.
pub(super) struct RecordFile {
    path: PathBuf,
    file: File,
    times: File,
    written: usize,
    synchronised: Instant,
}

impl RecordFile {
    /// Opens new records, or goes on with those of the same campaign; returns
    /// what is already there. An unfinished last line is cut off.
    pub fn open(path: &Path, header: &Header) -> Result<(Self, Vec<Line>, bool), CampaignError> {
        let io = || CampaignError::io(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(CampaignError::io(folder))?;
        }
        let open = |path: &Path| {
            let mut options = OpenOptions::new();
            options.read(true).append(true).create(true);
            options.open(path).map_err(CampaignError::io(path))
        };
        let mut file = open(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => CampaignError::Busy {
                file: path.to_owned(),
            },
            TryLockError::Error(source) => io()(source),
        })?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io())?;
        let first = json(header);
        let (lines, complete) = if first.as_bytes().starts_with(&bytes) {
            // New, or killed while the header was being written.
            file.set_len(0).map_err(io())?;
            file.write_all(first.as_bytes()).map_err(io())?;
            (Vec::new(), false)
        } else {
            let contents = parse(&bytes, path)?;
            contents.header.check(header, path)?;
            file.set_len(contents.whole as u64).map_err(io())?;
            (contents.lines, contents.complete)
        };
        file.seek(SeekFrom::End(0)).map_err(io())?;
        file.sync_all().map_err(io())?;
        synchronise_folder(path)?;
        let records = Self {
            path: path.to_owned(),
            file,
            times: open(&path.with_extension("times.jsonl"))?,
            written: lines.len(),
            synchronised: Instant::now(),
        };
        Ok((records, lines, complete))
    }

    /// Appends the line of a job, and how long it took.
    pub fn append(&mut self, line: &str, id: &str, took: Duration) -> Result<(), CampaignError> {
        self.write(&format!("{line}\n"))?;
        self.written += 1;
        let seconds = took.as_secs_f64();
        writeln!(self.times, "{{\"id\":\"{id}\",\"seconds\":{seconds:.6}}}")
            .map_err(CampaignError::io(&self.path))?;
        if self.synchronised.elapsed() >= SYNC {
            self.synchronise()?;
        }
        Ok(())
    }

    /// Writes the line that says that all are there.
    pub fn complete(&mut self) -> Result<(), CampaignError> {
        let complete = self.written;
        self.write(&json(&Trailer { complete }))
    }

    /// Waits until everything is on the disk.
    pub fn synchronise(&mut self) -> Result<(), CampaignError> {
        self.file
            .sync_data()
            .map_err(CampaignError::io(&self.path))?;
        self.synchronised = Instant::now();
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<(), CampaignError> {
        self.file
            .write_all(text.as_bytes())
            .map_err(CampaignError::io(&self.path))
    }
}

/// A new file's name is on the disk only when its folder is.
fn synchronise_folder(path: &Path) -> Result<(), CampaignError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(CampaignError::io(folder))
}
