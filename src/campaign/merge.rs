//! The shards of a campaign as one sorted file.

use super::error::CampaignError;
use super::job::Shard;
use super::records::{Header, Line, contents, text_of};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Merges records into `out`, sorted by job. With `partial` shards may be
/// missing or unfinished. Returns the number of records.
///
/// # Errors
/// [`CampaignError::Foreign`] where files belong to different campaigns,
/// [`CampaignError::Incomplete`], and [`CampaignError::Conflict`] where a job
/// has two different records. `out` is untouched then.
pub fn merge(files: &[PathBuf], out: &Path, partial: bool) -> Result<usize, CampaignError> {
    let mut header: Option<Header> = None;
    let mut jobs: BTreeMap<usize, (Line, &Path)> = BTreeMap::new();
    let mut shards = Vec::new();
    for file in files {
        let contents = contents(file)?;
        let whole = header.get_or_insert_with(|| contents.header.clone());
        // Shards may differ in which they are, not in how many there are.
        let expected = Header {
            shard: Shard {
                index: contents.header.shard.index,
                ..whole.shard
            },
            ..whole.clone()
        };
        contents.header.check(&expected, file)?;
        if !contents.complete && !partial {
            let what = format!("{} has not finished", file.display());
            return Err(CampaignError::Incomplete { what });
        }
        shards.push(contents.header.shard.index);
        for line in contents.lines {
            match jobs.get(&line.job) {
                Some((known, _)) if known.text == line.text => {}
                Some((known, first)) => {
                    return Err(CampaignError::Conflict {
                        id: known.id.clone(),
                        first: first.to_path_buf(),
                        second: file.clone(),
                    });
                }
                None => {
                    jobs.insert(line.job, (line, file));
                }
            }
        }
    }
    let Some(header) = header else {
        let what = "no files of records".to_owned();
        return Err(CampaignError::Incomplete { what });
    };
    let missing: Vec<String> = (1..=header.shard.count)
        .filter(|index| !shards.contains(index))
        .map(|index| format!("{index}/{}", header.shard.count))
        .collect();
    if !missing.is_empty() && !partial {
        let what = format!("no records of shard {}", missing.join(", "));
        return Err(CampaignError::Incomplete { what });
    }
    let lines: Vec<Line> = jobs.into_values().map(|(line, _)| line).collect();
    let header = Header {
        shard: Shard::WHOLE,
        ..header
    };
    let text = text_of(&header, &lines, !partial);
    crate::atomic::write(out, &text).map_err(CampaignError::io(out))?;
    Ok(lines.len())
}
